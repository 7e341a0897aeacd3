"""A service executes several requests at once: keys side by side, each in its order, offsets only behind what is finished."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from kontrakt import Bus, MemoryAnswers, RequestMeta

from tests.kafka.bank import Bank
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.payments import Authorization, AuthorizeRequest, Payments, SettledRequest
from tests.kafka.test_workers import SAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kafka.conftest import Fresh, Place


@dataclass
class Ledger(Bank):
    """Tells somebody of each settlement, and stops when there were enough."""

    settle: Callable[[SettledRequest, RequestMeta], None] = lambda _request, _meta: None
    enough: int = 0
    settled_of: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    stop: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def settled(self, request: SettledRequest, meta: RequestMeta) -> None:
        self.settle(request, meta)
        with self.lock:
            self.settled_of[request.order_id].append(meta.offset)
            if sum(map(len, self.settled_of.values())) == self.enough:
                self.stop()


def test_keys_of_one_partition_are_executed_at_the_same_time_each_in_its_order(
    place: Place, bus: Bus, fresh: Fresh
) -> None:
    topic = fresh(Payments)
    with topic.client(bus) as payments:
        for _ in range(5):
            for key in SAME:
                payments.settled(order_id=key)
    together = threading.Barrier(2)
    busy: set[str] = set()

    def settle(request: SettledRequest, meta: RequestMeta) -> None:
        assert request.order_id not in busy
        busy.add(request.order_id)
        together.wait(PATIENCE)  # nobody comes past who is alone
        busy.remove(request.order_id)

    ledger = Ledger(settle=settle, enough=10)
    runner = topic.serve(bus, ledger, group="ledger", workers=4)
    ledger.stop = runner.stop
    runner.run()
    assert {key: len(offsets) for key, offsets in ledger.settled_of.items()} == dict.fromkeys(SAME, 5)
    assert all(offsets == sorted(offsets) for offsets in ledger.settled_of.values())
    assert place.committed(f"{topic.topic}.requests", "ledger") == 10


class Ended(BaseException):
    """As Ctrl-C ends a service."""


def test_an_offset_does_not_move_past_a_request_that_is_not_finished(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    slow, quick = SAME
    with topic.client(bus) as payments:
        for key in (slow, quick, quick, quick):
            payments.settled(order_id=key)
    others = threading.Event()

    def settle(request: SettledRequest, meta: RequestMeta) -> None:
        if request.order_id == slow:
            assert others.wait(PATIENCE)
            raise Ended

    ledger = Ledger(settle=settle, enough=3, stop=others.set)
    with pytest.raises(Ended):
        topic.serve(bus, ledger, group="ledger", workers=2).run()
    assert ledger.settled_of == {quick: [1, 2, 3]}
    assert place.committed(f"{topic.topic}.requests", "ledger") == 0
    again = Ledger(enough=4)
    runner = topic.serve(bus, again, group="ledger", workers=2)
    again.stop = runner.stop
    runner.run()
    assert again.settled_of == {slow: [0], quick: [1, 2, 3]}
    assert place.committed(f"{topic.topic}.requests", "ledger") == 4


def test_requests_without_a_key_have_no_order_to_keep(place: Place, bus: Bus, fresh: Fresh) -> None:
    written, topic = fresh(Payments), fresh(Payments)
    with written.client(bus) as payments:
        payments.settled(order_id="o-1")
    (request,) = place.raw(f"{written.topic}.requests", 1)
    for _ in range(3):
        place.send(f"{topic.topic}.requests", request.value(), key=None)
    together = threading.Barrier(3)

    def settle(request: SettledRequest, meta: RequestMeta) -> None:
        together.wait(PATIENCE)

    ledger = Ledger(settle=settle, enough=3)
    runner = topic.serve(bus, ledger, group="ledger", workers=3)
    ledger.stop = runner.stop
    runner.run()
    assert place.committed(f"{topic.topic}.requests", "ledger") == 3


def test_the_same_request_is_executed_once_also_when_it_comes_twice_at_once(bus: Bus, fresh: Fresh) -> None:
    """By other keys than its idempotency key, so that no order keeps them apart."""
    topic = fresh(Payments)

    class Slow(Bank):
        def authorize(self, request: AuthorizeRequest, meta: RequestMeta) -> Authorization:
            time.sleep(0.05)
            return super().authorize(request, meta)

    bank = Slow()
    answers = MemoryAnswers()
    with (
        topic.serve(bus, bank, group="bank", deduplicate=answers, workers=8),
        topic.client(bus) as payments,
        ThreadPoolExecutor(8) as pool,
    ):
        asked = [
            pool.submit(payments.authorize, order_id=f"o-{number}", amount=1, idempotency_key="k")
            for number in range(8)
        ]
        found = {one.result(PATIENCE).authorization_id for one in asked}
    assert len(bank.asked) == 1
    assert found == {f"a-{bank.asked[0]}-1SEK"}


def test_a_service_needs_a_worker(bus: Bus, fresh: Fresh) -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        fresh(Payments).serve(bus, Bank(), group="bank", workers=0)
