"""Broken and hostile bytes: always a ``DecodeError`` that says where, never another error, never much time or memory."""

from __future__ import annotations

import random
import tracemalloc
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontrakt.avro.shapes import is_object
from kontrakt.codec import MAX_DEPTH, MAX_EMPTY_ITEMS, Reader
from kontrakt.errors import DecodeError

from tests.codec.implementations import each_codec, number, plain, tree, written
from tests.codec.packages import STYLES, array, enum, fixed, logical, mapping, package, record
from tests.codec.strategies import logical_schemas, values

if TYPE_CHECKING:
    from kontrakt.codec import MakeCodec

EVERYTHING = record(
    "Everything",
    boolean="boolean",
    int="int",
    long="long",
    float="float",
    double="double",
    bytes="bytes",
    string="string",
    fixed=fixed("F", 3),
    enum=enum("E", "A", "B"),
    array=array(record("Item", name="string", tags=array("string"))),
    map=mapping(["null", "Item"]),
    union=["null", "int", "string", "Item"],
    decimal=logical("bytes", "decimal", precision=9, scale=2),
    uuid=logical("string", "uuid"),
    day=logical("int", "date"),
    time=logical("long", "time-micros"),
    at=logical("long", "timestamp-millis"),
    tree=record("Tree", children=array("Tree"), next=["null", "Tree"]),
    nulls=array("null"),
    last="string",
)
ITEM = {"name": "n", "tags": ["t", "u"]}
LEAF: dict[str, Any] = {"children": [], "next": None}
DATUM: dict[str, Any] = {
    "boolean": True,
    "int": -5,
    "long": 2**40,
    "float": 1.5,
    "double": 2.5,
    "bytes": b"abc",
    "string": "äöü",
    "fixed": b"xyz",
    "enum": "B",
    "array": [ITEM, ITEM],
    "map": {"k": None, "l": ("Item", ITEM)},
    "union": ("Item", ITEM),
    "decimal": Decimal("1.50"),
    "uuid": "00000000-0000-0000-0000-000000000001",
    "day": 5,
    "time": 5,
    "at": 5,
    "tree": {"children": [LEAF, LEAF], "next": LEAF},
    "nulls": [None] * 3,
    "last": "end",
}
NARROW = record("Everything", last="string", array=array(record("Item", name="string")))
READERS = {"all of it": EVERYTHING, "a projection": NARROW, "nothing": record("Everything")}


def data_of_everything() -> bytes:
    return written(EVERYTHING, DATUM)


def refused(read: Reader[Any], data: bytes, offset: int = 0) -> DecodeError:
    """The error of a reader, which says where the data is broken."""
    with pytest.raises(DecodeError) as raised:
        read(data, offset)
    error = raised.value
    assert type(error) is DecodeError
    assert error.position is not None
    assert offset <= error.position <= len(data)
    assert f"(byte {error.position} of {len(data)})" in str(error)
    return error


@each_codec
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_data_that_ends_too_early(make: MakeCodec, reader: Any) -> None:
    read = plain(make, reader).reader(tree(EVERYTHING))
    data = data_of_everything()
    read(data, 0)
    for end in range(len(data)):
        assert refused(read, data[:end]).path != ""
        refused(read, b"frame" + data[:end], 5)


@each_codec
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("more", [b"\x00", b"\x00\x00", b"xyz"])
def test_bytes_after_the_value(make: MakeCodec, reader: Any, more: bytes) -> None:
    data = data_of_everything()
    error = refused(plain(make, reader).reader(tree(EVERYTHING)), data + more)
    assert error.position == len(data)
    assert str(error).startswith(f"{len(more)} byte{'s follow' if len(more) > 1 else ' follows'} after the value")
    assert error.path == ""


@each_codec
def test_data_of_another_schema_says_so(make: MakeCodec) -> None:
    error = refused(plain(make, record("R", a="int")).reader(), b"\x02\x06abc")
    assert str(error) == "4 bytes follow after the value (byte 1 of 5); it was not written with this schema"


