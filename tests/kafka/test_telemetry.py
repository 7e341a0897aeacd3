"""Traces and metrics by OpenTelemetry, librdkafka's statistics, and that nothing of it costs anything unless somebody asked."""

from __future__ import annotations

import ast
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kontrakt
import pytest
from kontrakt import Bus, DeliveryError, HandlerError, Outbox, Relay
from kontrakt.kafka.otel import OpenTelemetry
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode
from sqlalchemy import NullPool, create_engine

from tests.kafka.bank import Bank
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.payments import Payments

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place


class Told:
    """What OpenTelemetry was told."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader])
        self.instrument = OpenTelemetry(self.tracers, self.meters)

    def close(self) -> None:
        self.tracers.shutdown()
        self.meters.shutdown()

    def spans(self, kind: SpanKind) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.kind is kind]

    def metrics(self) -> dict[str, list[tuple[float, Mapping[str, Any]]]]:
        """Counts, of counters and of histograms, with their attributes."""
        found: dict[str, list[tuple[float, Mapping[str, Any]]]] = {}
        data = self._reader.get_metrics_data()
        assert data is not None
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        count = point.value if isinstance(point, NumberDataPoint) else 0
                        if isinstance(point, HistogramDataPoint):
                            count = point.count
                        found.setdefault(metric.name, []).append((count, dict(point.attributes or {})))
        return found


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    yield told
    told.close()


@pytest.fixture
def watched(place: Place, told: Told) -> Iterator[Bus]:
    with kontrakt.connect(
        bootstrap_servers=place.bootstrap_servers,
        registry_url=place.registry_url,
        kafka=place.kafka,
        instrument=told.instrument,
    ) as bus:
        yield bus


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def test_a_trace_goes_from_who_sends_through_the_message_to_who_handles(
    place: Place, watched: Bus, fresh: Fresh, told: Told
) -> None:
    topic = fresh(Customers)
    with told.tracers.get_tracer("test").start_as_current_span("sign up") as root:
        with topic.producer(watched) as customers:
            sent = customers.put(Customer(customer_id="c-1"), headers={"a": "b"}).result(PATIENCE)
    with topic.consumer(watched, group="g") as changes:

        def handle(change: kontrakt.Put[str, Customer] | kontrakt.Delete[str]) -> None:
            assert trace.get_current_span().get_span_context().trace_id == root.get_span_context().trace_id
            changes.stop()

        changes.run(handle)
    (send,), (process,) = told.spans(SpanKind.PRODUCER), told.spans(SpanKind.CONSUMER)
    assert send.parent == root.get_span_context()
    assert process.parent is not None
    assert send.context is not None
    assert (process.parent.trace_id, process.parent.span_id) == (send.context.trace_id, send.context.span_id)
    assert (send.name, process.name) == (f"send {topic.topic}", f"process {topic.topic}")
    common = {
        "messaging.system": "kafka",
        "messaging.destination.name": topic.topic,
        "messaging.destination.partition.id": str(sent.partition),
        "messaging.kafka.offset": 0,
        "messaging.kafka.message.key": "c-1",
    }
    (message,) = place.raw(topic.topic, 1)
    value = message.value()
    assert isinstance(value, bytes)
    common["messaging.message.body.size"] = len(value)
    both = {"messaging.operation.type", "messaging.operation.name"}
    assert dict(send.attributes or {}) == {**common, **dict.fromkeys(both, "send")}
    assert dict(process.attributes or {}) == {
        **common,
        **dict.fromkeys(both, "process"),
        "messaging.consumer.group.name": "g",
    }
    headers = dict(message.headers() or [])
    assert headers["a"] == b"b"
    assert headers["traceparent"] == b"00-%032x-%016x-%02x" % (
        send.context.trace_id,
        send.context.span_id,
        send.context.trace_flags,
    )


def test_a_batch_is_linked_to_the_traces_of_its_messages(watched: Bus, fresh: Fresh, told: Told) -> None:
    topic = fresh(Customers)
    with topic.producer(watched) as customers:
        for number in range(3):
            customers.put(Customer(customer_id="c", visits=number)).result(PATIENCE)
    with topic.consumer(watched, group="g") as changes:
        handled: list[object] = []

        def handle(batch: list[kontrakt.Put[str, Customer] | kontrakt.Delete[str]]) -> None:
            handled.extend(batch)
            if len(handled) == 3:
                changes.stop()

        changes.run_batches(handle)
    processes = told.spans(SpanKind.CONSUMER)
    links = [link.context.span_id for span in processes for link in span.links]
    assert links == [span.context.span_id for span in told.spans(SpanKind.PRODUCER) if span.context]


def current() -> SpanContext:
    return trace.get_current_span().get_span_context()


def numbers(*contexts: SpanContext | None) -> list[tuple[int, int]]:
    """Of traces and spans."""
    return [(context.trace_id, context.span_id) for context in contexts if context is not None]


def sent_spans(told: Told) -> list[SpanContext]:
    return [span.context for span in told.spans(SpanKind.PRODUCER) if span.context]


def put(bus: Bus, topic: type[Customers], count: int) -> None:
    with topic.producer(bus) as customers:
        for number in range(count):
            customers.put(Customer(customer_id="c", visits=number)).result(PATIENCE)


def test_each_message_of_a_loop_has_a_span_for_as_long_as_its_body_works(
    watched: Bus, fresh: Fresh, told: Told
) -> None:
    topic, copies = fresh(Customers), fresh(Customers)
    put(watched, topic, 3)
    sent = sent_spans(told)
    seen: list[SpanContext] = []
    with topic.consumer(watched, group="g") as changes, copies.producer(watched) as copied:
        for number, change in enumerate(changes):
            assert len(told.spans(SpanKind.CONSUMER)) == number  # those before have ended, and this one has not
            assert isinstance(change, kontrakt.Put)
            seen.append(current())
            copied.put(change.value).result(PATIENCE)
            if number == 2:
                break
        assert not current().is_valid
        processes = told.spans(SpanKind.CONSUMER)
        assert [span.context for span in processes] == seen
        assert numbers(*(span.parent for span in processes)) == numbers(*sent)
        assert {span.status.status_code for span in processes} == {StatusCode.UNSET}
        made = [span.parent for span in told.spans(SpanKind.PRODUCER)[3:]]
        assert made == seen  # what the body sends belongs to the trace
    metrics = told.metrics()
    assert [count for count, _ in metrics["messaging.client.consumed.messages"]] == [3]
    assert [count for count, _ in metrics["messaging.process.duration"]] == [3]


def test_a_loop_up_to_the_end_and_one_over_batches_have_spans_too(watched: Bus, fresh: Fresh, told: Told) -> None:
    topic = fresh(Customers)
    put(watched, topic, 3)
    sent = sent_spans(told)
    with topic.consumer(watched, group="g") as changes:
        seen = [current() for _ in changes.until_end()]
    assert [span.context for span in told.spans(SpanKind.CONSUMER)] == seen
    with topic.consumer(watched, group="h") as changes:
        handled = 0
        for batch in changes.batches():
            assert current().is_valid
            handled += len(batch)
            if handled == 3:
                break
    assert not current().is_valid
    batches = told.spans(SpanKind.CONSUMER)[3:]
    assert [link.context.span_id for span in batches for link in span.links] == [one.span_id for one in sent]


def test_a_body_that_fails_ends_its_span_and_the_message_comes_again(watched: Bus, fresh: Fresh, told: Told) -> None:
    topic = fresh(Customers)
    put(watched, topic, 1)
    with pytest.raises(ZeroDivisionError), topic.consumer(watched, group="g") as changes:
        for _ in changes:
            raise ZeroDivisionError
    assert not current().is_valid
    with topic.consumer(watched, group="g") as changes:
        assert len(list(changes.until_end())) == 1
    assert len(told.spans(SpanKind.CONSUMER)) == 2


def test_asking_for_messages_one_at_a_time_has_no_spans(watched: Bus, fresh: Fresh, told: Told) -> None:
    topic = fresh(Customers)
    put(watched, topic, 1)
    with topic.consumer(watched, group="g") as changes:
        assert changes.poll(PATIENCE) is not None
        assert not current().is_valid
    assert told.spans(SpanKind.CONSUMER) == []


def test_failures_are_told_by_their_type_and_never_by_what_they_say(watched: Bus, fresh: Fresh, told: Told) -> None:
    topic = fresh(Customers)
    with topic.producer(watched) as customers:
        customers.put(Customer(customer_id="c")).result(PATIENCE)
        with pytest.raises(DeliveryError):
            customers.put(Customer(customer_id="c", tags=["x" * 2_000_000]))

    def handle(change: object) -> None:
        raise ValueError("the customer's secret")

    with topic.consumer(watched, group="g") as changes, pytest.raises(HandlerError):
        changes.run(handle)
    _, send = told.spans(SpanKind.PRODUCER)
    (process,) = told.spans(SpanKind.CONSUMER)
    for span, error in ((send, "MessageRejected"), (process, "ValueError")):
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, error)
        assert span.attributes is not None
        assert span.attributes["error.type"] == error
        assert not span.events
    topic_name = {"messaging.destination.name": topic.topic, "messaging.system": "kafka"}
    sending = {**topic_name, "messaging.operation.type": "send", "messaging.operation.name": "send"}
    processing = {**topic_name, "messaging.operation.type": "process", "messaging.operation.name": "process"}
    processing["messaging.consumer.group.name"] = "g"
    ok, failed = (1, sending), (1, {**sending, "error.type": "MessageRejected"})
    assert told.metrics() == {
        "messaging.client.sent.messages": [ok, failed],
        "messaging.client.operation.duration": [ok, failed],
        "messaging.client.consumed.messages": [(1, processing)],
        "messaging.process.duration": [(1, {**processing, "error.type": "ValueError"})],
    }


def test_a_message_without_a_trace_begins_one(place: Place, bus: Bus, watched: Bus, fresh: Fresh, told: Told) -> None:
    topic = fresh(Customers)
    broken: list[dict[str, str]] = [{}, {"traceparent": "nonsense"}]
    with topic.producer(bus) as customers:
        for headers in broken:
            customers.put(Customer(customer_id="c"), headers=headers)
    with topic.consumer(watched, group="g") as changes:
        seen: list[object] = []

        def handle(change: object) -> None:
            seen.append(change)
            if len(seen) == 2:
                changes.stop()

        changes.run(handle)
    one, other = told.spans(SpanKind.CONSUMER)
    assert one.parent is None
    assert other.parent is None
    assert trace_of(one) != trace_of(other)
    assert not one.links
    assert [message.headers() for message in place.raw(topic.topic, 2)] == [None, [("traceparent", b"nonsense")]]


def test_a_request_and_its_answer_are_one_trace(watched: Bus, fresh: Fresh, told: Told) -> None:
    payments = fresh(Payments)
    with payments.serve(watched, Bank(), group="bank"), payments.client(watched) as client:
        with told.tracers.get_tracer("test").start_as_current_span("pay") as root:
            client.authorize(order_id="o-1", amount=1)
    answer, request = sorted(told.spans(SpanKind.PRODUCER), key=lambda span: span.name.endswith("requests"))
    (process,) = told.spans(SpanKind.CONSUMER)
    assert {trace_of(span) for span in (request, process, answer)} == {root.get_span_context().trace_id}
    assert process.parent is not None
    assert request.context is not None
    assert process.parent.span_id == request.context.span_id
    assert answer.parent is not None
    assert process.context is not None
    assert answer.parent.span_id == process.context.span_id


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_a_trace_waits_in_the_outbox_with_its_message(
    watched: Bus, fresh: Fresh, told: Told, tmp_path: Path, place: Place
) -> None:
    topic = fresh(Customers)
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    outbox = Outbox(instrument=told.instrument)
    outbox.create(engine)
    with told.tracers.get_tracer("test").start_as_current_span("sign up") as root, engine.begin() as connection:
        topic.producer(outbox.on(connection)).put(Customer(customer_id="c"))
    assert Relay(outbox, engine, watched).run_until_empty() == 1
    written, relayed = told.spans(SpanKind.PRODUCER)
    assert trace_of(written) == root.get_span_context().trace_id
    assert [link.context for link in relayed.links] != []
    with topic.consumer(watched, group="g") as changes:
        changes.run(lambda _: changes.stop())
    (process,) = told.spans(SpanKind.CONSUMER)
    assert trace_of(process) == trace_of(written)


def test_statistics_are_parsed_and_their_receiver_may_fail(
    place: Place, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers)
    seen: dict[str, Mapping[str, Any]] = {}
    both = threading.Event()

    def receive(statistics: Mapping[str, Any]) -> None:
        seen[statistics["type"]] = statistics
        if len(seen) == 2:
            both.set()
        raise ValueError("the receiver")

    with kontrakt.connect(
        bootstrap_servers=place.bootstrap_servers,
        registry_url=place.registry_url,
        kafka={**place.kafka, "statistics.interval.ms": 50},
        statistics=receive,
    ) as bus:
        with topic.producer(bus) as customers, topic.consumer(bus, group="g") as changes:
            customers.put(Customer(customer_id="c"))
            while not both.is_set():
                changes.poll(0.1)
            assert customers.put(Customer(customer_id="c")).result(PATIENCE).offset == 1
    assert seen["producer"]["topics"].keys() <= {topic.topic}
    assert seen["consumer"]["cgrp"]["state"]
    assert "the function that takes librdkafka's statistics failed" in caplog.text


def test_nothing_of_opentelemetry_is_imported_unless_somebody_asks() -> None:
    code = """
