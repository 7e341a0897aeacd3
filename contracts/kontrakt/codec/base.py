"""What a codec is. There is one in Python; a native one has the same interface, and the same tests run on both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from kontrakt.avro import Schema

    from .shapes import Types

T = TypeVar("T")

Reader: TypeAlias = Callable[[bytes, int], T]
"""Decodes the value that starts at an offset and ends with the data; raises ``DecodeError`` and nothing else."""

MakeCodec: TypeAlias = "Callable[[Schema, Types], Codec[Any]]"
"""Makes the codec of a schema, whose records and enums are of some classes."""

MAX_DEPTH: Final = 128
"""How many records of a recursive type may stand inside each other, when they are encoded and when they are decoded."""

MAX_EMPTY_ITEMS: Final = 100_000
"""How many items of arrays a value may have that take no bytes (null, an empty record), when it is encoded and when it is decoded."""


class Codec(Protocol[T]):
    """Encodes and decodes the values of one type. Threads may share it."""

    @property
    def schema(self) -> Schema:
        """The schema of the type."""
        ...

    def encode(self, value: T, prefix: bytes = b"") -> bytes:
        """Encode a value as Avro binary.

        Args:
            value: The value.
            prefix: What the result starts with.

        Raises:
            EncodeError: The value does not fit the schema; says which field, and what it holds.
        """
        ...

    def reader(self, writer: Schema | None = None) -> Reader[T]:
        """Make a function that decodes what was written with a schema.

        To make one costs some milliseconds: keep it.

        Args:
            writer: The schema that the data was written with; the type's own when left out.

        Raises:
            UnresolvableError: No data of that schema can be read as this type; says every reason.
        """
        ...
