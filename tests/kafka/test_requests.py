"""Requests and responses: answers and errors, time that runs out, clients that share a topic, services that stop and crash."""

from __future__ import annotations

import datetime as dt
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import kontrakt
import pytest
from kontrakt import (
    Bus,
    BusError,
    ClosedError,
    DecodeError,
    EncodeError,
    Meta,
    RequestFailed,
    RequestTimeout,
    SchemaNotRegistered,
    TopicNotFound,
)
from kontrakt.kafka.client import Answers

from tests.kafka.bank import Bank, raising, returning
from tests.kafka.conftest import PARTITIONS, PATIENCE, create_on_broker, in_thread
from tests.kafka.new.payments import (
    Authorization,
    AuthorizeRequest,
    CardDeclined,
    Payments,
)
from tests.kafka.old import payments as old
from tests.kafka.programs import line, program

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

SOON = dt.timedelta(milliseconds=500)


def test_a_request_is_answered(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    bank = Bank()
    with topic.serve(bus, bank, group="bank"), topic.client(bus) as payments:
        assert payments.authorize(order_id="o-1", amount=5).authorization_id == "a-o-1-5SEK"
        assert payments.authorize(order_id="o-2", amount=6, currency="EUR").authorization_id == "a-o-2-6EUR"
        payments.return_(order_id="o-1")
    assert bank.asked == ["o-1", "o-2", "return o-1"]
    assert all(place.startswith(f"{topic.topic}.requests[") for place in bank.places)


def test_a_client_may_ask_before_there_is_a_service(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    with topic.client(bus) as payments, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(payments.authorize, order_id="o-1", amount=5)
        with topic.serve(bus, Bank(), group="bank"):
            assert asked.result(PATIENCE).authorization_id == "a-o-1-5SEK"


def test_a_declared_error_is_raised_as_its_class(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    bank = Bank(instead=raising(CardDeclined(reason="expired", retry=True)))
    with topic.serve(bus, bank, group="bank"), topic.client(bus) as payments:
        with pytest.raises(CardDeclined) as declined:
            payments.authorize(order_id="o-1", amount=5)
    assert (declined.value.reason, declined.value.retry) == ("expired", True)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        (raising(RuntimeError("the vault is shut")), "RuntimeError: the vault is shut"),
        (raising(KeyError()), "KeyError"),
        (raising(ValueError("no \ud800 text")), r"ValueError: no \? text"),
        (raising(old.CardDeclined(reason="of another package")), r"CardDeclined: CardDeclined\(reason="),
        (returning("not an Authorization"), "EncodeError: response: "),
    ],
)
def test_any_other_failure_is_told_and_the_service_goes_on(
    bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture, instead: Callable[[AuthorizeRequest], Any], said: str
) -> None:
    topic = fresh(Payments)
    bank = Bank(instead=instead)
    with caplog.at_level(logging.ERROR, "kontrakt.kafka"):
        with topic.serve(bus, bank, group="bank"), topic.client(bus) as payments:
            with pytest.raises(RequestFailed, match=f"{topic.topic}.authorize failed: .*{said}"):
                payments.authorize(order_id="o-1", amount=5)
            bank.instead = None
            assert payments.authorize(order_id="o-2", amount=5)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert bank.places[0] in caplog.records[0].getMessage()


def test_a_one_way_request_waits_for_nothing_and_its_failure_is_logged(
    place: Place, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Payments)
    bank = Bank()
    with place.connect() as asking:
        topic.client(asking).settled(order_id="broken")  # delivered when the bus closes
    with caplog.at_level(logging.ERROR, "kontrakt.kafka"), place.connect() as bus:
        with topic.serve(bus, bank, group="bank"):
            assert bank.settlement.wait(PATIENCE)
            with topic.client(bus) as payments:
                payments.authorize(order_id="o-1", amount=5)
    assert bank.asked == ["settled broken", "o-1"]
    (record,) = caplog.records
    assert "settled failed on the one-way request" in record.getMessage()
    assert place.raw(f"{topic.topic}.responses", 1)  # the one answer


def test_time_runs_out_and_what_comes_late_is_dropped(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    release = threading.Event()

    def late(_: AuthorizeRequest) -> Authorization:
        assert release.wait(PATIENCE)
        return Authorization(authorization_id="late")

    bank = Bank()
    with topic.serve(bus, bank, group="bank"), topic.client(bus) as payments:
        assert payments.authorize(
            order_id="o-0", amount=5
        )  # the time is the service's, not that of the first connection
        bank.instead = late
        with pytest.raises(RequestTimeout, match=rf"{topic.topic}\.authorize within 2 s; the service may still have"):
            payments.authorize(order_id="o-1", amount=5, timeout=dt.timedelta(seconds=2))
        release.set()
        bank.instead = None
        assert payments.authorize(order_id="o-2", amount=5).authorization_id == "a-o-2-5SEK"


def test_an_answer_that_comes_twice_counts_once(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    with topic.serve(bus, Bank(), group="bank"), topic.client(bus) as payments:
        assert payments.authorize(order_id="o-1", amount=5).authorization_id == "a-o-1-5SEK"
        (answer,) = place.raw(f"{topic.topic}.responses", 1)
        partition = answer.partition()
        assert partition is not None
        strange: list[tuple[str, str | bytes | None]] = [("kafka_correlationId", b"nobody's")]
        for sent in (headers(answer), [], strange):
            place.send(f"{topic.topic}.responses", answer.value(), partition=partition, headers=sent)
        assert payments.authorize(order_id="o-2", amount=5).authorization_id == "a-o-2-5SEK"


def test_clients_that_share_the_topic_of_answers_get_their_own(place: Place, bus: Bus, fresh: Fresh) -> None:
    """More clients than partitions, so that some share one."""
    topic = fresh(Payments)

    def ask(number: int) -> list[str]:
        with place.connect() as own, topic.client(own) as payments:
            with ThreadPoolExecutor(4) as pool:  # and the threads of one share it
                asked = [pool.submit(payments.authorize, order_id=f"o-{number}-{n}", amount=n) for n in range(8)]
                return [one.result(PATIENCE).authorization_id for one in asked]

    with topic.serve(bus, Bank(), group="bank"), ThreadPoolExecutor(6) as pool:
        for number, answers in enumerate(pool.map(ask, range(6))):
            assert answers == [f"a-o-{number}-{n}-{n}SEK" for n in range(8)]


def test_a_request_whose_deadline_has_passed_is_not_started(
    bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Payments)
    bank = Bank()
    with topic.client(bus) as payments:
        with pytest.raises(RequestTimeout):
            payments.authorize(order_id="expired", amount=5, timeout=SOON)
        with caplog.at_level(logging.WARNING, "kontrakt.kafka"), topic.serve(bus, bank, group="bank"):
            assert payments.authorize(order_id="o-1", amount=5)
    assert bank.asked == ["o-1"]
    assert [record.getMessage() for record in caplog.records if "deadline has passed" in record.getMessage()]


@pytest.mark.parametrize("closing", ["client", "bus"])
def test_closing_wakes_who_waits_for_an_answer(place: Place, fresh: Fresh, closing: str) -> None:
    topic = fresh(Payments)
    with place.connect() as bus, ThreadPoolExecutor(1) as pool:
        payments = topic.client(bus)
        asked = pool.submit(payments.authorize, order_id="o-1", amount=5)
        assert place.raw(f"{topic.topic}.requests", 1)
        if closing == "client":
            with payments:
                pass
        else:
            bus.close()
        with pytest.raises(ClosedError, match="while it waited for an answer"):
            asked.result(PATIENCE)
        with pytest.raises(ClosedError):
            payments.authorize(order_id="o-2", amount=5)
        with pytest.raises(ClosedError):
            payments.settled(order_id="o-2")


def test_a_block_that_fails_closes_the_client_without_waiting(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)
    with place.connect() as bus, pytest.raises(RuntimeError, match="first"):
        with topic.client(bus) as payments:
            payments.settled(order_id="o-1")
            raise RuntimeError("first")
    assert place.raw(f"{topic.topic}.requests", 1)  # delivered when the bus closed


def test_the_same_service_in_two_processes_shares_the_requests(place: Place, fresh: Fresh) -> None:
    """What one instance had at hand when it was killed is answered by another."""
    topic = fresh(Payments)
    with place.connect() as bus, topic.client(bus) as payments, ThreadPoolExecutor(1) as pool:
        mortal = {
            f"KONTRAKT_KAFKA_{name.upper().replace('.', '_')}": str(n) for name, n in place.quick_to_give_up.items()
        }
        with program(SERVING, topic.topic, environment=place.environment | mortal) as service:
            asked = pool.submit(payments.authorize, order_id="o-1", amount=5)
            assert line(service) == "asked o-1"
            service.kill()
            service.wait(PATIENCE)
        bank = Bank()
        with topic.serve(bus, bank, group="bank", config=place.quick_to_give_up):
            assert asked.result(PATIENCE).authorization_id == "a-o-1-5SEK"
    assert bank.asked == ["o-1"]


SERVING = """
import sys, threading
import kontrakt
from tests.kafka.new.payments import Payments

class Named(Payments):
    topic = sys.argv[1]

class Bank(Named.Service):
    def authorize(self, request, meta):
        print("asked", request.order_id)
        if request.order_id == "o-1":
            threading.Event().wait()
    def return_(self, request, meta):
        print("return", request.order_id)
    def settled(self, request, meta): ...

try:
    with kontrakt.connect() as bus:
        Named.serve(bus, Bank(), group="bank").run()
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("busy", [False, True], ids=["waiting", "at work"])
def test_ctrl_c_ends_a_service_and_only_what_was_answered_is_behind_it(
    place: Place, bus: Bus, fresh: Fresh, busy: bool
) -> None:
    topic = fresh(Payments)
    with ThreadPoolExecutor(1) as pool, topic.client(bus) as payments:
        with program(SERVING, topic.topic, environment=place.environment) as service:
            answered = pool.submit(payments.return_, order_id="o-0")
            assert line(service) == "return o-0"
            answered.result(PATIENCE)
            if busy:
                pool.submit(payments.authorize, order_id="o-1", amount=5)
                assert line(service) == "asked o-1"
            service.send_signal(signal.SIGINT)
            said, errors = service.communicate(timeout=PATIENCE)
        assert (said, errors, service.returncode) == ("interrupted\n", "", 0)
        assert place.committed(f"{topic.topic}.requests", "bank") == 1


def test_a_service_that_cannot_answer_does_not_start(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments, register=False)
    with pytest.raises(SchemaNotRegistered, match=f"{topic.topic}.responses-acme.AuthorizeResponse.*kontrakt apply"):
        topic.serve(bus, Bank(), group="bank")


def test_a_service_of_another_protocol_is_refused(bus: Bus, fresh: Fresh) -> None:
    class Other(old.Payments.Service):
        def authorize(self, request: old.AuthorizeRequest, meta: Meta) -> old.Authorization:
            raise NotImplementedError

    with pytest.raises(TypeError, match=r"Other is not a service of Payments"):
        fresh(Payments).serve(bus, Other(), group="bank")


def test_a_runner_that_is_closed_does_not_run_again(bus: Bus, fresh: Fresh) -> None:
    runner = fresh(Payments).serve(bus, Bank(), group="bank")
    with runner:
        pass
    runner.close()
    with pytest.raises(ClosedError):
        runner.run()


def test_stop_ends_a_service_from_another_thread(bus: Bus, fresh: Fresh) -> None:
    runner = fresh(Payments).serve(bus, Bank(), group="bank")
    with in_thread(runner.run):
        runner.stop()


def test_a_request_that_cannot_be_read_is_answered(place: Place, bus: Bus, fresh: Fresh) -> None:
    """As a program without kontrakt would send it; it hears of it in any operation's words."""
    topic = fresh(Payments)
    reply: list[tuple[str, str | bytes | None]] = [
        ("kafka_correlationId", b"\1"),
        ("kafka_replyTopic", f"{topic.topic}.responses"),
        ("kafka_replyPartition", b"\0\0\0\2"),
    ]
    with topic.serve(bus, Bank(), group="bank"), topic.client(bus) as payments:
        place.send(f"{topic.topic}.requests", b"{}", headers=reply)
        place.send(f"{topic.topic}.requests", None, headers=reply)
        payments.authorize(order_id="o-1", amount=5)
    found = [one for one in place.raw(f"{topic.topic}.responses", 3) if ("kafka_correlationId", b"\1") in headers(one)]
    assert [one.partition() for one in found] == [2, 2]
    assert b"it looks like JSON" in (found[0].value() or b"")
    assert f"{topic.topic}.requests[0]@0".encode() in (found[0].value() or b"")


def headers(message: Any) -> list[tuple[str, str | bytes | None]]:
    found: list[tuple[str, str | bytes | None]] = message.headers() or []
    return found


def test_a_request_that_nobody_can_be_told_of_stops_the_service_or_is_skipped(
    place: Place, bus: Bus, fresh: Fresh
) -> None:
    topic = fresh(Payments)
    place.send(f"{topic.topic}.requests", b"{}")
    where = rf"{topic.topic}\.requests\[0\]@0"
    with pytest.raises(DecodeError, match=rf'^{where}: the request cannot be read: .*JSON.*on_error="skip"'):
        topic.serve(bus, Bank(), group="bank").run()
    with (
        pytest.raises(DecodeError, match=where),
        topic.serve(bus, Bank(), group="bank") as runner,
        in_thread(runner.run),
    ):
        pass  # in the background: raised where the block ends
    assert place.committed(f"{topic.topic}.requests", "bank") == 0
    with topic.serve(bus, Bank(), group="bank", on_error="skip"), topic.client(bus) as payments:
        payments.authorize(order_id="o-1", amount=5)
    assert place.committed(f"{topic.topic}.requests", "bank") == 2


def test_an_answer_that_has_no_place_is_logged(
    place: Place, bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Payments)
    bank = Bank()
    with topic.client(bus) as payments:
        with pytest.raises(RequestTimeout):
            payments.authorize(order_id="o-0", amount=5, timeout=SOON)
        (request,) = place.raw(f"{topic.topic}.requests", 1)
        partition = request.partition()
        assert partition is not None
        nowhere: list[tuple[str, str | bytes | None]] = [
            ("kafka_correlationId", b"\1"),
            ("kafka_replyTopic", f"{topic.topic}.responses"),
            ("kafka_replyPartition", b"\0\0\0\x63"),
        ]
        for reply in ([], nowhere):
            place.send(f"{topic.topic}.requests", request.value(), partition=partition, headers=reply)
        with caplog.at_level(logging.WARNING, "kontrakt.kafka"), topic.serve(bus, bank, group="bank"):
            payments.authorize(order_id="o-0", amount=5)
    assert bank.asked == ["o-0", "o-0", "o-0"]
    said = [record.getMessage() for record in caplog.records]
    assert any("does not say where to answer" in one for one in said)
    assert any("answer" in one and ("cannot be sent" in one or "not delivered" in one) for one in said)
    assert place.committed(f"{topic.topic}.requests", "bank") == 4


def test_an_old_client_is_served_by_a_new_service(bus: Bus, fresh: Fresh) -> None:
    """A parameter with a default, a new field of the answer, a new field of the error."""
    topic = fresh(Payments)
    before = fresh(old.Payments, like=topic)
    bank = Bank()
    with topic.serve(bus, bank, group="bank"), before.client(bus) as payments:
        answer = payments.authorize(order_id="o-1", amount=5)
        assert answer == old.Authorization(authorization_id="a-o-1-5SEK")
        bank.instead = raising(CardDeclined(reason="expired", retry=True))
        with pytest.raises(old.CardDeclined) as declined:
            payments.authorize(order_id="o-2", amount=5)
    assert declined.value.reason == "expired"


def test_a_new_client_is_served_by_an_old_service_and_told_what_that_does_not_know(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    before = fresh(old.Payments, like=topic)

    class Before(old.Payments.Service):
        def authorize(self, request: old.AuthorizeRequest, meta: Meta) -> old.Authorization:
            if request.amount > 5:
                raise old.CardDeclined(reason="too much")
            return old.Authorization(authorization_id=f"a-{request.order_id}")

    with before.serve(bus, Before(), group="bank"), topic.client(bus) as payments:
        payments.settled(order_id="o-1")  # nobody waits, so it is only logged
        with pytest.raises(RequestFailed, match="it is acme.ReturnRequest, which this service was generated without"):
            payments.return_(order_id="o-1")
        assert payments.authorize(order_id="o-1", amount=5) == Authorization(authorization_id="a-o-1")
        with pytest.raises(CardDeclined) as declined:
            payments.authorize(order_id="o-1", amount=6)
    assert (declined.value.reason, declined.value.retry) == ("too much", False)


def test_a_request_that_does_not_fit_is_refused_before_it_is_sent(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    with topic.client(bus) as payments:
        with pytest.raises(EncodeError, match="amount"):
            payments.authorize(order_id="o-1", amount="much")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_a_client_whose_answers_cannot_be_read_any_more_says_so_and_begins_anew(
    place: Place, bus: Bus, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an error that librdkafka calls fatal."""
    topic = fresh(Payments)
    with ThreadPoolExecutor(1) as pool, topic.client(bus) as payments:
        asked = pool.submit(payments.authorize, order_id="o-1", amount=5)
        assert place.raw(f"{topic.topic}.requests", 1)
        monkeypatch.setattr(Answers, "_take", fatal)
        for partition in range(PARTITIONS):
            place.send(f"{topic.topic}.responses", b"", partition=partition)
        with pytest.raises(BusError, match=f"cannot read answers from {topic.topic}.responses: .*fatal"):
            asked.result(PATIENCE)
        monkeypatch.undo()
        with topic.serve(bus, Bank(), group="bank"):
            assert payments.authorize(order_id="o-2", amount=5).authorization_id == "a-o-2-5SEK"


def fatal(*_: object) -> None:
    raise RuntimeError("fatal")


@pytest.mark.real
def test_topics_that_do_not_exist_are_said(kafka_server: Any, apicurio3: Any) -> None:
    class Nowhere(Payments):
        topic = "kontrakt-nowhere"

    with kontrakt.connect(bootstrap_servers=kafka_server.bootstrap_servers, registry_url=apicurio3.url) as bus:
        bus.register(Nowhere)
        with Nowhere.client(bus) as payments, pytest.raises(TopicNotFound, match="kontrakt-nowhere.responses"):
            payments.authorize(order_id="o-1", amount=5)
        with pytest.raises(TopicNotFound, match=r"kontrakt-nowhere\.requests.*create the topic first"):
            Nowhere.serve(bus, Bank(), group="bank")


def test_requests_that_nobody_can_be_told_of_are_put_aside(place: Place, bus: Bus, fresh: Fresh) -> None:
    """Those that cannot be read, and one-way requests on which the service failed: as they were, with the reason."""
    topic = fresh(Payments)
    letters = f"{topic.topic}.requests.bank.dlq"
    place.create(letters)
    place.send(f"{topic.topic}.requests", b"{}", key=b"k", headers=[("mine", b"1")])
    with topic.client(bus) as payments:
        payments.settled(order_id="broken")
    policy = kontrakt.Retry(then=kontrakt.DeadLetter())
    with topic.serve(bus, Bank(), group="bank", on_error=policy), topic.client(bus) as payments:
        payments.authorize(order_id="broken", amount=5)
        found = {one.value(): dict(headers(one)) for one in place.raw(letters, 2)}
    unread = found.pop(b"{}")
    (failed,) = found.values()
    assert unread["mine"] == b"1"
    assert unread["kafka_dlt-exception-fqcn"] == b"kontrakt.errors.DecodeError"
    assert failed["kafka_dlt-exception-fqcn"] == b"kontrakt.errors.HandlerError"
    assert failed["kafka_dlt-exception-cause-fqcn"] == b"RuntimeError"
    assert failed["kafka_dlt-original-topic"] == f"{topic.topic}.requests".encode()
    assert place.committed(f"{topic.topic}.requests", "bank") == 3


@pytest.mark.real
def test_dead_letters_need_somewhere_to_go(kafka_server: Any, apicurio3: Any) -> None:
    class Alone(Payments):
        topic = "kontrakt-alone"

    with kontrakt.connect(bootstrap_servers=kafka_server.bootstrap_servers, registry_url=apicurio3.url) as bus:
        bus.register(Alone)
        create_on_broker(kafka_server.bootstrap_servers, "kontrakt-alone.requests")
        with pytest.raises(TopicNotFound, match=r"kontrakt-alone\.requests\.bank\.dlq.*dead letters of the group bank"):
            Alone.serve(bus, Bank(), group="bank", on_error=kontrakt.DeadLetter())
