"""The codec in C beside the codec in Python: the same bytes, values and errors, whatever is encoded or decoded; and nothing that leaks."""

from __future__ import annotations

import datetime as dt
import gc
import random
import sys
import threading
from collections import OrderedDict, UserDict, UserList
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum as PythonEnum
from functools import cache, partial
from typing import Any
from uuid import UUID, SafeUUID

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.codec.python import PythonCodec
from kontrakt.errors import CodecError, DecodeError, EncodeError, SchemaErrors, UnresolvableError
from kontrakt.values import Duration

from tests.avro.strategies import evolutions
from tests.codec.implementations import FASTAVRO, IMPLEMENTATIONS, number, plain, tree, written
from tests.codec.packages import STYLES, Package, array, enum, fixed, logical, mapping, package, record
from tests.codec.strategies import logical_schemas, values
from tests.codec.test_hostile import BROKEN, DATUM, EVERYTHING, READERS, mutated

if "native" not in IMPLEMENTATIONS:
    pytest.skip("the codec in C was not built", allow_module_level=True)

BOTH = (PythonCodec, IMPLEMENTATIONS["native"])


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    """What a call gives, so that two can be compared."""
    try:
        return "value", repr(call())
    except CodecError as error:
        position = getattr(error, "position", None)
        return type(error), str(error), error.path, position, type(error.__cause__), error.__suppress_context__


def same(calls: Sequence[Callable[[], Any]]) -> tuple[Any, ...]:
    """What both codecs give."""
    python, native = map(outcome, calls)
    assert native == python
    return native


# --- encoding ----------------------------------------------------------------------------------------------------------


class Number(int):
    """An int that is no int."""


class Text(str):
    """A str that is no str."""

    __slots__ = ()


class Colour(PythonEnum):
    RED = "red"


class Instant(dt.datetime):
    """A datetime that is no datetime."""


EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**50, Number(7)),
    *(0.0, -0.0, 1.5, 0.1, 1e300, -3.4028235677973366e38, float("inf"), float("nan")),
    *("", "a", "äöü", "€", "𝄞", "\ud800", "x" * 3000, Text("t"), Colour.RED),
    *(b"", b"abc", b"x" * 12, b"x" * 16, bytearray(b"ab"), memoryview(b"abc")),
    *(
        [],
        [None],
        [1, "a"],
        (1, 2),
        UserList([1]),
        {},
        {"a": 1},
        {1: 2},
        {"-type": "X"},
        UserDict(a=1),
        OrderedDict(b=2),
    ),
    *(
        Decimal(0),
        Decimal("-0.00"),
        Decimal("1.10"),
        Decimal("1.2345"),
        Decimal("1E+3"),
        Decimal("1E-30"),
        Decimal("NaN"),
    ),
    *(Decimal("99999.999"), Decimal(-128), Decimal("1.10000"), Decimal(10**17), Decimal(10**30), Decimal("Infinity")),
    *(UUID(int=0), UUID(int=2**128 - 1), UUID(int=5, is_safe=SafeUUID.safe), "00000000-0000-0000-0000-000000000001"),
    *(dt.date(1, 1, 1), dt.date(1970, 1, 1), dt.date(9999, 12, 31), dt.time(1, 2, 3, 4), dt.time(1, tzinfo=dt.UTC)),
    *(dt.datetime(1, 1, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), dt.datetime(9999, 12, 31)),  # noqa: DTZ001
    *(dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=EAST)),
    *(dt.datetime(1, 1, 1, tzinfo=EAST), Instant(2024, 1, 1, tzinfo=dt.UTC), dt.timedelta(1)),
    *(Duration(months=1, days=2, milliseconds=3), object, len),
]


def spoiled(made: Package, value: Any, chance: random.Random) -> Any:
    """A value with something else somewhere in it."""
    fields: list[Any] = []
    if is_object(value):
        fields = [key for key in value if key != "-type"]
    elif is_array(value):
        fields = list(range(len(value)))
    elif type(value).__module__ == made.bundle.package and not isinstance(value, PythonEnum):
        fields = made.names(type(value).__name__)
    if not fields or chance.random() < 0.2:
        return chance.choice(JUNK)
    place = chance.choice(fields)
    if is_object(value) or is_array(value):
        parts: Any = value
        changed: Any = parts.copy()
        changed[place] = spoiled(made, parts[place], chance)
        return changed
    given = {field: getattr(value, field) for field in made.names(type(value).__name__)}
    return made.bare(type(value).__name__, **{**given, place: spoiled(made, given[place], chance)})


