"""Requests that come again: what was answered is answered again, and not done again."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import kontrakt
import pytest
from kontrakt import AnswerStore, Bus, BusError, MemoryAnswers, RequestFailed, RequestMeta, SqliteAnswers
from kontrakt.kafka.answers import LEASE, Once
from kontrakt.kafka.clock import SYSTEM

from tests.kafka.bank import Bank, raising
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.payments import Authorization, AuthorizeRequest, CardDeclined, Payments, SettledRequest
from tests.kafka.programs import line, program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kafka.conftest import Fresh, Place

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnswerStore]:
    if request.param == "memory":
        yield MemoryAnswers(keep=HOUR)
        return
    answers = SqliteAnswers(tmp_path / "answers.db", keep=HOUR)
    yield answers
    answers.close()


def test_answers_are_remembered_for_so_long(store: AnswerStore) -> None:
    assert store.find("a", NOW) is None
    store.remember("a", b"1", NOW)
    store.remember("b", b"", NOW + HOUR / 2)
    assert store.find("a", NOW + HOUR - dt.timedelta(seconds=1)) == b"1"
    assert store.find("a", NOW + HOUR) is None
    assert store.find("b", NOW + HOUR) == b""
    store.remember("b", b"2", NOW + HOUR)  # anew, so the time runs anew
    assert store.find("b", NOW + HOUR * 1.9) == b"2"


def test_memory_does_not_grow_for_ever() -> None:
    store = MemoryAnswers(keep=HOUR, most=3)
    for number in range(10):
        store.remember(str(number), b"", NOW)
    assert [number for number in range(10) if store.find(str(number), NOW) is not None] == [7, 8, 9]
    store.remember("later", b"", NOW + HOUR)
    assert [number for number in range(10) if store.find(str(number), NOW) is not None] == []


def test_a_file_forgets_what_is_over_and_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "answers.db"
    first = SqliteAnswers(file, keep=HOUR)
    first.remember("a", b"1", NOW)
    first.remember("b", b"2", NOW + HOUR)
    first.close()
    second = SqliteAnswers(file, keep=HOUR)
    assert second.find("b", NOW + HOUR) == b"2"
    second.close()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT request FROM kontrakt_answers").fetchall() == [("b",)]
    connection.close()


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "answers.db").write_text("not a database " * 100)
    with pytest.raises(BusError, match=r"cannot open the remembered answers in .*answers\.db: file is not a database"):
        SqliteAnswers(tmp_path / "answers.db")
    answers = SqliteAnswers(tmp_path / "other.db")
    answers.close()
    with pytest.raises(BusError, match="cannot read the remembered answers"):
        answers.find("a", NOW)
    with pytest.raises(BusError, match="cannot write the remembered answers"):
        answers.remember("a", b"", NOW)


def test_the_same_request_is_done_once_and_answered_each_time(bus: Bus, fresh: Fresh, store: AnswerStore) -> None:
    topic = fresh(Payments)
    bank = Bank()
    with topic.serve(bus, bank, group="bank", deduplicate=store), topic.client(bus) as payments:
        for _ in range(3):
            answer = payments.authorize(order_id="o-1", amount=5, idempotency_key="k-1")
            assert answer.authorization_id == "a-o-1-5SEK"
        assert payments.authorize(order_id="o-1", amount=6, idempotency_key="k-2").authorization_id == "a-o-1-6SEK"
        for _ in range(2):
            payments.settled(order_id="o-1", idempotency_key="k-1")  # another operation, so another request
            payments.return_(order_id="o-1", idempotency_key="k-1")
            payments.authorize(order_id="o-1", amount=7)  # without a key each is one of its own
    assert bank.asked == ["o-1", "o-1", "settled o-1", "return o-1", "o-1", "o-1"]


def test_without_a_store_a_key_is_only_told(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    keys: list[str | None] = []

    class Keys(Bank):
        def authorize(self, request: AuthorizeRequest, meta: RequestMeta) -> Authorization:
            keys.append(meta.idempotency_key)
            return super().authorize(request, meta)

    with topic.serve(bus, Keys(), group="bank"), topic.client(bus) as payments:
        payments.authorize(order_id="o-1", amount=5, idempotency_key="ключ")
        payments.authorize(order_id="o-1", amount=5, idempotency_key="ключ")
        payments.authorize(order_id="o-1", amount=5)
    assert keys == ["ключ", "ключ", None]


def test_declared_errors_are_outcomes_and_other_failures_are_not(bus: Bus, fresh: Fresh, store: AnswerStore) -> None:
    topic = fresh(Payments)
    bank = Bank(instead=raising(CardDeclined(reason="expired", retry=True)))
    with topic.serve(bus, bank, group="bank", deduplicate=store), topic.client(bus) as payments:
        for _ in range(2):
            with pytest.raises(CardDeclined) as declined:
                payments.authorize(order_id="declined", amount=5, idempotency_key="k-1")
            assert (declined.value.reason, declined.value.retry) == ("expired", True)
        bank.instead = raising(RuntimeError("the vault is shut"))
        with pytest.raises(RequestFailed, match="the vault is shut"):
            payments.authorize(order_id="failed", amount=5, idempotency_key="k-2")
        payments.settled(order_id="broken", idempotency_key="k-3")
        bank.instead = None
        assert payments.authorize(order_id="failed", amount=5, idempotency_key="k-2")
        payments.settled(order_id="broken", idempotency_key="k-3")
        payments.authorize(order_id="broken", amount=5)  # behind the others
    assert bank.asked == ["declined", "failed", "settled broken", "failed", "settled broken", "broken"]


def test_what_was_done_before_a_crash_is_answered_by_the_next_instance(
    place: Place, fresh: Fresh, tmp_path: Path
) -> None:
    """It was remembered, and neither answered nor committed: the request comes again, without an idempotency key."""
    topic = fresh(Payments)
    file = str(tmp_path / "answers.db")
    mortal = {f"KONTRAKT_KAFKA_{name.upper().replace('.', '_')}": str(n) for name, n in place.quick_to_give_up.items()}
    with place.connect() as bus, topic.client(bus) as payments, ThreadPoolExecutor(1) as pool:
        with program(CRASHING, topic.topic, file, environment=place.environment | mortal) as service:
            asked = pool.submit(payments.authorize, order_id="o-1", amount=5)
            assert line(service) == "asked o-1"
            assert service.wait(PATIENCE) == 9
        bank = Bank()
        store = SqliteAnswers(file)
        with topic.serve(bus, bank, group="bank", deduplicate=store, config=place.quick_to_give_up):
            assert asked.result(PATIENCE).authorization_id == "of the first instance"
        store.close()
    assert bank.asked == []


CRASHING = """
import os, sys
import kontrakt
from tests.kafka.new.payments import Authorization, Payments

