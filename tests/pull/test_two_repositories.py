"""Two repositories, one registry, one broker: an owner that changes its contract while a consumer, which pulled it, runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kontrakt
import pytest

from tests.kafka.programs import PATHS, line, program
from tests.pull.projects import MONEY, ORDER_KEY, VIEW, Repository, order
from tests.registry.served import fresh

if TYPE_CHECKING:
    import subprocess

PRODUCE = """
import sys
import kontrakt
from {name} import Money, OrderKey
from {name}.orders import Order, Orders
with kontrakt.connect() as bus, Orders.producer(bus) as orders:
    order = Order(id=sys.argv[1], total=Money(amount=1, currency="SEK"), note="note of " + sys.argv[1], {more})
    orders.put(OrderKey(id=sys.argv[1], place="s"), order)
"""
CONSUME = """
import kontrakt
from billing import OrderView, Orders
with kontrakt.connect() as bus, Orders.consumer(bus, group="{name}-billing") as changes:
    print("ready")
    for change in changes:
        print(change.key.id, change.value)
"""


@dataclass(frozen=True)
class Shared:
    """What both repositories reach.

    Attributes:
        name: What topics, subjects and types begin with.
        environment: Where the broker and the registry are.
    """

    name: str
    environment: Mapping[str, str]

    def renamed(self, said: Any) -> Any:
        """The same under names of the test's own."""
        return json.loads(json.dumps(said).replace("billing-service", self.consumer).replace("shop", self.name))

    @property
    def consumer(self) -> str:
        """The service that reads. Nobody else has its name: what it published and reads no more is deleted."""
        return f"{self.name}-billing"

    def program(self, repository: Repository, text: str, *arguments: str, more: str = "") -> Any:
        """A program with what is generated in a repository."""
        paths = [path for path in PATHS if not path.endswith("/generated")]
        environment = {
            **self.environment,
            "PYTHONPATH": os.pathsep.join([str(repository.root / "generated"), *paths]),
        }
        return program(
            text.format(name=self.name, more=more), *arguments, environment=environment, folder=repository.root
        )


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("apicurio3", marks=pytest.mark.real),
        pytest.param("apicurio2", marks=pytest.mark.real),
    ]
)
def shared(request: pytest.FixtureRequest) -> Iterator[Shared]:
    """The embedded broker and registry, and Apache Kafka with each foreign registry."""
    if request.param == "embedded":
        with kontrakt.embedded() as bus:
            yield Shared(fresh(), dict(bus.environment))
        return
    registry, broker = request.getfixturevalue(request.param), request.getfixturevalue("kafka_server")
    addresses = {"KONTRAKT_REGISTRY_URL": registry.url, "KONTRAKT_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
    yield Shared(fresh(), addresses)


def produced(process: subprocess.Popen[str]) -> None:
    """Waits for a producer that ends by itself."""
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said


def test_two_repositories(shared: Shared, tmp_path: Path) -> None:
    owner, consumer = Repository(tmp_path / "owner"), Repository(tmp_path / "consumer")
    environment: dict[str, Any] = dict(shared.environment)

    # The owner applies its contracts.
    owner.init()
    for index, one in enumerate((order(), MONEY, ORDER_KEY)):
        owner.put(f"schemas/{index}.avsc", shared.renamed(one))
    owner.commit()
    owner.run("apply", **environment)
    owner.run("generate")

    # The consumer pulls them, generates, and publishes what it reads.
    consumer.write("kontrakt.toml", '[[dependencies]]\nname = "orders"\ngit = "../owner"\nref = "main"\n')
    consumer.put("schemas/view.avsc", shared.renamed(VIEW))
    consumer.run("pull", **environment)
    consumer.run("generate")
    consumer.run("check", "--against", "registry", **environment)
    said = consumer.run("apply", **environment)
    assert f"{shared.name}.orders-value.readers.{shared.consumer}" in said
    assert "nothing to do" in consumer.run("plan", **environment)  # the owner's topic is not this repository's

    with shared.program(consumer, CONSUME) as running:
        assert line(running) == "ready"
        with shared.program(owner, PRODUCE, "o-1") as process:
            produced(process)
        assert line(running) == "o-1 OrderView(id='o-1', note='note of o-1')"

        # What breaks the consumer is refused with its name.
        breaking = order()
        breaking["fields"] = [one for one in breaking["fields"] if one["name"] != "note"]
        owner.put("schemas/0.avsc", shared.renamed(breaking))
        said = owner.run("check", "--against", "registry", exits=1, **environment)
        assert f"{shared.consumer} reads" in said
        said = owner.run("apply", exits=1, **environment)
        assert shared.consumer in said
        assert "nothing was done" in said

        # What harms nobody is applied while the consumer runs, and it reads on.
        owner.put("schemas/0.avsc", shared.renamed(order({"name": "gift", "type": "boolean", "default": False})))
        owner.run("check", "--against", "registry", **environment)
        owner.run("apply", **environment)
        owner.run("generate")
        owner.commit()
        with shared.program(owner, PRODUCE, "o-2", more="gift=True") as process:
            produced(process)
        assert line(running) == "o-2 OrderView(id='o-2', note='note of o-2')"

    # The consumer hears of it when it asks, and moves on.
    assert "orders: 0.avsc changed at" in consumer.run("pull", "--check", exits=1, **environment)
    assert "gift" in consumer.run("pull", "--update", **environment)
    consumer.run("check", "--against", "registry", **environment)
    assert "nothing to do" in consumer.run("plan", **environment)
