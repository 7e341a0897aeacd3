"""Plan and apply by users who may not do everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._resource import ResourceType
from kontrakt.apply import Outcome, apply, plan
from kontrakt.errors import BrokerUnavailable, BusDenied
from kontrakt.settings import Settings
from kontrakt.settings.model import Options

from tests.apply.shop import contracts, entity
from tests.kafka.test_denied import BROKER, Rights, credentials
from tests.real.plugin import or_missing
from tests.real.start import kafka

if TYPE_CHECKING:
    from tests.real.kafka import KafkaServer


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaServer]:
    """A broker that asks who comes, and lets nobody but its administrator do what no rule allows."""
    with or_missing(lambda: kafka(BROKER, clients=credentials("admin"))) as server:
        yield server


def as_user(server: KafkaServer, user: str, password: str = "") -> Settings:
    return Settings(
        bootstrap_servers=server.bootstrap_servers, kafka=Options({**credentials(user, password), "log_level": 0})
    )


@pytest.mark.real
def test_who_may_only_look(guarded: KafkaServer) -> None:
    """Sees what would change; what the broker would refuse besides, it does not say to everybody."""
    declared = contracts(entity("look"))
    rights = Rights(guarded)
    rights.create("look.customers")
    rights.give(ResourceType.TOPIC, "look.customers", AclOperation.DESCRIBE)
    found = plan(declared, as_user(guarded, "billing"))
    assert "the settings of the topic look.customers are not compared" in found.notes[-1]
    rights.give(ResourceType.TOPIC, "look.customers", AclOperation.DESCRIBE_CONFIGS)
    found = plan(declared, as_user(guarded, "billing"))
    assert [step.kind for step in found.steps] == ["set-config"]
    assert "these credentials may not change topics" in found.notes[-1]
    (result,) = apply(found, declared, as_user(guarded, "billing"))
    assert result.outcome is Outcome.FAILED
    assert "cannot set cleanup.policy of the topic look.customers to compact: " in result.message
    assert "settings ALTER_CONFIGS" in result.message


@pytest.mark.real
def test_who_may_not_create(guarded: KafkaServer) -> None:
    declared = contracts(entity("create"))
    found = plan(declared, as_user(guarded, "nobody"))
    assert [step.kind for step in found.steps] == ["create-topic"]
    assert found.against == ()
    (result,) = apply(found, declared, as_user(guarded, "nobody"))
    assert result.outcome is Outcome.FAILED
    assert "cannot create the topic create.customers: " in result.message
    assert "creating takes the right CREATE" in result.message


@pytest.mark.real
def test_the_wrong_password(guarded: KafkaServer) -> None:
    with pytest.raises(BusDenied, match="cannot list the topics: .*their rights") as denied:
        plan(contracts(entity("password")), as_user(guarded, "billing", "wr0ng"))
    assert "wr0ng" not in str(denied.value)


def test_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kontrakt.apply.broker.PATIENCE", 0.5)
    with pytest.raises(BrokerUnavailable, match=r"no answer from the brokers at 127\.0\.0\.1:9"):
        plan(contracts(entity("a")), Settings(bootstrap_servers="127.0.0.1:9", kafka=Options({"log_level": 0})))
