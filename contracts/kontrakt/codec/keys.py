"""The keys of messages that are not Avro: what Java's serializers of the same names write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

from kontrakt.errors import DecodeError, EncodeError

from .misfit import Misfit, kind_of, not_text, shown
from .to_avro import as_string

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")


class KeyCodec(Protocol[K]):
    """Turns keys to bytes and back."""

    def encode(self, key: K) -> bytes:
        """Encode a key.

        Raises:
            EncodeError: It is not a key of this kind.
        """
        ...

    def decode(self, data: bytes) -> K:
        """Decode a key.

        Raises:
            DecodeError: The bytes are not a key of this kind.
        """
        ...


class StringKeys:
    """Text as UTF-8, as ``StringSerializer`` writes it."""

    def encode(self, key: str) -> bytes:
        """Encode text."""
        try:
            return (key if key.__class__ is str else as_string(key)).encode()
        except Misfit as misfit:
            raise EncodeError(str(misfit), path="key") from None
        except UnicodeEncodeError as error:
            raise EncodeError(not_text(error), path="key") from None

    def decode(self, data: bytes) -> str:
        """Decode text."""
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise DecodeError(f"not UTF-8 ({error.reason} at byte {error.start})", path="key") from None


class UUIDKeys:
    """A UUID as text, as ``UUIDSerializer`` writes it."""

    def encode(self, key: UUID) -> bytes:
        """Encode a UUID."""
        if not isinstance(key, UUID):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise EncodeError(f"expected UUID, got {kind_of(key)}", path="key")
        return str(key).encode()

    def decode(self, data: bytes) -> UUID:
        """Decode a UUID."""
        text = StringKeys().decode(data)
        try:
            return UUID(text)
        except ValueError:
            raise DecodeError(f"{shown(text)} is not a UUID", path="key") from None


@dataclass(frozen=True, slots=True)
class IntegerKeys:
    """A number in so many bytes, big-endian, as ``LongSerializer`` and ``IntegerSerializer`` write it.

    Args:
        size: 8 or 4.
    """

    size: int

    def encode(self, key: int) -> bytes:
        """Encode a number."""
        if not isinstance(key, int) or isinstance(key, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise EncodeError(f"expected int, got {kind_of(key)}", path="key")
        try:
            return int(key).to_bytes(self.size, "big", signed=True)
        except OverflowError:
            raise EncodeError(f"int {shown(int(key))} does not fit into {self.size * 8} bits", path="key") from None

    def decode(self, data: bytes) -> int:
        """Decode a number."""
        if len(data) != self.size:
            raise DecodeError(f"expected {self.size} bytes, got {len(data)}", path="key")
        return int.from_bytes(data, "big", signed=True)


_FORMATS: dict[tuple[str, type], Callable[[], KeyCodec[Any]]] = {
    ("string", str): StringKeys,
    ("string", UUID): UUIDKeys,
    ("long", int): lambda: IntegerKeys(8),
    ("int", int): lambda: IntegerKeys(4),
}


def key_codec(key_format: str, kind: type[K]) -> KeyCodec[K]:
    """The codec of a key that is not Avro.

    Args:
        key_format: ``string``, ``long`` or ``int``.
        kind: ``str`` or ``UUID`` for a string, otherwise ``int``.

    Raises:
        ValueError: There is no such key.
    """
    make = _FORMATS.get((key_format, kind))
    if make is None:
        known = ", ".join(f"{name} of {of.__name__}" for name, of in _FORMATS)
        raise ValueError(f"there is no key format {key_format} of {kind.__name__}; there is {known}")
    return make()
