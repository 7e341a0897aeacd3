"""Registering the schemas of contracts, in one direct pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kontrakt.errors import SchemaNotFound

from .documents import Document

if TYPE_CHECKING:
    from kontrakt.contract import Contracts

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
        name, level = subject.name, subject.compatibility
        settled = not level or registry.get_level(name) == level or _set_level(registry, name, level)
        done.append(registry.register(name, contracts.documents[subject.document], contracts.documents))
        if not settled:
            registry.set_level(name, level)
    return done


def publish(contracts: Contracts, registry: Registry) -> list[Registered]:
    """Register the projections of contracts, so that the owners of the topics see who reads which field.

    The newest version of such a subject is what its consumer reads. Where that is an older version again, those after it are
    deleted (softly): a registry would not register it a second time.

    Args:
        contracts: The contracts.
        registry: The registry.

    Returns:
        What was registered, by subject.

    Raises:
        ContractErrors: A consumer has two projections of one record.
        RegistryError: The registry cannot be asked.
    """
    from kontrakt.contract.readers import LEVEL, published  # services import this package, and publish nothing

    done: list[Registered] = []
    for one in published(contracts):
        settled = registry.get_level(one.subject) == LEVEL or _set_level(registry, one.subject, LEVEL)
        done.append(publish_one(one.subject, one.document, registry))
        if not settled:
            registry.set_level(one.subject, LEVEL)
    return done


def publish_one(subject: str, document: Document, registry: Registry) -> Registered:
    """Register one projection, so that it is the newest version of its subject.

    Args:
        subject: The subject.
        document: The projection. It refers to no other document.
        registry: The registry.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    found = registry.register(subject, document, {})
    for number in registry.versions(subject) if not found.new else ():
        if number > found.version:
            registry.delete_version(subject, number)
    return found


def _set_level(registry: Registry, subject: str, level: str) -> bool:
    """Sets a subject's level; False where the registry knows levels of existing subjects only (Apicurio 2, for NONE)."""
    try:
        registry.set_level(subject, level)
    except SchemaNotFound:
        return False
    return True
