"""Spans on an event loop: each message of a loop has one while its body works, in the task that goes over them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import kontrakt
import pytest
from kontrakt import AsyncBus, Bus, Event, Meta
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from tests.kafka.aio.test_requests import AsyncBank
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.new.payments import Authorization, AuthorizeRequest, Payments
from tests.kafka.test_telemetry import Told, current, numbers, sent_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kafka.conftest import Fresh, Place


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    yield told
    told.close()


def watched(place: Place, told: Told) -> AsyncBus:
    """A bus that tells of its messages."""

    def connect() -> Bus:
        bus = place.connect()
        bus.instrument = told.instrument
        return bus

    return AsyncBus(connect)


async def put(bus: AsyncBus, topic: type[Customers], count: int) -> None:
    async with topic.producer(bus) as customers:
        for number in range(count):
            await (await customers.put(Customer(customer_id="c", visits=number)))


def test_each_message_of_a_loop_has_a_span_for_as_long_as_its_body_works(
    place: Place, fresh: Fresh, told: Told
) -> None:
    topic, copies = fresh(Customers), fresh(Customers)

    async def main() -> None:
        async with watched(place, told) as bus:
            await put(bus, topic, 3)
            sent = sent_spans(told)
            seen: list[SpanContext] = []
            async with topic.consumer(bus, group="g") as changes, copies.producer(bus) as copied:
                async for change in changes:
                    assert len(told.spans(SpanKind.CONSUMER)) == len(seen)
                    assert isinstance(change, kontrakt.Put)
                    seen.append(current())
                    await (await copied.put(change.value))
                    if len(seen) == 3:
                        break
                assert not current().is_valid  # at once, in this task
                processes = told.spans(SpanKind.CONSUMER)
                assert [span.context for span in processes] == seen
                assert numbers(*(span.parent for span in processes)) == numbers(*sent)
                assert {span.status.status_code for span in processes} == {StatusCode.UNSET}
                assert [span.parent for span in told.spans(SpanKind.PRODUCER)[3:]] == seen

    asyncio.run(main())


def test_a_loop_up_to_the_end_and_one_over_batches_have_spans_too(place: Place, fresh: Fresh, told: Told) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with watched(place, told) as bus:
            await put(bus, topic, 3)
            async with topic.consumer(bus, group="g") as changes:
                seen = [current() async for _ in changes.until_end()]
            assert [span.context for span in told.spans(SpanKind.CONSUMER)] == seen
            async with topic.consumer(bus, group="h") as changes:
                handled = 0
                iteration = changes.batches()
                async for batch in iteration:
                    assert current().is_valid
                    handled += len(batch)
                    if handled == 3:
                        break
                assert current().is_valid  # somebody may go on with it
                await iteration.aclose()
                assert not current().is_valid
            links = [link.context for span in told.spans(SpanKind.CONSUMER)[3:] for link in span.links]
            assert [one.span_id for one in links] == [one.span_id for one in sent_spans(told)]

    asyncio.run(main())


@pytest.mark.parametrize("ends", ["fails", "is cancelled"])
def test_a_body_that_does_not_come_to_its_end_ends_its_span(place: Place, fresh: Fresh, told: Told, ends: str) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with watched(place, told) as bus:
            await put(bus, topic, 1)
            begun = asyncio.Event()

            async def read() -> None:
                try:
                    async with topic.consumer(bus, group="g") as changes:
                        async for _ in changes:
                            begun.set()
                            if ends == "fails":
                                raise ZeroDivisionError
                            await asyncio.Event().wait()
                finally:
                    assert not current().is_valid

            task = asyncio.create_task(read())
            await asyncio.wait_for(begun.wait(), PATIENCE)
            if ends == "is cancelled":
                task.cancel()
            with pytest.raises(ZeroDivisionError if ends == "fails" else asyncio.CancelledError):
                await task
            assert len(told.spans(SpanKind.CONSUMER)) == 1
            async with topic.consumer(bus, group="g") as changes:
                assert [change.key async for change in changes.until_end()] == ["c"]  # it comes again

    asyncio.run(main())


def test_handlers_work_within_the_span_of_their_message(place: Place, fresh: Fresh, told: Told) -> None:
    """Also those of a service, also when several are at work."""
    orders, payments = fresh(Orders), fresh(Payments)

    async def main() -> None:
        seen: dict[str, SpanContext] = {}

        class Bank(AsyncBank):
            async def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
                seen[request.order_id] = current()
                return await super().authorize(request, meta)

        async with watched(place, told) as bus:
            async with orders.producer(bus) as send:
                for number in range(3):
                    await send.send(Placed(order_id=f"o-{number}", total=1))
            async with orders.consumer(bus, group="g") as events:
                stop: Callable[[], None] = events.stop

                async def handle(event: Event[str, Placed | Paid]) -> None:
                    seen[event.key] = current()
                    if len(seen) == 3:
                        stop()

                await events.run(handle, workers=3)
            async with payments.serve(bus, Bank(), group="bank", workers=3), payments.client(bus) as client:
                await asyncio.gather(*(client.authorize(order_id=f"p-{number}", amount=1) for number in range(3)))
        assert len({one.span_id for one in seen.values()}) == 6
        assert {one.span_id for one in seen.values()} == {
            span.context.span_id for span in told.spans(SpanKind.CONSUMER) if span.context
        }

    asyncio.run(main())
