"""Events on an event loop: handlers are coroutine functions, and the policies hold."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from typing import TYPE_CHECKING

import pytest
from kontrakt import DeadLetter, Event, HandlerError, Meta, Retry

from tests.kafka.aio.test_entities import on
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.orders import Orders, Paid, Placed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kafka.conftest import Fresh, Place

QUICK = Retry(attempts=3, first=dt.timedelta(milliseconds=10))


class Shipping(Orders.AsyncHandler):
    """Packs orders, and fails so many times at one of them."""

    def __init__(self, *, after: int, failing: int = 0) -> None:
        self.handled: list[Placed | Paid] = []
        self.places: list[str] = []
        self.after = after
        self.failing = failing
        self.stop: Callable[[], None] = lambda: None

    async def on_placed(self, event: Placed, meta: Meta) -> None:
        await self.pack(event, meta)

    async def on_paid(self, event: Paid, meta: Meta) -> None:
        await self.pack(event, meta)

    async def pack(self, event: Placed | Paid, meta: Meta) -> None:
        await asyncio.sleep(0)
        if self.failing and event.order_id == "o-2":
            self.failing -= 1
            raise RuntimeError("no boxes")
        self.handled.append(event)
        self.places.append(str(meta))
        if len(self.handled) == self.after:
            self.stop()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_handler_gets_each_type_in_a_method_of_its_own(place: Place, fresh: Fresh, workers: int) -> None:
    topic = fresh(Orders)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as orders:
                for number in range(5):
                    await orders.send(Placed(order_id=f"o-{number}", total=1))
                    await orders.send(Paid(order_id=f"o-{number}", total=1))
            shipping = Shipping(after=10)
            async with topic.consumer(bus, group=f"g-{workers}") as events:
                shipping.stop = events.stop
                await events.run(shipping, workers=workers)
            for number in range(5):
                mine = [type(one) for one in shipping.handled if one.order_id == f"o-{number}"]
                assert mine == [Placed, Paid]
            assert all(one.startswith(f"{topic.topic}[") for one in shipping.places)

    asyncio.run(main())


def test_several_handlers_are_at_work_at_once(place: Place, fresh: Fresh) -> None:
    topic = fresh(Orders)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as orders:
                for number in range(3):
                    await orders.send(Placed(order_id=f"o-{number}", total=1))
            together = asyncio.Barrier(3)  # none gets through before all have come
            async with topic.consumer(bus, group="g") as events:

                async def handle(_event: Event[str, Placed | Paid]) -> None:
                    async with together:
                        events.stop()

                await asyncio.wait_for(events.run(handle, workers=3), PATIENCE)

    asyncio.run(main())


def test_a_handler_that_fails_stops_and_its_message_comes_again(place: Place, fresh: Fresh) -> None:
    topic = fresh(Orders)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as orders:
                sent = await (await orders.send(Placed(order_id="o-2", total=1)))
            shipping = Shipping(after=1, failing=1)
            async with topic.consumer(bus, group="g") as events:
                shipping.stop = events.stop
                with pytest.raises(HandlerError, match="the handler failed: RuntimeError: no boxes") as failed:
                    await events.run(shipping)
                assert (failed.value.partition, failed.value.offset) == (sent.partition, sent.offset)
                await events.run(shipping)
            assert [one.order_id for one in shipping.handled] == ["o-2"]

    asyncio.run(main())


def test_what_fails_is_tried_again_in_its_order(place: Place, fresh: Fresh) -> None:
    topic = fresh(Orders)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as orders:
                await orders.send(Placed(order_id="o-2", total=1))
                await orders.send(Paid(order_id="o-2", total=1))
            shipping = Shipping(after=2, failing=2)
            async with topic.consumer(bus, group="g", on_error=QUICK) as events:
                shipping.stop = events.stop
                await events.run(shipping)
            assert shipping.handled == [Placed(order_id="o-2", total=1), Paid(order_id="o-2", total=1)]

    asyncio.run(main())


def test_what_fails_for_good_is_put_aside(place: Place, fresh: Fresh) -> None:
    topic = fresh(Orders)
    letters = f"letters-{uuid.uuid4().hex[:8]}"
    place.create(letters)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as orders:
                await orders.send(Placed(order_id="o-2", total=1))
            async with topic.consumer(bus, group="g", on_error=DeadLetter(letters)) as events:
                running = asyncio.create_task(events.run(Shipping(after=1, failing=10)))
                (letter,) = await asyncio.to_thread(place.raw, letters, 1)
                events.stop()
                await running
            assert letter.key() == b"o-2"

    asyncio.run(main())


def test_a_handler_of_another_topic_is_refused(place: Place, fresh: Fresh) -> None:
    from tests.kafka.old.orders import Orders as Old
    from tests.kafka.old.orders import Placed as OldPlaced

    class Other(Old.AsyncHandler):
        async def on_placed(self, event: OldPlaced, meta: Meta) -> None: ...

    topic = fresh(Orders)

    async def main() -> None:
        async with on(place) as bus, topic.consumer(bus, group="g") as events:
            with pytest.raises(TypeError, match="Other does not handle Paid, Placed"):
                await events.run(Other())

    asyncio.run(main())
