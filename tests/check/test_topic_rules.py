"""Changes of what is declared: topics, keys, operations."""

from __future__ import annotations

from typing import Any

import pytest
from kontrakt.check.findings import Severity

from .checking import checked, files

TENANT: dict[str, Any] = {"name": "tenant", "type": "uuid"}
TRACE: dict[str, Any] = {"name": "trace", "type": "string", "optional": True}
ID = {"name": "id", "type": "string"}
FIELDS = [ID, {"name": "other", "type": "string"}, {"name": "number", "type": "long"}]


def thing(record: str = "Thing", /, fields: Any = FIELDS, **topic: Any) -> dict[str, Any]:
    declared = {"kind": "entity", "name": "things", "key": "id", "owner": "thing-service"} | topic
    return {"type": "record", "namespace": "acme", "name": record, "fields": fields, "topic": declared}


def event(name: str, **topic: Any) -> dict[str, Any]:
    return thing(name, **({"kind": "event", "name": "happenings"} | topic))


def protocol(messages: dict[str, Any], **topic: Any) -> dict[str, Any]:
    declared = {"kind": "request", "name": "payments", "key": "id", "owner": "payment-service"} | topic
    errors = [
        {"type": "error", "name": name, "fields": [{"name": "why", "type": "string"}]} for name in ("Declined", "Limit")
    ]
    return {"protocol": "Payments", "namespace": "pay", "topic": declared, "types": errors, "messages": messages}


def operation(*errors: str, one_way: bool = False, response: Any = "string", request: Any = ()) -> dict[str, Any]:
    if one_way:
        return {"request": [ID, *request], "response": "null", "one-way": True}
    return {"request": [ID, *request], "response": response, "errors": list(errors)}