class Named(Payments):
    topic = sys.argv[1]

class Bank(Named.Service):
    def authorize(self, request, meta):
        print("asked", request.order_id)
        return Authorization(authorization_id="of the first instance")
    def return_(self, request, meta): ...
    def settled(self, request, meta): ...

class Crashing(kontrakt.SqliteAnswers):
    def remember(self, *known):
        super().remember(*known)
        os._exit(9)

with kontrakt.connect() as bus:
    Named.serve(bus, Bank(), group="bank", deduplicate=Crashing(sys.argv[2])).run()
"""


def test_a_handler_sees_how_long_the_requester_waits(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    seen: list[RequestMeta] = []
    done = threading.Event()

    class Hurried(Bank):
        def authorize(self, request: AuthorizeRequest, meta: RequestMeta) -> Authorization:
            seen.append(meta)
            return super().authorize(request, meta)

        def settled(self, request: SettledRequest, meta: RequestMeta) -> None:
            seen.append(meta)
            done.set()

    asked = dt.datetime.now(dt.UTC)
    with topic.serve(bus, Hurried(), group="bank"), topic.client(bus) as payments:
        payments.authorize(order_id="o-1", amount=5, timeout=HOUR)
        payments.settled(order_id="o-1")
        assert done.wait(PATIENCE)
    waiting, one_way = seen
    assert waiting.deadline is not None
    assert dt.timedelta(0) <= waiting.deadline - asked - HOUR + dt.timedelta(milliseconds=1) < HOUR
    assert waiting.time_left is not None
    assert HOUR / 2 < waiting.time_left <= HOUR
    assert (one_way.deadline, one_way.time_left) == (None, None)


class Late:
    """A clock that is ahead, as that of a service may be, or that of a test."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + HOUR

    def monotonic(self) -> float:
        return SYSTEM.monotonic() + 3600

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def test_deadlines_go_by_the_clock_of_the_bus(place: Place, fresh: Fresh) -> None:
    """A service whose clock is past the deadline does not start the request."""
    topic = fresh(Payments)
    bank = Bank()
    with place.connect() as serving, place.connect() as asking:
        serving.clock = Late()
        with topic.serve(serving, bank, group="bank"), topic.client(asking) as payments:
            payments.authorize(order_id="in time", amount=5, timeout=2 * HOUR)
            with pytest.raises(kontrakt.RequestTimeout):
                payments.authorize(order_id="too late", amount=5, timeout=dt.timedelta(seconds=1))
            payments.authorize(order_id="in time again", amount=5, timeout=2 * HOUR)
    assert bank.asked == ["in time", "in time again"]


# --- several instances that get one request at the same time -------------------------------------------------------------

