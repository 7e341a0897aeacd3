"""The codec in C: the extension runs a program that is described here for each schema. The same values, bytes and errors as the codec in Python.

Importing this fails where the extension was not built.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar, cast

from . import _native
from .defaults import defaults
from .failures import bad_default, left_over, not_decoded, not_encoded, path_of, readable
from .misfit import shown
from .native_decoder import Decoder
from .native_encoder import Encoder

if TYPE_CHECKING:
    from kontrakt.avro import Schema

    from .base import Reader
    from .graph import Description
    from .shapes import Types

T = TypeVar("T")


class NativeCodec(_native.Encoder, Generic[T]):
    """Encodes and decodes the values of one type; see :class:`kontrakt.codec.base.Codec`.

    Args:
        schema: Its schema.
        types: The classes of the records and enums in it.
    """

    def __init__(self, schema: Schema, types: Types) -> None:
        super().__init__(partial(_described, schema, types), _refuse_value)
        self._schema = schema
        self._types = types

    @property
    def schema(self) -> Schema:
        """The schema of the type."""
        return self._schema

    def reader(self, writer: Schema | None = None) -> Reader[T]:
        """Make a function that decodes; see :meth:`kontrakt.codec.base.Codec.reader`."""
        source = self._schema if writer is None else writer
        plan = readable(self._schema, source)
        try:
            description = Decoder(source, plan, self._types, defaults(self._types)).describe()
        except (ValueError, RecursionError) as error:  # of a default
            raise bad_default(source, self._schema, error) from None
        return _native.Decoder(description, _refuse_data, _refuse_rest)


def _described(schema: Schema, types: Types) -> Description:
    return Encoder(schema, types, defaults(types)).describe()


def _refuse_value(error: Exception, steps: list[object]) -> NoReturn:
    failure = not_encoded(error, _path(steps), own=_own(error, steps))
    raise failure from failure.__cause__


def _refuse_data(error: Exception, steps: list[object], position: int, end: int) -> NoReturn:
    failure = not_decoded(error, _path(steps), position, end, own=_own(error, steps))
    raise failure from failure.__cause__


def _refuse_rest(position: int, end: int) -> NoReturn:
    raise left_over(position, end)


def _own(error: Exception, steps: list[object]) -> bool:
    """Whether the extension itself failed: it says so, or no code in Python ran."""
    return steps[:1] == [True] or error.__traceback__ is None


def _path(steps: list[object]) -> str:
    """The path of steps as the extension notes them, the innermost first: a name, the index of an item, or a key in a tuple."""
    return path_of([text for step in reversed(steps) if (text := _step(step))])


def _step(step: object) -> str:
    match step:
        case bool():
            return ""
        case int():
            return f"[{step}]"
        case tuple():
            (key,) = cast("tuple[object]", step)
            return f"[{shown(key)}]"
        case _:
            return str(step)