HUGE = number(2**62)
NEGATIVE = number(-1)
BROKEN: dict[str, tuple[Any, bytes, str, str]] = {
    "no bytes": ("int", b"", "value", "the data ends inside a value"),
    "half a number": ("long", b"\x80", "value", "the data ends inside a value"),
    "a number of 11 bytes": ("long", b"\x80" * 10 + b"\x01", "value", "a number of more than 64 bits"),
    "a number of 65 bits": ("long", b"\xff" * 9 + b"\x02", "value", "a number of more than 64 bits"),
    "an int of 33 bits": ("int", number(2**31), "value", "2147483648 does not fit into the 32 bits of an int"),
    "an int of 33 bits, negative": ("int", number(-(2**31) - 1), "value", "-2147483649 does not fit into the 32 bits"),
    "an int of 64 bits": ("int", b"\xff" * 9 + b"\x01", "value", "does not fit into the 32 bits"),
    "a boolean": ("boolean", b"\x02", "value", "the byte 2 is not a boolean"),
    "half a float": ("float", b"\x00" * 3, "value", "the data ends inside a value"),
    "half a double": ("double", b"\x00" * 7, "value", "the data ends inside a value"),
    "half a fixed": (fixed("F", 3), b"ab", "value", "3 bytes are needed, 2 follow"),
    "a short string": ("string", b"\x06ab", "value", "a length of 3, and 2 bytes follow"),
    "a huge string": ("string", HUGE + b"a", "value", "a length of 4611686018427387904, and 1 bytes follow"),
    "a negative string": ("string", NEGATIVE + b"a", "value", "a length of -1"),
    "huge bytes": ("bytes", HUGE, "value", "a length of 4611686018427387904"),
    "negative bytes": ("bytes", number(-(2**63)), "value", "a length of -9223372036854775808"),
    "no UTF-8": ("string", b"\x06a\xff\xff", "value", "not UTF-8 (invalid start byte)"),
    "half a character": ("string", b"\x02\xc3", "value", "not UTF-8 (unexpected end of data)"),
    "half of a surrogate pair": ("string", b"\x06\xed\xa0\x80", "value", "not UTF-8"),
    "a symbol": (enum("E", "A", "B"), b"\x04", "value", "index 2 is not one of the 2 symbols of E"),
    "a negative symbol": (enum("E", "A", "B"), b"\x01", "value", "index -1 is not one of the 2 symbols of E"),
    "a huge symbol": (enum("E", "A", "B"), HUGE, "value", "is not one of the 2 symbols of E"),
    "a branch": (["null", "int"], b"\x04", "value", "branch 2 of a union of 2"),
    "a negative branch": (["null", "int"], b"\x01\x02", "value", "branch -1 of a union of 2"),
    "a huge branch": (["null", "int", "string"], HUGE, "value", "of a union of 3"),
    "a huge array": (
        array("int"),
        HUGE + b"\x02\x02",
        "value",
        "4611686018427387904 items do not fit into the 2 bytes",
    ),
    "a huge map": (mapping("int"), HUGE + b"\x02a\x02", "value", "items do not fit into the 3 bytes"),
    "a huge block": (array("int"), number(-(2**62)) + b"\x02\x02", "value", "items do not fit into the 1 bytes"),
    "the most negative block": (array("int"), number(-(2**63)) + b"\x02\x02", "value", "items do not fit"),
    "a block of negative size": (array("int"), NEGATIVE + NEGATIVE + b"\x02\x00", "value", "a block of -1 bytes"),
    "a block of huge size": (
        array("int"),
        NEGATIVE + HUGE + b"\x02\x00",
        "value",
        "a block of 4611686018427387904 bytes",
    ),
    "an array without its end": (array("int"), b"\x02\x02", "value", "the data ends inside a value"),
    "an item": (array("string"), b"\x04\x02a\x09", "value[1]", "a length of -5"),
    "an item of a second block": (array("string"), b"\x02\x02a\x02\x09\x00", "value[1]", "a length of -5"),
    "a member": (mapping("string"), b"\x02\x02k\x09", "value['k']", "a length of -5"),
    "a key": (mapping("string"), b"\x02\x02\xff\x00\x00", "value", "not UTF-8"),
    "a field of an item": (array(record("I", a="int", b="string")), b"\x02\x02\x04a", "value[0].b", "a length of 2"),
    "a day": (logical("int", "date"), number(2**31 - 1), "value", "not in the years 1 to 9999"),
    "a time": (logical("int", "time-millis"), NEGATIVE, "value", "-1 is not a time of day"),
    "nanoseconds of a day": (logical("long", "time-nanos"), NEGATIVE, "value", "-1 is not a time of day"),
    "an instant": (logical("long", "timestamp-micros"), number(2**63 - 1), "value", "not in the years 1 to 9999"),
    "a local instant": (logical("long", "local-timestamp-millis"), number(-(2**63)), "value", "not in the years 1"),
    "a UUID": (logical("string", "uuid"), b"\x02x", "value", "'x' is not a UUID"),
    "a long decimal": (
        logical("bytes", "decimal", precision=4),
        number(5000) + bytes(5000),
        "value",
        "5000 bytes are not",
    ),
}


