"""A published client of the registry, from npm, over the embedded registry: it reads what kontrakt wrote, and kontrakt what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import kontrakt
import pytest
from confluent_kafka import Consumer, Producer
from kontrakt import Put
from kontrakt.kafka.embedded import QUICK
from shop.customers import Customer, Customers, Tier
from shop.types import Address

from tests.real.npm import WITNESS
from tests.real.program import ForeignProgram, foreign_program

if TYPE_CHECKING:
    from tests.real.npm import NodeLibraries

ADA = Customer(
    customer_id="c-1",
    email="ada@example.org",
    name="Åda",
    address=Address(name="Ada", street="1 Row", postal_code="N1", city="London", country="GB"),
    tier=Tier.GOLD,
    interests=["p-1", "鍵"],
)
READ = {
    "customer_id": "c-1",
    "email": "ada@example.org",
    "name": "Åda",
    "address": {
        "name": "Ada",
        "street": "1 Row",
        "postal_code": "N1",
        "city": "London",
        "country": "GB",
        "region": None,
    },
    "tier": "GOLD",
    "interests": ["p-1", "鍵"],
    "birthday": None,
    "registered_at": None,
}
"""What a program of Node has of it."""


@pytest.fixture(scope="module")
def node(npm_libraries: NodeLibraries) -> Iterator[ForeignProgram]:
    modules = {"NODE_PATH": str(npm_libraries.folder / "node_modules")}
    with foreign_program([npm_libraries.node, str(WITNESS / "witness.cjs")], modules) as program:
        yield program


def asked(node: ForeignProgram, **question: Any) -> Any:
    answer: dict[str, Any] = json.loads(node.ask(json.dumps(question)))
    assert "error" not in answer, answer["error"]
    return answer


def test_it_reads_what_kontrakt_wrote(node: ForeignProgram) -> None:
    """The schema refers to another one, which the client asks for by itself."""
    with kontrakt.embedded(Customers) as bus:
        with Customers.producer(bus) as customers:
            customers.put(ADA)
        reading = {"bootstrap.servers": bus.bootstrap_servers, "group.id": "raw", "auto.offset.reset": "earliest"}
        consumer = Consumer({**reading, **QUICK})
        consumer.subscribe([Customers.topic])
        message = consumer.poll(60)
        assert message is not None
        data = message.value()
        consumer.close()
        assert data is not None
        assert asked(node, registry=bus.registry_url, decode=data.hex()) == {"value": READ}


def test_kontrakt_reads_what_it_wrote(node: ForeignProgram) -> None:
    with kontrakt.embedded(Customers) as bus:
        written = asked(node, registry=bus.registry_url, subject="shop.customers-value", encode=READ)
        producer = Producer({"bootstrap.servers": bus.bootstrap_servers})
        producer.produce(Customers.topic, bytes.fromhex(written["data"]), b"c-1")
        assert producer.flush(60) == 0
        with Customers.consumer(bus, group="g") as changes:
            (change,) = changes.until_end()
    assert isinstance(change, Put)
    assert change.value == ADA
