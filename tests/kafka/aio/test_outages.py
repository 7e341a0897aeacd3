"""Apache Kafka goes away and comes back under an event loop: nothing acknowledged is lost, the policies hold, the loop goes on."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import pytest
from kontrakt import DeadLetter, Delete, Put, Retry

from tests.kafka.aio.test_entities import on
from tests.kafka.aio.test_requests import until
from tests.kafka.conftest import PATIENCE, Place, create_on_broker
from tests.kafka.new.customers import Customer, Customers

if TYPE_CHECKING:
    from kontrakt import AsyncBus, EmbeddedBus

    from tests.real.kafka import KafkaServer

pytestmark = pytest.mark.real

Change = Put[str, Customer] | Delete[str]

LETTERS = "letters"
SOON = dt.timedelta(milliseconds=20)


@pytest.fixture
def there(disposable_kafka: KafkaServer, embedded_parts: EmbeddedBus) -> Place:
    """A broker of the test's own, with the topics that it needs."""
    place = Place(
        bootstrap_servers=disposable_kafka.bootstrap_servers,
        registry_url=embedded_parts.registry_url,
        kafka={"reconnect.backoff.max.ms": 500, "log_level": 0},
        create=lambda name: create_on_broker(disposable_kafka.bootstrap_servers, name),
    )
    for topic in (Customers.topic, LETTERS):
        place.create(topic)
    with place.connect() as bus:
        bus.register(Customers)
    return place


def visits_of(change: Change) -> int:
    assert isinstance(change, Put)
    return change.value.visits


async def written(bus: AsyncBus) -> list[int]:
    """What stands in the topic, in its order; all of it has one key."""
    async with Customers.consumer(bus, group="audit") as changes:
        return [visits_of(change) async for change in changes.until_end()]


def test_nothing_acknowledged_is_lost_when_the_broker_is_killed(there: Place, disposable_kafka: KafkaServer) -> None:
    """A producer, and a consumer whose handler fails now and then, which has it tried again."""
    acknowledged: list[int] = []
    handled: list[int] = []
    failed: set[int] = set()

    async def produce(bus: AsyncBus, ended: asyncio.Event) -> None:
        number = 0
        async with Customers.producer(bus) as customers:
            while not ended.is_set():
                batch = [await customers.put(Customer(customer_id="c", visits=number + n)) for n in range(50)]
                number += len(batch)
                for delivery in batch:
                    await delivery
                    acknowledged.append(len(acknowledged))

    async def handle(change: Change) -> None:
        number = visits_of(change)
        if number % 37 == 5 and number not in failed:
            failed.add(number)
            raise RuntimeError("not now")
        handled.append(number)

    async def main() -> None:
        ended = asyncio.Event()
        async with on(there) as bus, Customers.consumer(bus, group="g", on_error=Retry(first=SOON)) as changes:
            working = asyncio.gather(produce(bus, ended), changes.run(handle))

            async def progress() -> None:
                before = len(acknowledged), len(handled)
                await until(lambda: len(acknowledged) >= before[0] + 200 and len(handled) >= before[1] + 100)

            await progress()
            disposable_kafka.kill()
            await asyncio.sleep(1)  # the loop goes on while nobody answers
            await asyncio.to_thread(disposable_kafka.start)
            await progress()
            ended.set()
            changes.stop()
            await working
        async with on(there) as bus:
            everything = await written(bus)
        assert everything == list(range(len(everything)))  # each once, in order
        assert len(everything) >= len(acknowledged) >= 400
        assert failed
        first_handled = list(dict.fromkeys(handled))  # some may have come again
        assert first_handled == everything[: len(first_handled)]

    asyncio.run(main())


def test_a_broker_that_is_paused_holds_up_deliveries_and_dead_letters_and_nothing_is_lost(
    there: Place, disposable_kafka: KafkaServer
) -> None:
    """The broker stands still when a message fails for good: its dead letter waits, and so does what stands behind it."""
    handled: list[int] = []
    attempts: list[int] = []

    async def main() -> None:
        tried = asyncio.Event()

        async def handle(change: Change) -> None:
            number = visits_of(change)
            if number == 1:
                attempts.append(number)
                if len(attempts) == 1:
                    disposable_kafka.pause()
                    tried.set()
                raise RuntimeError("never")
            handled.append(number)

        policy = Retry(attempts=2, first=SOON, then=DeadLetter(LETTERS))
        async with on(there) as bus, Customers.consumer(bus, group="g", on_error=policy) as changes:
            async with Customers.producer(bus) as customers:
                for number in range(3):
                    await (await customers.put(Customer(customer_id="c", visits=number)))
                running = asyncio.create_task(changes.run(handle))
                try:
                    await asyncio.wait_for(tried.wait(), PATIENCE)
                    waiting = await customers.put(Customer(customer_id="c", visits=3))

                    async def look() -> None:
                        await waiting

                    looking = asyncio.create_task(look())
                    await until(lambda: len(attempts) == 2)  # which needs no broker
                    looking.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await looking
                    assert not waiting.done
                    assert handled == [0]
                finally:
                    disposable_kafka.resume()
                async with asyncio.timeout(PATIENCE):
                    assert (await waiting).offset == 3
                await until(lambda: handled == [0, 2, 3])
                changes.stop()
                await running
        (letter,) = there.raw(LETTERS, 1)
        assert letter.key() == b"c"
        assert attempts == [1, 1]
        assert there.committed(Customers.topic, "g") == 4

    asyncio.run(main())


def test_a_dead_letter_outlives_the_broker_that_was_to_take_it(there: Place, disposable_kafka: KafkaServer) -> None:
    """Killed when the handler fails, and started again: the message is put aside, with those of other keys handled meanwhile or after."""
    handled: list[int] = []

    async def main() -> None:
        killed = asyncio.Event()

        async def handle(change: Change) -> None:
            number = visits_of(change)
            if number == 1:
                if not killed.is_set():
                    disposable_kafka.kill()
                    killed.set()
                raise RuntimeError("never")
            handled.append(number)

        async with on(there) as bus:
            async with Customers.producer(bus) as customers:
                for number in range(4):
                    await (await customers.put(Customer(customer_id=f"c-{number}", visits=number)))
            async with Customers.consumer(bus, group="g", on_error=DeadLetter(LETTERS)) as changes:
                running = asyncio.create_task(changes.run(handle, workers=4))
                await asyncio.wait_for(killed.wait(), PATIENCE)
                await asyncio.to_thread(disposable_kafka.start)
                (letter,) = await asyncio.to_thread(there.raw, LETTERS, 1)
                await until(lambda: set(handled) == {0, 2, 3})
                changes.stop()
                await running
        assert letter.key() == b"c-1"
        assert there.committed(Customers.topic, "g") == 4

    asyncio.run(main())
