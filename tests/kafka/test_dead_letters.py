"""Dead letters are looked at and sent again: only those that are chosen, as they were, and each once."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from kontrakt import Bus, DeadLetter, Delete, Put
from kontrakt.cli.group import kontrakt as commands
from kontrakt.kafka.dead_letters import CONNECT, SPRING, Reason, headers_of, reason_of, without_reason
from kontrakt.kafka.replay import LetterBox

from tests.kafka.new.customers import Customer, Customers

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

Change = Put[str, Customer] | Delete[str]


def run(place: Place, *arguments: str) -> Result:
    return CliRunner().invoke(commands, ["dead-letters", *arguments], env=place.environment, catch_exceptions=False)


@pytest.fixture
def letters(place: Place, bus: Bus, fresh: Fresh) -> tuple[type[Customers], str]:
    """A topic whose customers with odd visits were put aside, all of one key."""
    topic = fresh(Customers)
    aside = f"{topic.topic}.g.dlq"
    place.create(aside)
    with topic.producer(bus) as customers:
        for n in range(5):
            customers.put(Customer(customer_id="c-1", visits=n), headers=[("trace", b"\xff"), ("n", str(n))])
        customers.delete("c-1")
    with topic.consumer(bus, group="g", on_error=DeadLetter()) as changes:

        def handle(change: Change) -> None:
            if isinstance(change, Delete):
                changes.stop()
            elif change.value.visits % 2:
                raise ValueError(f"{change.value.visits} is odd")

        changes.run(handle)
    return topic, aside


def listed(place: Place, aside: str, *options: str) -> list[dict[str, Any]]:
    done = run(place, "list", aside, "--format", "json", *options)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)["letters"]
    return found


def test_letters_are_listed_and_shown(place: Place, letters: tuple[type[Customers], str]) -> None:
    topic, aside = letters
    found = listed(place, aside)
    assert [one["reason"].rpartition(": ")[2] for one in found] == ["1 is odd", "3 is odd"]
    first = found[0]
    assert (first["error"], first["key"], first["replayed"]) == ("ValueError", "c-1", [])
    assert first["from"] == {"topic": topic.topic, "partition": first["partition"], "offset": 1, "group": "g"}
    at = f"{first['partition']}@{first['offset']}"
    said = run(place, "list", aside).stdout
    assert f"{topic.topic}[{first['partition']}]@1  key 'c-1'" in said
    assert "the handler failed: ValueError: 1 is odd" in said
    assert said.endswith(f"2 dead letters on {aside}\n")
    assert run(place, "list", aside, "--limit", "1").stdout.endswith(f"1 dead letter on {aside}\n")
    shown = run(place, "show", aside, at).stdout
    assert "header:     trace b'\\xff'" in shown
    assert "group:      g" in shown
    assert "Traceback" in shown
    whole = json.loads(run(place, "show", aside, at, "--format", "json").stdout)
    assert [(one["name"], one["text"]) for one in whole["headers"]] == [("trace", None), ("n", "1")]


def test_those_that_are_chosen_are_sent_again_as_they_were_and_once(
    place: Place, letters: tuple[type[Customers], str]
) -> None:
    topic, aside = letters
    first, second = (f"{one['partition']}@{one['offset']}" for one in listed(place, aside))
    for said in (f"{second} -> {topic.topic}, key 'c-1'\n1 sent\n", "0 sent; 1 had been sent already\n"):
        done = run(place, "replay", aside, second)
        assert (done.exit_code, done.stdout) == (0, said), done.output
    original, again = (one for one in place.raw(topic.topic, 7) if dict(headers_of(one)).get("n") == b"3")
    assert (again.key(), again.value(), again.partition()) == (original.key(), original.value(), original.partition())
    assert headers_of(again) == headers_of(original)
    assert [one["replayed"] for one in listed(place, aside)] == [[], [topic.topic]]
    assert [one["offset"] for one in listed(place, aside, "--waiting")] == [int(first.partition("@")[2])]
    assert run(place, "replay", aside, "--all").stdout == f"{first} -> {topic.topic}, key 'c-1'\n1 sent\n"
    assert run(place, "replay", aside, "--all").stdout == "0 sent\n"
    assert run(place, "replay", aside, first, "--again").stdout.endswith("1 sent\n")
    assert len(place.raw(topic.topic, 9)) == 9


def test_they_may_be_sent_to_another_topic(place: Place, fresh: Fresh, letters: tuple[type[Customers], str]) -> None:
    _, aside = letters
    elsewhere = fresh(Customers)
    assert run(place, "replay", aside, "--all", "--to", elsewhere.topic).stdout.endswith("\n2 sent\n")
    assert run(place, "replay", aside, "--all", "--to", elsewhere.topic).stdout == "0 sent\n"
    assert [one.key() for one in place.raw(elsewhere.topic, 2)] == [b"c-1", b"c-1"]


def test_an_attempt_that_broke_off_sends_nothing_twice(
    place: Place, letters: tuple[type[Customers], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction of the first letter is committed; then that program ends, and another one does the rest."""
    monkeypatch.setattr("kontrakt.kafka.replay._TOGETHER", 1)
    topic, aside = letters
    with LetterBox({"bootstrap.servers": place.bootstrap_servers, **place.kafka}, aside) as box:
        sending = box.replay()
        next(sending)
        sending.close()  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] - it is a generator
    assert run(place, "replay", aside, "--all").stdout.endswith("\n1 sent\n")
    assert len(place.raw(topic.topic, 8)) == 8


