"""Whether what was pulled from registries is the newest, as a check that asks a registry anyway can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kontrakt.check.rules.pulled import DependencyBehind
from kontrakt.errors import Position
from kontrakt.files import shown
from kontrakt.registry import Registry
from kontrakt.registry.history import side_by_side

from .bring import Folder
from .dependency import FromRegistry

if TYPE_CHECKING:
    from kontrakt.check.findings import Finding
    from kontrakt.settings import Settings


def behind(settings: Settings) -> Iterator[Finding]:
    """A finding for each subject that was pulled from the registry of the settings, and has a newer version there.

    Args:
        settings: The settings.

    Raises:
        SettingsErrors: A dependency is declared wrongly.
        KontraktError: The lock file cannot be read.
        RegistryError: The registry cannot be asked.
    """
    if not settings.dependencies:
        return
    pulled = [
        (dependency, path, one)
        for dependency, entry in Folder(settings).locked()
        if dependency.source == FromRegistry(said=getattr(dependency.source, "said", {}))
        for path, one in entry.files.items()
    ]
    with Registry(settings.registry_config) as registry:
        newest = side_by_side(lambda one: registry.latest(one[2].subject), pulled)
    for (dependency, path, one), version in zip(pulled, newest, strict=True):
        if version is not None and version.version > one.version:
            place = Position((shown(settings.pulled_folder) / Path(path)).as_posix(), 1, 1)
            yield DependencyBehind.found(dependency.name, one.subject, one.version, version.version, place)
