"""What generated clients cost beside raw bytes through confluent-kafka: messages a second, produced and consumed, in interleaved rounds.

    python benchmarks/clients.py [--messages 10000] [--rounds 5]

The broker is the embedded one, in a process of its own, unless KONTRAKT_BOOTSTRAP_SERVERS and KONTRAKT_REGISTRY_URL name others. Raw bytes are those
that the clients send; nobody encodes or decodes them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent / "generated")]

import confluent_kafka  # noqa: E402
import kontrakt  # noqa: E402
from kontrakt.codec import IMPLEMENTATION  # noqa: E402
from shop.customers import Customer, Customers  # noqa: E402

KAFKA: Any = confluent_kafka  # its types are not known to every type checker
PATIENCE = 60.0


BROKER = """
import json, sys
import kontrakt
from shop.customers import Customers
with kontrakt.embedded(Customers) as bus:
    print(json.dumps(bus.environment), flush=True)
    sys.stdin.read()
"""


@contextmanager
def broker() -> Generator[dict[str, str]]:
    """The embedded broker in a process of its own, and what names it in the environment."""
    command = [sys.executable, "-c", BROKER]
    place = {**os.environ, "PYTHONPATH": sys.path[0]}
    with subprocess.Popen(command, env=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


def customers(count: int) -> list[Customer]:
    return [
        Customer(customer_id=f"customer-{number}", email=f"customer-{number}@example.org", interests=["books", "tea"])
        for number in range(count)
    ]


def produce(bus: kontrakt.Bus, values: list[Customer]) -> float:
    """Seconds until the broker has acknowledged what a generated producer sent."""
    with Customers.producer(bus) as producer:
        producer.put(values[0])
        producer.flush()  # it is connected now
        began = time.perf_counter()
        for value in values:
            producer.put(value)
        producer.flush()
        return time.perf_counter() - began


def produce_raw(address: str, messages: list[tuple[bytes, bytes]]) -> float:
    """The same of bytes."""
    producer = KAFKA.Producer({"bootstrap.servers": address, "acks": "all", "enable.idempotence": True})
    producer.produce(Customers.topic, value=messages[0][1], key=messages[0][0])
    producer.flush(PATIENCE)
    began = time.perf_counter()
    for key, value in messages:
        while True:
            try:
                producer.produce(Customers.topic, value=value, key=key)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(PATIENCE) == 0
    return time.perf_counter() - began


def consume(bus: kontrakt.Bus, count: int) -> float:
    """Seconds from the first message to so many, through a generated consumer."""
    with Customers.consumer(bus, group=f"benchmark-{uuid.uuid4()}") as consumer:
        changes = iter(consumer)
        next(changes)
        began = time.perf_counter()
        for _ in range(count - 1):
            next(changes)
        return time.perf_counter() - began


def consume_raw(address: str, count: int) -> list[tuple[bytes, bytes]]:
    """The bytes of so many messages."""
    return _consumed_raw(address, count)[1]


def _consumed_raw(address: str, count: int) -> tuple[float, list[tuple[bytes, bytes]]]:
    settings = {
        "bootstrap.servers": address,
        "group.id": f"benchmark-{uuid.uuid4()}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
    consumer = KAFKA.Consumer(settings)
    consumer.subscribe([Customers.topic])
    found: list[tuple[bytes, bytes]] = []
    began = 0.0
    while len(found) < count:  # the first one alone, as the clock begins with it
        for message in consumer.consume(min(500, count - len(found)) if found else 1, PATIENCE):
            assert message.error() is None, message.error()
            began = began or time.perf_counter()
            found.append((message.key(), message.value()))
    took = time.perf_counter() - began
    consumer.close()
    return took, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with ExitStack() as stack:
        if "KONTRAKT_BOOTSTRAP_SERVERS" not in os.environ:
            os.environ.update(stack.enter_context(broker()))
        address = os.environ["KONTRAKT_BOOTSTRAP_SERVERS"]
        bus = stack.enter_context(kontrakt.connect())
        values = customers(options.messages)
        produce(bus, values)
        messages = consume_raw(address, len(values))
        print(f"kontrakt's codec: {IMPLEMENTATION}; {len(values)} messages of about {len(messages[0][1])} bytes")
        measured: list[tuple[str, Callable[[], float], Callable[[], float]]] = [
            ("produce", lambda: produce_raw(address, messages), lambda: produce(bus, values)),
            ("consume", lambda: _consumed_raw(address, len(values))[0], lambda: consume(bus, len(values))),
        ]
        for name, raw, typed in measured:
            rounds = [(raw(), typed()) for _ in range(options.rounds)]
            base, own = (statistics.median(times) / len(values) * 1e6 for times in zip(*rounds, strict=True))
            ratio = statistics.median(mine / bare for bare, mine in rounds)
            print(f"{name}: raw bytes {base:6.2f} us, generated client {own:6.2f} us a message; {ratio:.2f} times")


if __name__ == "__main__":
    main()
