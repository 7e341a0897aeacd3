"""What the values of a schema are in Python, as programs that encode look at them: classes, keys of dictionaries, symbols, and the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro import Enum, Field, Record, Schema, Union

from . import binary, to_avro
from .choice import Branch, Fit
from .misfit import Misfit, expected, kind_of, shown
from .shapes import TAG, Form, Shape, Types

if TYPE_CHECKING:
    from .defaults import MakeDefault
    from .units import Convert

_KINDS: Final[Mapping[str, type]] = {
    "null": type(None),
    "boolean": bool,
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "bytes": bytes,
    "string": str,
    "fixed": bytes,
    "array": list,
    "map": dict,
}
"""The exact classes of values that have no logical type."""


def kind_of_branch(branch: Schema, types: Types) -> type:
    """The exact class of the values of a union's branch."""
    match branch:
        case Record():
            return types.shape(branch).kind
        case Enum():
            return types.members(branch)[0] or str
        case _:
            logical = to_avro.meant(branch)
            return logical[0] if logical else _KINDS[branch.type]


def union_shown(union: Union, types: Types) -> str:
    """What a union takes, for messages."""
    return " or ".join(_shown(branch, types) for branch in union.branches)


def _shown(branch: Schema, types: Types) -> str:
    if branch.type == "null":
        return "None"
    if isinstance(branch, Record) and types.shape(branch).form is Form.DICTIONARY:
        return f"a dict of {branch.fullname}"
    return kind_of_branch(branch, types).__name__


def exact_float(branch: Schema, union: Union) -> bool:
    """Whether a branch of a union takes only what 32 bits hold exactly: a float beside a double."""
    return branch.type == "float" and any(other.type == "double" for other in union.branches)


def branch_maker(branch: Schema, types: Types) -> Callable[[Fit], Branch]:
    """What makes a branch of a choice, of what encodes its values."""
    kind = kind_of_branch(branch, types)
    if not isinstance(branch, Record) or (shape := types.shape(branch)).form is not Form.DICTIONARY:
        return lambda fit: Branch(kind, fit)
    fields = zip(shape.fields, branch.fields, strict=True)
    known = frozenset((TAG, *shape.fields))
    needed = frozenset(name for name, field in fields if not field.has_default)
    return lambda fit: Branch(kind, fit, branch.fullname, bool(shape.tag), known, needed)


def branch_number(branch: int) -> bytes:
    """The index of a branch, written."""
    return binary.VARINTS[2 * branch] if 2 * branch < len(binary.VARINTS) else binary.varint(2 * branch)


class Symbols(dict[str, bytes]):
    """The bytes of an enum's symbols.

    Args:
        enum: The enum.
        kind: Its class, where there is one.
    """

    def __init__(self, enum: Enum, kind: type | None) -> None:
        super().__init__((symbol, branch_number(place)) for place, symbol in enumerate(enum.symbols))
        self._what = kind.__name__ if kind else enum.fullname

    def as_symbol(self, value: Any) -> str:
        """A symbol, where the value is not of the enum's class."""
        if not isinstance(value, str):
            raise expected(self._what, value)
        return str.__str__(value)

    def __missing__(self, symbol: str) -> bytes:
        raise Misfit(f"{kind_of(symbol)} {shown(symbol)} is not a symbol of {self._what}")


class Absent:
    """Makes the default of a field that a dictionary leaves out; how is found out when it is first needed."""

    def __init__(self, check: Convert, make: MakeDefault, field: Field) -> None:
        self._check = check
        self._make = make
        self._field = field
        self._made: Callable[[], Any] | None = None

    def __call__(self, record: Mapping[str, Any]) -> Any:
        """Make it, for a dictionary that was looked at."""
        self._check(record)  # a dictionary of the right length without this field has another key
        if self._made is None:
            self._made = self._make(self._field).make
        return self._made()


def of_class(record: Record, shape: Shape) -> Convert:
    """Make the check that a value is of a record's class."""
    if shape.form is not Form.DICTIONARY:

        def as_class(value: Any) -> Any:
            if isinstance(value, shape.kind):
                return value
            raise expected(shape.kind.__name__, value)

        return as_class

    known = frozenset((*shape.fields, TAG))

    def as_dictionary(value: Any) -> Any:
        members = to_avro.as_dict(value)
        if not members.keys() <= known:
            raise Misfit(f"{record.fullname} has no {', '.join(sorted(map(str, members.keys() - known)))}")
        if members.get(TAG, record.fullname) != record.fullname:
            raise Misfit(f"expected a dict of {record.fullname}, got one of {shown(members[TAG])}")
        return members

    return as_dictionary
