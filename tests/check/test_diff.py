"""What changed in words, whom it breaks, and the step that a generated package takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from kontrakt import avro
from kontrakt.check.changes.compare import diff
from kontrakt.check.changes.entries import Difference, Step
from kontrakt.check.changes.formats import FORMATS
from kontrakt.check.compare import compare
from kontrakt.check.past import Past, Version
from kontrakt.check.sources.snapshot import from_files as past_of
from kontrakt.contract import from_files

from .checking import TODAY, files
from .evolutions import EVOLUTIONS, NULLABLE, Evolution, array, enum, field, fixed, logical, record
from .test_topic_rules import event, operation, protocol, thing

Entry = tuple[str, str, str]
FIELDS = [field("id", "string"), field("other", "string"), field("number", "long")]


def differing(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Difference:
    contracts = from_files(new)
    past = past_of("before", old, None, contracts)
    return diff(contracts, past, compare(contracts, past, today=TODAY))


@pytest.mark.parametrize("evolution", EVOLUTIONS, ids=lambda evolution: evolution.name)
def test_a_change_that_the_check_says_breaks_is_breaking(evolution: Evolution) -> None:
    difference = differing(evolution.files(evolution.old), evolution.files(evolution.new))
    assert bool(difference.breaking) == evolution.breaks
    assert (difference.step is Step.NONE) == (not difference.entries)
    for render in FORMATS.values():
        assert render(difference).endswith("\n")


def of(*fields: Any, **more: Any) -> dict[str, bytes]:
    return files(one=thing(fields=[field("id", "string"), *fields]) | more)


TYPES: dict[str, tuple[dict[str, bytes], dict[str, bytes], list[Entry]]] = {
    "nothing": (of(field("a", "int")), of(field("a", "int")), []),
    "a field with a default": (of(), of(field("a", "int", 0)), [("added", "acme.Thing.a", "minor")]),
    "a field without": (of(), of(field("a", "int")), [("added", "acme.Thing.a", "major")]),
    "a field gone": (of(field("a", "int", 0)), of(), [("removed", "acme.Thing.a", "major")]),
    "a field renamed": (
        of(field("email", "string")),
        of(field("mail", "string", aliases=["email"])),
        [("renamed", "acme.Thing.email", "major")],
    ),
    "another field in its place, and one more": (
        of(field("weight", "long", 0), field("z", "int", 0)),
        of(field("mass", "long", 0), field("z", "int", 0), field("colour", "long", 0)),
        [("renamed", "acme.Thing.weight", "major"), ("added", "acme.Thing.colour", "minor")],
    ),
    "renamed, retyped and documented": (
        of(field("email", "string")),
        of(field("mail", "int", aliases=["email"], doc="A mail.")),
        [
            ("renamed", "acme.Thing.email", "major"),
            ("changed", "acme.Thing.email", "major"),
            ("documented", "acme.Thing.email", "patch"),
        ],
    ),
    "the same in Python": (of(field("a", "int")), of(field("a", "long")), [("changed", "acme.Thing.a", "patch")]),
    "another unit of time": (
        of(field("a", logical("long", "timestamp-millis"))),
        of(field("a", logical("long", "timestamp-micros"))),
        [("changed", "acme.Thing.a", "patch")],
    ),
    "nullable": (of(field("a", "string")), of(field("a", NULLABLE)), [("changed", "acme.Thing.a", "major")]),
    "items": (of(field("a", array("int"))), of(field("a", array("string"))), [("changed", "acme.Thing.a", "major")]),
    "a default": (of(field("a", "int")), of(field("a", "int", 0)), [("changed", "acme.Thing.a", "minor")]),
    "another default": (of(field("a", "int", 1)), of(field("a", "int", 0)), [("changed", "acme.Thing.a", "minor")]),
    "false is not zero": (
        of(field("a", ["boolean", "int"], False)),
        of(field("a", ["int", "boolean"], 0)),
        [("changed", "acme.Thing.a", "patch"), ("changed", "acme.Thing.a", "minor")],
    ),
    "no default": (of(field("a", "int", 1)), of(field("a", "int")), [("changed", "acme.Thing.a", "major")]),
    "a symbol": (
        of(field("t", enum("T", "A", "B", default="A"))),
        of(field("t", enum("T", "A", "C", default="A"))),
        [("added", "acme.T", "minor"), ("removed", "acme.T", "major")],
    ),
    "the default of an enum": (
        of(field("t", enum("T", "A", "B"))),
        of(field("t", enum("T", "A", "B", default="A"))),
        [("changed", "acme.T", "patch")],
    ),
    "a size": (of(field("f", fixed("F", 4))), of(field("f", fixed("F", 8))), [("changed", "acme.F", "major")]),
    "a word": (of(), of(doc="Things."), [("documented", "acme.Thing", "patch")]),
    "on its way out": (
        of(field("a", "int", 0)),
        of(field("a", "int", 0, deprecated={"since": "2026-01-31", "reason": "use `b`"})),
        [("deprecated", "acme.Thing.a", "minor")],
    ),
    "a record": (
        of(),
        of(field("in", ["null", record("In", field("x", "int"))], None)),
        [("added", "acme.Thing.in", "minor"), ("added", "acme.In", "minor")],
    ),
    "a record renamed": (
        of(field("in", record("In", field("x", "int")))),
        of(field("in", record("Inner", field("x", "int"), aliases=["In"]))),
        [("renamed", "acme.In", "major"), ("changed", "acme.Thing.in", "major")],
    ),
    "a record that became an enum": (
        of(field("in", record("In", field("x", "int")))),
        of(field("in", enum("In", "A"))),
        [("changed", "acme.In", "major")],
    ),
}
DECLARATIONS: dict[str, tuple[Any, Any, list[Entry]]] = {
    "owner": (thing(), thing(owner="other-service"), [("changed", "things", "patch")]),
    "kind": (thing(), thing(kind="event"), [("changed", "things", "major")]),
    "partitions": (thing(), thing(partitions=3), [("changed", "things", "patch")]),
    "setting": (thing(), thing(config={"retention.ms": 1}), [("changed", "things.retention.ms", "patch")]),
    "level": (thing(), thing(compatibility="FULL"), [("changed", "things", "patch")]),
    "key": (thing(), thing(key="other"), [("changed", "things key", "major")]),
    "key format": (
        thing(key="number", key_format="long"),
        thing(key="number"),
        [("changed", "things key", "patch")],
    ),
    "deprecated": (thing(), thing(deprecated="use stuff"), [("deprecated", "things", "minor")]),
    "renamed": (thing(), thing(name="stuff"), [("renamed", "things", "major")]),
    "one more name": (thing(), thing(name=["things", "stuff"]), [("added", "stuff", "minor")]),
    "operation gone": (
        protocol({"ask": operation(), "tell": operation()}),
        protocol({"ask": operation()}),
        [("removed", "pay.Payments.tell", "major")],
    ),
    "operation new": (
        protocol({"ask": operation()}),
        protocol({"ask": operation(), "tell": operation()}),
        [("added", "pay.Payments.tell", "major")],
    ),
    "error new": (
        protocol({"ask": operation("Declined")}),
        protocol({"ask": operation("Declined", "Limit")}),
        [("added", "pay.AskResponse", "minor")],
    ),
    "error gone": (
        protocol({"ask": operation("Declined", "Limit")}),
        protocol({"ask": operation("Declined")}),
        [("removed", "pay.Payments.ask", "minor")],
    ),
    "one-way": (
        protocol({"ask": operation(response="null")}),
        protocol({"ask": operation(one_way=True)}),
        [("changed", "pay.Payments.ask", "major")],
    ),
    "parameter": (
        protocol({"ask": operation()}),
        protocol({"ask": operation(request=[field("sum", "int", 0)])}),
        [("added", "pay.AskRequest.sum", "minor")],
    ),
    "answer": (
        protocol({"ask": operation()}),
        protocol({"ask": operation(response="int")}),
        [("changed", "pay.AskResponse.response", "major")],
    ),
}


def entries(difference: Difference) -> list[Entry]:
    return [(entry.section.value, entry.about, entry.step.value) for entry in difference.entries]


@pytest.mark.parametrize(("old", "new", "found"), TYPES.values(), ids=TYPES)
def test_types(old: dict[str, bytes], new: dict[str, bytes], found: list[Entry]) -> None:
    difference = differing(old, new)
    assert sorted(entries(difference)) == sorted(found)
    assert all(entry.topics == ("things",) for entry in difference.entries)


@pytest.mark.parametrize(("old", "new", "found"), DECLARATIONS.values(), ids=DECLARATIONS)
def test_declarations(old: Any, new: Any, found: list[Entry]) -> None:
    difference = differing(files(one=old), files(one=new))
    assert sorted(entries(difference)) == sorted(found)
    assert all(entry.topics for entry in difference.entries)


def test_topics_and_events() -> None:
    two, three = files(a=event("Placed"), b=event("Paid")), files(a=event("Placed"), b=event("Paid"), c=event("Gone"))
    assert entries(differing(two, three)) == [
        ("added", "happenings acme.Gone", "major"),
        ("added", "acme.Gone", "minor"),
    ]
    gone = differing(three, two)
    assert [entry.about for entry in gone.breaking] == ["happenings acme.Gone"]
    assert entries(differing(three, {**two, **files(thing=thing())}))[0][1] == "happenings acme.Gone"


def test_the_step_is_the_largest_and_has_a_reason() -> None:
    difference = differing(of(field("a", "int", 0)), of(field("b", "string", ""), doc="Things."))
    assert difference.step is Step.MAJOR
    assert difference.reason == "the field `a` of `acme.Thing` is gone; code that uses the attribute fails"
    assert differing(of(), of(field("a", "int", 0))).step is Step.MINOR
    assert differing(of(), of(doc="Things.")).step is Step.PATCH
    assert differing(of(), of()).step is Step.NONE


def test_of_a_registry_the_newest_versions_count() -> None:
    contracts = from_files(of(field("a", "int", 0)))

    def version(number: int, *fields: Any) -> Version:
        schema = avro.parse(record("Thing", field("id", "string"), *fields, namespace="acme"), strict=False)
        return Version(number=number, schema=schema)

    past = Past(name="the registry", histories={"things-value": (version(1), version(2, field("b", "string", "")))})
    difference = diff(contracts, past, compare(contracts, past, today=TODAY))
    assert entries(difference) == [("removed", "acme.Thing.b", "major"), ("added", "acme.Thing.a", "minor")]
    assert any("--against git:REF" in note for note in difference.notes)


def test_a_consumer_that_breaks_is_named() -> None:
    projection = record(
        "View",
        field("id", "string"),
        field("a", "int"),
        namespace="b",
        projection={"of": "acme.Thing", "consumer": "b"},
    )
    view = record("View", field("id", "string"), namespace="b", projection=projection["projection"])
    old, new = of(field("a", "int", 0)) | files(view=projection), of() | files(view=view)
    (entry,) = differing(old, new).breaking
    assert (entry.about, entry.breaks) == ("acme.Thing.a", ("b",))


def test_the_json() -> None:
    document = json.loads(FORMATS["json"](differing(of(), of(field("a", "int")))))
    assert (document["version"], document["step"], document["breaking"]) == (1, "major", 1)
    (change,) = document["changes"]
    assert change["breaks"] == ["new consumers reading old messages"]
    assert change["new"]["file"] == "one.avsc"
