"""Walks Avro binary without building anything: says where bytes are broken, and refuses what would cost too much to read.

fastavro reads fast and says little about what it cannot read: not where, and not in which field. So bytes that it refused are walked here for
a better error. And it trusts them: records nested 10,000 deep end the process, an array of a billion nulls is a list of a billion. So
where a schema makes that possible, messages are walked before they are read (:attr:`Scan.first`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from kontrakt.avro import Array, Enum, Fixed, Map, Record, Schema, Union, children
from kontrakt.errors import DecodeError

from .base import MAX_DEPTH
from .wire import recursive

if TYPE_CHECKING:
    from kontrakt.avro import Field

MAX_EMPTY_ITEMS: Final = 100_000
"""How many items an array may have whose items take no bytes."""

_Walk: TypeAlias = Callable[[bytes, int, int], int]
"""Walks a value: data, position and depth to the position after it."""

_SIZES: Final = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1}


class _Broken(Exception):
    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.steps: list[str] = []


class Scan:
    """Walks the data of one schema.

    Args:
        schema: The schema that wrote it.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._sizes: dict[int, int] = {}
        self._walks: dict[int, _Walk] = {}
        self._walk: _Walk | None = None
        self._empty = self._has_empty_items()
        self._deep = recursive(schema)

    def first(self, length: int) -> bool:
        """Whether data of so many bytes has to be walked before it may be read."""
        return self._empty or (self._deep and length > MAX_DEPTH)

    def check(self, data: bytes, offset: int) -> int:
        """Walk a value.

        Args:
            data: Bytes.
            offset: Where it starts.

        Returns:
            The position after it.

        Raises:
            DecodeError: It is broken; says at which byte, and in which field.
        """
        if self._walk is None:
            self._walk = self._make(self._schema)
        try:
            return self._walk(data, offset, 0)
        except _Broken as broken:
            path = "".join(reversed(broken.steps)).removeprefix(".")
            raise DecodeError(f"{broken.message} (byte {broken.position} of {len(data)})", path=path) from None
        except RecursionError:
            raise DecodeError("more types inside each other than Python has room for") from None

    def _has_empty_items(self) -> bool:
        """Whether an array in it has items that take no bytes."""
        seen: set[int] = set()
        stack = [self._schema]
        while stack:
            schema = stack.pop()
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            if isinstance(schema, Array) and not self._size(schema.items):
                return True
            stack.extend(children(schema))
        return False

    def _size(self, schema: Schema) -> int:
        """How many bytes a value has at least."""
        known = self._sizes.get(id(schema))
        if known is None:
            self._sizes[id(schema)] = 0  # a record that is inside itself without a choice has no values
            match schema:
                case Record():
                    known = sum(self._size(field.schema) for field in schema.fields)
                case Fixed():
                    known = schema.size
                case _:
                    known = _SIZES.get(schema.type, 1)
            self._sizes[id(schema)] = known
        return known

    def _make(self, schema: Schema) -> _Walk:
        walk = self._walks.get(id(schema))
        if walk is not None:
            return walk
        match schema:
            case Record():
                walk = self._record(schema)
            case Array():
                walk = self._blocks(self._make_later(schema.items), self._size(schema.items), keys=False)
            case Map():
                walk = self._blocks(self._make_later(schema.values), 1 + self._size(schema.values), keys=True)
            case Union():
                walk = self._union(schema)
            case Enum():
                walk = _enum(schema)
            case Fixed():
                walk = _sized(schema.size)
            case _:
                walk = _PRIMITIVES[schema.type]
        self._walks[id(schema)] = walk
        return walk

    def _make_later(self, schema: Schema) -> _Walk:
        """A walk that is made when it is used first, so that a type may contain itself."""
        if not isinstance(schema, Record | Array | Map | Union):
            return self._make(schema)

        def walk(data: bytes, position: int, depth: int) -> int:
            return self._make(schema)(data, position, depth)

        return walk

    def _record(self, record: Record) -> _Walk:
        fields: list[tuple[Field, _Walk]] = [(field, self._make_later(field.schema)) for field in record.fields]

        def walk(data: bytes, position: int, depth: int) -> int:
            if depth > MAX_DEPTH:
                raise _Broken(f"more than {MAX_DEPTH} records inside each other", position)
            name = ""
            try:
                for field, inner in fields:
                    name = field.name
                    position = inner(data, position, depth + 1)
            except _Broken as broken:
                broken.steps.append(f".{name}")
                raise
            return position

        return walk

    def _union(self, union: Union) -> _Walk:
        branches = [self._make_later(branch) for branch in union.branches]

        def walk(data: bytes, position: int, depth: int) -> int:
            index, after = _number(data, position)
            if not 0 <= index < len(branches):
                raise _Broken(f"branch {index} of a union of {len(branches)}", position)
            return branches[index](data, after, depth)

        return walk

    def _blocks(self, inner: _Walk, size: int, *, keys: bool) -> _Walk:
        def walk(data: bytes, position: int, depth: int) -> int:
            at = 0
            while True:
                start = position
                count, position = _number(data, position)
                if count < 0:
                    count = -count
                    _, position = _number(data, position)
                if not count:
                    return position
                if count * size > len(data) - position:
                    raise _Broken(f"{count} items do not fit into the {len(data) - position} bytes that follow", start)
                if not size and at + count > MAX_EMPTY_ITEMS:
                    raise _Broken(f"more than {MAX_EMPTY_ITEMS} items that take no bytes", start)
                end = at + count
                try:
                    while at < end:
                        if keys:
                            position = _string(data, position, depth)
                        position = inner(data, position, depth)
                        at += 1
                except _Broken as broken:
                    broken.steps.append(f"[{at}]")
                    raise

        return walk


