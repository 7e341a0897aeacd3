"""The JSON Schemas for editors say what the parsers say: the same words, and the same of what is right and wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final, get_args

import jsonschema
import pytest
from kontrakt.avro import builder, logical, protocol
from kontrakt.avro.compatibility import Level
from kontrakt.avro.render import OWN_ATTRIBUTES, WAIVE
from kontrakt.avro.schema import PRIMITIVES
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.contract import declaration, deprecation, from_files, headers
from kontrakt.contract.topic import KeyFormat, Kind, SubjectStrategy
from kontrakt.editor import contracts, contracts_schema, settings_schema, topics
from kontrakt.editor.settings import STYLES
from kontrakt.errors import ContractErrors, SchemaErrors, SettingsErrors
from kontrakt.settings import Settings, read
from kontrakt.settings.model import Style

from tests.cli.mistakes import CASES
from tests.docs.page import ROOT
from tests.docs.test_settings_page import complete, known_keys

CONTRACTS: Any = jsonschema.Draft7Validator(contracts_schema())  # its annotations leave a member untyped
SETTINGS: Any = jsonschema.Draft7Validator(settings_schema())
DEFINITIONS: Final[dict[str, Any]] = contracts_schema()["definitions"]

# The same words


@pytest.mark.parametrize("schema", [contracts_schema(), settings_schema()], ids=["contracts", "settings"])
def test_they_are_json_schemas_in_which_everything_is_described(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    pending: list[Any] = [schema]
    while pending:
        one = pending.pop()
        if is_object(one):
            assert set(one) == {"$ref"} or "$ref" not in one  # what stands beside it would not be read
            pending.extend(one.values())
        elif is_array(one):
            pending.extend(one)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("recordTopic", declaration.WORDS),
        ("requestTopic", declaration.WORDS),
        ("projection", declaration.PROJECTION_WORDS),
        ("header", headers.WORDS),
        ("record", {*builder.RECORD_ATTRIBUTES, *OWN_ATTRIBUTES} - {WAIVE}),
        ("enum", builder.ENUM_ATTRIBUTES),
        ("fixed", builder.FIXED_ATTRIBUTES),
        ("array", builder.ARRAY_ATTRIBUTES),
        ("map", builder.MAP_ATTRIBUTES),
        ("object", {*builder.PRIMITIVE_ATTRIBUTES, "logicalType", WAIVE}),
        ("field", {*builder.FIELD_ATTRIBUTES, deprecation.ATTRIBUTE, WAIVE}),
        ("protocol", {*protocol.PROTOCOL_ATTRIBUTES, "topic", WAIVE}),
        ("message", {*protocol.MESSAGE_ATTRIBUTES, WAIVE}),
    ],
)
def test_the_words_are_those_of_the_parser(name: str, words: Any) -> None:
    assert set(DEFINITIONS[name]["properties"]) == set(words)


def test_the_words_of_a_deprecated_field() -> None:
    assert set(DEFINITIONS["deprecated"]["anyOf"][-1]["properties"]) == set(deprecation.WORDS)


@pytest.mark.parametrize(
    ("table", "known"),
    [
        (topics.KINDS, Kind),
        (topics.FORMATS, KeyFormat),
        (topics.STRATEGIES, SubjectStrategy),
        (topics.LEVELS, Level),
        (topics.HEADER_TYPES, headers.HeaderType),
        (contracts.PRIMITIVES, PRIMITIVES),
        (contracts.COMPLEX, builder.COMPLEX),
        (contracts.LOGICAL, logical.KNOWN),
        (STYLES, get_args(Style)),
    ],
)
def test_the_values_are_those_of_the_parser(table: Any, known: Any) -> None:
    assert set(table) == set(known)


def test_the_settings_are_those_that_are_read(tmp_path: Path) -> None:
    assert set(settings_schema()["properties"]) == known_keys(tmp_path)


def test_a_topic_from_outside_says_what_any_other_says_and_what_it_is_about() -> None:
    outside = settings_schema()["properties"]["topics"]["items"]["properties"]
    assert set(outside) == {*declaration.WORDS, "record", "protocol"}


# What is right


def right() -> list[Path]:
    """Every contract of this repository that a parser takes."""
    return [
        path
        for folder in ("schemas", "tests")
        for path in sorted((ROOT / folder).rglob("*.av*"))
        if path.suffix in (".avsc", ".avpr")
    ]


@pytest.mark.parametrize("path", right(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_written_here_is_right(path: Path) -> None:
    CONTRACTS.validate(json.loads(path.read_text()))


RIGHT: Final[dict[str, Any]] = {
    "types by name": {
        "type": "record",
        "name": "a.A",
        "fields": [
            {"name": "a", "type": ["null", "A"], "default": None},
            {"name": "b", "type": {"type": {"type": "int"}}},
            {"name": "c", "type": {"type": "string", "logicalType": "of-our-own"}},
            {"name": "d", "type": {"type": "array", "items": {"type": "map", "values": "float"}}, "order": "ignore"},
        ],
        "aliases": ["b.B"],
        "namespace": None,
        "of-our-own": 1,
    },
    "logical types": {
        "type": "record",
        "name": "A",
        "fields": [
            {"name": "a", "type": {"type": "int", "logicalType": "date"}, "default": 1},
            {"name": "b", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {
                "name": "c",
                "type": {"type": "fixed", "name": "C", "size": 4, "logicalType": "decimal", "precision": 9},
            },
            {"name": "d", "type": {"type": "fixed", "name": "D", "size": 16, "logicalType": "uuid"}},
            {"name": "e", "type": {"type": "string", "logicalType": "uuid"}},
            {"name": "f", "type": {"type": "fixed", "name": "F", "size": 12, "logicalType": "duration"}},
            *(
                {"name": f"x{number}", "type": {"type": base, "logicalType": name}}
                for number, (name, base) in enumerate(logical.PLAIN.items())
            ),
        ],
    },
    "an entity that says everything": {
        "type": "record",
        "name": "a.A",
        "fields": [
            {"name": "id", "type": "string", "deprecated": {"since": "2026-01-31", "reason": "why"}},
            {"name": "b", "type": "int", "deprecated": "why", "waive": {"time-as-number": "why"}},
        ],
        "topic": {
            "kind": "entity",
            "name": ["as", "bs"],
            "owner": "o",
            "key": ["id", "b"],
            "key_format": "avro",
            "subjects": "topic-record",
            "compatibility": "FULL",
            "partitions": 3,
            "replication": 1,
            "config": {"retention.ms": -1, "min": {"insync": {"replicas": "2"}}, "preallocate": True},
            "headers": [{"name": "tenant", "type": "uuid", "optional": True, "doc": "whose"}],
            "stability": "beta",
            "deprecated": "why",
        },
    },
    "events": {
        "type": "record",
        "name": "a.A",
        "fields": [
            {"name": "id", "type": "string"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        ],
        "topic": [
            {"kind": "event", "name": "as", "owner": "o", "key": None, "id": "id", "time": "at", "deprecated": False},
            {"kind": "event", "name": "bs", "owner": "o", "key": {"schema": "string"}},
            {
                "kind": "event",
                "name": "cs",
                "owner": "o",
                "key": {"schema": {"type": "enum", "name": "E", "symbols": []}},
            },
        ],
    },
    "requests": {
        "protocol": "a.P",
        "types": [
            {"type": "error", "name": "Bad", "fields": []},
            {"type": "enum", "name": "E", "symbols": ["A"], "default": "A"},
        ],
        "messages": {
            "m": {"request": [{"name": "id", "type": "string"}], "response": "E", "errors": ["Bad"], "doc": "d"},
            "n": {"request": [{"name": "id", "type": "string"}], "one-way": True},
            "o": {"request": [{"name": "id", "type": "string"}], "one-way": True, "response": {"type": "null"}},
        },
        "topic": {
            "kind": "request",
            "name": "as",
            "owner": "o",
            "key": "id",
            "timeout": "1.5m",
            "subjects": "topic-record",
            "compatibility": {"request": "NONE", "response": "FORWARD"},
        },
    },
}


def loads(said: Any) -> bool:
    """Whether the parsers take a file."""
    name = "a.avpr" if isinstance(said, dict) and "protocol" in said else "a.avsc"
    try:
        from_files({name: json.dumps(said).encode()})
    except (SchemaErrors, ContractErrors):
        return False
    return True


@pytest.mark.parametrize("said", RIGHT.values(), ids=RIGHT)
def test_both_take_what_is_right(said: Any) -> None:
    assert loads(said)
    CONTRACTS.validate(said)


# What is wrong


def without(word: str, **more: Any) -> dict[str, Any]:
    """A declaration of an entity that lacks a word, or says more."""
    declared = {"kind": "entity", "name": "as", "owner": "o", "key": "id"} | more
    return {name: said for name, said in declared.items() if name != word}


def event(**more: Any) -> dict[str, Any]:
    return {"kind": "event", "name": "as", "owner": "o", "key": "id"} | more


WRONG_TOPICS: Final[list[Any]] = [
    "as",
    [],
    *(without(word) for word in ("kind", "name", "owner", "key")),
    without("", kind="entty"),
    without("", kind="request"),
    without("", ownr="o"),
    without("", owner=" "),
    without("", name=""),
    without("", name="a b"),
    without("", name=".."),
    without("", name="a" * 250),
    without("", name=[]),
    without("", name=["a", "a"]),
    without("", name=["a", 3]),
    without("", key=None),
    without("", key=7),
    without("", key=[]),
    without("", key=["id", "id"]),
    without("", key={"shcema": "string"}),
    without("", key={"schema": {"type": "rekord", "name": "E", "symbols": 3}, "more": 1}),
    event(key=None, key_format="string"),
    without("", key_format="strng"),
    without("", subjects="topics"),
    without("", compatibility="BACKWARDS"),
    without("", compatibility={"request": "NONE"}),
    without("", partitions=0),
    without("", partitions="3"),
    without("", replication=True),
    without("", config=[]),
    without("", config={"retention.ms": []}),
    without("", timeout="30s"),
    without("", id="id"),
    without("", time="id"),
    without("", stability="alpha"),
    without("", deprecated=1),
    without("", headers={}),
    event(headers=[{"name": "a"}]),
    event(headers=[{"type": "int"}]),
    event(headers=[{"name": " ", "type": "int"}]),
    event(headers=[{"name": "kafka_x", "type": "int"}]),
    event(headers=[{"name": "a", "type": "intt"}]),
    event(headers=[{"name": "a", "type": "int", "req": 1}]),
    event(headers=[{"name": "a", "type": "int", "optional": 1}]),
    event(headers=[{"name": "a", "type": "int", "doc": 1}]),
    event(headers=["x"]),
    event(id=" "),
    event(timeout="30s"),
]


@pytest.mark.parametrize("topic", WRONG_TOPICS, ids=json.dumps)
def test_both_refuse_a_wrong_topic(topic: Any) -> None:
    said = {"type": "record", "name": "a.A", "fields": [{"name": "id", "type": "string"}]}
    assert CONTRACTS.is_valid(said)
    assert not loads({**said, "topic": topic})
    assert not CONTRACTS.is_valid({**said, "topic": topic})


@pytest.mark.parametrize(
    "more",
    [
        {"topic": {"kind": "entity"}},
        {"topic": {"timeout": "30"}},
        {"topic": {"timeout": "0s"}},
        {"topic": {"name": "a" * 240}},
        {"topic": {"subjects": "record"}},
        {"topic": {"compatibility": {"requests": "NONE"}}},
        {"topic": {"id": "id"}},
        {"messages": []},
        {"messages": {"a-b": {"request": [], "response": "null"}}},
        {"messages": {"m": 3}},
        {"messages": {"m": {"response": "null"}}},
        {"messages": {"m": {"request": []}}},
        {"messages": {"m": {"request": {}, "response": "null"}}},
        {"messages": {"m": {"request": [], "one-way": True, "response": "string"}}},
        {"messages": {"m": {"request": [], "one-way": 1, "response": "null"}}},
        {"messages": {"m": {"request": [], "response": "null", "errors": "E"}}},
        {"types": {}},
        {"types": ["string"]},
        {"types": [{"type": "array", "items": "int"}]},
        {"protocol": "1"},
        {"doc": 3},
    ],
    ids=json.dumps,
)
def test_both_refuse_a_wrong_protocol(more: dict[str, Any]) -> None:
    message = {"request": [{"name": "id", "type": "string"}], "response": "null"}
    topic = {"kind": "request", "name": "as", "owner": "o", "key": "id"}
    said: dict[str, Any] = {"protocol": "a.P", "messages": {"m": message}, "topic": topic}
    assert loads(said)
    CONTRACTS.validate(said)
    wrong = {**said, **more, "topic": {**topic, **more.get("topic", {})}}
    assert not loads(wrong)
    assert not CONTRACTS.is_valid(wrong)


WRONG_TYPES: Final[list[Any]] = [
    3,
    None,
    {},
    [],
    "record",
    "a-b",
    ["int", "int"],
    [["int"]],
    {"type": "record"},
    {"type": "record", "name": "A"},
    {"type": "record", "name": "A", "fields": {}},
    {"type": "record", "name": "1", "fields": []},
    {"type": "record", "name": "a.string", "fields": []},
    {"type": "record", "name": "A", "namespace": "a-b", "fields": []},
    {"type": "record", "name": "A", "doc": 1, "fields": []},
    {"type": "record", "name": "A", "aliases": "B", "fields": []},
    {"type": "record", "name": "A", "aliases": ["1"], "fields": []},
    {"type": "record", "name": "A", "aliases": ["B", "B"], "fields": []},
    {"type": "record", "name": "A", "fields": [], "projection": {"of": "a.B"}},
    {"type": "record", "name": "A", "fields": [], "projection": {"of": "a.B", "consumer": "c", "off": 1}},
    {"type": "record", "name": "A", "fields": [], "projection": "a.B"},
    {"type": "record", "name": "A", "fields": [], "projection": {"of": "A", "consumer": "c"}, "topic": event(key=None)},
    {"type": "enum", "name": "A"},
    {"type": "enum", "name": "A", "symbols": ["a", "a"]},
    {"type": "enum", "name": "A", "symbols": ["a-b"]},
    {"type": "enum", "name": "A", "symbols": ["a"], "default": 1},
    {"type": "enum", "name": "A", "symbols": ["a"], "topic": event(key=None)},
    {"type": "fixed", "name": "A"},
    {"type": "fixed", "name": "A", "size": -1},
    {"type": "fixed", "name": "A", "size": 2**31},
    {"type": "fixed", "name": "A", "size": "4"},
    {"type": "array"},
    {"type": "map"},
    {"type": "map", "values": 3},
    {"type": "int", "logicalType": "timestamp-millis"},
    {"type": "int", "logicalType": 3},
    {"type": "string", "logicalType": "decimal", "precision": 3},
    {"type": "bytes", "logicalType": "decimal"},
    {"type": "bytes", "logicalType": "decimal", "precision": 0},
    {"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": -1},
    {"type": "fixed", "name": "A", "size": 15, "logicalType": "uuid"},
    {"type": "bytes", "logicalType": "duration"},
    {"type": {"type": "int"}, "logicalType": "date"},
]


@pytest.mark.parametrize("said", WRONG_TYPES, ids=json.dumps)
def test_both_refuse_a_wrong_type(said: Any) -> None:
    assert not loads(said)
    assert not CONTRACTS.is_valid(said)


@pytest.mark.parametrize(
    "more",
    [
        {"name": "1"},
        {"name": "a.b"},
        {"name": 3},
        {"type": "array"},
        {"default": 1},
        {"type": "int", "default": "1"},
        {"type": "int", "default": 2**31},
        {"type": "long", "default": 2**63},
        {"type": "boolean", "default": 0},
        {"type": "null", "default": 0},
        {"doc": []},
        {"order": "up"},
        {"aliases": ["a-b"]},
        {"aliases": "b"},
        {"deprecated": 1},
        {"deprecated": " "},
        {"deprecated": {"reason": "why"}},
        {"deprecated": {"since": "soon"}},
        {"deprecated": {"since": "2026-1-1"}},
        {"deprecated": {"since": "2026-01-01", "reason": ""}},
        {"deprecated": {"since": "2026-01-01", "why": "why"}},
    ],
    ids=json.dumps,
)
def test_both_refuse_a_wrong_field(more: dict[str, Any]) -> None:
    wrong = {"type": "record", "name": "A", "fields": [{"name": "a", "type": "string", **more}]}
    assert not loads(wrong)
    assert not CONTRACTS.is_valid(wrong)


def test_a_field_lacks_nothing() -> None:
    for field in ({"name": "a"}, {"type": "int"}, "a"):
        wrong = {"type": "record", "name": "A", "fields": [field]}
        assert not loads(wrong)
        assert not CONTRACTS.is_valid(wrong)


# Settings


def test_the_file_with_everything_is_right() -> None:
    SETTINGS.validate(tomllib.loads(complete()))


@pytest.mark.parametrize("case", [case for case in CASES if "kontrakt.toml" in case.files], ids=lambda case: case.name)
def test_wrong_settings(case: Any, tmp_path: Path) -> None:
    text = case.files["kontrakt.toml"]
    if case.name in ("settings: syntax", "settings: package", "settings: version"):  # not for a JSON Schema to see
        return
    if case.name == "a declared key":  # the type is missing elsewhere
        SETTINGS.validate(tomllib.loads(text))
        return
    assert not SETTINGS.is_valid(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        'deprecation_period = "soon"',
        "distribution = 1",
        "kafka = 1",
        "[kafka]\na = []",
        "[registry]\nurl = []",
        'topics = [{kind = "entity", name = "a", owner = "o"}]',
        'topics = [{record = "a.A", protocol = "a.P", kind = "event", name = "a", owner = "o"}]',
        'topics = [{record = "a.A", kind = "entity", name = "a", owner = "o"}]',
    ],
)
def test_both_refuse_wrong_settings(text: str, tmp_path: Path) -> None:
    assert not SETTINGS.is_valid(tomllib.loads(text))
    (tmp_path / "kontrakt.toml").write_text(text)
    a = b'{"type": "record", "name": "a.A", "fields": [{"name": "id", "type": "string"}]}'
    with pytest.raises((SettingsErrors, ContractErrors)):
        from_files({"a.avsc": a}, read(tmp_path, {}))


def test_a_topic_from_outside(tmp_path: Path) -> None:
    text = (
        'topics = [{record = "a.A", kind = "event", name = "as", owner = "o"}, '
        '{protocol = "a.P", name = "ps", owner = "o", key = "id", timeout = "1s"}]'
    )
    (tmp_path / "kontrakt.toml").write_text(text)
    SETTINGS.validate(tomllib.loads(text))
    found: Settings = read(tmp_path, {})
    record = {"type": "record", "name": "a.A", "fields": [{"name": "id", "type": "string"}]}
    message = {"request": [{"name": "id", "type": "string"}], "response": "null"}
    files = {"a.avsc": record, "p.avpr": {"protocol": "a.P", "messages": {"m": message}}}
    loaded = from_files({name: json.dumps(said).encode() for name, said in files.items()}, found)
    assert [topic.name for topic in loaded.topics] == ["as"]
    assert [pair.name for pair in loaded.requests] == ["ps"]