@each_codec
@pytest.mark.parametrize(("schema", "data", "path", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_values(make: MakeCodec, schema: Any, data: bytes, path: str, message: str) -> None:
    error = refused(plain(make, record("R", before="int", value=schema)).reader(), b"\x02" + data)
    assert message in str(error)
    assert error.path == path
    assert str(error).startswith(f"{path}: ")


@each_codec
@pytest.mark.parametrize(
    ("schema", "data", "position"),
    [
        ("string", b"\x06a\xff\xff", 2),
        ("string", b"\x06\xff\xffa", 1),
        (array("string"), b"\x02\x02a\x02\x04b\xc3\x00", 6),
        ("int", b"", 0),
        (record("R", a="int", b="int"), b"\x02", 1),
        (fixed("F", 3), b"ab", 0),
    ],
)
def test_the_byte_that_is_named(make: MakeCodec, schema: Any, data: bytes, position: int) -> None:
    read = plain(make, schema).reader()
    assert refused(read, data).position == position
    assert refused(read, b"frame" + data, 5).position == 5 + position


BLOCKS: list[tuple[Any, bytes, Any]] = [
    (array("int"), b"\x00", []),
    (array("int"), b"\x02\x02\x04\x04\x06\x00", [1, 2, 3]),
    (array("int"), b"\x03\x04\x02\x04\x01\x02\x06\x00", [1, 2, 3]),
    (array("int"), b"\x04\x02\x04\x01\x02\x06\x00", [1, 2, 3]),
    (mapping("int"), b"\x01\x06\x02a\x02\x02\x02b\x04\x00", {"a": 1, "b": 2}),
    (mapping("int"), b"\x02\x02a\x02\x02\x02a\x04\x00", {"a": 2}),
    (array("null"), b"\x03\x00\x02\x00", [None, None, None]),
    # numbers that take more bytes than they need, as any decoder reads them
    ("int", b"\x82\x80\x80\x00", 1),
    ("string", b"\x82\x00a", "a"),
    (array("int"), b"\x82\x00\x02\x80\x00", [1]),
    (["null", "int"], b"\x82\x00\x02", 1),
    (enum("E", "A", "B"), b"\x82\x00", "B"),
    ("long", b"\x80" * 9 + b"\x01", 2**62),
    # a block's size is for those who skip it whole
    (array("int"), b"\x01\x00\x02\x00", [1]),
]


@each_codec
@pytest.mark.parametrize(("schema", "data", "value"), BLOCKS)
def test_unusual_bytes_that_are_right(make: MakeCodec, schema: Any, data: bytes, value: Any) -> None:
    writer = record("R", value=schema, after="int")
    assert plain(make, writer).reader()(data + b"\x0a", 0) == {"value": value, "after": 5}
    assert plain(make, record("R", after="int")).reader(tree(writer))(data + b"\x0a", 0) == {"after": 5}


# --- time and memory ---------------------------------------------------------------------------------------------------

COSTLY: dict[str, tuple[Any, bytes]] = {
    "nulls": (array("null"), number(2**62) + b"\x00"),
    "nulls in blocks": (array("null"), (number(MAX_EMPTY_ITEMS - 1) + b"\x00")[:-1] * 300_000),
    "empty records": (array(record("E")), number(2**40) + b"\x00"),
    "a fixed of no bytes": (array(fixed("F", 0)), number(2**40) + b"\x00"),
    "empty records in records": (array(record("O", a=record("I"), b="null")), number(2**40) + b"\x00"),
    "arrays of nulls": (array(array("null")), number(300_000) + (number(MAX_EMPTY_ITEMS) + b"\x00") * 300_000),
    "a fixed": (array(fixed("F", 16)), number(2**60) + b"\x00"),
    "doubles": (array("double"), number(2**60) + b"\x00"),
    "a recursion": (record("L", next=["null", "L"]), b"\x02" * 1_000_000),
    "a recursion through arrays": (record("T", inner=array("T")), b"\x02" * 1_000_000),
    "a recursion through maps": (record("M", inner=mapping("M")), b"\x02\x00" * 1_000_000),
    "a recursion without an end": (record("X", again="X"), b""),
    "a recursion of empty items": (array(record("Y", again=array("Y"))), b"\x02" * 1_000_000),
    "digits": (logical("bytes", "decimal", precision=4), number(1_000_000) + bytes(1_000_000)),
    "a string": ("string", number(2**60)),
    "a map of nulls": (mapping("null"), number(2**60)),
}


@each_codec
@pytest.mark.parametrize("skipped", [False, True], ids=["read", "skipped"])
@pytest.mark.parametrize(("schema", "data"), COSTLY.values(), ids=COSTLY)
def test_little_memory_for_broken_data(make: MakeCodec, schema: Any, data: bytes, *, skipped: bool) -> None:
    writer = record("R", value=schema, after="int")
    read = plain(make, record("R", after="int") if skipped else writer).reader(tree(writer))
    if skipped and is_object(schema) and "logicalType" in schema:
        assert read(data + b"\x02", 0) == {"after": 1}  # its digits are not looked at
        return
    tracemalloc.start()
    try:
        refused(read, data)
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()


@each_codec
def test_depth_is_limited_wherever_a_type_contains_itself(make: MakeCodec) -> None:
    schema = record("A", b=["null", record("B", c=array(record("C", a=mapping("A"))))])
    error = refused(plain(make, schema).reader(), b"\x02\x02\x02\x00" * 10_000)
    assert f"more than {MAX_DEPTH} records inside each other" in str(error)
    assert error.path.startswith("b.c[0].a[''].b.c[0]")
    assert len(error.path) < 400


# --- chance ------------------------------------------------------------------------------------------------------------


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A message with some bytes changed, left out, repeated or put in."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(5):
            case 0:
                out[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del out[at : at + chance.randint(1, 4)]
            case 2:
                out[at:at] = chance.choice([HUGE, NEGATIVE, b"\x80" * 10, b"\xff" * 9 + b"\x01", b"\x00", b"\x7f"])
            case 3:
                out[at:at] = out[at : at + chance.randint(1, 8)]
            case _:
                out[at : at + 1] = bytes([(out[at] if at < len(out) else 0) ^ 1 << chance.randrange(8)])
    return bytes(out)


def survives(read: Reader[Any], data: bytes) -> bool:
    """Whether a reader takes the data; what it does not take is a ``DecodeError`` with a place."""
    try:
        read(data, 0)
    except DecodeError as error:
        broken = error
    else:
        return True
    assert broken.position is not None
    assert 0 <= broken.position <= len(data)
    return False


@each_codec
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_random_changes(make: MakeCodec, reader: Any) -> None:
    read = plain(make, reader).reader(tree(EVERYTHING))
    data = data_of_everything()
    chance = random.Random(reader["name"] + str(len(reader["fields"])))
    taken = [survives(read, mutated(data, chance)) for _ in range(5_000)]
    assert 0 < sum(taken) < len(taken)


@each_codec
@settings(max_examples=150)
@given(schema=logical_schemas(), style=st.sampled_from(STYLES), data=st.data())
def test_random_changes_of_any_schema(make: MakeCodec, schema: Any, style: Any, data: st.DataObject) -> None:
    whole = record("Root", value=schema, after="string")
    made = package(whole, style=style, tagged=True)
    codec = made.codec(make, "Root")
    datum, _ = data.draw(values(made, "Root"))
    message = written(whole, datum)
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    both = [codec.reader(), plain(make, record("Root", after="string")).reader(codec.schema)]
    for _ in range(20):
        changed = mutated(message, chance)
        for read in both:
            survives(read, changed)


@cache
def readers(make: MakeCodec) -> list[Reader[Any]]:
    recursive = record("L", next=["null", "L"])
    schemas = [EVERYTHING, "string", array("null"), recursive, ["int", array(mapping("bytes"))]]
    return [plain(make, schema).reader() for schema in schemas]


@each_codec
@settings(max_examples=300)
@given(data=st.binary(max_size=60))
def test_any_bytes(make: MakeCodec, data: bytes) -> None:
    for read in readers(make):
        survives(read, data)