CASES: dict[str, tuple[Any, Any, list[tuple[str, str, str]]]] = {
    "kind": (thing(), thing(kind="event"), [("kind-changed", "things", "error")]),
    "owner": (thing(), thing(owner="other-service"), [("owner-changed", "things", "warning")]),
    "partitions lowered": (thing(partitions=6), thing(partitions=3), [("partitions-lowered", "things", "error")]),
    "partitions raised": (thing(partitions=3), thing(partitions=6), [("partitions-raised", "things", "warning")]),
    "partitions raised without a key": (
        thing(kind="event", key=None, partitions=3),
        thing(kind="event", key=None, partitions=6),
        [],
    ),
    "partitions said": (thing(), thing(partitions=6), []),
    "compaction": (
        thing(),
        thing(config={"cleanup.policy": "delete"}),
        [("compaction-changed", "things.cleanup.policy", "error")],
    ),
    "the same compaction": (thing(), thing(config={"cleanup.policy": "compact"}), []),
    "retention": (
        thing(kind="event", config={"retention.ms": 604800000}),
        thing(kind="event", config={"retention.ms": 86400000}),
        [("retention-lowered", "things.retention.ms", "warning")],
    ),
    "retention no longer for ever": (
        thing(kind="event", config={"retention.ms": -1}),
        thing(kind="event", config={"retention.ms": 86400000}),
        [("retention-lowered", "things.retention.ms", "warning")],
    ),
    "longer retention": (
        thing(kind="event", config={"retention.ms": 86400000}),
        thing(kind="event", config={"retention.ms": -1}),
        [],
    ),
    "header gone": (
        thing(headers=[TENANT, TRACE]),
        thing(headers=[]),
        [("header-removed", "things tenant", "error"), ("header-removed", "things trace", "warning")],
    ),
    "header of another type": (
        thing(headers=[TENANT, TRACE]),
        thing(headers=[TENANT | {"type": "string"}, TRACE]),
        [("header-changed", "things tenant", "error")],
    ),
    "header that became optional": (
        thing(headers=[TENANT]),
        thing(headers=[TENANT | {"optional": True}]),
        [("header-changed", "things tenant", "error")],
    ),
    "header that must be there": (
        thing(),
        thing(headers=[TENANT, TRACE]),
        [("header-required", "things tenant", "error")],
    ),
    "header that is optional no more": (
        thing(headers=[TRACE]),
        thing(headers=[TRACE | {"optional": False}]),
        [("header-required", "things trace", "error")],
    ),
    "other words about a header": (thing(headers=[TENANT]), thing(headers=[TENANT | {"doc": "Whose."}]), []),
    "header of requests": (
        protocol({"ask": operation()}, headers=[TENANT]),
        protocol({"ask": operation()}),
        [("header-removed", "payments tenant", "error")],
    ),
    "topic renamed": (thing(), thing(name=["stuff"]), [("topic-renamed", "things", "error")]),
    "topic on both names": (thing(), thing(name=["things", "stuff"]), []),
    "key": (thing(), thing(key="other"), [("key-changed", "things key", "error")]),
    "key of several fields": (thing(), thing(key=["id", "other"]), [("key-changed", "things key", "error")]),
    "key beside the value": (
        thing(),
        thing(key={"schema": "string"}),
        [("key-changed", "things key", "error")],
    ),
    "key format": (
        thing(key="number", key_format="long"),
        thing(key="number"),
        [("key-format-changed", "things key", "error")],
    ),
    "schema of a key": (
        thing(key=["id", "other"]),
        thing(key=["id", "other"], fields=[ID, {"name": "other", "type": "long"}]),
        [
            ("key-schema-changed", "things key", "error"),
            ("type-changed", "acme.Thing.other", "error"),
            ("field-removed-without-default", "acme.Thing.number", "error"),
        ],
    ),
    "documentation of a field of the key": (
        thing(key=["id", "other"]),
        thing(key=["id", "other"], fields=[ID, {"name": "other", "type": "string", "doc": "Another."}]),
        [("field-removed-without-default", "acme.Thing.number", "error")],
    ),
    "level": (
        thing(),
        thing(compatibility="BACKWARD"),
        [("level-weakened", "things", "error")],
    ),
    "stricter level": (thing(compatibility="BACKWARD"), thing(), []),
    "naming of subjects": (
        thing(),
        thing(subjects="record"),
        [("subject-strategy-changed", "things-value", "warning")],
    ),
    "a breaking change under a new subject": (
        thing(),
        thing(subjects="record", fields=[ID]),
        [
            ("field-removed-without-default", "acme.Thing.number", "error"),
            ("field-removed-without-default", "acme.Thing.other", "error"),
            ("subject-strategy-changed", "things-value", "warning"),
        ],
    ),
    "operation removed": (
        protocol({"ask": operation(), "tell": operation()}),
        protocol({"ask": operation()}),
        [("operation-removed", "pay.Payments.tell", "error")],
    ),
    "operation added": (
        protocol({"ask": operation()}),
        protocol({"ask": operation(), "tell": operation()}),
        [("operation-added", "pay.Payments.tell", "info")],
    ),
    "error added": (
        protocol({"ask": operation("Declined")}),
        protocol({"ask": operation("Declined", "Limit")}),
        [("error-added", "pay.AskResponse", "error")],
    ),
    "error removed": (
        protocol({"ask": operation("Declined", "Limit")}),
        protocol({"ask": operation("Declined")}),
        [("error-removed", "pay.Payments.ask", "warning")],
    ),
    "answered no more": (
        protocol({"ask": operation(response="null")}),
        protocol({"ask": operation(one_way=True)}),
        [("one-way-changed", "pay.Payments.ask", "error")],
    ),
    "answered now": (
        protocol({"ask": operation(one_way=True)}),
        protocol({"ask": operation(response="null")}),
        [("one-way-changed", "pay.Payments.ask", "error")],
    ),
    "parameter added": (
        protocol({"ask": operation()}),
        protocol({"ask": operation(request=[{"name": "sum", "type": "int"}])}),
        [("field-added-without-default", "pay.AskRequest.sum", "error")],
    ),
    "parameter removed: requests go backward": (
        protocol({"ask": operation(request=[{"name": "sum", "type": "int"}])}),
        protocol({"ask": operation()}),
        [],
    ),
    "response widened: answers go forward": (
        protocol({"ask": operation(response="int")}),
        protocol({"ask": operation(response="long")}),
        [("type-widened", "pay.AskResponse.response", "error")],
    ),
    "response narrowed": (
        protocol({"ask": operation(response="long")}),
        protocol({"ask": operation(response="int")}),
        [],
    ),
    "requests renamed": (
        protocol({"ask": operation()}),
        protocol({"ask": operation()}, name="money"),
        [("topic-renamed", "payments", "error")],
    ),
}


@pytest.mark.parametrize(("old", "new", "found"), CASES.values(), ids=CASES)
def test_a_change_of_a_declaration(old: Any, new: Any, found: list[tuple[str, str, str]]) -> None:
    report = checked(files(one=old), files(one=new))
    assert sorted((one.rule, one.subject_of, one.severity.value) for one in report.findings) == sorted(found)
    for finding in report.findings:
        assert finding.topics
        assert finding.new is not None
        assert (finding.severity is Severity.ERROR) <= bool(finding.breaks or finding.rule == "level-weakened")