AT = RequestMeta(topic="t", partition=0, offset=0, milliseconds=0, headers=())


def two(tmp_path: Path, lease: dt.timedelta = LEASE) -> tuple[SqliteAnswers, SqliteAnswers]:
    file = tmp_path / "answers.db"
    return SqliteAnswers(file, lease=lease), SqliteAnswers(file, lease=lease)


@pytest.mark.parametrize("failed", [None, RuntimeError("no")])
def test_one_of_two_instances_executes_and_the_other_waits(
    failed: Exception | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure that is not declared is no answer, so the one that waited executes after all."""
    caplog.set_level("INFO")
    stores = two(tmp_path)
    first, second = (Once(store, SYSTEM) for store in stores)
    begun, go = threading.Event(), threading.Event()

    def slow() -> tuple[bytes, Exception | None]:
        begun.set()
        assert go.wait(PATIENCE)
        return b"of the first", failed

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first.answer, "r", AT, slow)
        assert begun.wait(PATIENCE)
        other = pool.submit(second.answer, "r", AT, lambda: (b"of the second", None))
        while "another instance executes the request" not in caplog.text:
            assert not other.done()
            time.sleep(0.01)
        go.set()
        assert one.result(PATIENCE) == (b"of the first", failed)
        assert other.result(PATIENCE) == (b"of the first" if failed is None else b"of the second", None)
    for closed in (first, second, *stores):
        closed.close()


def test_a_claim_is_renewed_while_its_request_is_executed_and_ends_with_who_made_it(tmp_path: Path) -> None:
    short = dt.timedelta(milliseconds=300)
    stores = two(tmp_path, lease=short)
    once = Once(stores[0], SYSTEM)
    begun, go = threading.Event(), threading.Event()

    def slow() -> tuple[bytes, Exception | None]:
        begun.set()
        assert go.wait(PATIENCE)
        return b"", None

    with ThreadPoolExecutor(1) as pool:
        executed = pool.submit(once.answer, "r", AT, slow)
        assert begun.wait(PATIENCE)
        first = until_of(tmp_path, "r")
        while until_of(tmp_path, "r") <= first:
            time.sleep(0.01)
        go.set()
        executed.result(PATIENCE)
    assert stores[1].claim("of the dead", "another", SYSTEM.now())
    assert once.answer("of the dead", AT, lambda: (b"again", None)) == (b"again", None)  # when the lease is over
    for closed in (once, *stores):
        closed.close()


def until_of(folder: Path, request: str) -> float:
    """Until when a claim holds."""
    with closing(sqlite3.connect(folder / "answers.db")) as connection:
        return float(
            connection.execute("SELECT until FROM kontrakt_claims WHERE request = ?", (request,)).fetchone()[0]
        )


def test_two_services_that_get_one_key_at_the_same_moment_act_once(
    place: Place, fresh: Fresh, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Their message keys differ, so that both instances of the group get one of the two requests."""
    caplog.set_level("INFO")
    topic = fresh(Payments)
    stores = two(tmp_path)
    go = threading.Event()

    def slow(request: AuthorizeRequest) -> Authorization:
        if request.amount == 2:
            assert go.wait(PATIENCE)
        return Authorization(authorization_id=f"a-{request.order_id}")

    banks = [Bank(instead=slow), Bank(instead=slow)]
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        for bank, store in zip(banks, stores, strict=True):
            serving = stack.enter_context(place.connect())
            stack.enter_context(topic.serve(serving, bank, group="bank", deduplicate=store))
        payments = stack.enter_context(topic.client(stack.enter_context(place.connect())))
        number = 0
        while not all(bank.asked for bank in banks):  # until both have partitions
            payments.authorize(order_id=f"o-{number}", amount=1)
            number += 1
        orders = [bank.asked[-1] for bank in banks]
        asked = [pool.submit(payments.authorize, order_id=one, amount=2, idempotency_key="k") for one in orders]
        while "another instance executes the request" not in caplog.text:
            assert not any(one.done() for one in asked)
            time.sleep(0.01)
        go.set()
        answers = [one.result(PATIENCE).authorization_id for one in asked]
    assert answers[0] == answers[1]
    acted = [order for bank in banks for order in bank.asked if f"a-{order}" == answers[0]]
    assert len(acted) == 2  # once before, and once for both
    for store in stores:
        store.close()


def test_without_a_key_of_its_own_a_request_has_its_idempotency_key(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = cast("type[Payments]", type("Payments", (fresh(Payments),), {"key": None}))
    with topic.client(bus) as payments:
        for key in ("k-1", "k-1", None):
            payments.settled(order_id="o-1", idempotency_key=key)
    keys = [message.key() for message in place.raw(f"{topic.topic}.requests", 3)]
    assert sorted(keys, key=repr) == [None, b"k-1", b"k-1"]