import sys
import kontrakt
import kontrakt.kafka.bus, kontrakt.kafka.consumer, kontrakt.kafka.producer, kontrakt.kafka.sender
assert not [name for name in sys.modules if name.startswith(("opentelemetry", "sqlalchemy"))]
sys.modules["opentelemetry"] = sys.modules["sqlalchemy"] = sys.modules["sqlalchemy.orm"] = None
for module, extra in (("otel", "otel"), ("outbox", "sql")):
    try:
        __import__(f"kontrakt.kafka.{module}")
    except ModuleNotFoundError as error:
        assert f"pip install 'kontrakt[{extra}]'" in str(error), error
    else:
        raise AssertionError(module)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_log_record_says_what_happened_by_a_name_that_the_documentation_lists() -> None:
    package = Path(kontrakt.__file__).parent / "kafka"
    told: set[str] = set()
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and re.fullmatch(r"_log\.(?!addFilter)\w+", ast.unparse(node.func)):
                extra = [keyword.value for keyword in node.keywords if keyword.arg == "extra"]
                assert extra, f"{path.name}:{node.lineno}"
                assert isinstance(extra[0], ast.Call)
                event = extra[0].args[0]
                assert isinstance(event, ast.Constant)
                told.add(str(event.value))
    assert told
    page = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()
    listed = {
        name
        for row in re.findall(r"^\| (.+?) \|", page.partition("| `event` | level |")[2], re.MULTILINE)
        for name in re.findall(r"`([\w.]+)`", row)
    }
    assert told == listed


def test_fields_are_those_of_the_message(
    place: Place, bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers)
    place.send(topic.topic, b"broken", partition=2)
    with caplog.at_level(logging.INFO, "kontrakt.kafka"):
        with topic.consumer(bus, group="g", on_error="skip") as changes:
            assert list(changes.until_end()) == []
    found: dict[str, dict[str, Any]] = {
        vars(record)["event"]: vars(record) for record in caplog.records if hasattr(record, "event")
    }
    skipped = found["message.skipped"]
    assert [skipped[name] for name in ("topic", "partition", "offset", "group")] == [topic.topic, 2, 0, "g"]
    assert found["partitions.assigned"]["topic"] == topic.topic