def test_the_place_is_the_word_of_the_declaration() -> None:
    (finding,) = checked(files(one=thing(partitions=6)), files(one=thing(partitions=3))).findings
    text = files(one=thing(partitions=3))["one.avsc"].decode()
    assert finding.new is not None
    assert text[finding.new.column - 1 :].startswith('"partitions"')


def test_the_place_of_a_parameter_is_in_the_protocol() -> None:
    new = files(one=protocol({"ask": operation(request=[{"name": "sum", "type": "int"}])}))
    (finding,) = checked(files(one=protocol({"ask": operation()})), new).findings
    assert finding.new is not None
    assert new["one.avpr"].decode()[finding.new.column - 1 :].startswith('{"name": "sum"')
    assert finding.breaks == ("the new payment-service reading requests of old clients",)
    assert finding.reason == (
        "New instances of payment-service also read requests that were written before. "
        "Those have no `sum`, and there is no default to take its place."
    )


def test_the_place_of_an_error_is_in_the_protocol() -> None:
    new = files(one=protocol({"ask": operation("Declined", "Limit")}))
    (finding,) = checked(files(one=protocol({"ask": operation("Declined")})), new).findings
    assert finding.new is not None
    assert new["one.avpr"].decode()[finding.new.column - 1 :].startswith('["Declined", "Limit"]')
    assert finding.breaks == ("old clients reading answers of the new payment-service",)
    assert finding.reason == "Old clients cannot read an answer with `pay.Limit`: their contract does not declare it."


def test_beside_a_response_there_is_room_for_another_operation_only() -> None:
    old, new = (files(one=protocol({"ask": operation(response=kind)})) for kind in ("string", "long"))
    (finding,) = checked(old, new).findings
    assert finding.rule == "type-changed"
    assert finding.ways_out == (
        "keep the response, and add an operation of another name that answers with the new one",
    )


def test_topics_that_are_gone() -> None:
    other = thing("Other", name="others")
    report = checked(files(one=thing(), other=other), files(other=other))
    assert [(one.rule, one.severity.value, one.topics) for one in report.findings] == [
        ("topic-removed", "error", ("things",))
    ]
    announced = checked(files(one=thing(deprecated="nobody reads it"), other=other), files(other=other))
    assert [one.severity for one in announced.findings] == [Severity.WARNING]
    assert "nobody reads it" in announced.findings[0].reason


def test_events_come_and_go() -> None:
    two = files(a=event("Placed"), b=event("Paid"))
    three = files(a=event("Placed"), b=event("Paid"), c=event("Cancelled"))
    assert [(one.rule, one.subject_of) for one in checked(two, three).findings] == [
        ("event-added", "happenings acme.Cancelled")
    ]
    assert [(one.rule, one.subject_of) for one in checked(three, two).findings] == [
        ("event-removed", "happenings acme.Cancelled")
    ]


def test_a_second_event_gives_the_first_another_subject_and_it_is_compared_all_the_same() -> None:
    changed = event("Placed") | {"fields": [ID]}
    report = checked(files(a=event("Placed")), files(a=changed, b=event("Paid")))
    assert sorted({one.rule for one in report.findings}) == [
        "event-added",
        "field-removed-without-default",
        "subject-strategy-changed",
    ]


NORMAL: dict[str, tuple[dict[str, bytes], dict[str, bytes]]] = {
    "a new subject": (files(one=thing()), files(one=thing(), two=thing("Other", name="others"))),
    "moved to another file": (files(one=thing()), files(elsewhere=thing())),
    "fields reordered": (files(one=thing()), files(one=thing(fields=[FIELDS[0], FIELDS[2], FIELDS[1]]))),
    "documented": (files(one=thing()), files(one=thing() | {"doc": "Things."})),
    "a type with a file of its own": (
        files(
            one=thing(
                fields=[ID, {"name": "in", "type": {"type": "record", "name": "In", "fields": [ID]}}],
            )
        ),
        files(
            one=thing(fields=[ID, {"name": "in", "type": "acme.In"}]),
            two={"type": "record", "namespace": "acme", "name": "In", "fields": [ID]},
        ),
    ),
    "a reference that is new": (
        files(one=thing(fields=[ID])),
        files(
            one=thing(fields=[ID, {"name": "in", "type": ["null", "acme.In"], "default": None}]),
            two={"type": "record", "namespace": "acme", "name": "In", "fields": [ID]},
        ),
    ),
    "everything new": ({}, files(one=thing())),
}


@pytest.mark.parametrize(("old", "new"), NORMAL.values(), ids=NORMAL)
def test_normal_cases(old: dict[str, bytes], new: dict[str, bytes]) -> None:
    assert checked(old, new).findings == ()
