"""Confluent's wire format: what is a frame, what is not, and what the error suggests."""

from __future__ import annotations

import uuid

import pytest
from kontrakt.codec.framing import FRAME_SIZE, frame_prefix, read_frame, read_schema_header
from kontrakt.errors import DecodeError

GUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize("schema_id", [0, 1, 255, 256, 2**31 - 1, 2**32 - 1])
def test_frames(schema_id: int) -> None:
    prefix = frame_prefix(schema_id)
    assert len(prefix) == FRAME_SIZE
    assert prefix == b"\x00" + schema_id.to_bytes(4, "big")
    assert read_frame(prefix) == (schema_id, 5)
    assert read_frame(prefix + b"data") == (schema_id, 5)


@pytest.mark.parametrize("schema_id", [-1, 2**32])
def test_what_is_no_id(schema_id: int) -> None:
    with pytest.raises(ValueError, match=f"a schema id is 0 to 2\\*\\*32 - 1, got {schema_id}"):
        frame_prefix(schema_id)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a frame has 5 bytes, 0 and the schema's id, and the message has none"),
        (b"\x00", "and the message has 1"),
        (b"\x00\x00\x00\x01", "and the message has 4"),
        (b"\x02\x00\x00\x00\x01a", "it starts with the byte 0x02 and not with 0"),
        (b'{"a": 1}', "it looks like JSON"),
        (b"  [1]", "it looks like JSON"),
        (b"Obj\x01\x04", "it is an Avro container file"),
        (b"\xc3\x01" + bytes(8), "it is in Avro's single-object encoding"),
        (
            b"\x01" + GUID.bytes + b"a",
            "it may start with a schema's GUID, which is read from the header __value_schema_id only",
        ),
        (b"\x01abc", "was it written by another serializer, or without a registry?"),
        (b"\xff" * 100, "was it written by another serializer, or without a registry?"),
    ],
)
def test_what_is_no_frame(data: bytes, message: str) -> None:
    with pytest.raises(DecodeError) as raised:
        read_frame(data)
    assert str(raised.value).startswith("not Confluent-framed Avro: ")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("header", "schema"), [(b"\x00\x00\x00\x01\x00", 256), (b"\x01" + GUID.bytes, GUID), (bytes(5), 0)]
)
def test_schema_headers(header: bytes, schema: int | uuid.UUID) -> None:
    assert read_schema_header(header) == schema


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\x00",
        b"\x00" * 4,
        b"\x00" * 6,
        b"\x01" * 5,
        b"\x00" + GUID.bytes,
        b"\x01" + bytes(15),
        b"\x01" + bytes(17),
        b"x" * 500,
    ],
)
def test_what_is_no_schema_header(header: bytes) -> None:
    with pytest.raises(DecodeError, match=f"neither a schema's id nor its GUID: {len(header)} bytes, b'") as raised:
        read_schema_header(header)
    assert len(str(raised.value)) < 250
