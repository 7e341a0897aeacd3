"""Requests on an event loop: many wait at once without a thread each, and a task that is cancelled leaves nothing behind."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import pytest
from kontrakt import AsyncRequestClient, ClosedError, Meta, RequestFailed, RequestTimeout

from tests.kafka.aio.test_entities import on
from tests.kafka.bank import Bank
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.payments import (
    Authorization,
    AuthorizeRequest,
    CardDeclined,
    Payments,
    ReturnRequest,
    SettledRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kafka.conftest import Fresh, Place


def waiting(client: AsyncRequestClient) -> int:
    """How many answers a client waits for."""
    caller: Any = client._caller._opened.value  # pyright: ignore[reportPrivateUsage]
    return 0 if caller is None or caller._answers is None else len(caller._answers._waiting)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that no event tells of."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class AsyncBank(Payments.AsyncService):
    """Authorizes what is asked, and waits where it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.settlement = asyncio.Event()

    async def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
        self.asked.append(request.order_id)
        self.begun.set()
        if request.order_id == "slow":
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if request.order_id == "poor":
            raise CardDeclined(reason="too much")
        if request.order_id == "broken":
            raise RuntimeError("the ledger is locked")
        return Authorization(authorization_id=f"a-{request.order_id}")

    async def return_(self, request: ReturnRequest, meta: Meta) -> None:
        self.asked.append(f"return {request.order_id}")

    async def settled(self, request: SettledRequest, meta: Meta) -> None:
        self.settlement.set()


def test_requests_are_answered_and_errors_raised(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        bank = AsyncBank()
        async with on(place) as bus, topic.serve(bus, bank, group="bank"), topic.client(bus) as payments:
            assert (await payments.authorize(order_id="o-1", amount=5)).authorization_id == "a-o-1"
            await payments.return_(order_id="o-1")
            assert bank.asked == ["o-1", "return o-1"]
            with pytest.raises(CardDeclined, match="too much"):
                await payments.authorize(order_id="poor", amount=5)
            with pytest.raises(RequestFailed, match="RuntimeError: the ledger is locked"):
                await payments.authorize(order_id="broken", amount=5)
            await payments.settled(order_id="o-1")
            await asyncio.wait_for(bank.settlement.wait(), PATIENCE)

    asyncio.run(main())


def test_many_requests_wait_without_a_thread_each(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        async with on(place) as bus, topic.client(bus) as payments:
            asking = [
                asyncio.create_task(payments.authorize(order_id=f"o-{number}", amount=5)) for number in range(300)
            ]
            await until(lambda: waiting(payments) == 300)
            assert threading.active_count() < 100
            async with topic.serve(bus, AsyncBank(), group="bank"):
                answers = await asyncio.gather(*asking)
            assert [one.authorization_id for one in answers] == [f"a-o-{number}" for number in range(300)]

    asyncio.run(main())


def test_both_forms_talk_to_each_other(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        async with on(place) as bus:
            with topic.serve(bus.blocking, Bank(), group="blocking"):
                async with topic.client(bus) as payments:
                    answer = await payments.authorize(order_id="o-1", amount=5)
                    assert answer.authorization_id == "a-o-1-5SEK"
            async with topic.serve(bus, AsyncBank(), group="asyncio"):
                with topic.client(bus.blocking) as blocking:
                    one = await asyncio.to_thread(blocking.authorize, order_id="o-2", amount=5)
                    assert one.authorization_id == "a-o-2"

    asyncio.run(main())


def test_time_runs_out(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        async with on(place) as bus, topic.client(bus) as payments:
            with pytest.raises(RequestTimeout, match=r"no answer to .*authorize within 1 s"):
                await payments.authorize(order_id="o-1", amount=5, timeout=dt.timedelta(seconds=1))

    asyncio.run(main())


def test_a_cancelled_request_is_forgotten(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        bank = AsyncBank()
        async with on(place) as bus, topic.serve(bus, bank, group="bank"), topic.client(bus) as payments:
            asking = asyncio.create_task(payments.authorize(order_id="slow", amount=5))
            await asyncio.wait_for(bank.begun.wait(), PATIENCE)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert waiting(payments) == 0
            bank.go_on.set()
            assert (await payments.authorize(order_id="o-1", amount=5)).authorization_id == "a-o-1"

    asyncio.run(main())


def test_a_cancelled_service_lets_its_request_come_again(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        async with on(place) as bus, topic.client(bus) as payments:
            bank = AsyncBank()
            serving = asyncio.create_task(topic.serve(bus, bank, group="bank").run())
            asking = asyncio.create_task(payments.authorize(order_id="slow", amount=5))
            await asyncio.wait_for(bank.begun.wait(), PATIENCE)
            serving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await serving
            await asyncio.wait_for(bank.cancelled.wait(), PATIENCE)
            bank.go_on.set()
            async with topic.serve(bus, bank, group="bank"):
                assert (await asking).authorization_id == "a-slow"
            assert bank.asked == ["slow", "slow"]

    asyncio.run(main())


def test_closing_wakes_who_waits_for_an_answer(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        async with on(place) as bus:
            payments = topic.client(bus)
            asking = asyncio.create_task(payments.authorize(order_id="o-1", amount=5))
            await until(lambda: waiting(payments) == 1)
        with pytest.raises(ClosedError):
            await asking

    asyncio.run(main())


def test_a_blocking_service_is_refused(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        async with on(place) as bus:
            with pytest.raises(TypeError, match="Bank is not an asyncio service of Payments"):
                topic.serve(bus, Bank(), group="bank")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]

    asyncio.run(main())
