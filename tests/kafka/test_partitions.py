"""A key goes to the partition to which Java's producers send it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kontrakt import Bus, Delivery

from tests.kafka.conftest import PARTITIONS, PATIENCE
from tests.kafka.new.acme import Counter, Reading, SensorKey
from tests.kafka.new.avro_counters import AvroCounters
from tests.kafka.new.counters import Counters
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.readings import Readings
from tests.real.program import ForeignProgram, java_program

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh
    from tests.real.start import JavaLibraries

PROGRAM = """
import java.io.*;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

public class Program {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            byte[] key = HexFormat.of().parseHex(line.substring(line.indexOf(' ') + 1));
            int partitions = Integer.parseInt(line.substring(0, line.indexOf(' ')));
            System.out.println(BuiltInPartitioner.partitionForKey(key, partitions));
        }
    }
}
"""

VECTORS = {
    "": 1,
    "a": 0,
    "ab": 2,
    "abc": 3,
    "abcd": 0,
    "abcde": 1,
    "21": 0,
    "foobar": 2,
    "a-little-bit-long-string": 0,
    "a-little-bit-longer-string": 3,
    "c-1": 3,
    "c-2": 2,
    "c-3": 3,
    "o-1": 2,
    "o-2": 3,
    "Å": 3,
    "ключ": 0,
    "鍵": 0,
    "🔑": 3,
    "\x00": 0,
    "\x7f": 0,
}
"""Keys and what the program above says of them, for machines without Java."""


@pytest.fixture(scope="module")
def java(kafka_libraries: JavaLibraries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignProgram]:
    source = tmp_path_factory.mktemp("partitions") / "Program.java"
    source.write_text(PROGRAM)
    with java_program(kafka_libraries, source) as program:
        yield program


def partition_in(java: ForeignProgram, key: bytes) -> int:
    return int(java.ask(f"{PARTITIONS} {key.hex()}"))


def test_the_vectors_are_what_java_says(java: ForeignProgram) -> None:
    assert {key: partition_in(java, key.encode()) for key in VECTORS} == VECTORS


def test_keys_go_to_the_partitions_of_the_vectors(bus: Bus, fresh: Fresh) -> None:
    with fresh(Customers).producer(bus) as customers:
        sent = {key: customers.put(Customer(customer_id=key)) for key in VECTORS}
        deleted = {key: customers.delete(key) for key in VECTORS}
        assert {key: delivery.result(PATIENCE).partition for key, delivery in sent.items()} == VECTORS
        assert {key: delivery.result(PATIENCE).partition for key, delivery in deleted.items()} == VECTORS


INTEGERS = st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(max_size=40), max_size=20),
    numbers=st.lists(INTEGERS, max_size=10),
    sensors=st.lists(st.tuples(st.text(max_size=20), st.integers(-(2**31), 2**31 - 1)), max_size=10),
)
def test_any_key_goes_where_java_sends_it(
    java: ForeignProgram,
    bus: Bus,
    topics: tuple[type[Customers], type[Counters], type[AvroCounters], type[Readings]],
    texts: list[str],
    numbers: list[int],
    sensors: list[tuple[str, int]],
) -> None:
    """Keys of every format: text, a number as Java's serializer writes it, and Avro with its frame."""
    named, counted, avro_counted, read = topics
    sent: list[Delivery] = []
    with named.producer(bus) as customers:
        sent += [customers.delete(text) for text in texts]
    with counted.producer(bus) as counters, avro_counted.producer(bus) as avro_counters:
        sent += [counters.put(Counter(number=number, count=0)) for number in numbers]
        sent += [avro_counters.put(Counter(number=number, count=0)) for number in numbers]
    with read.producer(bus) as readings:
        for building, sensor in sensors:
            sent.append(readings.send(SensorKey(building=building, sensor=sensor), Reading(celsius=0)))
    for delivery in sent:
        assert delivery.key is not None
        assert delivery.result().partition == partition_in(java, delivery.key)


@pytest.fixture
def topics(fresh: Fresh) -> tuple[type[Customers], type[Counters], type[AvroCounters], type[Readings]]:
    return fresh(Customers), fresh(Counters), fresh(AvroCounters), fresh(Readings)
