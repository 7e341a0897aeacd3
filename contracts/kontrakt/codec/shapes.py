"""What stands for a record or an enum in Python: how it is looked at and how it is made, in each style."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum as PythonEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from kontrakt.errors import KontraktError

from .bundle import Style

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kontrakt.avro import Enum, Record

TAG: Final = "-type"
"""The key under which a dictionary carries the full name of its record, where it stands beside others."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A record's class.

    Attributes:
        kind: The class of its values; ``dict`` for the TypedDict style, and for records that have no class.
        make: What makes one, by keywords; None for a dictionary.
        fields: The Python names of its fields, in the order of the schema.
        tag: The full name that its dictionaries carry, or an empty string.
    """

    kind: type
    make: Callable[..., Any] | None
    fields: tuple[str, ...]
    tag: str = ""

    def construct(self, fields: dict[str, Any]) -> Any:
        """Make a record of its fields, by their Python names."""
        if self.make is not None:
            return self.make(**fields)
        return {TAG: self.tag, **fields} if self.tag else fields


class Types(Protocol):
    """Which classes stand for named types."""

    def shape(self, record: Record) -> Shape:
        """The class of a record."""
        ...

    def members(self, enum: Enum) -> tuple[type | None, Mapping[str, Any]]:
        """The class of an enum, and its member for each symbol; without a class the symbols themselves."""
        ...


class PlainTypes:
    """No classes: records are dictionaries, symbols are strings."""

    def shape(self, record: Record) -> Shape:
        """A dictionary, without a tag."""
        return Shape(dict, None, tuple(field.name for field in record.fields))

    def members(self, enum: Enum) -> tuple[type | None, Mapping[str, Any]]:
        """The symbols."""
        return None, {symbol: symbol for symbol in enum.symbols}


def shape_of(kind: type, style: Style, record: Record, renamed: Mapping[str, str], *, tagged: bool) -> Shape:
    """The shape of a generated class.

    Args:
        kind: The class.
        style: What the package's records are; a declared error is a dataclass in every style.
        record: Its schema.
        renamed: The fields whose Python name is not their Avro name.
        tagged: Whether its dictionaries carry their record's name.
    """
    fields = tuple(renamed.get(field.name, field.name) for field in record.fields)
    construct: Callable[..., Any] | None = getattr(kind, "model_construct", None)
    if dict in kind.__mro__:  # which a TypedDict is at run time
        return Shape(dict, None, fields, record.fullname if tagged else "")
    if style is Style.PYDANTIC and construct is not None:
        return Shape(kind, construct, fields)
    return Shape(kind, kind, fields)


def members_of(kind: type, enum: Enum) -> Mapping[str, Any]:
    """The members of a generated enum, by symbol.

    Args:
        kind: The class.
        enum: Its schema.

    Raises:
        KontraktError: It lacks a symbol: it was not generated from this schema.
    """
    name = f"{kind.__module__}.{kind.__qualname__}"
    if not issubclass(kind, PythonEnum):
        raise KontraktError(f"{name} is not an enum; generate the package again")
    members: dict[str, Any] = {str(member.value): member for member in kind}
    missing = [symbol for symbol in enum.symbols if symbol not in members]
    if missing:
        raise KontraktError(f"{name} lacks {', '.join(missing)} of {enum.fullname}; generate the package again")
    return members
