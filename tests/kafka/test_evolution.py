"""A running consumer survives every change that the check calls compatible: old and new packages read each other's messages.

``tests.kafka.old`` and ``tests.kafka.new`` are generated from the same contracts before and after. What changed stands in the docs
of the new schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest
from kontrakt import Bus, Delete, Put, UnresolvableError

from tests.kafka.conftest import PATIENCE, PLACES
from tests.kafka.new import billing
from tests.kafka.new import customers as new
from tests.kafka.new.acme import Tier
from tests.kafka.new.dials import Dial, Dials
from tests.kafka.new.gauges import Gauge, Gauges
from tests.kafka.old import customers as old
from tests.kafka.old import dials as old_dials
from tests.kafka.old import gauges as old_gauges

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh

pytestmark = pytest.mark.parametrize("place", PLACES, indirect=True)

K = TypeVar("K")
V = TypeVar("V")


def value(change: Put[K, V] | Delete[K] | None) -> V:
    assert isinstance(change, Put)
    return change.value


def test_an_old_consumer_goes_on_when_the_producer_is_renewed(bus: Bus, fresh: Fresh) -> None:
    """It runs all the time: an unknown field, a symbol that it does not know, a field renamed, one that is gone."""
    before = fresh(old.Customers)
    after = fresh(new.Customers, like=before)
    with before.consumer(bus, group="old") as changes:
        with before.producer(bus) as customers:
            customers.put(old.Customer(customer_id="c-1", mail="ada@example.org", tier=old.Tier.GOLD, fax="1"))
        assert value(changes.poll(PATIENCE)) == old.Customer(
            customer_id="c-1", mail="ada@example.org", tier=old.Tier.GOLD, fax="1"
        )
        with after.producer(bus) as customers:
            customers.put(
                new.Customer(customer_id="c-1", email="ada@example.org", visits=2, tier=Tier.PLATINUM, tags=["a"])
            )
            customers.delete("c-1")
        assert value(changes.poll(PATIENCE)) == old.Customer(
            customer_id="c-1",
            mail=None,  # the old reader does not know that email is the same: its default
            visits=2,
            tier=old.Tier.NONE,  # the enum's default, for PLATINUM
            fax="none",  # the field's default
        )
        assert isinstance(changes.poll(PATIENCE), Delete)


def test_a_new_consumer_reads_what_old_producers_wrote_and_write(bus: Bus, fresh: Fresh) -> None:
    before = fresh(old.Customers)
    with before.producer(bus) as customers:
        customers.put(old.Customer(customer_id="c-1", mail="ada@example.org", visits=2, tier=old.Tier.GOLD))
        with fresh(new.Customers, like=before).consumer(bus, group="new") as changes:
            expected = new.Customer(customer_id="c-1", email="ada@example.org", visits=2, tier=Tier.GOLD, tags=[])
            assert value(changes.poll(PATIENCE)) == expected
            customers.put(old.Customer(customer_id="c-1"))
            assert value(changes.poll(PATIENCE)) == new.Customer(customer_id="c-1")


def test_a_projection_reads_through_its_alias_what_is_called_so_now(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(new.Customers)
    with topic.producer(bus) as customers:
        customers.put(new.Customer(customer_id="c-1", email="ada@example.org", tags=["a"]))
    with fresh(billing.Customers, like=topic, register=False).consumer(bus, group="billing") as changes:
        (change,) = changes.until_end()
    assert value(change) == billing.Customer(customer_id="c-1", invoice_email="ada@example.org")


def test_types_are_promoted(bus: Bus, fresh: Fresh) -> None:
    """Every promotion of Avro's specification ("Schema Resolution")."""
    before = fresh(old_gauges.Gauges)
    with before.producer(bus) as gauges:
        gauges.put(
            old_gauges.Gauge(
                gauge_id="g-1",
                int_to_long=-(2**31),
                int_to_double=2**31 - 1,
                long_to_float=-3,
                float_to_double=0.5,
                bytes_to_string="å".encode(),
                string_to_bytes="å",
            )
        )
    with fresh(Gauges, like=before).consumer(bus, group="new") as changes:
        (change,) = changes.until_end()
    gauge = value(change)
    assert gauge == Gauge(
        gauge_id="g-1",
        int_to_long=-(2**31),
        int_to_double=2.0**31 - 1,
        long_to_float=-3.0,
        float_to_double=0.5,
        bytes_to_string="å",
        string_to_bytes="å".encode(),
    )
    assert isinstance(gauge.int_to_double, float)
    assert isinstance(gauge.long_to_float, float)


def test_an_old_consumer_promotes_what_the_new_producer_narrowed(bus: Bus, fresh: Fresh) -> None:
    before = fresh(old_dials.Dials)
    with fresh(Dials, like=before).producer(bus) as dials:
        dials.put(Dial(dial_id="d-1", position=7))
    with before.consumer(bus, group="old") as changes:
        (change,) = changes.until_end()
    dial = value(change)
    assert dial == old_dials.Dial(dial_id="d-1", position=7.0)
    assert isinstance(dial.position, float)


def test_a_change_that_is_not_compatible_is_refused_with_its_reason_and_place(bus: Bus, fresh: Fresh) -> None:
    """An old consumer of gauges cannot read new ones: long does not fit into int."""
    before = fresh(old_gauges.Gauges)
    with fresh(Gauges, like=before).producer(bus) as gauges:
        sent = gauges.put(
            Gauge(
                gauge_id="g-1",
                int_to_long=1,
                int_to_double=1,
                long_to_float=1,
                float_to_double=1,
                bytes_to_string="",
                string_to_bytes=b"",
            )
        ).result(PATIENCE)
    with before.consumer(bus, group="old") as changes:
        for _ in range(2):  # found out once, said each time
            with pytest.raises(UnresolvableError, match="int_to_long") as refused:
                changes.poll(PATIENCE)
            assert str(refused.value).startswith(f"{before.topic}[{sent.partition}]@{sent.offset}: ")
