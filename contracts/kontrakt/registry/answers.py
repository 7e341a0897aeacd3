"""What confluent's client answers, read as what it should be.

Its annotations promise more than it checks: what a registry sent is taken as it comes. Here, what is of another kind is a
``TypeError``, which becomes an error about the registry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from .documents import Reference, Registered, SchemaVersion, Verdict

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import RegisteredSchema
    from confluent_kafka.schema_registry import Schema as RegistrySchema


def registered(subject: str, found: RegisteredSchema) -> Registered:
    """Where a schema is registered under a subject."""
    return Registered(subject, number(found.schema_id, "id"), number(found.version, "version"))


def version(subject: str, found: RegisteredSchema) -> SchemaVersion:
    """A version of a subject."""
    return replace(
        content(found.schema),
        subject=subject,
        version=number(found.version, "version"),
        id=number(found.schema_id, "id"),
    )


def content(schema: RegistrySchema) -> SchemaVersion:
    """A schema of which the subject is not told."""
    return SchemaVersion(
        subject="",
        version=0,
        id=0,
        text=text(schema.schema_str),
        type=text(schema.schema_type or "AVRO"),
        references=tuple(
            Reference(text(one.name), text(one.subject), number(one.version, "version"))
            for one in schema.references or ()
        ),
    )


def page(answer: object) -> list[SchemaVersion] | None:
    """The versions of a search, or None where it leaves out what they are versions of."""
    versions: list[SchemaVersion] = []
    for one in cast("list[dict[str, Any]]", answer if isinstance(answer, list) else [{}]):
        match one:
            case {"subject": str(subject), "version": int(version_), "id": int(id_), "schema": str(text_)}:
                kind, used = one.get("schemaType") or "AVRO", cast("list[dict[str, Any]]", one.get("references") or [])
                references = tuple(Reference(each["name"], each["subject"], each["version"]) for each in used)
                versions.append(SchemaVersion(subject, version_, id_, text_, kind, references))
            case _:
                return None
    return versions


def verdict(answer: object) -> Verdict:
    """What a registry says of a schema. Apicurio 2 gives its reasons as one text, Apicurio 3 gives none."""
    said = cast("dict[str, object]", answer if isinstance(answer, dict) else {})
    compatible, reason = said.get("is_compatible"), said.get("reason")
    if not isinstance(compatible, bool):
        raise TypeError(f"{answer!r} where a verdict is expected")
    return Verdict(compatible, tuple(map(str, _items(said.get("messages") or ([reason] if reason else [])))))


def text(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a text is expected")
    return value


def texts(values: object) -> list[str]:
    """A list of texts."""
    return [text(value) for value in _items(values)]


def number(value: object, what: str) -> int:
    """A number, which is called by what it is in the error."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} where a number is expected as the {what}")
    return value


def numbers(values: object) -> list[int]:
    """A list of the numbers of versions."""
    return [number(value, "version") for value in _items(values)]


def _items(values: object) -> list[object]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} where a list is expected")
    return cast("list[object]", values)
