"""The codec in Python: a program is written for each schema, compiled once, and does nothing but encode or decode that schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .decoder import Decoder
from .defaults import defaults
from .encoder import Encoder
from .failures import bad_default, left_over, not_decoded, not_encoded, readable

if TYPE_CHECKING:
    from kontrakt.avro import Schema

    from .base import Reader
    from .program import Compiled
    from .shapes import Types

T = TypeVar("T")


class PythonCodec(Generic[T]):
    """Encodes and decodes the values of one type; see :class:`kontrakt.codec.base.Codec`.

    Args:
        schema: Its schema.
        types: The classes of the records and enums in it.
    """

    def __init__(self, schema: Schema, types: Types) -> None:
        self._schema = schema
        self._types = types
        self._encoder: Compiled | None = None

    @property
    def schema(self) -> Schema:
        """The schema of the type."""
        return self._schema

    def encode(self, value: T, prefix: bytes = b"") -> bytes:
        """Encode a value as Avro binary; see :meth:`kontrakt.codec.base.Codec.encode`."""
        encoder = self._encoder or self._compile()
        out = [prefix]
        try:
            encoder.run(value, out)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the code of a value raises, it cannot be encoded
            place = encoder.locate(error)
            failure = not_encoded(error, place.path, own=place.own)
            raise failure from failure.__cause__
        return b"".join(out)

    def _compile(self) -> Compiled:
        self._encoder = Encoder(self._schema, self._types, defaults(self._types)).compile()
        return self._encoder

    def reader(self, writer: Schema | None = None) -> Reader[T]:
        """Make a function that decodes; see :meth:`kontrakt.codec.base.Codec.reader`."""
        source = self._schema if writer is None else writer
        plan = readable(self._schema, source)
        try:
            decoder = Decoder(source, plan, self._types, defaults(self._types)).compile()
        except (ValueError, RecursionError) as error:  # of a default
            raise bad_default(source, self._schema, error) from None
        return _reader(decoder)


def _reader(decoder: Compiled) -> Reader[Any]:
    decode = decoder.run

    def read(data: bytes, offset: int = 0) -> Any:
        end = len(data)
        try:
            value, position = decode(data, offset, end)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever broken data leads to, it is broken data
            place = decoder.locate(error)
            position = place.variables.get("p", offset)
            failure = not_decoded(error, place.path, position, end, own=place.own)
            raise failure from failure.__cause__
        if position != end:
            raise left_over(position, end)
        return value

    return read
