"""Parsing Canonical Form, and the fingerprints made of it.

Source of the rules: Avro specification, "Parsing Canonical Form for Schemas" and "Schema Fingerprints". As in the Java
reference, an error is written as the record that it is.
"""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

from .schema import Array, Enum, Fixed, Map, Named, Record, Schema, Union

if TYPE_CHECKING:
    from collections.abc import Iterator

_EMPTY: Final = 0xC15D213AA4D7A795
"""The CRC-64-AVRO fingerprint of nothing, which is also its polynomial."""


def canonical(schema: Schema) -> str:
    """Write a schema in Parsing Canonical Form: two schemas that read the same bytes alike have the same text.

    Args:
        schema: Any schema.
    """
    written: set[str] = set()
    pieces: list[str] = []
    stack: list[Schema | str] = [schema]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            pieces.append(part)
        else:
            stack.extend(reversed(list(_parts(part, written))))
    return "".join(pieces)


def _parts(schema: Schema, written: set[str]) -> Iterator[Schema | str]:
    """What a schema is written as: texts, and the schemas between them."""
    if isinstance(schema, Named):
        name = encode_basestring(schema.fullname)
        if schema.fullname in written:
            yield name
            return
        written.add(schema.fullname)
        yield f'{{"name":{name},"type":"{"record" if schema.type == "error" else schema.type}"'
    match schema:
        case Record():
            yield ',"fields":['
            for index, field in enumerate(schema.fields):
                yield f'{"," if index else ""}{{"name":{encode_basestring(field.name)},"type":'
                yield field.schema
                yield "}"
            yield "]}"
        case Enum():
            yield f',"symbols":[{",".join(map(encode_basestring, schema.symbols))}]}}'
        case Fixed():
            yield f',"size":{schema.size}}}'
        case Array():
            yield '{"type":"array","items":'
            yield schema.items
            yield "}"
        case Map():
            yield '{"type":"map","values":'
            yield schema.values
            yield "}"
        case Union():
            yield "["
            for index, branch in enumerate(schema.branches):
                if index:
                    yield ","
                yield branch
            yield "]"
        case _:
            yield f'"{schema.type}"'


def fingerprint(text: str, algorithm: str = "CRC-64-AVRO") -> bytes:
    """The fingerprint of a canonical form.

    Args:
        text: The canonical form.
        algorithm: ``CRC-64-AVRO`` (8 bytes, little-endian as in single-object encoding), ``MD5`` or ``SHA-256``.

    Raises:
        ValueError: The algorithm is none of these.
    """
    data = text.encode("utf-8")
    match algorithm:
        case "CRC-64-AVRO":
            return _crc64(data).to_bytes(8, "little")
        case "MD5":
            return hashlib.md5(data, usedforsecurity=False).digest()
        case "SHA-256":
            return hashlib.sha256(data).digest()
        case _:
            raise ValueError(f"{algorithm} is not an algorithm of Avro: CRC-64-AVRO, MD5 or SHA-256")


def _table() -> tuple[int, ...]:
    table: list[int] = []
    for byte in range(256):
        entry = byte
        for _ in range(8):
            entry = (entry >> 1) ^ (_EMPTY if entry & 1 else 0)
        table.append(entry)
    return tuple(table)


_TABLE: Final = _table()


def _crc64(data: bytes) -> int:
    result = _EMPTY
    for byte in data:
        result = (result >> 8) ^ _TABLE[(result ^ byte) & 0xFF]
    return result
