"""Where old contracts come from: one module a source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kontrakt.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kontrakt.check.past import Past
    from kontrakt.contract import Contracts
    from kontrakt.registry import Progress, Verdict
    from kontrakt.settings import Settings

__all__ = ["past", "verdicts"]


def past(
    against: str,
    contracts: Contracts,
    settings: Settings,
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Past:
    """Read what the contracts are to be compared with.

    Args:
        against: ``registry``, ``git:REF``, ``git:REF...`` (where REF and HEAD parted), or the path of a folder or an archive.
        contracts: The contracts as they are now.
        settings: The settings as they are now.
        folder: The folder of the contracts as the user knows it, where it is not the one of the settings.
        progress: Told about long steps.

    Raises:
        SourceError: There is no such ref, folder or archive, or it cannot be read.
        RegistryError: The registry cannot be asked (``RegistryUnavailable``, ``RegistryDenied``), or none is set.
    """
    if against == "registry":
        from .registry import from_registry

        return from_registry(contracts, settings, progress)
    if against == "git" or against.startswith("git:"):
        from .git import from_git

        return from_git(against.removeprefix("git").removeprefix(":"), contracts, settings, folder)
    from .folder import from_path

    if not against.strip():
        raise SourceError(
            "nothing is named to compare with; it is registry, git:REF, or the path of a folder or archive"
        )
    return from_path(Path(against), contracts, settings)


def verdicts(
    contracts: Contracts, past: Past, settings: Settings, progress: Progress | None = None
) -> Mapping[str, Verdict | None]:
    """What the registry itself says of the schemas that are not the newest of their subjects.

    Args:
        contracts: The contracts as they are now.
        past: What came before; of subjects that are new or unchanged the registry is not asked.
        settings: The settings, for the registry's address and what else its client is told.
        progress: Told about each answer.

    Returns:
        The answers by subject; None where the registry has none.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    from kontrakt.registry import Registry
    from kontrakt.registry.history import side_by_side

    asked = [one.name for one in contracts.subjects if one.name in past.histories and one.name not in past.unchanged]
    with Registry(settings.registry_config) as registry:
        answers = side_by_side(
            lambda subject: registry.compatible(subject, contracts.schemas[subject]), asked, progress, "verdicts"
        )
    return dict(zip(asked, answers, strict=True))
