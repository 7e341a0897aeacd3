"""What is said beside a message."""

from __future__ import annotations

import datetime as dt

import pytest
from kontrakt import Meta
from kontrakt.kafka.failures import shown_key


def test_a_message_has_no_timestamp_where_nobody_said_one() -> None:
    assert Meta().timestamp is None
    assert Meta(milliseconds=1).timestamp == dt.datetime(1970, 1, 1, 0, 0, 0, 1000, dt.UTC)


def test_of_several_headers_of_a_name_the_last_one_counts() -> None:
    assert Meta(headers=[("a", b"1"), ("a", b"2")]).header("a") == b"2"
    assert Meta().header("a") is None


def test_a_place_is_shown_as_kafka_shows_it() -> None:
    assert str(Meta(topic="t", partition=1, offset=2)) == "t[1]@2"


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (None, "None"),
        (b"", "''"),
        (b"c-1", "'c-1'"),
        (b"\x00\x00\x00\x00\x07", "b'\\x00\\x00\\x00\\x00\\x07'"),
        (b"\xff", "b'\\xff'"),
        (b"k" * 100, "'" + "k" * 56 + "..."),
    ],
)
def test_a_key_is_shown_as_text_where_it_is_text(key: bytes | None, shown: str) -> None:
    assert shown_key(key) == shown
