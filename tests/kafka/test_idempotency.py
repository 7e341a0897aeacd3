"""Requests that come again: what was answered is answered again, and not done again."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
import threading
import time
import uuid
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import kontrakt
import pytest
import sqlalchemy as sa
from kontrakt import (
    AnswerStore,
    Bus,
    BusError,
    ClaimStore,
    MemoryAnswers,
    RequestFailed,
    RequestMeta,
    SqlAnswers,
    SqliteAnswers,
)
from kontrakt.kafka.answers import LEASE, Once
from kontrakt.kafka.clock import SYSTEM

from tests.kafka.bank import Bank, raising
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.payments import Authorization, AuthorizeRequest, CardDeclined, Payments, SettledRequest
from tests.kafka.programs import line, program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from tests.kafka.conftest import Fresh, Place
    from tests.real.postgres import Postgres

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


Opened: TypeAlias = "Callable[..., SqliteAnswers | SqlAnswers]"
SHARED = ["sqlite", "sql", pytest.param("postgres", marks=pytest.mark.real)]


@contextmanager
def opener(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Opened]:
    """Opens the same store again and again, as each instance of a service does."""
    opened: list[SqliteAnswers | SqlAnswers] = []
    name = f"answers_{uuid.uuid4().hex[:8]}"

    def make(keep: dt.timedelta = HOUR, lease: dt.timedelta = LEASE) -> SqliteAnswers | SqlAnswers:
        if kind == "sqlite":
            opened.append(SqliteAnswers(tmp_path / "answers.db", keep=keep, lease=lease))
        else:
            server: Postgres | None = request.getfixturevalue("postgres_server") if kind == "postgres" else None
            url = server.url if server is not None else f"sqlite:///{tmp_path / 'answers.db'}"
            opened.append(SqlAnswers(url, name=name, keep=keep, lease=lease))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture(params=["memory", *SHARED])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnswerStore]:
    if request.param == "memory":
        yield MemoryAnswers(keep=HOUR)
        return
    with opener(request.param, request, tmp_path) as make:
        yield make()


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """A store that several instances share."""
    with opener(request.param, request, tmp_path) as make:
        yield make


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


def test_a_database_forgets_what_is_over_and_keeps_long_requests_apart(shared: Opened) -> None:
    first, second = shared(), shared()
    for number in range(3):
        first.remember(f"{number}{'x' * 10_000}", str(number).encode(), NOW)
        assert first.claim(str(number), "first", NOW)
    second.remember("b", b"2", NOW + HOUR)
    assert second.find("b", NOW + HOUR) == b"2"
    assert [second.find(f"{number}{'x' * 10_000}", NOW) for number in range(3)] == [None] * 3
    assert second.claim("1", "second", NOW)
    assert not first.claim("1", "first", NOW)
    first.release("1", "first")  # which is not its own any more
    assert not first.claim("1", "first", NOW)
    second.release("1", "second")
    assert first.claim("1", "first", NOW)
    assert isinstance(first, ClaimStore)


def test_many_that_claim_one_request_are_refused_but_one(shared: Opened) -> None:
    stores = [shared() for _ in range(4)]
    start = threading.Barrier(len(stores))

    def claims(number: int) -> list[bool]:
        start.wait(PATIENCE)
        return [stores[number].claim(str(request), str(number), NOW) for request in range(20)]

    with ThreadPoolExecutor(len(stores)) as pool:
        made = list(pool.map(claims, range(len(stores))))
    assert [sum(of_one) for of_one in zip(*made, strict=True)] == [1] * 20


def test_a_database_that_cannot_be_used_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(
        BusError, match=r"cannot open the remembered answers in sqlite:.*: unable to open database file"
    ):
        SqlAnswers(f"sqlite:///{tmp_path / 'no' / 'answers.db'}")
    with pytest.raises(BusError, match=r"cannot open the remembered answers in postgresql.*") as refused:
        SqlAnswers("postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(refused.value)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'answers.db'}")
    answers = SqlAnswers(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE kontrakt_answers"))
    with pytest.raises(BusError, match="cannot read the remembered answers"):
        answers.find("a", NOW)
    with pytest.raises(BusError, match="cannot write the remembered answers"):
        answers.remember("a", b"", NOW)
    answers.close()
    engine.dispose()


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


@pytest.mark.parametrize("failed", [None, RuntimeError("no")])
def test_one_of_two_instances_executes_and_the_other_waits(
    failed: Exception | None, shared: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure that is not declared is no answer, so the one that waited executes after all."""
    caplog.set_level("INFO")
    first, second = Once(shared(), SYSTEM), Once(shared(), SYSTEM)
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
    first.close()
    second.close()


def test_a_claim_is_renewed_while_its_request_is_executed_and_ends_with_who_made_it(shared: Opened) -> None:
    short = dt.timedelta(milliseconds=300)
    once, other = Once(shared(lease=short), SYSTEM), shared(lease=short)
    begun, go = threading.Event(), threading.Event()

    def slow() -> tuple[bytes, Exception | None]:
        begun.set()
        assert go.wait(PATIENCE)
        return b"", None

    with ThreadPoolExecutor(1) as pool:
        executed = pool.submit(once.answer, "r", AT, slow)
        assert begun.wait(PATIENCE)
        over = SYSTEM.now() + 3 * short
        while SYSTEM.now() < over:
            assert not other.claim("r", "another", SYSTEM.now())
            time.sleep(0.02)
        go.set()
        executed.result(PATIENCE)
    assert other.claim("of the dead", "another", SYSTEM.now())
    assert once.answer("of the dead", AT, lambda: (b"again", None)) == (b"again", None)  # when the lease is over
    once.close()


def test_two_services_that_get_one_key_at_the_same_moment_act_once(
    place: Place, fresh: Fresh, shared: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    """Their message keys differ, so that both instances of the group get one of the two requests."""
    caplog.set_level("INFO")
    topic = fresh(Payments)
    stores = shared(), shared()
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
        numbers = itertools.count()
        for _ in range(2):  # until both have partitions, and then by those that they have
            for bank in banks:
                bank.asked.clear()
            while not all(bank.asked for bank in banks):
                payments.authorize(order_id=f"o-{next(numbers)}", amount=1)
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


def test_without_a_key_of_its_own_a_request_has_its_idempotency_key(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = cast("type[Payments]", type("Payments", (fresh(Payments),), {"key": None}))
    with topic.client(bus) as payments:
        for key in ("k-1", "k-1", None):
            payments.settled(order_id="o-1", idempotency_key=key)
    keys = [message.key() for message in place.raw(f"{topic.topic}.requests", 3)]
    assert sorted(keys, key=repr) == [None, b"k-1", b"k-1"]
