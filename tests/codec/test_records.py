"""Records in every style: how they are read and made, and that an error names the field."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from kontrakt.codec import MAX_DEPTH, MAX_EMPTY_ITEMS, Style
from kontrakt.errors import DeclaredError, DecodeError, EncodeError

from tests.codec.implementations import each_codec, plain, written
from tests.codec.packages import STYLES, array, enum, fixed, logical, mapping, package, record

if TYPE_CHECKING:
    from kontrakt.codec import MakeCodec

each_style = pytest.mark.parametrize("style", STYLES, ids=str)
classes = pytest.mark.parametrize("style", [style for style in STYLES if style is not Style.TYPEDDICT], ids=str)

PRICE = logical("bytes", "decimal", precision=6, scale=2)
LINE = record("Line", price=PRICE, tags=array("string"))
ORDER = record(
    "Order",
    lines=array(LINE),
    best=["null", "Line"],
    named=mapping("Line"),
    deep=array(array(mapping(array("int")))),
    either=["Line", "string"],
    keyed=mapping("int"),
)


def order(made: Any, **fields: Any) -> Any:
    """An order in which all is well, but for the fields given."""
    right: dict[str, Any] = {"lines": [], "best": None, "named": {}, "deep": [], "either": "x", "keyed": {}}
    return made.bare("Order", **{**right, **fields})


def line(made: Any, price: Any = Decimal("1.00"), tags: Any = None) -> Any:
    return made.bare("Line", price=price, tags=tags or [])


# --- paths -------------------------------------------------------------------------------------------------------------

Fields = Callable[[Any], dict[str, Any]]

WRONG: dict[str, tuple[Fields, str, str]] = {
    "in a list": (
        lambda m: {"lines": [line(m)] * 3 + [line(m, "1.00")]},
        "lines[3].price",
        "expected Decimal, got str",
    ),
    "an item": (lambda m: {"lines": [line(m), 5]}, "lines[1]", "got int"),
    "in an optional": (lambda m: {"best": line(m, tags=["a", 1])}, "best.tags[1]", "expected str, got int"),
    "an optional": (lambda _: {"best": 5}, "best", "got int"),
    "in a map": (lambda m: {"named": {"a": line(m), "b c": line(m, None)}}, "named['b c'].price", "got None"),
    "in containers": (lambda _: {"deep": [[], [{"a": []}, {"k": [1, 2, 2**31]}]]}, "deep[1][1]['k'][2]", "32 bits"),
    "a container": (lambda _: {"deep": [[], ["a"]]}, "deep[1][0]", "expected dict, got str"),
    "in a branch": (lambda m: {"either": line(m, tags=[None])}, "either.tags[0]", "expected str, got None"),
    "a key": (lambda _: {"keyed": {5: 5}}, "keyed", "the key of a map must be a str, got int"),
    "half a character in a key": (lambda _: {"keyed": {"a\udcff": 5}}, "keyed", "half of a surrogate pair"),
    "the whole list": (lambda _: {"lines": None}, "lines", "expected list, got None"),
}


@each_codec
@each_style
@pytest.mark.parametrize(("fields", "path", "message"), WRONG.values(), ids=WRONG)
def test_an_error_names_the_field(make: MakeCodec, style: Style, fields: Fields, path: str, message: str) -> None:
    made = package(ORDER, style=style, tagged=True)
    codec = made.codec(make, "Order")
    with pytest.raises(EncodeError) as raised:
        codec.encode(order(made, **fields(made)))
    assert raised.value.path == path
    assert str(raised.value).startswith(f"{path}: ")
    assert message in str(raised.value)
    assert codec.encode(order(made))  # and the next one is not the worse for it


@each_codec
@classes
def test_the_value_itself_has_no_path(make: MakeCodec, style: Style) -> None:
    made = package(LINE, style=style)
    with pytest.raises(EncodeError) as raised:
        made.codec(make, "Line").encode({"price": Decimal(1), "tags": []})
    assert str(raised.value) == "expected Line, got dict"
    assert raised.value.path == ""


@each_codec
def test_a_field_that_is_not_set(make: MakeCodec) -> None:
    made = package(LINE, style=Style.DATACLASS)
    bare = object.__new__(made.Line)
    bare.price = Decimal(1)
    with pytest.raises(EncodeError) as raised:
        made.codec(make, "Line").encode(bare)
    assert str(raised.value) == "tags: it is not set on this Line"


@each_codec
def test_a_field_that_fails(make: MakeCodec) -> None:
    """A class derived from a generated one runs code of its own."""
    made = package(record("R", a="int"), style=Style.DATACLASS)

    class Derived(made.R):  # type: ignore[misc, name-defined] # made by the test
        @property
        def a(self) -> int:
            raise LookupError("no luck")

    with pytest.raises(EncodeError) as raised:
        made.codec(make, "R").encode(object.__new__(Derived))
    assert str(raised.value) == "a: LookupError: no luck"
    assert isinstance(raised.value.__cause__, LookupError)


@each_codec
@classes
def test_derived_classes_are_records_too(make: MakeCodec, style: Style) -> None:
    made = package(record("R", a="int"), style=style)
    derived = type("Derived", (made.R,), {"__module__": __name__})
    assert made.codec(make, "R").encode(derived(a=1)) == b"\x02"


# --- dictionaries ------------------------------------------------------------------------------------------------------


OPTIONS = record("R", a="int", b=("int", {"default": 7}), c=(array("int"), {"default": [1]}))


@each_codec
@pytest.mark.parametrize("tagged", [False, True])
def test_what_a_dictionary_leaves_out_is_its_default(make: MakeCodec, *, tagged: bool) -> None:
    made = package(OPTIONS, style=Style.TYPEDDICT, tagged=tagged)
    codec = made.codec(make, "R")
    for given in ({"a": 1}, {"a": 1, "b": 7}, {"c": [1], "a": 1}, {"a": 1, "b": 7, "c": [1], "-type": "R"}):
        assert codec.encode(given) == written(OPTIONS, {"a": 1, "b": 7, "c": [1]})


@each_codec
@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 1, "d": 1}, "R has no d"),
        ({"a": 1, "b": 1, "d": 1}, "R has no d"),
        ({"a": 1, "b": 1, "c": [], "d": 1}, "R has no d"),
        ({"a": 1, "b": 1, "c": [], 5: 1}, "R has no 5"),
        ({"b": 1, "c": []}, "a: it is missing"),
        ({}, "a: it is missing"),
        ({"a": 1, "-type": "S"}, "expected a dict of R, got one of 'S'"),
        ({"a": 1, "b": 1, "c": [], "-type": ["S"]}, "expected a dict of R, got one of list"),
        (None, "expected dict, got None"),
    ],
)
def test_what_a_dictionary_must_not_be(make: MakeCodec, given: Any, message: str, *, tagged: bool) -> None:
    made = package(OPTIONS, style=Style.TYPEDDICT, tagged=tagged)
    with pytest.raises(EncodeError) as raised:
        made.codec(make, "R").encode(given)
    assert str(raised.value) == message


@each_codec
def test_tagged_dictionaries_say_what_they_are(make: MakeCodec) -> None:
    made = package(OPTIONS, style=Style.TYPEDDICT, tagged=True)
    codec = made.codec(make, "R")
    assert codec.reader()(codec.encode({"a": 1}), 0) == {"-type": "R", "a": 1, "b": 7, "c": [1]}


# --- what is made ------------------------------------------------------------------------------------------------------


@each_codec
@each_style
def test_names_that_python_keeps_for_itself(make: MakeCodec, style: Style) -> None:
    schema = record("R", **{"class": "int", "self": "int", "cls": "int", "value": "int", "data": "int", "out": "int"})
    renamed = {"R": {"class": "class_", "self": "self_"}} if style is not Style.TYPEDDICT else {}
    made = package(schema, style=style, renamed=renamed)
    codec = made.codec(make, "R")
    data = written(schema, {"class": 1, "self": 2, "cls": 3, "value": 4, "data": 5, "out": 6})
    back = codec.reader()(data, 0)
    assert codec.encode(back) == data
    assert made.get(back, "class" if style is Style.TYPEDDICT else "class_") == 1
    assert made.get(back, "cls") == 3
    wrong = {name: made.get(back, name) for name in made.names("R")} | {"cls": "x"}
    with pytest.raises(EncodeError, match="cls: expected int"):
        codec.encode(made.bare("R", **wrong))


@each_codec
@each_style
def test_symbols_that_python_keeps_for_itself(make: MakeCodec, style: Style) -> None:
    schema = record("R", e=enum("E", "None", "name", "A"))
    made = package(schema, style=style, renamed={"E": {"None": "None_", "name": "name_"}})
    codec = made.codec(make, "R")
    for index, member in enumerate((made.E.None_, made.E.name_, made.E.A)):
        data = codec.encode(made.make("R", e=member))
        assert data == bytes([2 * index])
        assert made.get(codec.reader()(data, 0), "e") is member


@each_codec
@each_style
def test_errors_are_exceptions_in_every_style(make: MakeCodec, style: Style) -> None:
    schema = {**record("Declined", reason="string"), "type": "error"}
    made = package(schema, style=style)
    codec = made.codec(make, "Declined")
    back: Any = codec.reader()(codec.encode(made.Declined(reason="no money")), 0)
    assert type(back) is made.Declined
    assert issubclass(made.Declined, DeclaredError)
    assert back.reason == "no money"
    with pytest.raises(made.Declined, match="no money"):
        raise back


@each_codec
@each_style
def test_decoded_records_are_like_those_that_were_made(make: MakeCodec, style: Style) -> None:
    schema = record("R", a="int", b=array("string"), c=["null", record("S", x="int")])
    made = package(schema, style=style)
    right = made.make("R", a=1, b=["x"], c=made.make("S", x=2))
    back = made.codec(make, "R").reader()(made.codec(make, "R").encode(right), 0)
    assert back == right
    assert repr(back) == repr(right)
    assert copy.deepcopy(back) == right
    if style is not Style.TYPEDDICT:
        back.a = 2
        assert back != right
        back.a = 1
    if style is Style.PYDANTIC:
        assert back.model_dump() == right.model_dump()
        assert back.model_fields_set == right.model_fields_set
        read = made.codec(make, "R").reader()
        first, second = read(b"\x02\x00\x00", 0), read(b"\x02\x00\x00", 0)
        assert first.model_fields_set is not second.model_fields_set
        assert back.model_copy() == right
    assert pickle.loads(pickle.dumps(back)) == right


@each_codec
def test_a_class_that_does_more_when_it_is_made_does_it(make: MakeCodec) -> None:
    made = package(record("R", a="int"), style=Style.DATACLASS)
    seen: list[int] = []

    @dataclasses.dataclass(slots=True, kw_only=True)
    class More:
        a: int

        def __post_init__(self) -> None:
            seen.append(self.a)

    made.replace("R", More)
    assert made.codec(make, "R").reader()(b"\x08", 0) == More(a=4)
    assert seen == [4, 4]


@each_codec
def test_lists_and_maps_are_not_shared(make: MakeCodec) -> None:
    codec = plain(make, record("R", a=array("int"), b=mapping("int"), c=array("null")))
    read = codec.reader()
    first, second = (read(b"\x00\x00\x04\x00", 0) for _ in range(2))
    first["a"].append(1)
    first["b"]["x"] = 1
    first["c"].append(None)
    assert second == {"a": [], "b": {}, "c": [None, None]}


@each_codec
def test_a_record_without_fields(make: MakeCodec) -> None:
    made = package(record("R"), style=Style.DATACLASS)
    codec = made.codec(make, "R")
    assert codec.encode(made.R()) == b""
    assert codec.reader()(b"", 0) == made.R()
    with pytest.raises(EncodeError, match="expected R, got int"):
        codec.encode(1)


# --- depth and size ----------------------------------------------------------------------------------------------------

LIST = record("List", value="int", next=["null", "List"])


def chain(made: Any, length: int) -> Any:
    value: Any = None
    for number in range(length):
        value = made.make("List", value=number, next=value)
    return value


@each_codec
@each_style
def test_records_of_a_recursive_type_have_a_limit(make: MakeCodec, style: Style) -> None:
    made = package(LIST, style=style)
    codec = made.codec(make, "List")
    deepest = chain(made, MAX_DEPTH)
    data = codec.encode(deepest)
    back = codec.reader()(data, 0)
    for _ in range(MAX_DEPTH - 1):
        back = made.get(back, "next")
    assert made.get(back, "value") == 0
    with pytest.raises(EncodeError, match=f"more than {MAX_DEPTH} records inside each other") as raised:
        codec.encode(chain(made, MAX_DEPTH + 1))
    assert raised.value.path.startswith("next.next.next")
    with pytest.raises(DecodeError, match=f"more than {MAX_DEPTH} records inside each other"):
        codec.reader()(b"\x02\x02" * MAX_DEPTH + data, 0)


@each_codec
@classes
def test_a_value_that_contains_itself(make: MakeCodec, style: Style) -> None:
    made = package(LIST, style=style)
    value = made.make("List", value=1, next=None)
    value.next = value
    with pytest.raises(EncodeError, match="records inside each other"):
        made.codec(make, "List").encode(value)


@each_codec
def test_only_recursive_types_have_a_limit(make: MakeCodec) -> None:
    """A schema may be deeper than that, also one that has a recursive type somewhere."""
    schema: Any = "List"
    for level in range(MAX_DEPTH + 20):
        schema = record(f"R{level}", f=schema)
    outer = record("R", list=LIST, deep=schema)
    codec = plain(make, outer)
    value: Any = {"value": 1, "next": None}
    for _ in range(MAX_DEPTH + 20):
        value = {"f": value}
    datum = {"list": {"value": 2, "next": None}, "deep": value}
    data = codec.encode(datum)
    assert data == b"\x04\x00\x02\x00"
    assert codec.reader()(data, 0) == datum


@each_codec
@pytest.mark.parametrize("levels", [1, 5, 20, 70, 400])
def test_containers_inside_each_other(make: MakeCodec, levels: int) -> None:
    schema: Any = "int"
    value: Any = 5
    for level in range(levels):
        schema, value = ((array(schema), [value]), (mapping(schema), {"k": value}), (["null", array(schema)], [value]))[
            level % 3
        ]
    codec = plain(make, schema)
    data = codec.encode(value)
    assert codec.reader()(data, 0) == value
    with pytest.raises(DecodeError):
        codec.reader()(data[:-1], 0)


@each_codec
def test_schemas_deeper_than_the_stack_are_errors(make: MakeCodec) -> None:
    schema: Any = "int"
    value: Any = 5
    for level in range(500):
        schema, value = record(f"R{level}", f=schema), {"f": value}
    codec = plain(make, schema)
    reader = codec.reader()
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(300)
        with pytest.raises(EncodeError, match="room"):
            codec.encode(value)
        with pytest.raises(DecodeError, match="room"):
            reader(b"\x0a", 0)
    finally:
        sys.setrecursionlimit(limit)
    assert reader(codec.encode(value), 0) == value


@each_codec
@each_style
def test_many_fields(make: MakeCodec, style: Style) -> None:
    schema = record("R", **{f"f{index}": ["null", "int"] for index in range(600)})
    made = package(schema, style=style)
    codec = made.codec(make, "R")
    datum = {f"f{index}": index if index % 2 else None for index in range(600)}
    data = codec.encode(made.bare("R", **datum))
    assert data == written(schema, datum)
    assert codec.encode(codec.reader()(data, 0)) == data


@each_codec
@pytest.mark.parametrize("empty", ["null", record("E"), fixed("F", 0), record("R2", a="null", b=record("E2"))], ids=str)
def test_items_without_bytes_have_a_limit(make: MakeCodec, empty: Any) -> None:
    again = empty if isinstance(empty, str) else empty["name"]
    codec = plain(make, record("R", a=array(empty), b=array(array(again))))
    items: dict[str, Any] = {"null": None, "E": {}, "F": b"", "R2": {"a": None, "b": {}}}
    item = items[again]
    half = [item] * (MAX_EMPTY_ITEMS // 2)
    allowed = {"a": half, "b": [half]}
    data = codec.encode(allowed)
    assert codec.reader()(data, 0) == allowed
    with pytest.raises(EncodeError, match=f"more than {MAX_EMPTY_ITEMS} items that take no bytes"):
        codec.encode({"a": half, "b": [half, [item]]})
    with pytest.raises(DecodeError, match=f"more than {MAX_EMPTY_ITEMS} items that take no bytes"):
        codec.reader()(data[:-1] + b"\x02\x02\x00\x00", 0)
