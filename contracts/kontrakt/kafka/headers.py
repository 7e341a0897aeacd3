"""Headers that a contract declares: typed when they are sent, typed when they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias
from uuid import UUID

from kontrakt.codec.keys import key_codec
from kontrakt.errors import DecodeError, EncodeError

from .messages import pairs_of, raw_pairs_of

if TYPE_CHECKING:
    from .messages import Headers, HeaderValue, Meta
    from .requests import Requests
    from .topics import Topic

HeaderFormat: TypeAlias = Literal["string", "uuid", "int", "long", "bytes"]


class DeclaredHeaders:
    """Base of the generated ``Headers``: a dataclass with a field for each header that the topic declares.

    An instance can be given wherever headers can be; iterating it gives the names and the bytes.

    Attributes:
        declared: The name of each field's header, and how it is written.
    """

    __slots__ = ()

    declared: ClassVar[Mapping[str, tuple[str, HeaderFormat]]]

    @classmethod
    def of(cls, meta: Meta) -> Self:
        """The declared headers of a message that was read; the others stay in ``meta.headers``.

        Args:
            meta: What a consumer or a handler got with the message.

        Raises:
            DecodeError: One is missing that is not optional, or is not written as declared; it names the message.
        """
        return cls._read(meta.header, f"{meta}: ")

    @classmethod
    def _read(cls, header: Callable[[str], bytes | None], place: str) -> Self:
        given: dict[str, Any] = {}
        for attribute, (name, how) in cls.declared.items():
            data = header(name)
            if data is not None:
                try:
                    given[attribute] = _DECODE[how](data)
                except DecodeError as error:
                    raise DecodeError(f"{place}the header {name}: {_bare(error)}") from error
            elif attribute in _needed(cls):
                raise DecodeError(f"{place}the header {name} is missing, which the contract declares")
        return cls(**given)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """The name and the bytes of each header that is there.

        Raises:
            EncodeError: A value is not one of its type.
        """
        for attribute, (name, how) in self.declared.items():
            value = getattr(self, attribute)
            if value is not None:
                try:
                    data = _ENCODE[how](value)
                except EncodeError as error:
                    raise EncodeError(f"the header {name}: {_bare(error)}") from error
                yield name, data
            elif attribute in _needed(type(self)):
                raise EncodeError(f"the header {name} is None, and it is not optional")


def checked_headers(topic: type[Topic | Requests], headers: Headers | None) -> list[tuple[str, HeaderValue]] | None:
    """What is to be sent, held to what the topic declares.

    Args:
        topic: The topic.
        headers: What was given: the topic's ``Headers``, or names with bytes or text, declared ones and others.

    Raises:
        EncodeError: A declared header is missing, or is not written as declared.
    """
    pairs = pairs_of(headers)
    kind: type[DeclaredHeaders] | None = getattr(topic, "Headers", None)
    if kind is not None and not isinstance(headers, kind):
        found = dict(raw_pairs_of(pairs))
        try:
            kind._read(found.get, "")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        except DecodeError as error:
            how = f"say headers={topic.__name__}.Headers(...)"
            raise EncodeError(f"a message to {topic.topic}: {error}; {how}") from error
    return pairs or None


def _needed(kind: type[Any]) -> frozenset[str]:
    """The fields that have no default: their headers are not optional."""
    return frozenset(field.name for field in fields(kind) if field.default is MISSING)


def _bare(error: DecodeError | EncodeError) -> str:
    """What a codec of keys says, without that it was about a key."""
    return str(error).removeprefix(f"{error.path}: ")


def _plain(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise EncodeError(f"expected bytes, got {type(value).__name__}")
    return value


_ENCODE: Mapping[HeaderFormat, Callable[[Any], bytes]] = {
    "string": key_codec("string", str).encode,
    "uuid": key_codec("string", UUID).encode,
    "int": key_codec("int", int).encode,
    "long": key_codec("long", int).encode,
    "bytes": _plain,
}
_DECODE: Mapping[HeaderFormat, Callable[[bytes], Any]] = {
    "string": key_codec("string", str).decode,
    "uuid": key_codec("string", UUID).decode,
    "int": key_codec("int", int).decode,
    "long": key_codec("long", int).decode,
    "bytes": bytes,
}
