"""Registering the schemas of contracts, in one direct pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kontrakt.errors import SchemaNotFound

if TYPE_CHECKING:
    from kontrakt.contract import Contracts, Subject

    from .client import Registry
    from .documents import Registered

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with how many steps are done, of how many, and what is being done."""


def register(contracts: Contracts, registry: Registry, progress: Progress | None = None) -> list[Registered]:
    """Register every schema of the contracts under its subject, and set the levels that the contracts give.

    What is registered already stays as it is; a level is set only where it differs, and before the schema, so that the
    registry judges by it.

    Args:
        contracts: The contracts.
        registry: The registry.
        progress: Told about each subject.

    Returns:
        What was registered, in the order of ``contracts.subjects``: each after those that it refers to.

    Raises:
        SchemaRejected: A schema is invalid or incompatible; what comes before it is registered.
        RegistryError: The registry cannot be asked.
    """
    done: list[Registered] = []
    for subject in contracts.subjects:
        if progress is not None:
            progress(len(done), len(contracts.subjects), "registering")
        document = contracts.documents[subject.document]
        settled = not subject.compatibility or registry.get_level(subject.name) == subject.compatibility
        if not settled:
            settled = _set_level(registry, subject)
        done.append(registry.register(subject.name, document, contracts.documents))
        if not settled:
            registry.set_level(subject.name, subject.compatibility)
    return done


def _set_level(registry: Registry, subject: Subject) -> bool:
    """Sets a subject's level; False where the registry knows levels of existing subjects only (Apicurio 2, for NONE)."""
    try:
        registry.set_level(subject.name, subject.compatibility)
    except SchemaNotFound:
        return False
    return True
