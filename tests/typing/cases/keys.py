"""Keys of every form: a number, a UUID, a record of several fields, beside the value, none."""

import datetime as dt
from typing import assert_type
from uuid import UUID

from keyed.tricky.counters import Counter, Counters
from keyed.tricky.devices import Device, Devices
from keyed.tricky.pings import Ping, Pings
from keyed.tricky.readings_raw import Reading, ReadingKey, ReadingsRaw
from keyed.tricky.stock import Stock, StockLevel, StockLevelKey
from kontrakt import Bus, Delete, Event, Put

NOW = dt.datetime.now(dt.UTC)
DEVICE = UUID(int=1)


def produce(bus: Bus) -> None:
    Counters.producer(bus).delete(7)
    Counters.producer(bus).delete("7")  # E: arg-type / reportArgumentType
    Devices.producer(bus).delete(DEVICE)
    Devices.producer(bus).delete(str(DEVICE))  # E: arg-type / reportArgumentType
    Stock.producer(bus).put(StockLevel(warehouse="w", sku=1))
    Stock.producer(bus).delete(StockLevelKey(warehouse="w", sku=1))
    Stock.producer(bus).delete(StockLevelKey(warehouse="w"))  # E: call-arg / reportCallIssue
    Stock.producer(bus).delete(("w", 1))  # E: arg-type / reportArgumentType
    reading = Reading(at=NOW, value=0.5)
    ReadingsRaw.producer(bus).send(ReadingKey(device=DEVICE, channel=1), reading)
    ReadingsRaw.producer(bus).send(reading)  # E: arg-type call-arg / reportCallIssue
    ReadingsRaw.producer(bus).send("device", reading)  # E: arg-type / reportArgumentType
    Pings.producer(bus).send(Ping(at=NOW))
    Pings.producer(bus).send(None, Ping(at=NOW))  # E: arg-type call-arg / reportCallIssue


def consume(bus: Bus) -> None:
    assert_type(Counters.consumer(bus, group="g").poll(), Put[int, Counter] | Delete[int] | None)
    assert_type(Devices.consumer(bus, group="g").poll(), Put[UUID, Device] | Delete[UUID] | None)
    assert_type(Stock.consumer(bus, group="g").poll(), Put[StockLevelKey, StockLevel] | Delete[StockLevelKey] | None)
    assert_type(ReadingsRaw.consumer(bus, group="g").poll(), Event[ReadingKey, Reading] | None)
    assert_type(Pings.consumer(bus, group="g").poll(), Event[None, Ping] | None)
