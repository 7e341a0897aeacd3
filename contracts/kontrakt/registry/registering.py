"""Registering the schemas of contracts, in one direct pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

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
    steps = [
        _Step(subject.name, contracts.documents[subject.document], subject.compatibility)
        for subject in contracts.subjects
    ]
    return _registered(steps, contracts.documents, registry, progress)


def publish(contracts: Contracts, registry: Registry, progress: Progress | None = None) -> list[Registered]:
    """Register the projections of contracts, so that the owners of the topics see who reads which field.

    The newest version of such a subject is what its consumer reads. Where that is an older version again, those after it are
    deleted (softly): a registry would not register it a second time.

    Args:
        contracts: The contracts.
        registry: The registry.
        progress: Told about each subject.

    Returns:
        What was registered, by subject.

    Raises:
        ContractErrors: A consumer has two projections of one record.
        RegistryError: The registry cannot be asked.
    """
    from kontrakt.contract.readers import LEVEL, published  # services import this package, and publish nothing

    steps = [_Step(one.subject, one.document, LEVEL) for one in published(contracts)]
    done = _registered(steps, contracts.documents, registry, progress)
    for one in done:
        for number in registry.versions(one.subject) if not one.new else ():
            if number > one.version:
                registry.delete_version(one.subject, number)
    return done


class _Step(NamedTuple):
    """What is to be registered under a subject, and the level that the subject gets; an empty string for none."""

    subject: str
    document: Document
    level: str


def _registered(
    steps: Sequence[_Step], documents: Mapping[str, Document], registry: Registry, progress: Progress | None
) -> list[Registered]:
    done: list[Registered] = []
    for subject, document, level in steps:
        if progress is not None:
            progress(len(done), len(steps), "registering")
        settled = not level or registry.get_level(subject) == level or _set_level(registry, subject, level)
        done.append(registry.register(subject, document, documents))
        if not settled:
            registry.set_level(subject, level)
    return done


def _set_level(registry: Registry, subject: str, level: str) -> bool:
    """Sets a subject's level; False where the registry knows levels of existing subjects only (Apicurio 2, for NONE)."""
    try:
        registry.set_level(subject, level)
    except SchemaNotFound:
        return False
    return True
