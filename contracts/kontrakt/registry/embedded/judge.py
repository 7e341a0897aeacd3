"""What stands against a new version, in the words that Confluent's registry has used since 7.4.

Clients and people match these texts, so they are Confluent's: a record of each incompatibility with a type, a description and what
the reference says of it, then the version that stands against the schema, and the level. The verdicts and their order come from
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
    _Type.FIXED_SIZE_MISMATCH: "The size of FIXED type field at path '{at}' in the {reader} schema does not match with the {writer} "
    "schema",
    _Type.TYPE_MISMATCH: "The type (path '{at}') of a field in the {reader} schema does not match with the {writer} schema",
    _Type.NAME_MISMATCH: "The name of the schema has changed (path '{at}')",
    _Type.MISSING_ENUM_SYMBOLS: "The {reader} schema is missing enum symbols '{said}' at path '{at}' in the {writer} schema",
    _Type.MISSING_UNION_BRANCH: "The {reader} schema is missing a type inside a union field at path '{at}' in the {writer} schema",
    _Type.READER_FIELD_MISSING_DEFAULT_VALUE: "The field '{said}' at path '{at}' in the {reader} schema has no default value and is "
    "missing in the {writer} schema",
}


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
    return [*said, f"{{validateFields: 'false', compatibility: '{found.level}'}}"]


def _each(failures: Sequence[Comparison]) -> Iterator[tuple[Direction, Incompatibility]]:
    for failure in failures:
        for incompatibility in failure.compatibility.incompatibilities:
            yield failure.direction, incompatibility


def _told(one: Incompatibility, way: Direction) -> str:
    if one.type is IncompatibilityType.AMBIGUOUS_FIELD:
        return f"Unexpected exception during compatibility check: {one.message}"
    reader, writer = ("new", "old") if way is Direction.BACKWARD else ("old", "new")
    description = _DESCRIPTIONS[one.type].format(at=one.location, said=one.message, reader=reader, writer=writer)
    return f"{{errorType:'{one.type}', description:'{description}', additionalInfo:'{one.message}'}}"


def _version(version: Version) -> Iterator[str]:
    text = version.schema.text
    yield f"{{oldSchemaVersion: {version.number}}}"
    if len(text) <= LONGEST_TEXT:
        yield f"{{oldSchema: '{text}'}}"
    else:
        yield f"{{oldSchema: <truncated to {LONGEST_TEXT} characters> '{text[:LONGEST_TEXT]}'}}"
