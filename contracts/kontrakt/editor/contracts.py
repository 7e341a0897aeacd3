"""The JSON Schema of ``.avsc`` and ``.avpr`` files: Avro itself (its specification, section by section), and what kontrakt adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kontrakt.avro.builder import ORDERS
from kontrakt.avro.logical import PLAIN
from kontrakt.avro.names import FULLNAME, NAME
from kontrakt.avro.render import WAIVE

from .topics import definitions
from .words import DRAFT, JsonSchema, described, listed, one_of, ref, text, when, where, without

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIMITIVES: Final[Mapping[str, str]] = {
    "null": "No value.",
    "boolean": "True or false.",
    "int": "A whole number of 32 bits.",
    "long": "A whole number of 64 bits.",
    "float": "A number of 32 bits (IEEE 754).",
    "double": "A number of 64 bits (IEEE 754).",
    "bytes": "Bytes.",
    "string": "Text.",
}
COMPLEX: Final[Mapping[str, str]] = {
    "record": "Fields, each with a name and a type.",
    "error": "A record that a message may answer with where it fails.",
    "enum": "One of some symbols.",
    "fixed": "As many bytes as it says.",
    "array": "Any number of items of one type.",
    "map": "Values of one type by text.",
}
LOGICAL: Final[Mapping[str, str]] = {
    "date": "A day, on int.",
    "time-millis": "A time of day in milliseconds, on int.",
    "time-micros": "A time of day in microseconds, on long.",
    "time-nanos": "A time of day in nanoseconds, on long.",
    "timestamp-millis": "An instant in milliseconds, on long.",
    "timestamp-micros": "An instant in microseconds, on long.",
    "timestamp-nanos": "An instant in nanoseconds, on long.",
    "local-timestamp-millis": "A date and time without a time zone, in milliseconds, on long.",
    "local-timestamp-micros": "A date and time without a time zone, in microseconds, on long.",
    "local-timestamp-nanos": "A date and time without a time zone, in nanoseconds, on long.",
    "decimal": "A number with a fixed number of digits after the point, on bytes or fixed.",
    "uuid": "A UUID, on string or a fixed of 16 bytes.",
    "duration": "Months, days and milliseconds, on a fixed of 12 bytes.",
}
_DEFAULTS: Final[Mapping[str, JsonSchema]] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "bytes": {"type": "string"},
    "string": {"type": "string"},
}
_OF_RECORDS: Final = ("topic", "projection")


def contracts_schema() -> JsonSchema:
    """The JSON Schema of a file of contracts: a protocol where it says ``protocol``, otherwise a type."""
    return {
        "$schema": DRAFT,
        "title": "Avro contract",
        "description": "An Avro schema (.avsc) or protocol (.avpr) that kontrakt reads.",
        "if": {"type": "object", "required": ["protocol"]},
        "then": ref("protocol"),
        "else": ref("type"),
        "definitions": {
            "type": _type(),
            "branch": _branch(),
            "object": _object(),
            **{name: build() for name, build in _KINDS.items()},
            "field": _field(),
            "protocol": _protocol(),
            "message": _message(),
            **definitions(),
        },
    }


def _type() -> JsonSchema:
    """What may stand for a type: a name, an object, or a union of these."""
    return {"anyOf": [ref("branch"), listed(ref("branch"), "A union: one of some types.", least=1, unique=True)]}


def _branch() -> JsonSchema:
    name = text(
        "A type by its full name, or by its name within the same namespace.", rf"(?!(?:{'|'.join(COMPLEX)})$){FULLNAME}"
    )
    return {"anyOf": [one_of(PRIMITIVES, "A primitive type."), name, ref("object")]}


def _object() -> JsonSchema:
    return {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {
                "anyOf": [one_of(COMPLEX, "A type with attributes."), ref("type")],
            },
            "logicalType": {"anyOf": [one_of(LOGICAL, "What values mean."), {"type": "string"}]},
            WAIVE: ref(WAIVE),
        },
        "allOf": [
            *(when(where("type", kind), ref(kind)) for kind in _KINDS if kind != "error"),
            when(where("type", "error"), ref("record")),
            when(where("type", "enum", "fixed"), without(*_OF_RECORDS)),
            *(when(where("logicalType", name), where("type", base)) for name, base in PLAIN.items()),
            when(
                where("logicalType", "decimal"),
                where("type", "bytes", "fixed")
                | {
                    "required": ["type", "precision"],
                    "properties": {
                        "type": {"enum": ["bytes", "fixed"]},
                        "precision": {"description": "How many digits it has.", "type": "integer", "minimum": 1},
                        "scale": {
                            "description": "How many of them stand after the point.",
                            "type": "integer",
                            "minimum": 0,
                        },
                    },
                },
            ),
            when(where("logicalType", "uuid"), {"anyOf": [where("type", "string"), _fixed_of(16)]}),
            when(where("logicalType", "duration"), _fixed_of(12)),
            when({"required": ["logicalType"]}, where("type", *PRIMITIVES, *COMPLEX)),
        ],
    }


def _fixed_of(size: int) -> JsonSchema:
    return {"properties": {"type": {"const": "fixed"}, "size": {"const": size}}, "required": ["type", "size"]}


def _named(properties: JsonSchema, *required: str) -> JsonSchema:
    """A type that has a name."""
    name = text("Its name; its full name is this after the namespace.", FULLNAME)
    return {
        "required": ["type", "name", *required],
        "properties": {
            "type": {},
            "name": name | {"not": {"pattern": rf"^(?:.*\.)?(?:{'|'.join(PRIMITIVES)})$"}},
            "namespace": {
                "description": "Names joined by dots; by default that of the type around it.",
                "anyOf": [text(pattern=FULLNAME), {"enum": ["", None]}],
            },
            "doc": text("What it is for."),
            "aliases": listed(text(pattern=FULLNAME), "Names that it had before.", unique=True),
            **properties,
        },
    }


def _record() -> JsonSchema:
    several: JsonSchema = {"anyOf": [ref("recordTopic"), listed(ref("recordTopic"), least=1)]}
    record = _named(
        {
            "fields": listed(ref("field"), "Its fields, in the order in which they are written."),
            "topic": {
                "description": "The topic that the record travels on; a list where it travels on several that differ.",
                **several,
            },
            "projection": ref("projection"),
        },
        "fields",
    )
    return record | {"not": {"required": list(_OF_RECORDS)}}


def _enum() -> JsonSchema:
    return _named(
        {
            "symbols": listed(text(pattern=NAME), "Its symbols, in their order.", unique=True),
            "default": text("What consumers take for a symbol that they do not know."),
        },
        "symbols",
    )


def _fixed() -> JsonSchema:
    size = {"description": "How many bytes.", "type": "integer", "minimum": 0, "maximum": 2**31 - 1}
    return _named({"size": size}, "size")


def _array() -> JsonSchema:
    return {"required": ["items"], "properties": {"type": {}, "items": described("type", "What is in it.")}}


def _map() -> JsonSchema:
    return {"required": ["values"], "properties": {"type": {}, "values": described("type", "What is in it.")}}


_KINDS: Final = {"record": _record, "enum": _enum, "fixed": _fixed, "array": _array, "map": _map}


def _field() -> JsonSchema:
    return {
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": text("Its name.", NAME),
            "type": described("type", "Its type."),
            "doc": text("What it is for."),
            "default": {
                "description": "What consumers take where a message lacks it; of a union, for its first branch."
            },
            "order": {"description": "How it counts when records are sorted.", "enum": list(ORDERS)},
            "aliases": listed(text(pattern=NAME), "Names that it had before.", unique=True),
            "deprecated": ref("deprecated"),
            WAIVE: ref(WAIVE),
        },
        "allOf": [
            when(where("type", name), {"properties": {"default": default}}) for name, default in _DEFAULTS.items()
        ],
    }


def _protocol() -> JsonSchema:
    definition = {"allOf": [ref("object"), where("type", "record", "error", "enum", "fixed")]}
    topics: JsonSchema = {"anyOf": [ref("requestTopic"), listed(ref("requestTopic"), least=1)]}
    return {
        "required": ["protocol"],
        "properties": {
            "protocol": text("Its name.", FULLNAME),
            "namespace": {
                "description": "Names joined by dots.",
                "anyOf": [text(pattern=FULLNAME), {"enum": ["", None]}],
            },
            "doc": text("What it is for."),
            "types": listed(definition, "The types that its messages use."),
            "messages": {
                "description": "The operations, by name.",
                "type": "object",
                "propertyNames": {"pattern": f"^{NAME}$"},
                "additionalProperties": ref("message"),
            },
            "topic": {"description": "The pair of topics that requests and responses travel on.", **topics},
            WAIVE: ref(WAIVE),
        },
        **without("projection"),
    }


def _message() -> JsonSchema:
    nothing = {"enum": ["null", {"type": "null"}]}
    return {
        "description": "An operation.",
        "type": "object",
        "required": ["request"],
        "properties": {
            "doc": text("What it does."),
            "request": listed(ref("field"), "Its parameters."),
            "response": described("type", 'What it answers; "null" for nothing.'),
            "errors": listed(ref("type"), "The errors that it may answer with."),
            "one-way": {"description": "Whether nobody waits for an answer.", "type": "boolean"},
            WAIVE: ref(WAIVE),
        },
        **when(where("one-way", True), {"properties": {"response": nothing, "errors": {"maxItems": 0}}}),
        "else": {"required": ["response"]},
    }
