"""The codec on fastavro: values are converted by compiled functions, and fastavro moves the bytes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kontrakt.avro import Enum, Named, Schema
from kontrakt.avro.resolution import Plan, resolve
from kontrakt.errors import DecodeError, EncodeError, KontraktError, UnresolvableError

from .decoder import decoder
from .defaults import defaults
from .encoder import encoder
from .program import Misfit
from .scan import Scan
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from .base import Reader
    from .program import Program
    from .shapes import Types

T = TypeVar("T")


class FastavroCodec(Generic[T]):
    """Encodes and decodes the values of one type.

    Args:
        schema: Its schema.
        types: The classes of the records and enums in it.
    """

    def __init__(self, schema: Schema, types: Types) -> None:
        self._schema = schema
        self._types = types
        self._defaults = defaults(types)
        self._wire = Wire(schema)
        self._compiled: Callable[[T, bytes], bytes] | None = None

    @property
    def schema(self) -> Schema:
        """The schema of the type."""
        return self._schema

    def encode(self, value: T, prefix: bytes = b"") -> bytes:
        """Encode a value as Avro binary; see :meth:`kontrakt.codec.base.Codec.encode`."""
        write = self._compiled or self._compile()
        try:
            return write(value, prefix)
        except Exception as error:
            raise self._refused(value, error) from error

    def encode_program(self, *, trace: bool = False) -> Program:
        """The functions that convert values before they are written: for people who look for a fault."""
        return encoder(self._wire, self._types, self._defaults, trace=trace)

    def reader(self, writer: Schema | None = None) -> Reader[T]:
        """Make a function that decodes; see :meth:`kontrakt.codec.base.Codec.reader`."""
        source = self._schema if writer is None else writer
        plan = resolve(self._schema, source)
        if plan.failures:
            raise UnresolvableError(_unresolvable(source, self._schema, list(map(str, plan.failures))))
        wire = self._wire if source is self._schema else Wire(source)
        try:
            return _Reading[T](wire, plan, self._types).read
        except ValueError as error:
            raise UnresolvableError(_unresolvable(source, self._schema, [str(error)])) from None

    def _compile(self) -> Callable[[T, bytes], bytes]:
        convert = self.encode_program().compile("encode")
        mover = self._wire.mover
        schema, move = mover.schema, mover.write

        def write(value: T, prefix: bytes) -> bytes:
            out = BytesIO()
            out.write(prefix)
            move(out, schema, convert(value))
            return out.getvalue()

        self._compiled = write
        return write

    def _refused(self, value: T, error: Exception) -> Exception:
        """What to raise when a value could not be encoded."""
        if isinstance(error, KontraktError):
            return error
        try:
            self.encode_program(trace=True).compile("encode")(value)
        except Misfit as misfit:
            return EncodeError(misfit.message, path=misfit.path)
        except RecursionError:
            return EncodeError("it contains itself, or more than Python has room for")
        except Exception as other:  # noqa: BLE001 - whatever the value's own code raises
            return EncodeError(f"{type(other).__name__}: {other}")
        return EncodeError(f"{type(error).__name__}: {error}")


class _Reading(Generic[T]):
    """Decodes what one schema wrote."""

    def __init__(self, wire: Wire, plan: Plan, types: Types) -> None:
        self._wire = wire
        self._plan = plan
        self._types = types
        self._scan = Scan(wire.root)
        self._mover = wire.mover
        self._convert = self._program(trace=False).compile("decode")

    def read(self, data: bytes, offset: int = 0) -> T:
        """Decode the value that starts at an offset and ends with the data."""
        source = BytesIO(data)
        source.seek(offset)
        try:
            if self._scan.first(len(data) - offset):
                self._scan.check(data, offset)
            value: T = self._convert(self._raw(source))
            end = source.tell()
        except Exception as error:
            raise self._refused(data, offset, error) from error
        if end != len(data):
            raise _left_over(data, end)
        return value

    def _raw(self, source: BytesIO) -> Any:
        return self._mover.read(source, self._mover.schema, None, False, False, "strict", True)

    def _program(self, *, trace: bool) -> Program:
        return decoder(self._wire, self._plan, self._types, defaults(self._types), trace=trace)

    def _refused(self, data: bytes, offset: int, error: Exception) -> Exception:
        """What to raise when data could not be decoded: where its bytes are broken, or else which field is wrong."""
        if isinstance(error, KontraktError):
            return error
        try:
            self._scan.check(data, offset)
            source = BytesIO(data)
            source.seek(offset)
            self._program(trace=True).compile("decode")(self._raw(source))
        except DecodeError as broken:
            return broken
        except Misfit as misfit:
            return DecodeError(misfit.message, path=misfit.path)
        except RecursionError:
            return DecodeError("more types inside each other than Python has room for")
        except Exception as other:  # noqa: BLE001 - whatever the class of the value raises
            return DecodeError(f"{type(other).__name__}: {other}")
        return DecodeError(f"{type(error).__name__}: {error}")


def _left_over(data: bytes, end: int) -> DecodeError:
    count = len(data) - end
    return DecodeError(
        f"{count} byte{'s follow' if count > 1 else ' follows'} after the value (byte {end} of {len(data)}); "
        "it was not written with this schema"
    )


def _unresolvable(writer: Schema, reader: Schema, reasons: list[str]) -> str:
    what = f"{_named(writer)} as it was written cannot be read as {_named(reader)}"
    if len(reasons) == 1:
        return f"{what}: {reasons[0]}"
    return "\n".join([f"{what}:", *(f"  {reason}" for reason in reasons)])


def _named(schema: Schema) -> str:
    if isinstance(schema, Named):
        return f"{'enum ' if isinstance(schema, Enum) else ''}{schema.fullname}"
    return schema.type
