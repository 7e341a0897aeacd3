"""What a codec is. There is one on fastavro; a native one has the same interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from kontrakt.avro import Schema

T = TypeVar("T")

Reader: TypeAlias = Callable[[bytes, int], T]
"""Decodes the value that starts at an offset and ends with the data; raises ``DecodeError`` and nothing else."""

MAX_DEPTH: Final = 128
"""How many records of a recursive type may stand inside each other, when they are encoded and when they are decoded."""


class Codec(Protocol[T]):
    """Encodes and decodes the values of one type."""

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

        To make one costs about a millisecond: keep it.

        Args:
            writer: The schema that the data was written with; the type's own when left out.

        Raises:
            UnresolvableError: No data of that schema can be read as this type; says every reason.
        """
        ...
