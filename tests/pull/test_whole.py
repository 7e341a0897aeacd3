"""A whole registry as contracts: nothing gets a new version, nothing is lost, and what was guessed is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from kontrakt import settings
from kontrakt.apply import plan
from kontrakt.avro.render import closed
from kontrakt.contract import Contracts, Kind, load
from kontrakt.registry import Registry, publish, register

from tests.pull.projects import Repository
from tests.pull.zoo import fill, record

if TYPE_CHECKING:
    from tests.real.kafka import Kafka
    from tests.registry.served import Served

SHOP = Path(__file__).parents[2] / "schemas"


def loaded(root: Path, served: Served, **more: str) -> tuple[Contracts, settings.Settings]:
    """What was written, with settings that lead to a registry."""
    found = settings.read(root, {"KONTRAKT_REGISTRY_URL": served.url, **more})
    return load(root / "schemas", found), found


def is_as_registered(contracts: Contracts, registry: Registry) -> None:
    """Every schema is found as the newest version of its subject, at the level that counts there."""
    default = registry.get_level()
    for subject in contracts.subjects:
        found = registry.look_up(subject.name, contracts.documents[subject.document], contracts.documents)
        assert found.version == registry.versions(subject.name)[-1], subject.name
        assert subject.compatibility in ("", registry.get_level(subject.name) or default), subject.name


def test_nothing_gets_a_new_version(served: Served, registry: Registry, name: str, tmp_path: Path) -> None:
    left = fill(served, name)
    here = Repository(tmp_path)
    whole = ("pull", "--all", "--prefix", f"{name}.", "--registry", served.url)
    said = here.run(*whole, "--owner", "team")
    contracts, found = loaded(tmp_path, served)
    is_as_registered(contracts, registry)
    assert plan(contracts, found).steps == ()
    lines = {line.split(": ")[0].split()[-1]: line for line in said.splitlines() if line.startswith("left ")}
    assert lines.keys() == left.keys()
    for subject, why in left.items():
        assert why in lines[subject]
    stands_for = {subject.name for subject in contracts.subjects}
    assert stands_for | left.keys() == {one for one in registry.subjects() if one.startswith(f"{name}.")}
    topics = {topic.name: topic for topic in contracts.topics}
    assert set(topics) == {f"{name}.{one}" for one in ("customers", "orders", "log", "twin-a", "twin-b")}
    assert {topic.owner for topic in contracts.topics} == {"team"}
    assert f"guessed  {name}.log: kind event, because it carries 2 types of records" in said
    assert f"guessed  {name}.orders: kind event, because no broker says whether it is compacted" in said
    key = topics[f"{name}.orders"].key
    assert key is not None
    assert key.schema.type == "record"
    here.run("lint")
    here.run("generate")
    assert "pull into a new one" in here.run(*whole, exits=2)
    other = Repository(tmp_path / "other")
    other.write("kontrakt.toml", "")
    other.run(*whole, "--owner", "team", "--outside")
    declared, _ = loaded(other.root, served)
    is_as_registered(declared, registry)
    assert [(one.name, one.kind, one.owner) for one in declared.topics] == [
        (one.name, one.kind, one.owner) for one in contracts.topics
    ]


def test_settings_that_are_there_are_kept(embedded: Served, tmp_path: Path) -> None:
    fill(embedded, "acme")
    here = Repository(tmp_path)
    here.write("kontrakt.toml", '# mine\nstyle = "msgspec"')
    here.run("pull", "--all", "--outside", "--registry", embedded.url)
    text = (tmp_path / "kontrakt.toml").read_text()
    assert text.startswith('# mine\nstyle = "msgspec"\n\n[[topics]]\nrecord = "acme.Customer"\n')
    assert 'kind = "event"  # guessed: no broker says whether it is compacted\n' in text
    assert "topic" not in json.loads((tmp_path / "schemas/acme/Customer.avsc").read_text())
    said = here.run("pull", "--all", "--outside", "--schemas", "other", "--registry", embedded.url, exits=2)
    assert "says something of topics already" in said
    assert not (tmp_path / "other").exists()


def test_what_the_registry_says_is_what_stands_in_the_files(embedded: Served, tmp_path: Path) -> None:
    fill(embedded, "acme")
    here = Repository(tmp_path)
    here.run("pull", "--all", "--registry", embedded.url)
    order = here.read("schemas/acme/Order.avsc")
    declared = order.pop("topic")
    assert declared["guessed"] == ["kind", "owner"]
    assert declared["owner"] == "unknown"
    types = [one["fields"][0]["type"] for one in (order, here.read("schemas/acme/Moved.avsc"))]
    assert "acme.Address" in types  # where it stood a second time; the other defines it
    assert order["fields"][1] == {"name": "total", "type": "acme.Money"}
    twin = here.read("schemas/acme/Twin.avsc")
    assert [one["name"] for one in twin.pop("topic")] == ["acme.twin-a", "acme.twin-b"]
    assert twin == embedded.get("/subjects/acme.twin-a-value/versions/latest/schema").json


def test_contracts_that_kontrakt_registered_come_back(served: Served, name: str, tmp_path: Path) -> None:
    here = Repository(tmp_path)
    for path in SHOP.rglob("*.av*"):
        here.write(f"first/{path.relative_to(SHOP)}", path.read_text().replace("shop.", f"{name}."))
    first = load(tmp_path / "first")
    with Registry(served.url) as registry:
        register(first, registry)
        publish(first, registry)
        here.run("pull", "--all", "--prefix", f"{name}.", "--registry", served.url)
        contracts, found = loaded(tmp_path, served)
        is_as_registered(contracts, registry)
    assert plan(contracts, found).steps == ()
    assert [(s.name, s.compatibility) for s in contracts.subjects] == [
        (s.name, s.compatibility) for s in first.subjects
    ]
    (pair,) = contracts.requests
    assert {one.name: one.response is None for one in pair.operations} == {
        one.name: one.response is None for one in first.requests[0].operations
    }
    for subject, schema in first.schemas.items():
        assert closed(contracts.schemas[subject]) == closed(schema)


def test_requests_of_another_form_are_events(embedded: Served, tmp_path: Path) -> None:
    for half, named in (("requests", "Ask"), ("responses", "Answer")):
        embedded.register(f"acme.pay.{half}-value", json.dumps(record(f"acme.{named}", ("id", "string"))))
    here = Repository(tmp_path)
    here.run("pull", "--all", "--registry", embedded.url)
    contracts, _ = loaded(tmp_path, embedded)
    assert [(one.name, one.kind) for one in contracts.topics] == [
        ("acme.pay.requests", Kind.EVENT),
        ("acme.pay.responses", Kind.EVENT),
    ]


def test_a_reference_to_an_older_version_is_told(embedded: Served, tmp_path: Path) -> None:
    embedded.register("acme.Money", json.dumps(record("acme.Money", ("amount", "long"))))
    used = [{"name": "acme.Money", "subject": "acme.Money", "version": 1}]
    order = json.dumps(record("acme.Order", ("total", "acme.Money")))
    embedded.register("acme.orders-value", order, references=used)
    newer = record("acme.Money", ("amount", "long"))
    newer["fields"].append({"name": "currency", "type": "string", "default": "SEK"})
    embedded.register("acme.Money", json.dumps(newer))
    here = Repository(tmp_path)
    said = here.run("pull", "--all", "--registry", embedded.url)
    assert "note     acme.orders-value uses version 1 of acme.Money, whose newest is 2" in said
    contracts, found = loaded(tmp_path, embedded)
    assert [step.about for step in plan(contracts, found).steps] == ["acme.orders-value"]


def test_levels_that_do_not_follow_from_topics_are_declared(embedded: Served, tmp_path: Path) -> None:
    fill(embedded, "acme")
    embedded.level("acme.Money", "NONE")
    embedded.level("acme.customers-key", "BACKWARD")
    here = Repository(tmp_path)
    here.run("pull", "--all", "--registry", embedded.url)
    assert (tmp_path / "kontrakt.toml").read_text() == (
        '[levels]\n"acme.Money" = "NONE"\n"acme.customers-key" = "BACKWARD"\n'
    )
    contracts, found = loaded(tmp_path, embedded)
    assert plan(contracts, found).steps == ()


def test_what_breaks_the_rules_for_contracts_is_left(embedded: Served, tmp_path: Path) -> None:
    embedded.register("acme/wrong-value", json.dumps(record("acme.Wrong", ("x", "int"))))
    embedded.register("acme.right-value", json.dumps(record("acme.Right", ("x", "int"))))
    here = Repository(tmp_path)
    said = here.run("pull", "--all", "--registry", embedded.url)
    assert (
        "left     acme/wrong-value: contracts cannot say what it says: 'acme/wrong' is not a name for a topic" in said
    )
    assert [one.name for one in loaded(tmp_path, embedded)[0].topics] == ["acme.right"]


def test_a_registry_with_nothing_for_contracts(embedded: Served, tmp_path: Path) -> None:
    embedded.register("acme.text-value", '"string"')
    said = Repository(tmp_path).run("pull", "--all", "--registry", embedded.url, exits=2)
    assert "holds nothing that contracts can be made of" in said
    assert "acme.text-value: its values are of the type string" in said


def test_topics_on_apache_kafka_say_what_they_are(
    served: Served, name: str, kafka_server: Kafka, tmp_path: Path
) -> None:
    from kontrakt.apply.broker import Broker
    from kontrakt.apply.steps import CreateTopic

    fill(served, name)
    compacted = (("cleanup.policy", "compact"), ("segment.ms", "3600000"))
    made = [
        CreateTopic(about=f"{name}.customers", partitions=3, replication=1, config=compacted),
        CreateTopic(about=f"{name}.orders", partitions=2, replication=1, config=(("retention.ms", "1000000"),)),
        CreateTopic(about=f"{name}.log", partitions=1, replication=1, config=()),
    ]
    assert not Broker({"bootstrap.servers": kafka_server.bootstrap_servers}).do(made)
    here = Repository(tmp_path)
    said = here.run(
        *("pull", "--all", "--prefix", f"{name}.", "--registry", served.url),
        KONTRAKT_BOOTSTRAP_SERVERS=kafka_server.bootstrap_servers,
    )
    contracts, found = loaded(tmp_path, served, KONTRAKT_BOOTSTRAP_SERVERS=kafka_server.bootstrap_servers)
    topics = {topic.name.removeprefix(f"{name}."): topic for topic in contracts.topics}
    assert {one: topics[one].kind for one in ("customers", "orders", "log")} == {
        "customers": Kind.ENTITY,
        "orders": Kind.EVENT,
        "log": Kind.EVENT,
    }
    assert topics["customers"].partitions == 3
    assert topics["customers"].config == {"segment.ms": "3600000"}
    assert topics["orders"].config == {"retention.ms": "1000000"}
    assert f"guessed  {name}.customers: kind entity, because the topic is compacted" in said
    steps = plan(contracts, found).steps
    assert {step.about for step in steps} == {f"{name}.twin-a", f"{name}.twin-b"}  # topics that are not there
