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
from tests.kafka.test_workers import SAME

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
        self.slow = {"slow"}
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.settlement = asyncio.Event()

    async def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
        self.asked.append(request.order_id)
        self.begun.set()
        if request.order_id in self.slow:
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


def test_several_requests_are_executed_at_once_and_no_more_than_were_allowed(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        together = asyncio.Barrier(3)  # none gets through alone
        busy: set[str] = set()

        class Careful(AsyncBank):
            async def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
                busy.add(request.order_id)
                assert len(busy) <= 3
                async with together:
                    busy.discard(request.order_id)
                return await super().authorize(request, meta)

        bank = Careful()
        async with on(place) as bus, topic.client(bus) as payments:
            async with topic.serve(bus, bank, group="bank", workers=3):
                asking = [payments.authorize(order_id=f"o-{number}", amount=1) for number in range(30)]
                answers = await asyncio.gather(*asking)
        assert [one.authorization_id for one in answers] == [f"a-o-{number}" for number in range(30)]
        assert sorted(bank.asked) == sorted(f"o-{number}" for number in range(30))
        assert place.committed(f"{topic.topic}.requests", "bank") == 30

    asyncio.run(main())


def test_requests_of_one_key_are_executed_in_their_order(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)

    async def main() -> None:
        offsets: dict[str, list[int]] = {}
        done = asyncio.Event()

        class Ledger(AsyncBank):
            async def settled(self, request: SettledRequest, meta: Meta) -> None:
                await asyncio.sleep(0.002 * (meta.offset % 3))
                offsets.setdefault(request.order_id, []).append(meta.offset)
                if sum(map(len, offsets.values())) == 40:
                    done.set()

        async with on(place) as bus, topic.client(bus) as payments:
            for number in range(40):
                await payments.settled(order_id=f"o-{number % 4}")
            async with topic.serve(bus, Ledger(), group="bank", workers=8):
                await asyncio.wait_for(done.wait(), PATIENCE)
        assert len(offsets) == 4
        assert all(len(one) == 10 and one == sorted(one) for one in offsets.values())

    asyncio.run(main())


def test_a_request_that_is_not_finished_comes_again_whatever_was_answered_behind_it(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)
    _, quick = SAME

    async def main() -> None:
        async with on(place) as bus, topic.client(bus) as payments:
            bank = AsyncBank()
            bank.slow = {SAME[0]}
            serving = asyncio.create_task(topic.serve(bus, bank, group="bank", workers=2).run())
            asking = asyncio.create_task(payments.authorize(order_id=SAME[0], amount=5))
            await asyncio.wait_for(bank.begun.wait(), PATIENCE)
            for _ in range(3):  # of the same partition, behind the slow one
                await payments.authorize(order_id=quick, amount=5)
            serving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await serving
            assert bank.cancelled.is_set()
            assert place.committed(f"{topic.topic}.requests", "bank") == 0
            bank.go_on.set()
            async with topic.serve(bus, bank, group="bank", workers=2):
                assert (await asking).authorization_id == f"a-{SAME[0]}"
                await until(lambda: len(bank.asked) == 8)
            assert place.committed(f"{topic.topic}.requests", "bank") == 4
            assert sorted(bank.asked) == [SAME[0]] * 2 + [quick] * 6

    asyncio.run(main())


def test_a_request_whose_deadline_passes_behind_others_is_not_started(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)
    first, other = SAME

    async def main() -> None:
        bank = AsyncBank()
        bank.slow = {first}
        async with on(place) as bus, topic.client(bus) as payments:
            async with topic.serve(bus, bank, group="bank", workers=2):
                slow = asyncio.create_task(payments.authorize(order_id=first, amount=1))
                await asyncio.wait_for(bank.begun.wait(), PATIENCE)
                with pytest.raises(RequestTimeout):  # it waits behind the slow one of its key
                    await payments.authorize(order_id=first, amount=2, timeout=dt.timedelta(seconds=0.5))
                assert await payments.authorize(order_id=other, amount=1)  # which those of another key do not
                bank.go_on.set()
                assert await slow
        assert bank.asked == [first, other]
        assert place.committed(f"{topic.topic}.requests", "bank") == 3

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
