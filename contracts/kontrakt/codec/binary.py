"""Avro's numbers in bytes, and what is wrong with bytes: what generated functions call (Avro specification, "Binary Encoding").

A number is a variable number of bytes with seven bits each, the lowest first, zigzag: 0, -1, 1, -2 are 0, 1, 2, 3. Here it is handled
as it stands in the bytes; what it means is worked out where it is needed. Generated functions look at the first byte themselves.
"""

from __future__ import annotations

import struct
from typing import Final, NoReturn

from .base import MAX_DEPTH, MAX_EMPTY_ITEMS
from .misfit import Misfit, TooDeep

FLOAT: Final = struct.Struct("<f")
DOUBLE: Final = struct.Struct("<d")

ENDS: Final = "the data ends inside a value"
"""What is wrong with data that is shorter than it should be."""


def varint(number: int) -> bytes:
    """Write a number of up to 64 bits."""
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


VARINTS: Final = (*(bytes((number,)) for number in range(0x80)), *map(varint, range(0x80, 2048)))
"""The smallest numbers, written: most are."""


def long_number(data: bytes, position: int, first: int) -> tuple[int, int]:
    """Read the rest of a number.

    Args:
        data: The bytes.
        position: Where the second byte is.
        first: The first byte.

    Returns:
        The number and the position after it.

    Raises:
        Misfit: It has more than 64 bits, or the data ends.
    """
    number, shift, byte = first & 0x7F, 7, first
    try:
        while byte > 0x7F and shift < 70:
            byte = data[position]
            number |= (byte & 0x7F) << shift
            position += 1
            shift += 7
    except IndexError:
        raise Misfit(ENDS) from None
    if byte > 0x7F or number >= 2**64:
        raise Misfit("a number of more than 64 bits")
    return number, position


def int_number(data: bytes, position: int, first: int) -> tuple[int, int]:
    """Read the rest of a number that an int can be; as :func:`long_number`."""
    number, position = long_number(data, position, first)
    if number >= 2**32:
        raise Misfit(f"{(number >> 1) ^ -(number & 1)} does not fit into the 32 bits of an int")
    return number, position


def sized_block(data: bytes, position: int, number: int) -> tuple[int, int]:
    """Read the rest of the head of a block with a negative count, which is followed by the block's size in bytes.

    The size is for those who want to skip the block; here items are looked at one by one.

    Args:
        data: The bytes.
        position: Where the size is.
        number: The count as it stands in the bytes.

    Returns:
        The number of a positive count, and the position after the size.
    """
    if position >= len(data):
        raise Misfit(ENDS)
    size, position = data[position], position + 1
    if size > 0x7F:
        size, position = long_number(data, position, size)
    if size & 1 or size >> 1 > len(data) - position:
        raise Misfit(f"a block of {(size >> 1) ^ -(size & 1)} bytes, and {len(data) - position} follow")
    return number + 1, position


def too_short(number: int, left: int) -> NoReturn:
    """Refuse a length that cannot be, given as it stands in the bytes."""
    if number & 1:
        raise Misfit(f"a length of {-(number >> 1) - 1}")
    raise Misfit(f"a length of {number >> 1}, and {left} bytes follow")


def too_few_bytes(size: int, left: int) -> NoReturn:
    """Refuse data that ends inside a fixed."""
    raise Misfit(f"{size} bytes are needed, {left} follow")


def too_many_items(count: int, left: int) -> NoReturn:
    """Refuse a block of more items than bytes follow."""
    raise Misfit(f"{count} items do not fit into the {left} bytes that follow")


def count_empty(counted: list[int], count: int) -> None:
    """Count items that take no bytes: nothing else limits them."""
    counted[0] += count
    if counted[0] > MAX_EMPTY_ITEMS:
        too_many_empty()


def too_many_empty() -> NoReturn:
    """Refuse more items that take no bytes."""
    raise Misfit(f"more than {MAX_EMPTY_ITEMS} items that take no bytes")


def bad_boolean(byte: int) -> NoReturn:
    """Refuse a boolean that is neither 0 nor 1."""
    raise Misfit(f"the byte {byte} is not a boolean")


def bad_branch(number: int, branches: int) -> NoReturn:
    """Refuse the index of a union's branch, given as it stands in the bytes."""
    raise Misfit(f"branch {(number >> 1) ^ -(number & 1)} of a union of {branches}")


def too_deep() -> NoReturn:
    """Refuse another record inside a record."""
    raise TooDeep(f"more than {MAX_DEPTH} records inside each other")
