from __future__ import annotations

from abc import abstractmethod

from kontrakt import Entity, EntityView, EventHandler, Events, EventsView, Key, KeyedEntity, KeyedEvents, Meta

from .records import Counter, Customer, Line, LineKey, Paid, Placed, Reading, SensorKey


class Customers(Entity[str, Customer]):
    topic = "acme.customers"
    value = Customer
    key = Key("customer_id")


class CustomersView(EntityView[str, Customer]):
    topic = "acme.customers"
    value = Customer
    key = Key("customer_id")


class Lines(Entity[LineKey, Line]):
    topic = "acme.lines"
    value = Line
    key = Key("order_id", "line", type=LineKey)


class Counters(Entity[int, Counter]):
    topic = "acme.counters"
    value = Counter
    key = Key("number", format="long")


class AvroCounters(Entity[int, Counter]):
    topic = "acme.avro-counters"
    value = Counter
    key = Key("number", schema='"long"')


class Rooms(KeyedEntity[str, Reading]):
    topic = "acme.rooms"
    value = Reading
    key = Key(type=str)


class Readings(KeyedEvents[SensorKey, Reading]):
    topic = "acme.readings"
    types = (Reading,)
    key = Key(type=SensorKey)
    subjects = "record"


class Ticks(Events[None, Reading]):
    topic = "acme.ticks"
    types = (Reading,)


class Orders(Events[str, Placed | Paid]):
    topic = "acme.orders"
    types = (Placed, Paid)
    key = Key("order_id")
    subjects = "topic-record"

    class Handler(EventHandler):
        handles = {Placed: "on_placed", Paid: "on_paid"}

        @abstractmethod
        def on_placed(self, event: Placed, meta: Meta) -> None: ...

        @abstractmethod
        def on_paid(self, event: Paid, meta: Meta) -> None: ...


class PlacedOrders(EventsView[str, Placed]):
    """What a package generated before there was Paid knows of the topic."""

    topic = "acme.orders"
    types = (Placed,)
    key = Key("order_id")
    subjects = "topic-record"

    class Handler(EventHandler):
        handles = {Placed: "on_placed"}

        @abstractmethod
        def on_placed(self, event: Placed, meta: Meta) -> None: ...