def _number(data: bytes, position: int) -> tuple[int, int]:
    """A zigzag varint, and the position after it."""
    result = shift = 0
    for at in range(position, position + 10):
        if at >= len(data):
            raise _Broken("the bytes end inside a number", position)
        byte = data[at]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            if result >= 2**64:
                break
            return (result >> 1) ^ -(result & 1), at + 1
        shift += 7
    raise _Broken("a number of more than 64 bits", position)


def _long(data: bytes, position: int, _depth: int) -> int:
    return _number(data, position)[1]


def _int(data: bytes, position: int, _depth: int) -> int:
    number, after = _number(data, position)
    if not -(2**31) <= number < 2**31:
        raise _Broken(f"{number} does not fit into the 32 bits of an int", position)
    return after


def _nothing(_data: bytes, position: int, _depth: int) -> int:
    return position


def _sized(size: int) -> _Walk:
    def walk(data: bytes, position: int, _depth: int) -> int:
        if size > len(data) - position:
            raise _Broken(f"{size} bytes are needed, {len(data) - position} follow", position)
        return position + size

    return walk


def _bytes(data: bytes, position: int, _depth: int) -> int:
    length, after = _number(data, position)
    if length < 0:
        raise _Broken(f"a length of {length}", position)
    if length > len(data) - after:
        raise _Broken(f"a length of {length}, and {len(data) - after} bytes follow", position)
    return after + length


def _string(data: bytes, position: int, depth: int) -> int:
    end = _bytes(data, position, depth)
    start = _number(data, position)[1]
    try:
        data[start:end].decode()
    except UnicodeDecodeError as error:
        raise _Broken(f"not UTF-8 ({error.reason})", start + error.start) from None
    return end


def _enum(enum: Enum) -> _Walk:
    def walk(data: bytes, position: int, _depth: int) -> int:
        index, after = _number(data, position)
        if not 0 <= index < len(enum.symbols):
            raise _Broken(f"index {index} is not one of the {len(enum.symbols)} symbols of {enum.fullname}", position)
        return after

    return walk


_PRIMITIVES: Final[dict[str, _Walk]] = {
    "null": _nothing,
    "boolean": _sized(1),
    "int": _int,
    "long": _long,
    "float": _sized(4),
    "double": _sized(8),
    "bytes": _bytes,
    "string": _string,
}
