"""What the contracts are compared with: the schemas that came before, wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kontrakt.avro import Record, Schema
    from kontrakt.contract import Contracts


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A schema that came before.

    Attributes:
        number: Its version in the registry; 0 where it comes from files.
        schema: The schema, read as leniently as a registry reads it. The file in its positions is a path, or
            ``<subject> version <n>``.
    """

    number: int
    schema: Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A projection that a consumer in another repository published.

    Attributes:
        consumer: The service that reads.
        subject: The value subject that it reads.
        schema: What it reads.
    """

    consumer: str
    subject: str
    schema: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Everything that came before.

    Attributes:
        name: What it is, as the user knows it: ``git main (1f3a9c2d)``, ``the registry at http://registry:8081``.
        histories: The live versions of each subject, oldest first. A subject that is not there is new. Of a subject that is
            unchanged, or whose level looks at the newest version only, it may be that one alone. A registry's schemas are
            read when a subject is asked for, so ask only for what is looked at.
        unchanged: The subjects whose newest version says what the contracts say, in everything that it refers to as well:
            a registry takes such a schema without comparing it.
        levels: The compatibility level that is set for a subject; files know none. It may be left out of an unchanged
            subject for which the contracts promise ``FULL_TRANSITIVE``: no level is more.
        default_level: The level of subjects that have none of their own; an empty string for files.
        contracts: The old contracts; None for a registry, which knows schemas only.
        readers: Projections that were published.
        notes: What a reader of the report should know, such as what could not be read. Complete once every history that
            is looked at was asked for.
    """

    name: str
    histories: Mapping[str, tuple[Version, ...]]
    unchanged: frozenset[str] = frozenset()
    levels: Mapping[str, str] = field(default_factory=dict[str, str])
    default_level: str = ""
    contracts: Contracts | None = None
    readers: tuple[Reader, ...] = ()
    notes: list[str] = field(default_factory=list[str])
