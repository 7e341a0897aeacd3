"""What stands for a record or an enum in Python: how it is looked at and how it is made, in each style."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum as PythonEnum
from enum import auto
from typing import TYPE_CHECKING, Any, Final, Protocol

from kontrakt.errors import KontraktError

from .bundle import Style

if TYPE_CHECKING:
    from kontrakt.avro import Enum, Record

TAG: Final = "-type"
"""The key under which a dictionary carries the full name of its record, where it stands beside others."""


class Form(PythonEnum):
    """How a record is made of its fields."""

    DICTIONARY = auto()
    """It is a dictionary."""
    SLOTS = auto()
    """The slots of a bare object are filled, which is all that the class itself would do."""
    CALL = auto()
    """Something is called with the fields as keywords."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A record's class.

    Attributes:
        kind: The class of its values; ``dict`` for the TypedDict style, and for records that have no class.
        fields: The Python names of its fields, in the order of the schema.
        form: How one is made.
        make: Makes one, by keywords; whatever the form.
        tag: The full name that its dictionaries carry, or an empty string.
    """

    kind: type
    fields: tuple[str, ...]
    form: Form
    make: Callable[..., Any]
    tag: str = ""


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
        return _dictionary(_interned(field.name for field in record.fields))

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
    fields = _interned(renamed.get(field.name, field.name) for field in record.fields)
    if dict in kind.__mro__:  # which a TypedDict is at run time
        return _dictionary(fields, record.fullname if tagged else "")
    if style is Style.PYDANTIC and hasattr(kind, "model_construct"):
        return Shape(kind, fields, Form.CALL, _unvalidated(kind, fields))
    return Shape(kind, fields, Form.SLOTS if _only_slots(kind, fields) else Form.CALL, kind)


def _interned(names: Iterable[str]) -> tuple[str, ...]:
    """Names as Python has those of attributes: found in a dictionary, or among keywords, without looking at their letters."""
    return tuple(map(sys.intern, names))


def _dictionary(fields: tuple[str, ...], tag: str = "") -> Shape:
    def make(**values: Any) -> dict[str, Any]:
        return {TAG: tag, **values} if tag else values

    return Shape(dict, fields, Form.DICTIONARY, make, tag)


def _unvalidated(kind: Any, fields: Sequence[str]) -> Callable[..., Any]:
    """What makes a pydantic model without validating what was decoded already."""
    if (
        kind.__pydantic_post_init__
        or kind.__private_attributes__
        or kind.__pydantic_root_model__
        or kind.model_config.get("extra") == "allow"
        or set(kind.model_fields) != set(fields)
    ):
        construct: Callable[..., Any] = kind.model_construct
        return construct
    names = set(fields)

    def make(**values: Any) -> Any:
        """Give a bare model its state, as when it is unpickled: in a fifth of the time of ``model_construct``."""
        value = kind.__new__(kind)
        value.__setstate__(
            {
                "__dict__": values,
                "__pydantic_fields_set__": names.copy(),
                "__pydantic_extra__": None,
                "__pydantic_private__": None,
            }
        )
        return value

    return make


def _only_slots(kind: Any, fields: Sequence[str]) -> bool:
    """Whether objects of a class are nothing but their slots: a dataclass with slots, and no code that runs when one is made."""
    parameters = getattr(kind, "__dataclass_params__", None)
    return (
        parameters is not None
        and parameters.init
        and not parameters.frozen
        and kind.__bases__ == (object,)
        and kind.__new__ is object.__new__
        and kind.__setattr__ is object.__setattr__
        and not hasattr(kind, "__post_init__")
        and {field.name for field in dataclasses.fields(kind)} == set(fields) == set(getattr(kind, "__slots__", ()))
    )


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
