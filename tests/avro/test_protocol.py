"""Protocols."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontrakt.avro import Documents, Primitive, Protocol, parse_files
from kontrakt.avro.render import to_json

from tests.avro.marked import unmarked

PAYMENTS = """{"protocol": "Payments", "namespace": "shop", "doc": "Payments.", "topic": {"kind": "request"},
 "types": [
  {"type": "record", "name": "Receipt", "topic": 1, "fields": [{"name": "state", "default": {"topic": 1}, "type":
     {"type": "record", "name": "State", "projection": 1, "fields": [{"name": "topic", "type": "int"}]}}]},
  {"type": "error", "name": "Declined", "fields": [{"name": "topic", "type": "string", "topic": "kept"}]}],
 "messages": {
  "authorize": {"doc": "Takes money.", "owner": "x", "request": [
     {"name": "order", "type": "string"}, {"name": "amount", "type": "Money", "default": {"amount": 1}}],
   "response": "Receipt", "errors": ["Declined", {"type": "error", "name": "Gone", "fields": []}]},
  "forget": {"request": [], "response": "null", "one-way": true},
  "drop": {"request": [], "one-way": true}}}"""
MONEY = b'{"type": "record", "name": "shop.Money", "fields": [{"name": "amount", "type": "int"}]}'


def read(text: str) -> Documents:
    return parse_files({"p.avpr": text.encode(), "money.avsc": MONEY})


def protocol() -> Protocol:
    documents = read(PAYMENTS)
    assert documents.problems == ()
    assert documents.references["p.avpr"] == ("money.avsc",)
    return documents.protocols["p.avpr"]


def test_a_protocol_with_everything() -> None:
    payments = protocol()
    assert (payments.fullname, payments.name, payments.namespace) == ("shop.Payments", "Payments", "shop")
    assert payments.doc == "Payments."
    assert payments.props == {"topic": {"kind": "request"}}
    assert [named.fullname for named in payments.types] == ["shop.Receipt", "shop.State", "shop.Declined", "shop.Gone"]
    assert list(payments.messages) == ["authorize", "forget", "drop"]
    assert payments.position.line == 1


def test_a_null_namespace_is_none() -> None:
    """What Avro's IDL compiler writes for a protocol without a namespace."""
    documents = parse_files({"p.avpr": b'{"protocol": "P", "namespace": null, "messages": {}}'})
    assert documents.problems == ()
    assert documents.protocols["p.avpr"].fullname == "P"


def test_messages() -> None:
    messages = protocol().messages
    authorize = messages["authorize"]
    assert authorize.doc == "Takes money."
    assert authorize.props == {"owner": "x"}
    assert authorize.response is protocol_type(authorize.response, "shop.Receipt")
    assert [parameter.name for parameter in authorize.request] == ["order", "amount"]
    assert authorize.request[1].default == {"amount": 1}
    assert [getattr(error, "fullname", "") for error in authorize.errors] == ["shop.Declined", "shop.Gone"]
    assert not authorize.one_way
    for name in ("forget", "drop"):
        assert messages[name].one_way
        assert isinstance(messages[name].response, Primitive)
        assert messages[name].response.type == "null"


def protocol_type(schema: Any, fullname: str) -> Any:
    assert schema.fullname == fullname
    return schema


def test_own_attributes_are_dropped_where_they_are_attributes_of_types() -> None:
    documents = read(PAYMENTS)
    expected = json.loads(PAYMENTS)
    del expected["topic"], expected["types"][0]["topic"]
    del expected["types"][0]["fields"][0]["type"]["projection"]
    text = to_json(documents.nodes["p.avpr"])
    assert json.loads(text) == expected
    assert list(json.loads(text)) == list(expected)
    assert json.loads(to_json(documents.nodes["p.avpr"], drop=())) == json.loads(PAYMENTS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("«[]", "a protocol must be an object"),
        ("«{}", 'a protocol needs the attribute "protocol"'),
        ('{"protocol": «"a-b"}', '"a-b" is not a name for a protocol'),
        ('{"protocol": "P", "doc": «5}', '"doc" must be a string, found 5'),
        ('{"protocol": "P", "types": «{}}', '"types" must be an array of named types'),
        ('{"protocol": "P", "types": [«"int"]}', "expected the definition of a named type"),
        ('{"protocol": "P", "types": [«{"type": "array", "items": "int"}]}', "expected the definition of a named type"),
        ('{"protocol": "P", "messages": «[]}', '"messages" must be an object of messages by name'),
        ('{"protocol": "P", "messages": {"m": «5}}', "a message must be an object"),
        (
            '{"protocol": "P", "messages": {«"a-b": {"request": [], "response": "int"}}}',
            '"a-b" is not a name for a message',
        ),
        ('{"protocol": "P", "messages": {"m": «{"response": "int"}}}', 'a message needs the attribute "request"'),
        ('{"protocol": "P", "messages": {"m": «{"request": []}}}', 'the message "m" needs a response'),
        (
            '{"protocol": "P", "messages": {"m": {"request": [], "response": «"int", "one-way": true}}}',
            'nobody answers the one-way message "m"',
        ),
        (
            '{"protocol": "P", "messages": {"m": {"request": [], "response": "null", "one-way": «"yes"}}}',
            '"one-way" must be true or false',
        ),
        (
            '{"protocol": "P", "messages": {"m": {"request": [], "response": "int", "errors": «"int"}}}',
            '"errors" must be an array of errors',
        ),
        (
            '{"protocol": "P", "messages": {"m": {"request": [], "response": "int", "errors": [«"shop.Money"]}}}',
            "shop.Money is not an error",
        ),
        (
            '{"protocol": "P", "messages": {"m": {"request": [], "response": "int", "errors": [«"string"]}}}',
            '"string" is not an error',
        ),
        (
            """{"protocol": "P", "types": [{"type": "error", "name": "E", "fields": []}],
                "messages": {"m": {"request": [], "response": "int", "errors": ["E", «"E"]}}}""",
            "the error E stands twice",
        ),
        (
            """{"protocol": "P", "types": [{"type": "error", "name": "E", "fields": []}],
                "messages": {"m": {"request": [], "one-way": true, "errors": «["E"]}}}""",
            'the one-way message "m" cannot answer with errors',
        ),
        (
            """{"protocol": "P", "messages": {"m": {"response": "int",
                "request": [{"name": "a", "type": "int"}, {"name": «"a", "type": "int", "default": 1}]}}}""",
            'the parameter "a" stands twice',
        ),
        (
            """{"protocol": "P", "messages": {"m": {"response": "int",
                "request": [{"name": "a", "type": "int", "default": «"x"}]}}}""",
            'default "x" does not fit int',
        ),
        (
            '{"protocol": "P", "messages": {"m": {"request": [{"name": "a", "type": «"Foo"}], "response": "int"}}}',
            'the type "Foo" is not defined',
        ),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    plain, positions = unmarked(text, "p.avpr")
    problems = read(plain).problems
    assert [problem.position for problem in problems] == positions
    assert problems[0].message.startswith(message)
