"""Contracts of other teams from a schema registry, on each registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kontrakt import settings
from kontrakt.contract import Contracts, KeyFormat, Kind, load
from kontrakt.registry import Registry, register
from kontrakt.registry.embedded import EmbeddedRegistry

from tests.pull.projects import MONEY, ORDER_KEY, VIEW, Repository, customer, order
from tests.pull.zoo import fill

if TYPE_CHECKING:
    from typing import Any

    from tests.real.kafka import Kafka
    from tests.registry.served import Served


def renamed(said: Any, name: str) -> Any:
    """The same in a namespace of the test's own."""
    return json.loads(json.dumps(said).replace("shop", name))


def applied(root: Path, url: str, name: str, *more: dict[str, Any]) -> None:
    """The owner registers its contracts."""
    made = Repository(root)
    for index, one in enumerate((order(*more), customer(), MONEY, ORDER_KEY)):
        made.put(f"schemas/{index}.avsc", renamed(one, name))
    with Registry(url) as registry:
        register(load(root / "schemas"), registry)


def wants(root: Path, name: str, *said: str, topics: str = "orders") -> Repository:
    """A consumer that wants topics of the registry."""
    made = Repository(root)
    lines = ["[[dependencies]]", 'name = "theirs"', "registry = true", f'topics = ["{name}.{topics}"]', *said]
    made.write("kontrakt.toml", "\n".join(lines) + "\n")
    return made


def loaded(root: Path) -> Contracts:
    return load(root / "schemas", settings.read(root, {}))


ENTITY = ('kind = "entity"', 'owner = "order-service"')
GIFT = {"name": "gift", "type": "boolean", "default": False}


def test_a_topic_is_brought_in_the_version_that_is_locked(served: Served, name: str, tmp_path: Path) -> None:
    applied(tmp_path / "owner", served.url, name)
    consumer = wants(tmp_path / "consumer", name, *ENTITY)
    consumer.put("schemas/view.avsc", renamed(VIEW, name))
    url = ("--registry", served.url)
    said = consumer.run("pull", *url)
    assert "guessed" not in said
    found = loaded(consumer.root)
    (topic,) = found.topics
    assert (topic.name, topic.kind, topic.owner) == (f"{name}.orders", Kind.ENTITY, "order-service")
    assert topic.key is not None
    assert (topic.key.format, getattr(topic.key.schema, "fullname", "")) == (KeyFormat.AVRO, f"{name}.OrderKey")
    assert not found.own.subjects
    assert sorted(consumer.files("pulled")) == [
        "kontrakt-lock.json",
        *(f"theirs/{name}/{one}.avsc" for one in ("Money", "Order", "OrderKey")),
    ]
    lock = consumer.read("pulled/kontrakt-lock.json")["dependencies"]["theirs"]["files"]
    assert {one["subject"]: one["version"] for one in lock.values()} == {
        f"{name}.Money": 1,
        f"{name}.orders-key": 1,
        f"{name}.orders-value": 1,
    }
    consumer.run("generate")

    before = consumer.files("pulled")
    applied(tmp_path / "owner", served.url, name, GIFT)
    consumer.run("pull", *url)
    assert consumer.files("pulled") == before
    said = consumer.run("pull", "--check", *url, exits=1)
    assert f"theirs: version 2 of {name}.orders-value is there, and version 1 was pulled" in said
    said = consumer.run("check", "--against", "registry", *url)
    assert "dependency-behind" in said
    assert f"version 2 of {name}.orders-value" in " ".join(said.replace("`", "").split())
    said = consumer.run("pull", "--update", *url)
    assert "gift" in said
    assert "pulled: 1 written, 2 unchanged" in said
    assert "nothing fell behind" in consumer.run("pull", "--check", *url)
    assert "dependency-behind" not in consumer.run("check", "--against", "registry", *url)
    with Registry(served.url) as registry:  # what producers of the generated package do
        whole = loaded(consumer.root)
        for subject in whole.subjects:
            assert registry.look_up(subject.name, whole.documents[subject.document], whole.documents)


def test_a_registry_that_holds_something_else_is_noticed(tmp_path: Path) -> None:
    consumer = wants(tmp_path / "consumer", "shop", *ENTITY)
    with EmbeddedRegistry() as one:
        applied(tmp_path / "owner", one.url, "shop")
        consumer.run("pull", KONTRAKT_REGISTRY_URL=one.url)
    before = consumer.files("pulled")
    with EmbeddedRegistry() as other:
        applied(tmp_path / "owner", other.url, "shop", GIFT)
        said = consumer.run("pull", exits=2, KONTRAKT_REGISTRY_URL=other.url)
        assert "theirs: version 1 of shop.orders-value is not what was pulled: its fingerprint is " in said
        assert "kontrakt pull --update theirs" in said
        assert consumer.files("pulled") == before
    with EmbeddedRegistry() as empty:
        said = consumer.run("pull", exits=2, KONTRAKT_REGISTRY_URL=empty.url)
        assert "of the subject shop." in said


