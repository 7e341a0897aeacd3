"""Headers: what stands beside the value of a message, and is declared so that it is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kontrakt.avro.shapes import is_array, is_object
from kontrakt.errors import Position

from .hints import nearest

WORDS: Final = ("name", "type", "optional", "doc")
TAKEN: Final = ("kafka_", "kontrakt_", "__")
"""How the headers begin that Spring Kafka, kontrakt and the registry's clients write themselves."""
_SHOWN: Final = 'such as {"name": "tenant", "type": "string"}'


class HeaderType(StrEnum):
    """How a header is written: what Java's serializers of these names write."""

    STRING = "string"
    """UTF-8 (StringSerializer)."""
    UUID = "uuid"
    """The text form (UUIDSerializer)."""
    INT = "int"
    """4 bytes, big-endian (IntegerSerializer)."""
    LONG = "long"
    """8 bytes, big-endian (LongSerializer)."""
    BYTES = "bytes"
    """As they are (ByteArraySerializer)."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header that a contract declares.

    Attributes:
        name: Its name on the message.
        type: How it is written.
        optional: Whether a message may lack it.
        doc: What it is for, or an empty string.
    """

    name: str
    type: HeaderType
    optional: bool = False
    doc: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({'optional ' if self.optional else ''}{self.type})"


def declared_headers(
    said: Any, at: Callable[..., Position], problem: Callable[[Position, str, str], None]
) -> tuple[Header, ...]:
    """Read the headers of a declaration.

    Args:
        said: The JSON or TOML value.
        at: Tells where a word of the declaration stands.
        problem: Receives what is wrong.

    Returns:
        Those that are right.
    """
    if not is_array(said):
        problem(at("headers"), '"headers" must be a list of headers', f"{_SHOWN} in brackets")
        return ()
    found: dict[str, Header] = {}
    for index, one in enumerate(said):
        if not is_object(one):
            problem(at("headers", index), "a header must be an object", _SHOWN)
        elif (header := _header(one, index, at, problem)) is None:
            continue
        elif header.name in found:
            problem(at("headers", index, "name"), f"the header {header.name} is declared twice", "remove one")
        else:
            found[header.name] = header
    return tuple(found.values())


def _header(
    said: dict[str, Any], index: int, at: Callable[..., Position], problem: Callable[[Position, str, str], None]
) -> Header | None:
    right = True

    def wrong(word: str, message: str, hint: str = "") -> None:
        nonlocal right
        right = False
        problem(at("headers", index, word) if word in said else at("headers", index), message, hint)

    for word in said:
        if word not in WORDS:
            wrong(word, f'a header has no "{word}"', nearest(word, WORDS))
    name, kind = said.get("name"), said.get("type")
    if not isinstance(name, str) or not name.strip():
        wrong("name", "a header needs a name, a text that is not empty", _SHOWN)
    elif name.startswith(TAKEN):
        wrong("name", f"the header {name} would be taken for one that clients write themselves", "give it another name")
    if kind not in tuple(HeaderType):
        what = f"a header cannot be of the type {kind!r}" if "type" in said else "a header needs a type"
        wrong("type", what, nearest(str(kind), tuple(HeaderType)) if "type" in said else _SHOWN)
    if not isinstance(said.get("optional", False), bool):
        wrong("optional", '"optional" must be true or false')
    if not isinstance(said.get("doc", ""), str):
        wrong("doc", '"doc" must be a text')
    if not right:
        return None
    return Header(
        name=str(name),
        type=HeaderType(str(kind)),
        optional=said.get("optional", False),
        doc=said.get("doc", "").strip(),
    )
