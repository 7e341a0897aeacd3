"""Unions: which branch a value is, in every style."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from kontrakt.avro.shapes import is_object
from kontrakt.codec import Style
from kontrakt.errors import DecodeError, EncodeError

from tests.codec.implementations import each_codec, number, plain
from tests.codec.packages import STYLES, array, enum, fixed, logical, mapping, package, record

if TYPE_CHECKING:
    from kontrakt.codec import MakeCodec

each_style = pytest.mark.parametrize("style", STYLES, ids=str)

NANOS = logical("long", "timestamp-nanos")
SAME = [record("A", x="int"), record("B", x="int"), record("C", x="string")]
DAY = logical("int", "date")
INSTANT = logical("long", "timestamp-millis")
MONEY = logical("bytes", "decimal", precision=9, scale=2)

TAKEN: list[tuple[Any, Any, int]] = [
    # a class each
    (["null", "string"], None, 0),
    (["null", "string"], "a", 1),
    (["string", "null"], None, 1),
    (["string", "null"], "a", 0),
    (["null"], None, 0),
    (["int"], 5, 0),
    (["string", "null", "int"], None, 1),
    (["boolean", "int"], True, 0),
    (["int", "boolean"], True, 1),
    (["boolean", "int"], 1, 1),
    (["string", "bytes"], b"a", 1),
    (["bytes", "string"], "a", 1),
    (["null", array("int"), mapping("int")], [1], 1),
    (["null", array("int"), mapping("int")], {"a": 1}, 2),
    # several numeric types: the first that holds the value
    (["int", "long"], 5, 0),
    (["int", "long"], 2**31, 1),
    (["int", "long"], -(2**31), 0),
    (["int", "long"], -(2**31) - 1, 1),
    (["long", "int"], 5, 0),
    (["int", "double"], 5, 0),
    (["int", "double"], 5.0, 1),
    (["double", "int"], 5, 1),
    (["float", "double"], 0.5, 0),
    (["float", "double"], 0.1, 1),
    (["float", "double"], 1e300, 1),
    (["float", "double"], float("inf"), 0),
    (["float", "double"], float("nan"), 0),
    (["double", "float"], 0.5, 0),
    (["null", "float"], 0.1, 1),
    (["long", "double"], 2**60, 0),
    (["null", "int", "float", "double"], 2**25 + 1, 1),
    (["string", "double"], 7, 1),
    (["int", NANOS], 2**40, 1),
    # logical types have classes of their own
    (["int", DAY, "string"][1:], dt.date(2024, 1, 1), 0),
    ([DAY, INSTANT], dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 1),
    ([INSTANT, DAY], dt.date(2024, 1, 1), 1),
    (["double", MONEY], Decimal("1.50"), 1),
    ([MONEY, "double"], 1.5, 1),
    (["int", MONEY], 3, 0),
    (["string", MONEY], 3, 1),
    ([logical("string", "uuid"), "bytes"], UUID(int=1), 0),
    # named types
    (["string", enum("E", "A")], "A", 0),
    ([enum("E", "A"), "string"], "A", 0),
    ([enum("E", "A"), "string"], "B", 1),
    ([enum("E", "A"), enum("F", "B")], "B", 1),
    ([fixed("F", 2), fixed("G", 3)], b"abc", 1),
    ([fixed("F", 2), "bytes"], b"abc", 1),
    ([fixed("F", 2), "bytes"], b"ab", 0),
    (["bytes", fixed("F", 2)], b"ab", 0),
    # values of other classes, where only one branch can hold them
    (["null", array("int"), "string"], (1, 2), 1),
    (["null", "bytes", "string"], bytearray(b"a"), 1),
]


@each_codec
@pytest.mark.parametrize(("union", "value", "branch"), TAKEN)
def test_the_branch_that_is_taken(make: MakeCodec, union: Any, value: Any, branch: int) -> None:
    codec = plain(make, union)
    data = codec.encode(value)
    assert data == number(branch) + plain(make, union[branch]).encode(value)
    back = codec.reader()(data, 0)
    assert repr(back) == repr(plain(make, union[branch]).reader()(data[1:], 0))
    # the same in a record, an array and a map
    nested = plain(make, record("R", a=array(union), b="int"))
    assert nested.encode({"a": [value], "b": 1}) == b"\x02" + data + b"\x00\x02"
    names = {"E", "F", "G"}
    if not any(is_object(one) and one.get("name") in names for one in union):
        both = plain(make, array(mapping(union)))
        assert repr(both.reader()(both.encode([{"k": value}]), 0)) == repr([{"k": back}])


NOT_TAKEN: list[tuple[Any, Any, str]] = [
    (["null", "string"], 5, "expected str, got int"),
    (["string", "int"], None, "expected str or int, got None"),
    (["null", "string", "int"], 1.5, "expected None or str or int, got float"),
    (["int", "string"], True, "expected int, got bool"),
    (["int", "long"], 2**63, "does not fit into 64 bits"),
    (["null", "int"], 2**31, "does not fit into 32 bits"),
    (["int", "double"], 2**40, "does not fit into 32 bits"),
    (["int", "float"], 2**31 + 1, "does not fit into 32 bits"),
    (["string", "int"], b"a", "expected str or int, got bytes"),
    ([fixed("F", 2), fixed("G", 3)], b"a", "expected 3 bytes, got 1"),
    ([enum("E", "A"), "int"], "B", "expected E or int, got str"),
    (["int", DAY, "string"][1:], dt.datetime(2024, 1, 1), "expected date, got datetime (write .date())"),  # noqa: DTZ001
    ([INSTANT, "string"], dt.datetime(2024, 1, 1), "expected a datetime with a zone"),  # noqa: DTZ001
    ([MONEY, "string"], Decimal("1.234"), "more than 2 digits after the point"),
    (["string", "int"], object(), "expected str or int, got object"),
    (["string", array("int")], [1, "a"], "[1]: expected int, got str"),
    (["int", array("string"), mapping("int")], {"a": "b"}, "['a']: expected int, got str"),
]


@each_codec
@pytest.mark.parametrize(("union", "value", "message"), NOT_TAKEN)
def test_values_that_fit_no_branch(make: MakeCodec, union: Any, value: Any, message: str) -> None:
    made = package(record("R", value=union))
    with pytest.raises(EncodeError) as raised:
        made.codec(make, "R").encode(made.R(value=value))
    assert message in str(raised.value)
    assert raised.value.path.startswith("value")


@each_codec
@each_style
@pytest.mark.parametrize("union", [SAME, ["null", *SAME], [SAME[2], "null", "string", *SAME[:2]]], ids=str)
def test_records_of_one_shape_are_told_apart(make: MakeCodec, style: Style, union: Any) -> None:
    made = package(
        record("R", one=union, list=array(["A", "B", "C"]), map=mapping(["A", "B", "C"])), style=style, tagged=True
    )
    codec = made.codec(make, "R")
    values = [made.make("A", x=1), made.make("B", x=1), made.make("C", x="c")]
    places = [next(i for i, one in enumerate(union) if isinstance(one, dict) and one["name"] == name) for name in "ABC"]
    for value, place in zip(values, places, strict=True):
        given = made.make("R", one=value, list=values, map={"k": value})
        data = codec.encode(given)
        assert data.startswith(number(place))
        back = codec.reader()(data, 0)
        assert back == given
        assert type(made.get(back, "one")) is type(value)
        assert [type(item) for item in made.get(back, "list")] == [type(item) for item in values]


@each_codec
@each_style
def test_records_beside_other_types(make: MakeCodec, style: Style) -> None:
    union = ["null", SAME[0], "string", array("A"), mapping("A"), enum("E", "RED"), MONEY]
    made = package(record("R", v=union), style=style, tagged=True)
    codec = made.codec(make, "R")
    a = made.make("A", x=1)
    for place, value in enumerate([None, a, "RED", [a, a], {"k": a}, made.E.RED, Decimal("1.00")]):
        data = codec.encode(made.make("R", v=value))
        assert data.startswith(number(place))
        assert codec.reader()(data, 0) == made.make("R", v=value)


@each_codec
def test_a_derived_class_is_of_its_base_and_says_what_is_wrong_inside(make: MakeCodec) -> None:
    made = package(record("R", v=[*SAME]))
    codec = made.codec(make, "R")
    derived = type("Derived", (made.B,), {})
    assert codec.encode(made.R(v=derived(x=1))) == b"\x02\x02"
    with pytest.raises(EncodeError) as raised:
        codec.encode(made.R(v=derived(x="a")))
    assert str(raised.value) == "v.x: expected int, got str"


# --- dictionaries ------------------------------------------------------------------------------------------------------

SHAPES = [record("A", x="int", y="int"), record("B", x="int", z=("int", {"default": 1})), record("C", x="int", z="int")]


@each_codec
@pytest.mark.parametrize(
    ("value", "tagged", "untagged"),
    [
        ({"-type": "A", "x": 1, "y": 2}, 0, 0),
        ({"-type": "B", "x": 1, "z": 2}, 1, 1),
        ({"-type": "B", "x": 1}, 1, 1),
        ({"-type": "C", "x": 1, "z": 2}, 2, 2),
        # a record that says so would say it
        ({"x": 1, "y": 2}, 3, 0),
        ({"x": 1}, 3, 1),
        ({"q": 1}, 3, 3),
        ({}, 3, 3),
        ({"x": 1, "y": 2, "z": 3}, 3, 3),
    ],
)
def test_the_record_or_map_that_a_dictionary_is(make: MakeCodec, value: Any, tagged: int, untagged: int) -> None:
    for tags, branch in ((True, tagged), (False, untagged)):
        made = package(record("R", v=[*SHAPES, mapping("int")]), style=Style.TYPEDDICT, tagged=tags)
        assert made.codec(make, "R").encode({"v": value}).startswith(number(branch))


@each_codec
@pytest.mark.parametrize(("value", "branch"), [({"x": 1, "y": 2}, 0), ({"x": 1}, 1)])
def test_a_dictionary_beside_no_map_need_not_say_what_it_is(make: MakeCodec, value: Any, branch: int) -> None:
    made = package(record("R", v=SHAPES), style=Style.TYPEDDICT, tagged=True)
    assert made.codec(make, "R").encode({"v": value}).startswith(number(branch))


@each_codec
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"x": 1, "z": 2}, 'this dict may be B as well as C; say which, with the full name as its "-type"'),
        (
            {"q": 1},
            "this dict is not None or a dict of A or a dict of B or a dict of C; with the full name of its record",
        ),
        ({"-type": "Z", "q": 1}, "expected None or a dict of A or a dict of B or a dict of C, got a dict of 'Z'"),
        ({"-type": ["A"], "x": 1}, "got a dict of list"),
        ({"-type": "A", "x": 1}, "v.y: it is missing"),
        ({"-type": "A", "x": 1, "y": None}, "v.y: expected int, got None"),
        ({"-type": "A", "x": 1, "y": 1, "z": 1}, "v: A has no z"),
        (5, "expected None or a dict of A or a dict of B or a dict of C, got int"),
    ],
)
def test_dictionaries_that_are_no_record(make: MakeCodec, value: Any, message: str) -> None:
    made = package(record("R", v=["null", *SHAPES]), style=Style.TYPEDDICT, tagged=True)
    with pytest.raises(EncodeError) as raised:
        made.codec(make, "R").encode({"v": value})
    assert message in str(raised.value)


@each_codec
def test_a_wrong_value_deep_in_unions_is_found_at_once(make: MakeCodec) -> None:
    """No branch is tried after one was chosen: 60 levels of two dictionaries each would be 2**60 attempts."""
    tree = record("Tree", inner=["null", "Tree", mapping("Tree")], leaf=["null", "int"])
    made = package(tree, style=Style.TYPEDDICT)
    value: Any = {"leaf": "wrong", "inner": None}
    for _ in range(60):
        value = {"inner": value, "leaf": None}
    with pytest.raises(EncodeError, match="leaf: expected int, got str"):
        made.codec(make, "Tree").encode(value)


@each_codec
def test_an_attempt_that_failed_leaves_nothing_behind(make: MakeCodec) -> None:
    class Odd(list[Any]):
        """A list of a class of its own, which is tried as every branch."""

    codec = plain(make, record("R", v=["int", "string", array("int"), "bytes"], w="string"))
    assert codec.encode({"v": (1, 2), "w": "x"}) == b"\x04\x04\x02\x04\x00\x02x"
    assert codec.encode({"v": Odd([1]), "w": "x"}) == b"\x04\x02\x02\x00\x02x"
    with pytest.raises(EncodeError, match="expected int or str or list or bytes, got tuple"):
        codec.encode({"v": (1, "a"), "w": "x"})


@each_codec
@each_style
def test_many_branches(make: MakeCodec, style: Style) -> None:
    made = package(
        record("R", v=["null", *(record(f"B{index}", x="int") for index in range(100))]), style=style, tagged=True
    )
    codec = made.codec(make, "R")
    for index in (0, 1, 62, 63, 64, 99):
        value = made.make("R", v=made.make(f"B{index}", x=index))
        data = codec.encode(value)
        assert data == number(index + 1) + number(index)
        assert codec.reader()(data, 0) == value


@each_codec
def test_a_union_without_branches_has_no_values(make: MakeCodec) -> None:
    codec = plain(make, record("R", v=[]))
    with pytest.raises(EncodeError):
        codec.encode({"v": 1})
    with pytest.raises(DecodeError, match="branch 0 of a union of 0"):
        codec.reader()(b"\x00", 0)


@each_codec
@pytest.mark.parametrize("data", [b"\x06\x00", b"\x01\x00", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"])
def test_branches_that_are_none(make: MakeCodec, data: bytes) -> None:
    with pytest.raises(DecodeError, match="of a union of 3") as raised:
        plain(make, record("R", v=["null", "int", "string"])).reader()(data, 0)
    assert raised.value.path == "v"
