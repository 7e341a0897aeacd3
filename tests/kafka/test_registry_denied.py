"""A registry that asks who comes: the client's own authentication lets it in, and who is refused is told, whatever the policy."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import kontrakt
import pytest
from kontrakt import Bus, DeadLetter, Put, RegistryDenied, Retry

from tests.kafka.bank import Bank
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.payments import Payments
from tests.registry.guard import Asked, Door, Rule, basic, bearer, guarded, readers_only

if TYPE_CHECKING:
    from pathlib import Path

    from kontrakt.kafka.consumer import EntityConsumer
    from kontrakt.kafka.policies import OnError

    from tests.kafka.conftest import Fresh, Place

SOON = dt.timedelta(milliseconds=1)


class Doorkeeper:
    """Lets nobody in but one user, who may have changed the password."""

    def __init__(self) -> None:
        self.rule: Rule = basic("billing", "s3cret")

    def __call__(self, asked: Asked) -> int:
        return self.rule(asked)


@pytest.fixture
def keeper() -> Doorkeeper:
    return Doorkeeper()


@pytest.fixture
def door(place: Place, keeper: Doorkeeper) -> Iterator[Door]:
    with guarded(place.registry_url, keeper) as door:
        yield door


RIGHT = {"basic.auth.user.info": "billing:s3cret"}
WRONG = {"basic.auth.user.info": "billing:wr0ng"}


@contextmanager
def connected(place: Place, door: Door, registry: Mapping[str, str]) -> Generator[Bus]:
    with kontrakt.connect(
        bootstrap_servers=place.bootstrap_servers,
        registry_url=door.url,
        kafka=place.kafka,
        registry=dict(registry),
    ) as bus:
        yield bus


@pytest.mark.parametrize("how", ["password", "token"])
def test_credentials_let_in_who_has_them_and_nobody_else(
    how: str, place: Place, door: Door, keeper: Doorkeeper, fresh: Fresh
) -> None:
    topic = fresh(Customers)
    right, wrong = RIGHT, WRONG
    if how == "token":
        keeper.rule = bearer("t0ken")
        static = {"bearer.auth.credentials.source": "STATIC_TOKEN"}
        right, wrong = static | {"bearer.auth.token": "t0ken"}, static | {"bearer.auth.token": "wr0ng"}
    with connected(place, door, right) as bus:
        with topic.producer(bus) as customers:
            customers.put(Customer(customer_id="c-1", visits=1))
        assert keys(topic.consumer(bus, group="let-in")) == ["c-1"]
    with connected(place, door, wrong) as bus:
        with topic.producer(bus) as customers, pytest.raises(RegistryDenied) as denied:
            customers.put(Customer(customer_id="c-2"))
        assert "wr0ng" not in str(denied.value)
        with pytest.raises(RegistryDenied, match=r"\[\d\]@0: cannot fetch schema id"):
            keys(topic.consumer(bus, group="refused"))
    assert place.count(topic.topic) == 1  # nothing was sent by who was refused


def test_who_may_only_read_sends_and_is_refused_when_registering(
    place: Place, door: Door, keeper: Doorkeeper, fresh: Fresh
) -> None:
    topic, unknown = fresh(Customers), fresh(Customers, register=False)
    keeper.rule = readers_only
    with connected(place, door, RIGHT) as bus:
        with topic.producer(bus) as customers:
            customers.put(Customer(customer_id="c-1"))
        with pytest.raises(RegistryDenied, match=r"cannot register .*HTTP 403"):
            bus.register(unknown)


POLICIES = [
    "stop",
    "skip",
    DeadLetter("letters"),
    Retry(first=SOON, longest=SOON, then="skip"),
    Retry(first=SOON, longest=SOON, attempts=None),
    Retry(first=SOON, longest=SOON, then=DeadLetter("letters")),
]


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_no_policy_passes_over_a_message_because_of_credentials(
    policy: OnError, place: Place, door: Door, keeper: Doorkeeper, fresh: Fresh
) -> None:
    """They are the service's fault, not the message's: it is raised at once, and the message comes again."""
    topic = fresh(Customers)
    letters = f"{topic.topic}.letters"
    place.create(letters)
    policy = redirected(policy, letters)
    group = uuid.uuid4().hex
    with place.connect() as bus, topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
    with connected(place, door, WRONG) as bus:
        for workers in (1, 2):
            with topic.consumer(bus, group=group, on_error=policy) as changes:
                with pytest.raises(RegistryDenied, match=r"HTTP 401.*check the registry's credentials"):
                    changes.run(lambda _: None, workers=workers)
        with topic.consumer(bus, group=group, on_error=policy) as changes:
            with pytest.raises(RegistryDenied):
                changes.run_batches(lambda _: None)
    assert place.committed(topic.topic, group) == 0
    assert place.count(letters) == 0
    with connected(place, door, RIGHT) as bus:
        assert keys(topic.consumer(bus, group=group, on_error=policy)) == ["c-1"]


def redirected(policy: OnError, letters: str) -> OnError:
    """The policy, with a topic of the test's own for dead letters."""
    if isinstance(policy, DeadLetter):
        return DeadLetter(letters)
    if isinstance(policy, Retry) and isinstance(policy.then, DeadLetter):
        return Retry(first=SOON, longest=SOON, then=DeadLetter(letters))
    return policy


def test_a_table_ends_and_goes_on_with_the_right_credentials(
    place: Place, door: Door, keeper: Doorkeeper, fresh: Fresh, tmp_path: Path
) -> None:
    topic = fresh(Customers)
    store = tmp_path / "customers.db"
    with place.connect() as bus, topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1", visits=3))
    with connected(place, door, WRONG) as bus:
        for policy in ("stop", "skip", Retry(first=SOON, longest=SOON, attempts=None, then="skip")):
            with topic.table(bus, store=store, on_error=policy) as table, pytest.raises(RegistryDenied):
                table.ready(PATIENCE)
    with connected(place, door, RIGHT) as bus, topic.table(bus, store=store) as table:
        assert table["c-1"].visits == 3


def test_a_service_ends_and_its_request_is_answered_by_the_next_one(
    place: Place, door: Door, keeper: Doorkeeper, fresh: Fresh
) -> None:
    """It looks up the schemas of its answers first, so it does not even begin; one that cannot read a request ends."""
    topic = fresh(Payments)
    place.create(f"{topic.topic}.letters")
    letters = DeadLetter(f"{topic.topic}.letters")
    bank = Bank()
    with connected(place, door, WRONG) as bus, pytest.raises(RegistryDenied):
        topic.serve(bus, bank, group="bank")
    with place.connect() as asking, topic.client(asking) as payments:
        with connected(place, door, RIGHT) as bus:
            runner = topic.serve(bus, bank, group="bank", on_error=letters)
            keeper.rule = basic("billing", "changed")
            payments.settled(order_id="o-1")
            with pytest.raises(RegistryDenied, match=r"requests\[\d\]@0: cannot fetch schema id"):
                runner.run()
        keeper.rule = basic("billing", "s3cret")
        with connected(place, door, RIGHT) as bus:
            with topic.serve(bus, bank, group="bank", on_error=letters):
                payments.authorize(order_id="o-1", amount=1)
    assert bank.asked == ["settled o-1", "o-1"]


def keys(consumer: EntityConsumer[str, Customer]) -> list[str]:
    with consumer as changes:
        return [change.key for change in changes.until_end() if isinstance(change, Put)]