@settings(max_examples=150)
@given(schema=logical_schemas(), style=st.sampled_from(STYLES), tagged=st.booleans(), data=st.data())
def test_the_same_of_any_value(schema: Any, style: Any, tagged: bool, data: st.DataObject) -> None:
    made = package(record("Root", value=schema), style=style, tagged=tagged)
    codecs = [made.codec(make, "Root") for make in BOTH]
    _, value = data.draw(values(made, "Root"))
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(15):
        wrong = spoiled(made, value, chance)
        same([partial(codec.encode, wrong, b"prefix") for codec in codecs])


SCHEMAS: list[Any] = [
    *(
        "null",
        "boolean",
        "int",
        "long",
        "float",
        "double",
        "bytes",
        "string",
        fixed("F", 3),
        fixed("F", 0),
        enum("E", "a", "red"),
    ),
    *(
        array("int"),
        mapping("string"),
        array("null"),
        ["null", "string"],
        ["int", "long", "double"],
        ["float", "double"],
    ),
    *(["string", "bytes", array("int"), mapping("int")], [enum("E", "a", "t"), "string"], ["boolean", "int"]),
    record("R", a="int", b=("string", {"default": "x"})),
    [record("A", a="int"), record("B", b="int")],
    *(
        logical("bytes", "decimal", precision=precision, scale=scale)
        for precision, scale in ((5, 2), (9, 0), (30, 4), (3, 3))
    ),
    *(logical(fixed("F", size), "decimal", precision=2, scale=1) for size in (1, 3, 9)),
    *(
        logical("string", "uuid"),
        logical(fixed("U", 16), "uuid"),
        logical("int", "date"),
        logical(fixed("D", 12), "duration"),
    ),
    *(logical("int", "time-millis"), *(logical("long", f"time-{unit}") for unit in ("micros", "nanos"))),
    *(
        logical("long", f"{kind}-{unit}")
        for kind in ("timestamp", "local-timestamp")
        for unit in ("millis", "micros", "nanos")
    ),
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_the_same_of_unusual_values(schema: Any) -> None:
    codecs = [plain(make, schema) for make in BOTH]
    outcomes = [same([partial(codec.encode, value) for codec in codecs]) for value in JUNK]
    assert any(kind == "value" for kind, *_ in outcomes) or schema == fixed("F", 0) or "A" in str(schema)
    in_array = [plain(make, record("O", l=array(schema))) for make in BOTH]
    for value in JUNK:
        same([partial(codec.encode, {"l": [value, value]}) for codec in in_array])


# --- decoding ----------------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(pair=evolutions(), style=st.sampled_from(STYLES), data=st.data())
def test_the_same_of_any_data(pair: tuple[Any, Any], style: Any, data: st.DataObject) -> None:
    writer, reader = (record("Root", value=schema, after="string") for schema in pair)
    try:
        wrote = package(writer)
        made = package(reader, style=style, tagged=True)
        datum, _ = data.draw(values(wrote, "Root"))
        message = written(writer, datum)
    except (SchemaErrors, FASTAVRO.schema.UnknownType):  # an evolution may put the use of a type before its definition
        reject()
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    try:
        reads = [made.codec(make, "Root").reader(wrote.schema("Root")) for make in BOTH]
    except UnresolvableError:
        pair_of_errors = [partial(made.codec(make, "Root").reader, wrote.schema("Root")) for make in BOTH]
        same(pair_of_errors)
        return
    same([partial(read, message, 0) for read in reads])
    for _ in range(15):
        changed = mutated(message, chance)
        same([partial(read, changed, 0) for read in reads])


@settings(max_examples=60)
@given(schema=logical_schemas(), data=st.data())
def test_the_same_of_any_data_with_logical_types(schema: Any, data: st.DataObject) -> None:
    made = package(record("Root", value=schema))
    datum, _ = data.draw(values(made, "Root"))
    message = written(record("Root", value=schema), datum)
    reads = [made.codec(make, "Root").reader() for make in BOTH]
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(15):
        same(_calls(reads, mutated(message, chance)))


def _calls(reads: list[Any], data: bytes) -> list[Callable[[], Any]]:
    return [partial(read, data, 0) for read in reads]


_BOUNDS = [
    *(1 << bits for bits in (0, 6, 7, 13, 31, 32, 52, 62)),
    86_399_999,
    86_400_000,
    86_400_000_000,
    2_932_896,
    2_932_897,
    719_162,
]
EDGES = sorted(
    {bound + more for bound in _BOUNDS for more in (-1, 0, 1)}
    | {253_402_300_799_999, 253_402_300_800_000, 62_135_596_800_000}
)
NUMBERS = [
    *EDGES,
    *(-edge for edge in EDGES),
    62_135_596_800_001,
    -62_135_596_800_001,
    253_402_300_799_999_999,
    2**63 - 1,
    -(2**63),
]


@pytest.mark.parametrize("base", ["int", "long"])
@pytest.mark.parametrize(
    "name",
    [
        *("date", "time-millis", "time-micros", "time-nanos"),
        *(f"{kind}-{unit}" for kind in ("timestamp", "local-timestamp") for unit in ("millis", "micros", "nanos")),
    ],
)
def test_the_same_of_numbers_with_a_meaning(base: str, name: str) -> None:
    if base == "long" and name in ("date", "time-millis"):
        base = "int"  # these are int only
    schema = logical(base if name in ("date", "time-millis") else "long", name)
    for writer in (schema, base):
        reads = [plain(make, schema).reader(tree(writer)) for make in BOTH]
        for value in NUMBERS:
            if base == "long" or -(2**31) <= value < 2**31:
                same(_calls(reads, number(value)))


@pytest.mark.parametrize(("schema", "data", "path", "message"), BROKEN.values(), ids=BROKEN)
def test_the_same_of_broken_values(schema: Any, data: bytes, path: str, message: str) -> None:
    whole = record("R", before="int", value=schema)
    reads = [plain(make, whole).reader() for make in BOTH]
    _, said, where, *_ = same(_calls(reads, b"\x02" + data))
    assert message in said
    assert where == path


@pytest.mark.parametrize("size", range(1, 12))
def test_the_same_of_decimals_of_any_size(size: int) -> None:
    for scale in (0, 1, 5, 18, 19):
        schema = logical("bytes", "decimal", precision=30, scale=scale)
        codecs = [plain(make, schema) for make in BOTH]
        for unscaled in (0, 1, -1, 2 ** (8 * size - 1) - 1, -(2 ** (8 * size - 1)), 10**size, -(10**size)):
            data = number(size) + unscaled.to_bytes(size, "big", signed=True)
            kind, _ = same(_calls([codec.reader() for codec in codecs], data))
            assert kind == "value"
            value = codecs[0].reader()(data, 0)
            same([partial(codec.encode, value) for codec in codecs])


# --- values that change while they are encoded, and other code in the middle -----------------------------------------------


def test_a_list_that_changes_while_it_is_encoded() -> None:
    codec = plain(IMPLEMENTATIONS["native"], array("string"))
    items: list[Any] = []

    class Sly(str):
        __slots__ = ()

        def __str__(self) -> str:
            items.clear()
            return "x"

    class Text(UserDict[str, str]):
        """Not a str: the error's text is made after the list is gone."""

    items.extend([Sly("a"), Text(), "b"])
    with pytest.raises(EncodeError):
        codec.encode(items)
    grown: list[Any] = []

    class Growing(UserList[int]):
        def __iter__(self) -> Any:
            grown.append([1])
            return iter([1])

    nested = plain(IMPLEMENTATIONS["native"], array(array("int")))
    grown.extend([Growing(), [2]])
    with pytest.raises(EncodeError, match="list changed size during iteration"):
        nested.encode(grown)


def test_a_dictionary_that_changes_while_it_is_encoded() -> None:
    codec = plain(IMPLEMENTATIONS["native"], mapping(array("int")))
    members: dict[str, Any] = {}

    class Growing(UserList[int]):
        def __iter__(self) -> Any:
            members[f"k{len(members)}"] = []
            return iter([1])

    class Changing(UserList[int]):
        def __iter__(self) -> Any:
            members.pop("b", None)
            members["c"] = [3]
            return iter([1])

    members.update(a=Growing(), b=[2])
    with pytest.raises(EncodeError, match="dictionary changed size during iteration"):
        codec.encode(members)
    members.clear()
    members.update(a=Changing(), b=[2])
    assert codec.encode(members) == b"\x04\x02a\x02\x02\x00\x02c\x02\x06\x00\x00"


def test_a_codec_that_is_used_inside_itself() -> None:
    codec = plain(IMPLEMENTATIONS["native"], ["string", array(array("int"))])
    seen: list[bytes] = []

    class Nested(UserList[int]):
        def __iter__(self) -> Any:
            seen.append(codec.encode([[5]]))
            return iter([1])

    assert codec.encode([Nested(), [2]]) == codec.encode([[1], [2]])
    assert seen == [codec.encode([[5]])]


def test_wrong_calls_are_type_errors() -> None:
    codec: Any = plain(IMPLEMENTATIONS["native"], "int")
    read = codec.reader()
    assert codec.encode(value=1, prefix=b"x") == b"x\x02"
    assert read(data=b"x\x02", offset=1) == 1
    for wrong in (
        codec.encode,
        partial(codec.encode, 1, "text"),
        partial(codec.encode, 1, b"", 2),
        partial(codec.encode, 1, value=2),
        partial(codec.encode, 1, unknown=2),
        read,
        partial(read, "text", 0),
        partial(read, b"", 0, 0),
        partial(read, b"", data=b""),
    ):
        with pytest.raises(TypeError, match="code takes"):
            wrong()
    for offset in (-1, 3):
        with pytest.raises(ValueError, match="offset"):
            read(b"ab", offset)


def test_descriptions_that_are_wrong_are_errors() -> None:
    """They are written by this package only; all the same none of them ends the process."""
    from kontrakt.codec import _native

    slots: Any = ("make slots", False, int, (), ())
    descriptions: tuple[Any, ...] = (
        (0, ()),
        (1, (("null", None),)),
        (0, ("null",)),
        (0, (("no such node",),)),
        (0, (("fixed", None),)),
        (0, (("array", None, 7, False),)),
        (0, (slots,)),
        (0, (("make dict", False, None, ("a", "b"), ((None, ".a", 0, 0),), ()),)),
        (0, (("make dict", False, None, ("a",), (("a", ".a", 0, 0), ("a", ".a", 0, 0)), ()),)),
        (0, (("union", [0]),)),
    )
    for description in descriptions:
        with pytest.raises((ValueError, TypeError)):
            _native.Decoder(description, print, print)


# --- nothing leaks -----------------------------------------------------------------------------------------------------


@cache
def _calls_of_every_kind() -> list[Callable[[], Any]]:
    """Calls that succeed and calls that fail, everywhere."""
    make = IMPLEMENTATIONS["native"]
    calls: list[Callable[[], Any]] = []
    data = written(EVERYTHING, DATUM)
    for reader in READERS.values():
        read = plain(make, reader).reader(tree(EVERYTHING))
        calls += [partial(read, data[:end], 0) for end in range(len(data) + 1)]
    for schema, broken, _, _ in BROKEN.values():
        calls.append(partial(plain(make, record("R", before="int", value=schema)).reader(), b"\x02" + broken, 0))
    for schema in SCHEMAS:
        codec = plain(make, array(schema))
        calls += [partial(codec.encode, [value, value]) for value in JUNK]
    for style in STYLES:
        made = package(
            record("S", r=record("T", x=["null", "int", "string"], y=array("string"))), style=style, tagged=True
        )
        codec = made.codec(make, "S")
        for value in (5, "x", None, 1.5):
            for items in (["a"], [1], None):
                calls.append(partial(codec.encode, made.bare("S", r=made.bare("T", x=value, y=items))))
        right = codec.encode(made.make("S", r=made.make("T", x=5, y=["a"])))
        calls += [partial(codec.reader(), right[:end], 0) for end in range(len(right) + 1)]
    return calls


def _blocks_after(calls: list[Callable[[], Any]]) -> int:
    for call in calls:
        outcome(call)
    gc.collect()
    return sys.getallocatedblocks()


def test_nothing_leaks_whether_it_succeeds_or_fails() -> None:
    calls = _calls_of_every_kind()
    for _ in range(2):  # what is made once, such as caches
        _blocks_after(calls)
    rounds = [_blocks_after(calls) for _ in range(6)]
    assert (
        min(rounds[3:]) - min(rounds[:3]) < len(calls) / 10
    )  # a leak would be a block for each call of some kind, in every round


@pytest.mark.parametrize(
    "value", [b"some bytes that are not text", ("a", "tuple"), object()], ids=["bytes", "tuple", "object"]
)
def test_references_are_counted(value: Any) -> None:
    codec = plain(IMPLEMENTATIONS["native"], record("R", a=array(["int", "string"]), b=mapping("long")))
    wrong: list[Any] = [{"a": [1, value], "b": {}}, {"a": [], "b": {"k": value}}, {"a": value, "b": {}}, value]
    before = sys.getrefcount(value)
    for _ in range(100):
        for place in range(len(wrong)):
            outcome(partial(codec.encode, wrong[place]))
    gc.collect()
    assert sys.getrefcount(value) == before


def test_codecs_and_readers_are_collected() -> None:
    make = IMPLEMENTATIONS["native"]
    schema = record("L", next=["null", "L", "string"])

    def use() -> None:
        codec = plain(make, schema)
        codec.encode({"next": {"next": None}})
        with pytest.raises(DecodeError):
            codec.reader()(b"\x09", 0)

    for _ in range(20):
        use()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(50):
        use()
    gc.collect()
    assert sys.getallocatedblocks() - before < 500


def test_threads_share_one_program() -> None:
    codec = plain(IMPLEMENTATIONS["native"], EVERYTHING)
    read = codec.reader()
    data = written(EVERYTHING, DATUM)
    expected = repr(read(data, 0))
    failures: list[object] = []

    def work() -> None:
        for _ in range(200):
            value = read(data, 0)
            if repr(value) != expected or codec.encode(value) != data:
                failures.append(value)

    threads = [threading.Thread(target=work) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
