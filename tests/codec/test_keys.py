"""Keys that are not Avro: the bytes of Java's serializers of the same names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from kontrakt.codec.keys import key_codec
from kontrakt.errors import DecodeError, EncodeError

ID = UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("key_format", "kind", "key", "data"),
    [
        ("string", str, "", b""),
        ("string", str, "c-1 ä", "c-1 ä".encode()),
        ("string", UUID, ID, b"12345678-1234-5678-1234-567812345678"),
        ("long", int, 1, b"\x00\x00\x00\x00\x00\x00\x00\x01"),
        ("long", int, -(2**63), b"\x80" + bytes(7)),
        ("long", int, 2**63 - 1, b"\x7f" + b"\xff" * 7),
        ("int", int, 258, b"\x00\x00\x01\x02"),
        ("int", int, -1, b"\xff\xff\xff\xff"),
    ],
)
def test_there_and_back(key_format: str, kind: type[Any], key: Any, data: bytes) -> None:
    codec = key_codec(key_format, kind)
    assert codec.encode(key) == data
    back = codec.decode(data)
    assert back == key
    assert type(back) is kind


@pytest.mark.parametrize(
    ("key_format", "kind", "key", "message"),
    [
        ("string", str, 5, "key: expected str, got int"),
        ("string", str, None, "key: expected str, got None"),
        ("string", str, b"a", "key: expected str, got bytes"),
        ("string", str, "a\udc00", "key: a str with half of a surrogate pair is not text (at character 1)"),
        ("string", UUID, str(ID), "key: expected UUID, got str"),
        ("long", int, "1", "key: expected int, got str"),
        ("long", int, True, "key: expected int, got bool"),
        ("long", int, 2**63, "key: int 9223372036854775808 does not fit into 64 bits"),
        ("int", int, -(2**31) - 1, "key: int -2147483649 does not fit into 32 bits"),
        ("int", int, 2**200, "key: int a number of more than 40 digits does not fit into 32 bits"),
    ],
)
def test_keys_that_are_none(key_format: str, kind: type[Any], key: Any, message: str) -> None:
    with pytest.raises(EncodeError) as raised:
        key_codec(key_format, kind).encode(key)
    assert str(raised.value) == message
    assert raised.value.path == "key"


@pytest.mark.parametrize(
    ("key_format", "kind", "data", "message"),
    [
        ("string", str, b"a\xff", "key: not UTF-8 (invalid start byte at byte 1)"),
        ("string", UUID, b"12345", "key: '12345' is not a UUID"),
        ("string", UUID, b"\xff", "key: not UTF-8 (invalid start byte at byte 0)"),
        ("string", UUID, b"x" * 5000, "is not a UUID"),
        ("long", int, b"", "key: expected 8 bytes, got 0"),
        ("long", int, b"\x00" * 4, "key: expected 8 bytes, got 4"),
        ("int", int, b"\x00" * 8, "key: expected 4 bytes, got 8"),
    ],
)
def test_bytes_that_are_no_key(key_format: str, kind: type[Any], data: bytes, message: str) -> None:
    with pytest.raises(DecodeError) as raised:
        key_codec(key_format, kind).decode(data)
    assert message in str(raised.value)
    assert raised.value.path == "key"
    assert len(str(raised.value)) < 150


@pytest.mark.parametrize(("key_format", "kind"), [("avro", str), ("long", str), ("string", int), ("", UUID)])
def test_formats_that_there_are_not(key_format: str, kind: type[Any]) -> None:
    with pytest.raises(
        ValueError, match=f"there is no key format {key_format} of {kind.__name__}; there is string of str"
    ):
        key_codec(key_format, kind)
