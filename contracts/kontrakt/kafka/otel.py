"""Traces and metrics with OpenTelemetry, by its semantic conventions for messaging and Kafka. Needs ``kontrakt[otel]``.

https://opentelemetry.io/docs/specs/semconv/messaging/kafka/
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

try:
    from opentelemetry import metrics, trace
except ModuleNotFoundError as error:
    message = "traces and metrics need OpenTelemetry's API; install it with: pip install 'kontrakt[otel]'"
    raise ModuleNotFoundError(message, name=error.name) from error

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kontrakt._version import __version__

from .fetcher import place_of
from .messages import pairs_of

if TYPE_CHECKING:
    from confluent_kafka import Message
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider
    from opentelemetry.util.types import AttributeValue

    from kontrakt.errors import DeliveryError

    from .delivery import Sent
    from .instrument import Ended
    from .messages import Headers, HeaderValue

TRACEPARENT: Final = "traceparent"
_W3C: Final = TraceContextTextMapPropagator()
_SYSTEM: Final = "kafka"


class OpenTelemetry:
    """Tells OpenTelemetry of messages; for ``kontrakt.connect(instrument=OpenTelemetry())``.

    There is a span for each message that is sent, whose context travels in the header ``traceparent`` (W3C Trace Context), a span for
    each that a handler or the body of a loop gets, and metrics of both. The latter span continues the trace of its message; that of a
    batch, or one within a span of the caller's, is linked to it.

    Args:
        tracer_provider: Where spans go; by default the application's.
        meter_provider: Where metrics go; by default the application's.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = trace.get_tracer("kontrakt", __version__, tracer_provider)
        meter = metrics.get_meter("kontrakt", __version__, meter_provider)
        self._sent = meter.create_counter(
            "messaging.client.sent.messages", "{message}", "Messages that were sent, or could not be."
        )
        self._consumed = meter.create_counter(
            "messaging.client.consumed.messages", "{message}", "Messages that were handed to a handler."
        )
        self._send_seconds = meter.create_histogram(
            "messaging.client.operation.duration", "s", "How long it took until a message was acknowledged."
        )
        self._process_seconds = meter.create_histogram("messaging.process.duration", "s", "How long a handler took.")

    def sending(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers | None
    ) -> tuple[Headers | None, Ended | None]:
        """Begin the span of a message that is sent. A trace that is in its headers already stays there, and is linked."""
        given = pairs_of(headers)
        carried = _context(given)
        attributes = _attributes("send", "send", topic)
        span = self._tracer.start_span(
            f"send {topic}",
            kind=SpanKind.PRODUCER,
            attributes={**attributes, **_of_message(key, value)},
            links=_links([carried]),
        )
        if carried is None:
            carrier: dict[str, str] = {}
            _W3C.inject(carrier, trace.set_span_in_context(span))
            given = [*given, *carrier.items()]
        began = time.perf_counter()

        def ended(outcome: Sent | DeliveryError) -> None:
            failed = {"error.type": _error_type(outcome)} if isinstance(outcome, Exception) else {}
            if isinstance(outcome, Exception):
                _failed(span, outcome)
            elif outcome.offset >= 0:
                span.set_attribute("messaging.destination.partition.id", str(outcome.partition))
                span.set_attribute("messaging.kafka.offset", outcome.offset)
            span.end()
            self._sent.add(1, {**attributes, **failed})
            self._send_seconds.record(time.perf_counter() - began, {**attributes, **failed})

        return given, ended

    @contextmanager
    def handling(self, messages: Sequence[Message], group: str) -> Generator[None]:
        """A span around a handler."""
        topic, partition, offset = place_of(messages[0])
        attributes = {**_attributes("process", "process", topic), "messaging.consumer.group.name": group}
        about: dict[str, AttributeValue] = {"messaging.destination.partition.id": str(partition)}
        if len(messages) == 1:
            about |= {"messaging.kafka.offset": offset, **_of_message(messages[0].key(), messages[0].value())}
        else:
            about["messaging.batch.message_count"] = len(messages)
        contexts = [_context(_headers(message)) for message in messages]
        alone = len(messages) == 1 and not trace.get_current_span().get_span_context().is_valid
        began = time.perf_counter()
        failed: dict[str, AttributeValue] = {}
        with self._tracer.start_as_current_span(
            f"process {topic}",
            context=contexts[0] if alone else None,
            kind=SpanKind.CONSUMER,
            attributes={**attributes, **about},
            links=_links(contexts),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except GeneratorExit:  # a loop was left, which says nothing of the message
                raise
            except BaseException as error:
                failed = {"error.type": _error_type(error)}
                _failed(span, error)
                raise
            finally:
                self._consumed.add(len(messages), attributes)
                self._process_seconds.record(time.perf_counter() - began, {**attributes, **failed})


def _attributes(kind: str, name: str, topic: str) -> dict[str, AttributeValue]:
    return {
        "messaging.system": _SYSTEM,
        "messaging.operation.type": kind,
        "messaging.operation.name": name,
        "messaging.destination.name": topic,
    }


def _of_message(key: object, value: object) -> dict[str, AttributeValue]:
    """What is said of one message. A key is shown when it is text; payloads never are."""
    found: dict[str, AttributeValue] = {}
    if isinstance(key, bytes):
        try:
            text = key.decode()
        except UnicodeDecodeError:
            text = ""
        if text.isprintable() and text:
            found["messaging.kafka.message.key"] = text
    if isinstance(value, bytes):
        found["messaging.message.body.size"] = len(value)
    else:
        found["messaging.kafka.message.tombstone"] = True
    return found


def _headers(message: Message) -> Sequence[tuple[str, HeaderValue]]:
    found: Any = message.headers()
    return found or ()


def _context(headers: Sequence[tuple[str, HeaderValue]]) -> Context | None:
    """The trace that headers carry; None where they carry none that can be read."""
    carrier: dict[str, str] = {}
    for name, value in headers:
        if name in ("traceparent", "tracestate") and value is not None:
            carrier[name] = value if isinstance(value, str) else value.decode(errors="replace")
    if TRACEPARENT not in carrier:
        return None
    context = _W3C.extract(carrier, Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


def _links(contexts: Sequence[Context | None]) -> list[Link]:
    return [Link(trace.get_current_span(one).get_span_context()) for one in contexts if one is not None]


def _error_type(error: BaseException) -> str:
    """The class of what went wrong; for a delivery, that of its cause."""
    return type(error.__cause__ or error).__name__


def _failed(span: Span, error: BaseException) -> None:
    span.set_attribute("error.type", _error_type(error))
    span.set_status(StatusCode.ERROR, _error_type(error))
