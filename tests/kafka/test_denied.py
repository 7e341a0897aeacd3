"""A broker with passwords and rights: what is refused is a ``BusDenied`` at once, and no offset moves because of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import kontrakt
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.cimpl import NewTopic
from kontrakt import Bus, BusDenied, DeadLetter, Delete, DeliveryError, KontraktError, Outbox, Put, Relay
from sqlalchemy import NullPool, create_engine

from tests.kafka.conftest import PARTITIONS, PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.real.plugin import or_missing
from tests.real.start import kafka

if TYPE_CHECKING:
    from pathlib import Path

    from kontrakt import EmbeddedBus

    from tests.real.kafka import KafkaServer

pytestmark = pytest.mark.real

PASSWORDS = {"admin": "a-secret", "billing": "b-secret", "nobody": "n-secret"}
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
BROKER = {
    "listener.security.protocol.map": "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config": f'{PLAIN} username="admin" password="{PASSWORDS["admin"]}" '
    + " ".join(f'user_{name}="{password}"' for name, password in PASSWORDS.items())
    + ";",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:admin;User:ANONYMOUS",
}


def credentials(user: str, password: str = "") -> dict[str, str]:
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": password or PASSWORDS[user],
    }


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaServer]:
    """A broker that asks who comes, and lets nobody but its administrator do what no rule allows."""
    with or_missing(lambda: kafka(BROKER, clients=credentials("admin"))) as server:
        yield server


class Rights:
    """What users may do."""

    def __init__(self, server: KafkaServer) -> None:
        self.admin: Any = AdminClient(
            {"bootstrap.servers": server.bootstrap_servers, "log_level": 0, **credentials("admin")}
        )

    def create(self, *topics: str) -> None:
        for future in self.admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics]).values():
            future.result(PATIENCE)

    def give(
        self,
        kind: ResourceType,
        name: str,
        *operations: AclOperation,
        user: str = "billing",
        pattern: ResourcePatternType = ResourcePatternType.LITERAL,
    ) -> None:
        rules = [
            AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)
            for operation in operations
        ]
        for future in self.admin.create_acls(rules).values():
            future.result(PATIENCE)


@pytest.fixture
def rights(guarded: KafkaServer) -> Rights:
    return Rights(guarded)


@contextmanager
def connected(server: KafkaServer, parts: EmbeddedBus, user: str, password: str = "", **more: str) -> Generator[Bus]:
    with kontrakt.connect(
        bootstrap_servers=server.bootstrap_servers,
        registry_url=parts.registry_url,
        kafka={**credentials(user, password), "log_level": 0, "topic.metadata.refresh.interval.ms": 1000, **more},
    ) as bus:
        yield bus


def named(name: str, rights: Rights, server: KafkaServer, parts: EmbeddedBus) -> type[Customers]:
    """A topic with two customers of one key."""
    topic = cast("type[Customers]", type("Customers", (Customers,), {"topic": name}))
    rights.create(name)
    with connected(server, parts, "admin") as bus:
        bus.register(topic)
        with topic.producer(bus) as customers:
            for visits in range(2):
                customers.put(Customer(customer_id="c-1", visits=visits))
    return topic


def test_a_wrong_password_is_denied(guarded: KafkaServer, rights: Rights, embedded_parts: EmbeddedBus) -> None:
    topic = named("password", rights, guarded, embedded_parts)
    quick = {"socket.connection.setup.timeout.ms": "3000"}
    with connected(guarded, embedded_parts, "billing", "wrong", **quick) as bus:
        with pytest.raises(BusDenied, match="check the credentials of the Kafka client and their rights") as denied:
            topic.consumer(bus, group="g")
    assert "wrong" not in str(denied.value)


def test_a_topic_that_one_may_not_see_or_read_is_denied(
    guarded: KafkaServer, rights: Rights, embedded_parts: EmbeddedBus
) -> None:
    topic = named("unseen", rights, guarded, embedded_parts)
    rights.give(ResourceType.GROUP, "g", AclOperation.READ)
    with connected(guarded, embedded_parts, "billing") as bus:
        with pytest.raises(BusDenied, match="cannot find the topic unseen: .*their rights"):
            topic.consumer(bus, group="g")
        rights.give(ResourceType.TOPIC, "unseen", AclOperation.DESCRIBE)
        with topic.consumer(bus, group="g") as changes:
            with pytest.raises(BusDenied, match="cannot read unseen as a member of the group g: .*their rights"):
                changes.run(lambda _: None)
        rights.give(ResourceType.TOPIC, "unseen", AclOperation.READ)
        with topic.consumer(bus, group="g") as changes:
            assert [change.value.visits for change in changes.until_end() if isinstance(change, Put)] == [0, 1]


def test_a_group_that_one_may_not_join_is_denied(
    guarded: KafkaServer, rights: Rights, embedded_parts: EmbeddedBus
) -> None:
    topic = named("ungrouped", rights, guarded, embedded_parts)
    rights.give(ResourceType.TOPIC, "ungrouped", AclOperation.READ)
    with connected(guarded, embedded_parts, "billing") as bus, topic.consumer(bus, group="closed") as changes:
        with pytest.raises(BusDenied, match="a member of the group closed: .*their rights"):
            changes.run(lambda _: None, workers=3)


def test_a_dead_letter_that_may_not_be_written_loses_nothing(
    guarded: KafkaServer, rights: Rights, embedded_parts: EmbeddedBus
) -> None:
    topic = named("buried", rights, guarded, embedded_parts)
    rights.create("buried.h.dlq")
    # Who may write to some topic may be idempotent; who may not is refused with everything.
    rights.give(ResourceType.TOPIC, "buried", AclOperation.READ, AclOperation.WRITE)
    rights.give(ResourceType.TOPIC, "buried.h.dlq", AclOperation.DESCRIBE)
    rights.give(ResourceType.GROUP, "h", AclOperation.READ)
    tried: list[int] = []

    def fail(change: Put[str, Customer] | Delete[str]) -> None:
        assert isinstance(change, Put)
        tried.append(change.value.visits)
        raise RuntimeError("no")

    with connected(guarded, embedded_parts, "billing") as bus:
        for _ in range(2):
            with topic.consumer(bus, group="h", on_error=DeadLetter()) as changes:
                with pytest.raises(DeliveryError, match="a message to buried.h.dlq .*was not acknowledged") as failed:
                    changes.run(fail)
            assert isinstance(failed.value.__cause__, BusDenied)
        assert tried == [0, 0]


def test_a_producer_without_any_right_to_write_is_denied(
    guarded: KafkaServer, rights: Rights, embedded_parts: EmbeddedBus
) -> None:
    """librdkafka gives its idempotent producer up then: with the first message, and with all that come after."""
    topic = named("unwritten", rights, guarded, embedded_parts)
    customer = Customer(customer_id="c-1")
    with connected(guarded, embedded_parts, "nobody") as bus:
        unseen = topic.producer(bus)
        with pytest.raises(DeliveryError) as denied:
            unseen.put(customer).result(PATIENCE)
        assert isinstance(denied.value.__cause__, BusDenied)
    rights.give(ResourceType.TOPIC, "unwritten", AclOperation.DESCRIBE, user="nobody")
    with connected(guarded, embedded_parts, "nobody") as bus:
        customers = topic.producer(bus)
        first = customers.put(customer)
        with pytest.raises(DeliveryError, match="their rights; this client cannot go on") as denied:
            first.result(PATIENCE)
        assert isinstance(denied.value.__cause__, BusDenied)
        for _ in range(2):
            with pytest.raises(DeliveryError, match="their rights; this client cannot go on") as denied:
                customers.put(customer)
            assert isinstance(denied.value.__cause__, BusDenied)
    rights.give(ResourceType.TOPIC, "unwritten", AclOperation.WRITE, user="nobody")
    with connected(guarded, embedded_parts, "nobody") as bus, topic.producer(bus) as customers:
        customers.put(customer)


def test_a_relay_that_may_not_write_to_one_topic_sends_to_the_others(
    guarded: KafkaServer, rights: Rights, embedded_parts: EmbeddedBus, tmp_path: Path
) -> None:
    denied, allowed = (named(name, rights, guarded, embedded_parts) for name in ("denied", "allowed"))
    ids = (ResourceType.TRANSACTIONAL_ID, "kontrakt_outbox-")
    rights.give(*ids, AclOperation.WRITE, AclOperation.DESCRIBE, pattern=ResourcePatternType.PREFIXED)
    rights.give(ResourceType.TOPIC, "allowed", AclOperation.WRITE, AclOperation.READ)
    rights.give(ResourceType.TOPIC, "denied", AclOperation.DESCRIBE)
    rights.give(ResourceType.GROUP, "seen", AclOperation.READ)
    outbox = Outbox()
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    outbox.create(engine)
    with engine.begin() as connection:
        for topic in (denied, allowed, denied):
            topic.producer(outbox.on(connection)).put(Customer(customer_id="c-1", visits=7))
    with connected(guarded, embedded_parts, "billing") as bus:
        relay = Relay(outbox, engine, bus)
        with pytest.raises(KontraktError, match="their rights"):
            relay.run_until_empty()
        with engine.begin() as connection:
            (stuck,) = outbox.stuck.list(connection)
        assert (stuck.topic, stuck.attempts) == ("denied", 1)
        with allowed.consumer(bus, group="seen") as changes:
            assert [change.value.visits for change in changes.until_end() if isinstance(change, Put)] == [0, 1, 7]
        rights.give(ResourceType.TOPIC, "denied", AclOperation.WRITE)
        assert relay.run_until_empty() == 2