def test_a_registry_that_gave_other_ids_is_the_same(tmp_path: Path) -> None:
    consumer = wants(tmp_path / "consumer", "shop", *ENTITY)
    with EmbeddedRegistry() as one:
        applied(tmp_path / "owner", one.url, "shop")
        consumer.run("pull", KONTRAKT_REGISTRY_URL=one.url)
    before = consumer.files("pulled")
    with EmbeddedRegistry() as other, Registry(other.url) as registry:
        fill_up = load(Repository(tmp_path / "x").put("schemas/a.avsc", renamed(MONEY, "other")).parent)
        register(fill_up, registry)
        applied(tmp_path / "owner", other.url, "shop")
        consumer.run("pull", KONTRAKT_REGISTRY_URL=other.url)
    assert consumer.files("pulled") == before


def test_what_a_registry_does_not_know_is_guessed_and_said(embedded: Served, tmp_path: Path) -> None:
    applied(tmp_path / "owner", embedded.url, "shop")
    consumer = wants(tmp_path / "consumer", "shop", topics="customers")
    said = consumer.run("pull", "--registry", embedded.url)
    assert "guessed  shop.customers: kind event, because no broker says whether it is compacted" in said
    assert "guessed  shop.customers: key null, because nothing is registered for it" in said
    assert "guessed  shop.customers: owner unknown, because nobody said who writes it" in said
    file = consumer.read("pulled/theirs/shop/Customer.avsc")
    assert file["topic"]["guessed"] == ["kind", "key", "owner"]
    text = (consumer.root / "kontrakt.toml").read_text()
    consumer.write("kontrakt.toml", text + 'kind = "entity"\nkey = "id"\nowner = "customer-service"\n')
    said = consumer.run("pull", "--registry", embedded.url)
    assert "guessed" not in said
    assert "pulled: 1 written, 1 unchanged" in said
    (topic,) = loaded(consumer.root).topics
    assert (topic.kind, topic.owner, topic.key and topic.key.fields) == (Kind.ENTITY, "customer-service", ("id",))


@pytest.mark.parametrize(
    ("topics", "told"),
    [
        ("nothing", "has no subject for values of the topic acme.nothing"),
        ("text", "the subject acme.text-value cannot be used: its values are of the type string"),
        ("pay", "is a pair of topics for requests, whose protocol a registry does not know"),
    ],
)
def test_what_a_registry_cannot_give(embedded: Served, tmp_path: Path, topics: str, told: str) -> None:
    fill(embedded, "acme")
    embedded.register("acme.pay.requests-acme.AskRequest", json.dumps(renamed(MONEY, "acme")))
    consumer = wants(tmp_path / "consumer", "acme", topics=topics)
    said = consumer.run("pull", "--registry", embedded.url, exits=2)
    assert "kontrakt.toml:4:1: " in said
    assert told in said


def test_no_registry(tmp_path: Path) -> None:
    consumer = wants(tmp_path / "consumer", "shop")
    assert "kontrakt.toml:1:1: no schema registry is set" in consumer.run("pull", exits=2)


def test_the_kind_is_what_apache_kafka_says(embedded: Served, name: str, kafka_server: Kafka, tmp_path: Path) -> None:
    from kontrakt.apply.broker import Broker
    from kontrakt.apply.steps import CreateTopic

    applied(tmp_path / "owner", embedded.url, name)
    step = CreateTopic(
        about=f"{name}.orders", partitions=1, replication=1, config=(("cleanup.policy", "compact,delete"),)
    )
    assert not Broker({"bootstrap.servers": kafka_server.bootstrap_servers}).do([step])
    consumer = wants(tmp_path / "consumer", name)
    said = consumer.run(
        "pull",
        "--registry",
        embedded.url,
        KONTRAKT_BOOTSTRAP_SERVERS=kafka_server.bootstrap_servers,
    )
    assert f"guessed  {name}.orders: kind entity, because the topic is compacted" in said
    (topic,) = loaded(consumer.root).topics
    assert (topic.kind, topic.config) == (Kind.ENTITY, {"cleanup.policy": "compact,delete"})
