"""What a failure becomes: the errors that both codecs raise, from what their programs raised."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from kontrakt.avro import Enum, Named
from kontrakt.avro.resolution import resolve
from kontrakt.errors import DecodeError, EncodeError, UnresolvableError

from .binary import ENDS
from .misfit import Misfit, kind_of, not_text

if TYPE_CHECKING:
    from kontrakt.avro import Schema
    from kontrakt.avro.resolution import Plan

_Error = TypeVar("_Error", bound=Exception)

_LONGEST: Final = 32
"""How many steps of a path are shown."""


def path_of(steps: Sequence[str]) -> str:
    """A path of its steps, the outermost first, such as ``.lines``, ``[3]`` and ``.price``."""
    if len(steps) > _LONGEST:
        steps = [*steps[: _LONGEST // 2], " ... ", *steps[-_LONGEST // 2 :]]
    return "".join(steps).removeprefix(".")


def not_encoded(error: Exception, path: str, *, own: bool) -> EncodeError:
    """The error for a value that could not be encoded.

    Args:
        error: What was raised.
        path: Where in the value.
        own: Whether the program itself failed, and not something that it called.
    """
    return _caused(EncodeError(_about_value(error, own=own), path=path), error, own=own)


def not_decoded(error: Exception, path: str, position: int, end: int, *, own: bool) -> DecodeError:
    """The error for data that could not be decoded.

    Args:
        error: What was raised.
        path: Where in the value.
        position: How many bytes had been read.
        end: How many there are.
        own: Whether the program itself failed, and not something that it called.
    """
    what, position = _about_data(error, position, own=own)
    return _caused(DecodeError(f"{what} {_at(position, end)}", path=path, position=position), error, own=own)


def left_over(position: int, end: int) -> DecodeError:
    """The error for bytes after the value."""
    count = end - position
    follow = f"{count} byte{'s follow' if count > 1 else ' follows'} after the value"
    return DecodeError(f"{follow} {_at(position, end)}; it was not written with this schema", position=position)


def readable(reader: Schema, writer: Schema) -> Plan:
    """The plan by which data of a writer's schema is read.

    Raises:
        UnresolvableError: No data of that schema can be read; says every reason.
    """
    plan = resolve(reader, writer)
    if plan.failures:
        raise unresolvable(writer, reader, *map(str, plan.failures))
    return plan


def bad_default(writer: Schema, reader: Schema, error: ValueError | RecursionError) -> UnresolvableError:
    """The error for a default that cannot stand for what was not written."""
    nested = "its defaults are nested deeper than Python has room for"
    return unresolvable(writer, reader, nested if isinstance(error, RecursionError) else str(error))


def unresolvable(writer: Schema, reader: Schema, *reasons: str) -> UnresolvableError:
    """The error for a schema that cannot be read as another."""
    what = f"{_named(writer)} as it was written cannot be read as {_named(reader)}"
    if len(reasons) == 1:
        return UnresolvableError(f"{what}: {reasons[0]}")
    return UnresolvableError("\n".join([f"{what}:", *(f"  {reason}" for reason in reasons)]))


def _about_value(error: Exception, *, own: bool) -> str:
    match error:
        case Misfit():
            return str(error)
        case UnicodeEncodeError() if own:
            return not_text(error)
        case AttributeError() if own:
            return f"it is not set on this {kind_of(error.obj)}"
        case KeyError() if own:
            return "it is missing"
        case RecursionError():
            return "it contains itself, or more than Python has room for"
        case _:
            return f"{type(error).__name__}: {error}"


def _about_data(error: Exception, position: int, *, own: bool) -> tuple[str, int]:
    match error:
        case Misfit():
            return str(error), position
        case IndexError() | struct.error() if own:
            return ENDS, position
        case UnicodeDecodeError() if own:
            return f"not UTF-8 ({error.reason})", position + error.start
        case RecursionError():
            return "more records inside each other than Python has room for", position
        case _:
            return f"{type(error).__name__}: {error}", position


def _caused(error: _Error, by: Exception, *, own: bool) -> _Error:
    """Show what helps to understand an error beside its message: what came out of code that is not ours."""
    error.__cause__ = None if own or isinstance(by, Misfit | RecursionError) else by
    return error


def _at(position: int, end: int) -> str:
    return f"(byte {position} of {end})"


def _named(schema: Schema) -> str:
    if isinstance(schema, Named):
        return f"{'enum ' if isinstance(schema, Enum) else ''}{schema.fullname}"
    return schema.type
