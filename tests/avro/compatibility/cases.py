"""Small pairs of schemas, one for each thing that the reference does; ``answers.json`` holds what it says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tests.avro.compatibility.shapes import array, enum, field, fixed, mapping, record

PRIMITIVES: Final = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
OTHERS: Final[dict[str, Any]] = {
    "array": array("int"),
    "map": mapping("int"),
    "record": record("N"),
    "enum": enum("N", "A"),
    "fixed": fixed("N", 1),
}
COMPLEX: Final = {f"{one} for {other}": (OTHERS[one], OTHERS[other]) for one in OTHERS for other in OTHERS}

R: Final = record("x.R", field("a"))
S: Final = record("x.S", field("a", "string"), field("n"))
LINK: Final = record("x.Link", field("next", ["null", "x.Link"], default=None), field("v"))

ANSWERS: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("answers.json").read_text(encoding="utf-8"))
"""What Avro's Java reference says of each: types, locations and messages, or the message of what it throws."""

CASES: Final[dict[str, tuple[Any, Any]]] = {
    **{f"{reader} for {writer}": (reader, writer) for reader in PRIMITIVES for writer in PRIMITIVES},
    **COMPLEX,
    "a string for a record": ("string", R),
    "a record for a string": (R, "string"),
    # Names
    "the same name": (R, record("x.R", field("a"))),
    "another namespace": (record("y.R", field("a")), R),
    "no namespace": (record("R", field("a")), R),
    "another name": (record("x.S", field("a")), R),
    "another name and another field": (record("x.S", field("b")), R),
    "an alias in the namespace": (record("x.S", field("a"), aliases=["R"]), R),
    "an alias in another namespace": (record("y.S", field("a"), aliases=["R"]), R),
    "a full alias": (record("y.S", field("a"), aliases=["x.R"]), R),
    "an alias without a namespace": (record("S", field("a"), aliases=["R"]), R),
    "an alias of the old schema": (R, record("x.S", field("a"), aliases=["x.R"])),
    "an error for a record": (R | {"type": "error"}, R),
    "another name of an enum": (enum("x.F", "AB"), enum("x.E", "AC")),
    "an alias of an enum": (enum("y.F", "AB", aliases=["x.E"]), enum("x.E", "AB")),
    "another name and size of a fixed": (fixed("x.G", 1), fixed("x.F", 2)),
    "an alias of a fixed": (fixed("x.G", 2, aliases=["F"]), fixed("x.F", 2)),
    # Fields
    "a new field": (record("R", field("a"), field("b")), record("R", field("a"))),
    "a new field with a default": (record("R", field("a"), field("b", default=1)), record("R", field("a"))),
    "a new nullable field without a default": (record("R", field("b", ["null", "int"])), record("R")),
    "a field less": (record("R"), record("R", field("a"))),
    "another order of fields": (record("R", field("b"), field("a")), record("R", field("a"), field("b"))),
    "a promoted field": (record("R", field("a", "long")), record("R", field("a"))),
    "two bad fields": (
        record("R", field("a", "string"), field("b"), field("c", "boolean")),
        record("R", field("a"), field("b", "long"), field("c", "long")),
    ),
    "a field alias": (record("R", field("b", aliases=["a"])), record("R", field("a"))),
    "a field alias of the old schema": (record("R", field("a")), record("R", field("b", aliases=["a"]))),
    "the second of two field aliases": (record("R", field("b", aliases=["c", "a"])), record("R", field("a", "string"))),
    "a field and its alias": (record("R", field("b", aliases=["a"])), record("R", field("a"), field("b"))),
    "two aliases of a field": (record("R", field("c", aliases=["a", "b"])), record("R", field("a"), field("b"))),
    "a field that is its own alias": (record("R", field("a", aliases=["a"])), record("R", field("a"))),
    "an ambiguous field after a bad one": (
        record("R", field("x", "string"), field("b", aliases=["a"])),
        record("R", field("x"), field("a"), field("b")),
    ),
    "an ambiguous field in a union's branch": (
        record("T", field("u", ["null", record("R", field("b", aliases=["a"]))])),
        record("T", field("u", ["null", record("R", field("a"), field("b"))])),
    ),
    "a new field of an enum with a default": (record("R", field("e", enum("E", "AB", default="A"))), record("R")),
    "a new field of an enum without a default": (record("R", field("e", enum("E", "AB"))), record("R")),
    "a default where the type changed": (
        record("R", field("a", "string", default="x")),
        record("R", field("a", "int", default=1)),
    ),
    # Enums and fixed
    "a symbol less": (enum("E", "AC"), enum("E", "CBA")),
    "symbols less": (enum("E", "B"), enum("E", "DCBA")),
    "a symbol less with a default": (enum("E", "AC", default="A"), enum("E", "CBA")),
    "a symbol more": (enum("E", "ABC"), enum("E", "AB")),
    "a default of the field only": (
        record("R", field("e", enum("E", "A"), default="A")),
        record("R", field("e", enum("E", "AB"), default="A")),
    ),
    "another size": (fixed("F", 3), fixed("F", 4)),
    # Arrays and maps
    "bad items": (array("int"), array("string")),
    "promoted items": (array("long"), array("int")),
    "bad values": (mapping("int"), mapping("string")),
    "bad fields far inside": (
        record("R", field("m", mapping(array(record("S", field("a"), field("b")))))),
        record("R", field("m", mapping(array(record("S", field("a", "string")))))),
    ),
    # Unions
    "the same union": (["null", "int"], ["null", "int"]),
    "another order of branches": (["int", "null"], ["null", "int"]),
    "a branch more": (["null", "int", "string"], ["null", "int"]),
    "a branch less": (["null", "int"], ["null", "int", "string"]),
    "two branches less": (["null"], ["null", "int", "string"]),
    "promoted branches": (["null", "double"], ["null", "int"]),
    "a union for a type": (["null", "int"], "int"),
    "a union for a type that it lacks": (["null", "int"], "string"),
    "a union for a promoted type": (["null", "long"], "int"),
    "a type for a union": ("long", ["int", "float"]),
    "a type for a union of types that it reads": ("double", ["int", "long"]),
    "a type for a nullable one": (record("R", field("a")), record("R", field("a", ["null", "int"]))),
    "a type for a union of itself": ("int", ["int"]),
    "an empty union for a type": ([], "int"),
    "an empty union for an empty union": ([], []),
    "a type for an empty union": ("int", []),
    "a bad record in a union": (["null", record("R", field("a", "string"))], ["null", record("R", field("a"))]),
    "a bad record in a union of records": (
        record("T", field("u", [record("x.R", field("z")), S])),
        record("T", field("u", [R, S])),
    ),
    "a record that moved, in a union": (["null", record("y.R", field("a"))], ["null", R]),
    "a record that another branch reads": ([record("y.R", field("q")), record("z.R", field("a"))], R),
    "a union in an array": (
        record("R", field("u", array(["null", "int"]))),
        record("R", field("u", array(["string"]))),
    ),
    "a record for a union of records": (R, [R, record("y.R", field("b"))]),
    # Types that contain themselves
    "a list that is itself": (LINK, LINK),
    "a list of another value": (
        LINK,
        record("x.Link", field("next", ["null", "x.Link"], default=None), field("v", "string")),
    ),
    "a tree of another value": (
        record("Tree", field("children", array("Tree")), field("v")),
        record("Tree", field("children", array("Tree")), field("v", "string")),
    ),
    "two that contain each other": (
        record("A", field("b", record("B", field("a", ["null", "A"])))),
        record("A", field("b", record("B", field("a", ["null", "A"]), field("c")))),
    ),
    "a type used twice": (
        record("R", field("a", record("P", field("v"))), field("b", "P"), field("c", ["P", "null"])),
        record("R", field("a", record("P", field("v", "string"))), field("b", "P"), field("c", "P")),
    ),
    "a type used first inside a union": (
        record("R", field("a", ["null", record("P", field("v"))]), field("b", "P")),
        record("R", field("a", ["null", record("P", field("v", "string"))]), field("b", "P")),
    ),
}

MEETS_FIRST: Final = record("x.B", field("a", ["null", "x.A"]))
UNSOUND: Final = (
    record(
        "T",
        field(
            "u",
            [
                record("x.A", field("b", MEETS_FIRST), field("t", "string")),
                record("y.A", field("b", record("y.B", field("a", ["null", "y.A"]))), field("t")),
            ],
        ),
        field("v", "x.B"),
    ),
    record("T", field("u", record("x.A", field("b", MEETS_FIRST), field("t"))), field("v", "x.B")),
)
"""The reference compares ``x.B`` while it compares ``x.A``, finds it compatible if ``x.A`` is, and forgets the condition. ``x.A``
then fails, another branch fits, and in ``v`` the ``x.B`` that contains ``x.A`` counts as compatible."""
CASES["a type that fits only while it is compared"] = UNSOUND
CASES["the same, met in the other order"] = (
    record(
        "T",
        field("v", record("x.B", field("a", ["null", record("x.A", field("b", "x.B"), field("t", "string"))]))),
        field("u", ["x.A", record("y.A", field("b", record("y.B", field("a", ["null", "y.A"]))), field("t"))]),
    ),
    UNSOUND[1],
)
