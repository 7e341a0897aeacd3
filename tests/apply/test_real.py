"""Plan and apply on Apache Kafka, with each registry."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kontrakt.apply import Against, FailOn, Outcome, Plan, apply, plan
from kontrakt.apply.broker import Broker
from kontrakt.apply.steps import AddPartitions, CreateTopic, Register, SetConfig, SetLevel
from kontrakt.contract import Contracts, from_files
from kontrakt.registry import Registry
from kontrakt.settings import Settings

from tests.apply.shop import contracts, entity, example
from tests.cli.test_commands import ENV, RUN
from tests.registry.guard import Asked, guarded
from tests.registry.served import fresh

if TYPE_CHECKING:
    from tests.apply.conftest import Place
    from tests.real.kafka import Kafka

pytestmark = pytest.mark.real


def applied(declared: Contracts, settings: Settings, **how: Any) -> Plan:
    found = plan(declared, settings, **how)
    assert found.against == (), found.against
    results = apply(found, declared, settings)
    assert {one.outcome for one in results} <= {Outcome.DONE}, results
    return found


def topics(settings: Settings, *names: str) -> dict[str, dict[str, str]]:
    """The settings of topics as the broker has them."""
    state = Broker(settings.kafka_config).state(names)
    return {name: dict(topic.config or {}) for name, topic in state.topics.items()}


def test_from_an_empty_world_to_the_contracts(place: Place) -> None:
    files = example(place.name)
    declared = from_files(files)
    found = applied(declared, place.settings)
    assert len(found.steps) == 6 + 2 * 19
    again = plan(declared, place.settings)
    assert (again.steps, again.obstacles, again.drift) == ((), (), ())
    there = topics(place.settings, *declared.topic_names)
    assert {name.removeprefix(f"{place.name}."): config["cleanup.policy"] for name, config in there.items()} == {
        "customers": "compact",
        "order-events": "delete",
        "orders": "compact",
        "payments.requests": "delete",
        "payments.responses": "delete",
        "products": "compact",
    }
    with Registry(place.settings.registry_url) as registry:
        for subject in declared.subjects:
            document = declared.documents[subject.document]
            assert registry.look_up(subject.name, document, declared.documents).version == 1
            assert registry.get_level(subject.name) == subject.compatibility
        assert registry.get_level(f"{place.name}.customers-value.readers.billing-service") == "NONE"

    # A changed contract shows its change and nothing else.
    files["customer.avsc"] = files["customer.avsc"].replace(
        b'{"name": "email"', b'{"name": "nickname", "type": "string", "default": ""}, {"name": "email"'
    )
    changed = from_files(files)
    found = plan(changed, place.settings)
    assert [(type(step), step.about) for step in found.steps] == [(Register, f"{place.name}.customers-value")]
    assert (found.obstacles, found.drift) == ((), ())
    applied(changed, place.settings)
    assert plan(changed, place.settings).steps == ()


def test_what_was_changed_by_hand_is_found_and_mended(place: Place) -> None:
    declared = contracts(entity(place.name, partitions=3, config={"retention.ms": 1000000, "min.insync.replicas": 1}))
    topic, subject = f"{place.name}.customers", f"{place.name}.customers-value"
    applied(declared, place.settings)
    broker = Broker(place.settings.kafka_config)
    by_hand = [SetConfig(about=topic, name="retention.ms", before="", after="5000")]
    assert broker.do(by_hand) == {}
    with Registry(place.settings.registry_url) as registry:
        registry.set_level(subject, "BACKWARD")
    found = plan(declared, place.settings)
    assert {(one.about, one.what, one.wanted, one.found) for one in found.drift} == {
        (topic, "retention.ms", "1000000", "5000"),
        (subject, "compatibility level", "FULL_TRANSITIVE", "BACKWARD"),
    }
    assert found.steps == (
        SetConfig(about=topic, name="retention.ms", before="5000", after="1000000"),
        SetLevel(about=subject, before="BACKWARD", after="FULL_TRANSITIVE"),
    )
    assert found.fails(FailOn.DRIFT)
    applied(declared, place.settings)
    assert plan(declared, place.settings).steps == ()
    assert topics(place.settings, topic)[topic]["retention.ms"] == "1000000"


def test_a_kill_in_the_middle_is_repaired_by_the_next_run(place: Place, tmp_path: Path) -> None:
    for name, data in example(place.name).items():
        file = tmp_path / "schemas" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    registered: list[str] = []

    def kills(asked: Asked) -> int:
        if asked.method == "POST" and asked.path.partition("?")[0].endswith("/versions"):
            registered.append(asked.path)
            if len(registered) == 8:
                process.send_signal(signal.SIGKILL)
        return 0

    environment = ENV | place.environment
    upstream = place.settings.registry_url
    with guarded(upstream, kills) as door:
        command = [*RUN, "apply", "--registry", door.url]
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
        assert process.wait(120) == -signal.SIGKILL
    declared = from_files(example(place.name))
    left = plan(declared, place.settings)
    assert 0 < len([step for step in left.steps if isinstance(step, Register)]) < len(declared.subjects)
    assert not [step for step in left.steps if isinstance(step, CreateTopic)]
    applied(declared, place.settings)
    assert plan(declared, place.settings).steps == ()


# The broker alone


@pytest.fixture
def addresses(kafka_server: Kafka) -> Settings:
    return Settings(bootstrap_servers=kafka_server.bootstrap_servers)


@pytest.fixture
def name() -> str:
    return fresh()


def test_topics_that_are_there_are_made_as_the_contract_says(addresses: Settings, name: str) -> None:
    """Someone else made the topic, with the broker's defaults."""
    topic = f"{name}.customers"
    applied(contracts(entity(name, kind="event", partitions=1, key=None)), addresses)
    declared = contracts(entity(name, partitions=2))
    found = plan(declared, addresses)
    assert [one.against for one in found.against] == [Against.CLEANUP_POLICY, Against.PARTITIONS_ADDED]
    assert found.steps == (
        SetConfig(about=topic, name="cleanup.policy", before="delete", after="compact"),
        AddPartitions(about=topic, before=1, after=2),
    )
    applied(declared, addresses, allowed=[Against.CLEANUP_POLICY, Against.PARTITIONS_ADDED])
    assert plan(declared, addresses).steps == ()
    fewer = plan(contracts(entity(name, partitions=1)), addresses)
    assert [one.against for one in fewer.against] == [Against.FEWER_PARTITIONS]
    assert fewer.steps == ()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"replication": 3}, "replication factor"),
        ({"config": {"retention.sm": 5}}, "retention.sm"),
        ({"config": {"retention.ms": "soon"}}, "retention.ms"),
    ],
    ids=["more copies than brokers", "an unknown setting", "a wrong value"],
)
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_the_broker_says_before_what_it_would_refuse(
    addresses: Settings, name: str, said: dict[str, Any], why: str, there: bool
) -> None:
    if there:
        applied(contracts(entity(name)), addresses)
    declared = contracts(entity(name, **said))
    found = plan(declared, addresses, allowed=[])
    if there and "replication" in said:
        assert [one.against for one in found.against] == [Against.REPLICATION]
        return
    (refused,) = found.against
    assert refused.against is Against.REFUSED
    assert why in refused.message.lower()
    assert topics(addresses, f"{name}.customers").keys() == ({f"{name}.customers"} if there else set())
    results = apply(found, declared, addresses)  # had it been tried all the same
    assert {one.outcome for one in results} == {Outcome.FAILED}
    assert why in results[0].message.lower()


def test_a_topic_that_somebody_made_meanwhile(addresses: Settings, name: str) -> None:
    declared = contracts(entity(name, partitions=3))
    found = plan(declared, addresses)
    applied(contracts(entity(name, partitions=1)), addresses)
    (result,) = apply(found, declared, addresses)
    assert result.outcome is Outcome.FAILED
    assert "already exists" in result.message


def test_subjects_wait_for_their_topic(place: Place) -> None:
    declared = contracts(entity(place.name, replication=3))
    results = apply(plan(declared, place.settings), declared, place.settings)
    assert [one.outcome.value for one in results] == ["failed", "left", "left"]
    assert results[1].message == f"the topic {place.name}.customers is not as the contract says"
    with Registry(place.settings.registry_url) as registry:
        assert registry.versions(f"{place.name}.customers-value") == []