WRONG = [
    (["replay"], "say which letters to send: their PLACES, or --all"),
    (["replay", "0@0", "--all"], "say which letters to send: their PLACES, or --all"),
    (["replay", "17"], "17 is not a place; write the partition and the offset, such as 2@17"),
    (["show", "3@999"], "no dead letter stands at 3@999 of"),
]


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_what_cannot_be_done_is_said(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    for (verb, *others), said in WRONG:
        done = run(place, verb, topic.topic, *others)
        assert done.exit_code == 2
        assert said in done.stderr


def test_letters_that_say_nothing_need_a_topic(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    place.send(topic.topic, b"?", key=None)
    said = run(place, "list", topic.topic).stdout
    assert "nothing says where from" in said
    assert "no reason is given" in said
    done = run(place, "replay", topic.topic, "--all")
    assert done.exit_code == 2
    assert "does not say which topic it came from; name one with --to" in done.stderr


@pytest.mark.real
@pytest.mark.parametrize("place", ["apicurio3"], indirect=True)
def test_a_missing_topic_is_told(place: Place) -> None:
    done = run(place, "list", "nowhere.dlq")
    assert done.exit_code == 2
    assert "cannot find the topic nowhere.dlq" in done.stderr


SPRINGS = [
    (f"{SPRING}original-topic", b"orders"),
    (f"{SPRING}original-partition", struct.pack(">i", 3)),
    (f"{SPRING}original-offset", struct.pack(">q", 2**40)),
    (f"{SPRING}original-consumer-group", b"billing"),
    (f"{SPRING}exception-fqcn", b"org.springframework.kafka.listener.ListenerExecutionFailedException"),
    (f"{SPRING}exception-cause-fqcn", b"java.lang.IllegalStateException"),
    (f"{SPRING}exception-message", b"broken"),
    (f"{SPRING}exception-stacktrace", b"at ..."),
]
CONNECTS = [
    (f"{CONNECT}topic", b"orders"),
    (f"{CONNECT}partition", b"3"),
    (f"{CONNECT}offset", b"1099511627776"),
    (f"{CONNECT}connector.name", b"sink"),
    (f"{CONNECT}exception.class.name", b"java.lang.IllegalStateException"),
    (f"{CONNECT}exception.message", b"broken"),
    (f"{CONNECT}exception.stacktrace", b"at ..."),
]


Headers = list[tuple[str, bytes | None]]


@pytest.mark.parametrize(("headers", "group"), [(SPRINGS, "billing"), (CONNECTS, "")], ids=["Spring", "Connect"])
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("mine", [[], [("a", b"1"), ("a", None)]])
def test_what_other_tools_put_aside_is_understood(headers: Headers, group: str, mine: Headers, again: bool) -> None:
    """Also a dead letter that was put aside once more: the last reason counts, and only that is taken off."""
    before = [*mine, *headers] if again else mine
    assert without_reason([*before, *headers]) == before
    assert reason_of([*before, *headers]) == Reason(
        topic="orders",
        partition=3,
        offset=2**40,
        group=group,
        error="java.lang.IllegalStateException",
        message="broken",
        stacktrace="at ...",
    )
