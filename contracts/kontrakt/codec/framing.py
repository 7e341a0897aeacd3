"""Confluent's wire format: which schema a message was written with.

A message is framed by the byte 0 and the schema's id (4 bytes, big-endian), then Avro binary. Newer clients may instead leave
the message bare and put the schema's id or GUID into a header; both are read, frames are written.
"""

from __future__ import annotations

import struct
from typing import Final
from uuid import UUID

from kontrakt.errors import DecodeError

FRAME_SIZE: Final = 5
"""How many bytes a frame has."""

KEY_SCHEMA_HEADER: Final = "__key_schema_id"
"""The header that says the schema of a bare key."""

VALUE_SCHEMA_HEADER: Final = "__value_schema_id"
"""The header that says the schema of a bare value."""

_ID: Final = 0
_GUID: Final = 1
_FRAME: Final = struct.Struct(">BI")


def frame_prefix(schema_id: int) -> bytes:
    """The five bytes that stand before Avro binary.

    Args:
        schema_id: The id that the registry gave the schema.

    Raises:
        ValueError: It is not an id.
    """
    if not 0 <= schema_id < 2**32:
        raise ValueError(f"a schema id is 0 to 2**32 - 1, got {schema_id}")
    return _FRAME.pack(_ID, schema_id)


def read_frame(data: bytes) -> tuple[int, int]:
    """Read the frame of a message.

    Args:
        data: The key or value of a Kafka message.

    Returns:
        The id of the schema that it was written with, and the offset at which its Avro binary starts.

    Raises:
        DecodeError: It is not framed; says what it may be instead.
    """
    if len(data) >= FRAME_SIZE and data[0] == _ID:
        return int.from_bytes(data[1:FRAME_SIZE], "big"), FRAME_SIZE
    if not data or data[0] == _ID:
        raise DecodeError(
            "not Confluent-framed Avro: a frame has 5 bytes, 0 and the schema's id, "
            f"and the message has {len(data) or 'none'}"
        )
    raise DecodeError(
        f"not Confluent-framed Avro: it starts with the byte {data[0]:#04x} and not with 0 ({_guess(data)})"
    )


def read_schema_header(header: bytes) -> int | UUID:
    """Read what a schema header says.

    Args:
        header: The value of the header :data:`KEY_SCHEMA_HEADER` or :data:`VALUE_SCHEMA_HEADER`.

    Returns:
        The schema's id, or its GUID.

    Raises:
        DecodeError: It is neither.
    """
    if len(header) == FRAME_SIZE and header[0] == _ID:
        return int.from_bytes(header[1:], "big")
    if len(header) == 17 and header[0] == _GUID:
        return UUID(bytes=bytes(header[1:]))
    raise DecodeError(
        f"the schema header holds neither a schema's id nor its GUID: {len(header)} bytes, {bytes(header[:20])!r}"
    )


def _guess(data: bytes) -> str:
    """What an unframed message probably is."""
    if data[:32].lstrip()[:1] in (b"{", b"["):
        return "it looks like JSON"
    if data[:4] == b"Obj\x01":
        return "it is an Avro container file"
    if data[:2] == b"\xc3\x01":
        return "it is in Avro's single-object encoding"
    if data[0] == _GUID and len(data) >= 17:
        return f"it may start with a schema's GUID, which is read from the header {VALUE_SCHEMA_HEADER} only"
    return "was it written by another serializer, or without a registry?"
