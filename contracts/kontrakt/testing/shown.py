"""Messages as people read them when a test fails: field by field, what was expected beside what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from kontrakt.codec.shapes import TAG
from kontrakt.kafka.messages import Delete, Event, Put

Item: TypeAlias = "Put[Any, Any] | Delete[Any] | Event[Any, Any]"

_ABSENT: Final = "<absent>"


@dataclass(frozen=True, slots=True)
class _Absent:
    """What stands where a value has no such field."""

    def __repr__(self) -> str:
        return _ABSENT


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Line:
    """A field in which two values may differ.

    Attributes:
        path: Such as ``address.city`` or ``lines[0].sku``.
        expected: What was expected there.
        sent: What is there.
    """

    path: str
    expected: Any
    sent: Any

    @property
    def same(self) -> bool:
        """Whether it is as expected; the expected side decides, which may be one that matches more than one value."""
        return bool(self.expected == self.sent)


def compared(expected: Any, sent: Any, path: str = "") -> Iterator[Line]:
    """The fields of two values side by side, those of records and lists one by one.

    Args:
        expected: What was expected.
        sent: What was sent.
        path: Where they stand.
    """
    wanted, found = fields_of(expected), fields_of(sent)
    if wanted is not None and found is not None and type(expected) is type(sent):
        for name in dict.fromkeys((*wanted, *found)):
            below = f"{path}.{name}" if path else name
            yield from compared(wanted.get(name, ABSENT), found.get(name, ABSENT), below)
    elif isinstance(expected, list) and isinstance(sent, list):
        items, others = list[Any](expected), list[Any](sent)  # pyright: ignore[reportUnknownArgumentType]
        if not items and not others:
            yield Line(path, items, others)
        for number in range(max(len(items), len(others))):
            yield from compared(_at(items, number), _at(others, number), f"{path}[{number}]")
    else:
        yield Line(path, expected, sent)


def fields_of(value: Any) -> Mapping[str, Any] | None:
    """The fields of a record of any style; None for what is no record."""
    kind: Any = type(value)  # pyright: ignore[reportUnknownVariableType]
    if kind is dict:
        return {name: item for name, item in value.items() if name != TAG}
    names = getattr(kind, "__dataclass_fields__", None) or getattr(kind, "__struct_fields__", None)
    names = names or getattr(kind, "model_fields", None)
    if names is None or isinstance(value, type):
        return None
    return {name: getattr(value, name) for name in names}


def table(lines: Sequence[Line], indent: str = "") -> list[str]:
    """Fields one below the other: those that differ twice, with what was expected first.

    Args:
        lines: The fields.
        indent: What each line begins with.
    """
    wide = max((len(line.path) for line in lines), default=0)
    found: list[str] = []
    for line in lines:
        name = f"{line.path:{wide}}  " if wide else ""
        if line.same:
            found.append(f"{indent}    {name}{line.sent!r}")
        else:
            found.append(f"{indent}  - {name}{line.expected!r}")
            found.append(f"{indent}  + {name}{line.sent!r}")
    return found


def titled(item: Item) -> str:
    """A message in a line: what it does, its key and where it stands."""
    does = "put" if isinstance(item, Put) else "delete"
    if isinstance(item, Event):
        value: Any = item.value
        does = str(value.get(TAG, "message")) if isinstance(value, dict) else type(value).__name__  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    key = "" if item.key is None else f" {item.key!r}"
    return f"{does}{key} at {item.meta}"


def counted(number: int, noun: str = "message") -> str:
    """A number of things in words."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _at(items: Sequence[Any], number: int) -> Any:
    return items[number] if number < len(items) else ABSENT


def value_of(message: Any) -> Any:
    """The value of a message that may be a value itself; of a tombstone None."""
    if isinstance(message, Delete):
        return None
    return message.value if isinstance(message, Put | Event) else message  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
