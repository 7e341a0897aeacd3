"""What stands against a new version, in the form in which Confluent's registry has answered since 7.4.

That form is a record for each incompatibility (``errorType``, ``description``, ``additionalInfo``), then the version that stands
against the schema (``oldSchemaVersion``, ``oldSchema``) and the level (``compatibility``). The descriptions are kontrakt's own;
``errorType`` and ``additionalInfo`` are what Avro's reference says. The verdicts and their order come from
:mod:`kontrakt.avro.compatibility`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kontrakt.avro.compatibility import Direction, IncompatibilityType, check_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kontrakt import avro
    from kontrakt.avro.compatibility import Comparison, Incompatibility

    from .schemas import Version

LONGEST_TEXT: Final = 10 * 1024
"""How many characters of an older schema are told at most."""

_Type: Final = IncompatibilityType
_DESCRIPTIONS: Final[Mapping[IncompatibilityType, str]] = {
    _Type.NAME_MISMATCH: "consumers with the {reader} schema know this type by another name than producers with the {writer} schema",
    _Type.TYPE_MISMATCH: "consumers with the {reader} schema expect another type here than producers with the {writer} schema write",
    _Type.FIXED_SIZE_MISMATCH: "consumers with the {reader} schema expect another number of bytes here than producers with the "
    "{writer} schema write",
    _Type.MISSING_ENUM_SYMBOLS: "producers with the {writer} schema may write {said}, which consumers with the {reader} schema do not "
    "know",
    _Type.MISSING_UNION_BRANCH: "producers with the {writer} schema may write a type here that consumers with the {reader} schema do not "
    "take",
    _Type.READER_FIELD_MISSING_DEFAULT_VALUE: "consumers with the {reader} schema need the field {said}: producers with the {writer} "
    "schema do not write it, and it has no default",
    _Type.AMBIGUOUS_FIELD: "several fields that producers with the {writer} schema write could be this one of the {reader} schema",
}
"""What each type means. The place follows: a JSON pointer into the consumers' schema."""


def reasons(new: avro.Schema, history: Sequence[Version], level: str) -> list[str]:
    """Compare a schema with those before it.

    Args:
        new: The schema.
        history: The live versions of its subject that count, oldest first.
        level: The level of the subject. It says which versions count, and in which direction.

    Returns:
        What stands against it: of one version only, the newest that does. Empty when nothing does.
    """
    found = check_history(new, [version.schema.tree for version in history], level)
    said = [_told(one, way) for way, one in _each(found.failures)]
    if not said:
        return []
    last = found.failures[-1]
    if (
        last.direction is found.level.directions[-1]
    ):  # FULL names the version where new consumers fail, not where old ones do
        said.extend(_version(history[last.index]))
    return [*said, f"{{compatibility: '{found.level}'}}"]


def _each(failures: Sequence[Comparison]) -> Iterator[tuple[Direction, Incompatibility]]:
    for failure in failures:
        for incompatibility in failure.compatibility.incompatibilities:
            yield failure.direction, incompatibility


def _told(one: Incompatibility, way: Direction) -> str:
    reader, writer = ("new", "old") if way is Direction.BACKWARD else ("old", "new")
    description = _DESCRIPTIONS[one.type].format(said=one.message, reader=reader, writer=writer)
    return (
        f"{{errorType:'{one.type}', description:'{description} (at {one.location})', additionalInfo:'{one.message}'}}"
    )


def _version(version: Version) -> Iterator[str]:
    text = version.schema.text
    yield f"{{oldSchemaVersion: {version.number}}}"
    cut = f", the first {LONGEST_TEXT} characters" if len(text) > LONGEST_TEXT else ""
    yield f"{{oldSchema: '{text[:LONGEST_TEXT]}'{cut}}}"
