"""The records that carry the operations of a protocol."""

from __future__ import annotations

from typing import Any, Final

from kontrakt import avro
from kontrakt.avro import Field, Message, Named, Protocol, Record, Schema, Union
from kontrakt.avro.render import WAIVE

from .keys import referring
from .topic import Operation

UNDECLARED: Final = "string"
"""What an undeclared failure is answered with (Avro specification, "Protocol Declaration": errors always include string)."""


def operation(message: Message, protocol: Protocol) -> Operation:
    """Derive the records of a message.

    ``<Operation>Request`` holds the parameters (``GetOrderRequest`` for ``getOrder`` and for ``get_order``).
    ``<Operation>Response`` holds ``response``, null unless it went well (and left out where the operation answers null), and
    ``error``, null when it went well.

    Args:
        message: The message.
        protocol: The protocol that declares it; its namespace is that of the records.

    Returns:
        The operation. Its records are new; the caller adds them to the known types.
    """
    title = "".join(word[:1].upper() + word[1:] for word in message.name.split("_")) or "_"
    request = _record(
        f"{title}Request",
        message.doc or f"Asks for the operation {message.name}.",
        [_parameter(field) for field in message.request],
        [field.schema for field in message.request],
        message,
        protocol,
    )
    errors = tuple(error for error in message.errors if isinstance(error, Record))
    response = None if message.one_way else _response(title, errors, message, protocol)
    return Operation(message=message, request=request, response=response, errors=errors)


def _response(title: str, errors: tuple[Record, ...], message: Message, protocol: Protocol) -> Record:
    fields: list[dict[str, Any]] = []
    if message.response.type != "null":
        fields.append(
            {
                "name": "response",
                "type": _optional(message.response),
                "default": None,
                "doc": "What came of it; null unless it went well.",
            }
        )
    fields.append(
        {
            "name": "error",
            "type": ["null", *(error.fullname for error in errors), UNDECLARED],
            "default": None,
            "doc": "Why it failed; null when it went well. Text stands for a failure that the contract does not declare.",
        }
    )
    return _record(
        f"{title}Response",
        f"Answers the operation {message.name}.",
        fields,
        [message.response, *errors],
        message,
        protocol,
    )


def _optional(schema: Schema) -> list[Any]:
    """A type and null, null first so that it can be the default."""
    branches = schema.branches if isinstance(schema, Union) else (schema,)
    return ["null", *(referring(branch) for branch in branches if branch.type != "null")]


def _parameter(field: Field) -> dict[str, Any]:
    said: dict[str, Any] = {"name": field.name, "type": referring(field.schema)}
    if field.doc:
        said["doc"] = field.doc
    if field.has_default:
        said["default"] = field.default
    if field.aliases:
        said["aliases"] = list(field.aliases)
    return said | {key: value for key, value in field.props.items() if key != WAIVE}


def _record(
    name: str, doc: str, fields: list[dict[str, Any]], uses: list[Schema], message: Message, protocol: Protocol
) -> Record:
    said = {"type": "record", "namespace": protocol.namespace, "name": name, "doc": doc, "fields": fields}
    known = [named for use in uses for named in _reachable(use)]
    record = avro.parse(said, file=message.position.file, strict=False, references=known)
    assert isinstance(record, Record)
    record.source.position = message.position
    return record


def _reachable(schema: Schema) -> list[Named]:
    return list(avro.named_types(schema).values())
