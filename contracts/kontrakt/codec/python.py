"""The codec in Python: a program is written for each schema, compiled once, and does nothing but encode or decode that schema."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kontrakt.avro import Enum, Named, Schema
from kontrakt.avro.resolution import resolve
from kontrakt.errors import DecodeError, EncodeError, UnresolvableError

from .binary import ENDS
from .decoder import Decoder
from .defaults import defaults
from .encoder import Encoder
from .misfit import Misfit, kind_of, not_text

if TYPE_CHECKING:
    from .base import Reader
    from .program import Compiled, Place
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
            raise EncodeError(_not_encoded(error, place), path=place.path) from _cause(error, place)
        return b"".join(out)

    def _compile(self) -> Compiled:
        self._encoder = Encoder(self._schema, self._types, defaults(self._types)).compile()
        return self._encoder

    def reader(self, writer: Schema | None = None) -> Reader[T]:
        """Make a function that decodes; see :meth:`kontrakt.codec.base.Codec.reader`."""
        source = self._schema if writer is None else writer
        plan = resolve(self._schema, source)
        if plan.failures:
            raise UnresolvableError(_unresolvable(source, self._schema, list(map(str, plan.failures))))
        try:
            decoder = Decoder(source, plan, self._types, defaults(self._types)).compile()
        except ValueError as error:  # of a default
            raise UnresolvableError(_unresolvable(source, self._schema, [str(error)])) from None
        except RecursionError:
            reason = "its defaults are nested deeper than Python has room for"
            raise UnresolvableError(_unresolvable(source, self._schema, [reason])) from None
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
            what, position = _not_decoded(error, place, offset)
            raise DecodeError(f"{what} {_at(position, end)}", path=place.path, position=position) from _cause(
                error, place
            )
        if position != end:
            raise DecodeError(_left_over(position, end), position=position)
        return value

    return read


def _not_encoded(error: Exception, place: Place) -> str:
    """What is wrong with a value."""
    match error:
        case Misfit():
            return str(error)
        case UnicodeEncodeError() if place.own:
            return not_text(error)
        case AttributeError() if place.own:
            return f"it is not set on this {kind_of(error.obj)}"
        case KeyError() if place.own:
            return "it is missing"
        case RecursionError():
            return "it contains itself, or more than Python has room for"
        case _:
            return f"{type(error).__name__}: {error}"


def _not_decoded(error: Exception, place: Place, offset: int) -> tuple[str, int]:
    """What is wrong with data, and at which byte."""
    position: int = place.variables.get("p", offset)
    match error:
        case Misfit():
            return str(error), position
        case IndexError() | struct.error() if place.own:
            return ENDS, position
        case UnicodeDecodeError() if place.own:
            return f"not UTF-8 ({error.reason})", position + error.start
        case RecursionError():
            return "more records inside each other than Python has room for", position
        case _:
            return f"{type(error).__name__}: {error}", position


def _cause(error: Exception, place: Place) -> Exception | None:
    """What helps to understand an error beside its message: what came out of code that is not ours."""
    return None if place.own or isinstance(error, Misfit | RecursionError) else error


def _at(position: int, end: int) -> str:
    return f"(byte {position} of {end})"


def _left_over(position: int, end: int) -> str:
    count = end - position
    follow = f"{count} byte{'s follow' if count > 1 else ' follows'} after the value"
    return f"{follow} {_at(position, end)}; it was not written with this schema"


def _unresolvable(writer: Schema, reader: Schema, reasons: list[str]) -> str:
    what = f"{_named(writer)} as it was written cannot be read as {_named(reader)}"
    if len(reasons) == 1:
        return f"{what}: {reasons[0]}"
    return "\n".join([f"{what}:", *(f"  {reason}" for reason in reasons)])


def _named(schema: Schema) -> str:
    if isinstance(schema, Named):
        return f"{'enum ' if isinstance(schema, Enum) else ''}{schema.fullname}"
    return schema.type
