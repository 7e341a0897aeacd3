"""Old contracts in a registry: the embedded one, and two that we did not write."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from kontrakt.avro import Record
from kontrakt.avro.render import closed
from kontrakt.check.sources import past, verdicts
from kontrakt.contract import Contracts, from_files
from kontrakt.errors import RegistryDenied, RegistryError, RegistryUnavailable
from kontrakt.registry import publish, register
from kontrakt.settings import Options, Settings

from tests.registry.fake import Fake, fake
from tests.registry.served import Served, record

if TYPE_CHECKING:
    from kontrakt.check.past import Past
    from kontrakt.registry import Registry

    from tests.registry.fake import Reply


def contracts(*types: dict[str, Any]) -> Contracts:
    return from_files({f"{index}.avsc": json.dumps(one).encode() for index, one in enumerate(types)})


def entity(name: str, *fields: str | dict[str, Any], **topic: Any) -> dict[str, Any]:
    """An entity ``<name>.Customer`` with some fields beside its key, all strings where nothing else is said."""
    listed = [
        one if isinstance(one, dict) else {"name": one, "type": "string", "default": ""} for one in ("id", *fields)
    ]
    said = {"kind": "entity", "name": f"{name}.customers", "key": "id", "owner": "customer-service", **topic}
    return {"type": "record", "name": f"{name}.Customer", "topic": said, "fields": listed}


def shared(name: str, *fields: str) -> dict[str, Any]:
    listed = [{"name": one, "type": "long", "default": 0} for one in fields]
    return {"type": "record", "name": f"{name}.Money", "fields": listed}


def view(name: str, *read: str, consumer: str = "billing") -> dict[str, Any]:
    listed = [{"name": one, "type": "string", "default": ""} for one in read]
    of = {"of": f"{name}.Customer", "consumer": consumer}
    return {"type": "record", "name": f"{name}.View", "projection": of, "fields": listed}


def asked(url: str, now: Contracts) -> Past:
    return past("registry", now, Settings(registry_url=url, registry=Options({"max.retries": 0})))


def names(history: Sequence[Any]) -> list[list[str]]:
    """The names of the fields in each version."""
    return [[field.name for field in version.schema.fields] for version in history]


# On every registry


def test_nothing_is_there_yet(served: Served, name: str) -> None:
    found = asked(served.url, contracts(entity(name, "a")))
    assert dict(found.histories) == {}
    assert (found.unchanged, found.readers, found.levels, found.notes) == (frozenset(), (), {}, [])
    assert found.default_level == served.differs("BACKWARD", apicurio3="NONE", apicurio2="NONE")
    assert found.name == f"the registry at {served.url}"


def test_histories_and_levels(served: Served, registry: Registry, name: str) -> None:
    for fields in (["a"], ["a", "b"], ["a", "b", "c"]):
        register(contracts(entity(name, *fields, compatibility="NONE")), registry)
    subject = f"{name}.customers-value"
    found = asked(served.url, contracts(entity(name, "a", "b")))
    (history,) = found.histories.values()
    assert [version.number for version in history] == [1, 2, 3]
    assert names(history) == [["id", "a"], ["id", "a", "b"], ["id", "a", "b", "c"]]
    assert found.levels == {subject: "NONE"}
    assert found.unchanged == frozenset()
    assert found.contracts is None
    position = history[1].schema.source.at("fields", 1)
    assert position.file == f"{subject} version 2"
    assert (position.line, position.column > 1) == (1, True)


def test_of_what_did_not_change_the_newest_version_is_enough(served: Served, registry: Registry, name: str) -> None:
    for fields in (["a"], ["a", "b"]):
        register(contracts(entity(name, *fields, compatibility="NONE")), registry)
    subject = f"{name}.customers-value"
    found = asked(served.url, contracts(entity(name, "a", "b")))
    assert found.unchanged == {subject}
    assert names(found.histories[subject]) == [["id", "a", "b"]]
    assert found.levels == {}  # nothing is more than what the contracts promise
    weaker = asked(served.url, contracts(entity(name, "a", "b", compatibility="BACKWARD")))
    assert weaker.unchanged == {subject}
    assert weaker.levels == {subject: "NONE"}


def test_a_version_that_was_deleted_does_not_count(served: Served, registry: Registry, name: str) -> None:
    for fields in (["a"], ["a", "b"], ["a", "b", "c"]):
        register(contracts(entity(name, *fields, compatibility="NONE")), registry)
    subject = f"{name}.customers-value"
    registry.delete_version(subject, 2)
    found = asked(served.url, contracts(entity(name, "a", "b")))
    assert [version.number for version in found.histories[subject]] == [1, 3]
    assert found.unchanged == frozenset()


def test_the_history_that_the_level_asks_for(served: Served, registry: Registry, name: str) -> None:
    for fields in (["a"], ["a", "b"]):
        register(contracts(entity(name, *fields, compatibility="NONE")), registry)
    subject = f"{name}.customers-value"

    def numbers(level: str, set_there: str, *more: dict[str, Any], newest: str = "c", **topic: Any) -> list[int]:
        served.level(subject, set_there)
        found = asked(served.url, contracts(entity(name, "a", newest, compatibility=level, **topic), *more))
        return [version.number for version in found.histories[subject]]

    assert numbers("BACKWARD", "NONE") == [2]
    assert numbers("BACKWARD_TRANSITIVE", "NONE") == [1, 2]
    assert numbers("BACKWARD", "FULL_TRANSITIVE") == [1, 2]
    assert numbers("BACKWARD", "NONE", subjects="topic-record") == [2]
    assert numbers("BACKWARD_TRANSITIVE", "NONE", subjects="topic-record") == [1, 2]
    for newest in ("b", "c"):  # a projection reads all that the topic may hold, whether it changes or not
        assert numbers("NONE", "NONE", view(name, "a"), newest=newest) == [1, 2]


def test_references(served: Served, registry: Registry, name: str) -> None:
    total = {"name": "total", "type": f"{name}.Money"}
    for money in ((), ("amount",)):
        register(contracts(shared(name, *money), entity(name, total, compatibility="NONE")), registry)
    subject = f"{name}.customers-value"
    found = asked(served.url, contracts(shared(name, "amount"), entity(name, total)))
    assert found.unchanged == {f"{name}.Money", subject}
    changed = asked(served.url, contracts(shared(name, "amount", "currency"), entity(name, total)))
    assert changed.unchanged == frozenset()  # what it uses is another now
    old, new = (version.schema for version in changed.histories[subject])
    assert isinstance(old, Record)
    assert isinstance(new, Record)
    assert [field.name for field in old.fields] == ["id", "total"]
    used = [one.fields[1].schema for one in (old, new)]
    assert [isinstance(one, Record) and [field.name for field in one.fields] for one in used] == [[], ["amount"]]
    assert used[1] is changed.histories[f"{name}.Money"][1].schema  # read once


def test_what_others_published(served: Served, registry: Registry, name: str) -> None:
    register(contracts(entity(name, "email", "phone")), registry)
    for consumer, read in (("billing", "phone"), ("billing", "email"), ("audit team/eu", "phone")):
        publish(contracts(entity(name, "email", "phone"), view(name, read, consumer=consumer)), registry)
    found = asked(served.url, contracts(entity(name, "email", "phone")))
    assert [(one.consumer, one.subject) for one in found.readers] == [
        ("audit team/eu", f"{name}.customers-value"),
        ("billing", f"{name}.customers-value"),
    ]
    assert [[field.name for field in one.schema.fields] for one in found.readers] == [["phone"], ["email"]]
    assert all(f"{name}.Customer" in one.schema.aliases for one in found.readers)
    assert list(found.histories) == [f"{name}.customers-value"]
    other = asked(served.url, contracts(entity(f"{name}.other", "email")))
    assert other.readers == ()


def test_in_the_consumers_repository(served: Served, registry: Registry, name: str) -> None:
    """The consumer has a copy of the contract, and no subject of its own for it."""
    for fields in (["email"], ["email", "phone"]):
        register(contracts(entity(name, *fields, compatibility="NONE")), registry)
    found = asked(served.url, contracts(entity(name, "email", "phone"), view(name, "email")))
    assert names(found.histories[f"{name}.customers-value"]) == [["id", "email"], ["id", "email", "phone"]]


def test_the_subject_of_another_naming_strategy(served: Served, registry: Registry, name: str) -> None:
    register(contracts(entity(name, "a")), registry)
    found = asked(served.url, contracts(entity(name, "a", subjects="topic-record")))
    assert list(found.histories) == [f"{name}.customers-value"]
    assert found.unchanged == frozenset()


@pytest.mark.parametrize("subject", ["with space", "sla/sh", "ümlaut", "per%cent", "a+b?c=d&e#f"])
def test_names_of_subjects(served: Served, name: str, subject: str) -> None:
    topic = f"{name}.{subject}"
    served.register(f"{topic}-value", record("A", ("id", "string")))
    said = {"type": "record", "name": "A", "fields": [{"name": "id", "type": "string"}]}
    now = contracts({**said, "topic": {"kind": "event", "name": "x", "key": "id", "owner": "o"}})
    subjects = [replace(one, name=f"{topic}-value") for one in now.subjects]
    named = replace(
        now, topics=[replace(one, name=topic) for one in now.topics], subjects=subjects
    )  # as Kafka would not
    assert list(asked(served.url, named).histories) == [f"{topic}-value"]


def test_a_registry_may_write_a_schema_in_its_own_way() -> None:
    inner = {"type": "enum", "name": "shop.Level", "symbols": ["A"], "default": "A"}
    said = {"type": "record", "name": "shop.Customer", "doc": "x", "aliases": ["shop.Old"], "fields": []}
    fields = [{"name": "id", "type": "string"}, {"name": "of", "type": ["null", inner], "default": None}]
    topic = {"kind": "entity", "name": "shop.customers", "key": "id", "owner": "o"}
    java = """{"type":"record","name":"Customer","namespace":"shop","doc":"x","fields":[{"name":"id","type":"string"},
        {"name":"of","type":["null",{"type":"enum","name":"Level","symbols":["A"],"default":"A"}],"default":null}],
        "aliases":["Old"]}"""
    for text, unchanged in ((java, True), (java.replace('"x"', '"y"'), False), (java.replace("Old", "Older"), False)):
        with fake(searching({"shop.customers-value": [version("shop.customers-value", 1, text)]})) as registry:
            found = asked(registry.url, contracts({**said, "fields": fields, "topic": topic}))
            assert bool(found.unchanged) is unchanged


def test_a_registry_may_hold_a_schema_without_references() -> None:
    now = contracts(shared("shop", "amount"), entity("shop", {"name": "total", "type": "shop.Money"}))
    text = json.dumps(closed(now.schemas["shop.customers-value"]))
    with fake(searching({"shop.customers-value": [version("shop.customers-value", 1, text)]})) as registry:
        assert asked(registry.url, now).unchanged == {"shop.customers-value"}


# What cannot be read


def test_what_is_no_avro_is_left_out(name: str) -> None:
    subject = f"{name}.customers-value"
    answers = {
        "/subjects": [subject],
        f"/subjects/{subject}/versions": [1, 2, 3, 4],
        "/config": {"compatibilityLevel": "FULL_TRANSITIVE"},
        f"/subjects/{subject}/versions/1": version(subject, 1, "syntax = 'proto3';", schemaType="PROTOBUF"),
        f"/subjects/{subject}/versions/2": version(subject, 2, "{"),
        f"/subjects/{subject}/versions/3": version(
            subject, 3, '"Gone"', references=[{"name": "Gone", "subject": "gone", "version": 1}]
        ),
        f"/subjects/{subject}/versions/4": version(subject, 4, record(f"{name}.Customer", ("id", "string"))),
    }
    with fake(said(answers)) as registry:
        found = asked(registry.url, contracts(entity(name, "a")))
        assert [one.number for one in found.histories[subject]] == [4]
        reasons = (
            "it is a PROTOBUF schema, not an Avro schema",
            'expected "}" for the "{" of line 1, column 1, found the end of the file',
            "it uses version 1 of gone, which is not there or cannot be read",
        )
        assert found.notes == [
            f"version {number} of the subject {subject} cannot be read, so it is not compared: {reason}"
            for number, reason in enumerate(reasons, 1)
        ]


def version(subject: str, number: int, text: str, **more: Any) -> dict[str, Any]:
    return {"subject": subject, "version": number, "id": number, "schema": text, **more}


NOT_FOUND = {"error_code": 40401, "message": "Subject not found."}


def said(answers: dict[str, Any]) -> Callable[[str, str], Reply]:
    """A registry that answers some requests, and knows nothing of others."""

    def reply(_method: str, path: str) -> Reply:
        known = path.partition("?")[0]
        return (200, answers[known]) if known in answers else (404, NOT_FOUND)

    return reply


# The registry's own answer


def test_verdicts(served: Served, registry: Registry, name: str) -> None:
    def types(first: str, *more: str) -> list[dict[str, Any]]:
        told = [
            entity(f"{name}.{kind}", {"name": "a", "type": kind_of}) for kind, kind_of in zip("xyz", more, strict=True)
        ]
        return [shared(name, "amount"), entity(name, {"name": "a", "type": first}), *told]

    old = types("int", "int", "int", "int")
    register(contracts(*old), registry)
    for subject in registry.subjects(name):
        registry.set_level(subject, "BACKWARD")
    new = contracts(*types("int", "long", "string", f"{name}.Money"), entity(f"{name}.new", "a"))
    settings = Settings(registry_url=served.url)
    before = past("registry", new, settings)
    found = verdicts(new, before, settings)
    said = {subject.removeprefix(f"{name}."): answer and answer.compatible for subject, answer in found.items()}
    judged = {"x.customers-value": True, "y.customers-value": False, "z.customers-value": False}
    assert said == (dict.fromkeys(judged) if served.name == "embedded" and None in said.values() else judged)
    for answer in found.values():
        assert answer is None or answer.compatible or bool(answer.messages) is served.differs(True, apicurio3=False)


# How it is asked


def requests(registry: Fake) -> dict[str, int]:
    """How often each kind of request came."""
    kinds: dict[str, int] = {}
    for one in registry.asked:
        path = one.partition(" ")[2].partition("?")[0]
        parts = path.strip("/").split("/")
        kind = "/".join(part if index % 2 == 0 or part == "schemas" else "*" for index, part in enumerate(parts))
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


def large(count: int, versions: int, others: int = 0) -> tuple[dict[str, list[dict[str, Any]]], Contracts]:
    """Subjects with their versions, and the contracts of some of them."""
    held: dict[str, list[dict[str, Any]]] = {}
    types: list[dict[str, Any]] = []
    for index in range(count + others):
        name = f"{'shop' if index < count else 'zoo'}.t{index:03}"
        fields = [("id", "string"), *((f"f{number}", "string") for number in range(versions))]
        subject = f"{name}.customers-value"
        held[subject] = [
            version(subject, number, record(f"{name}.Customer", *fields[: number + 1]))
            for number in range(1, versions + 1)
        ]
        if index < count:
            types.append(entity(name))
    return held, contracts(*types)


def searching(
    held: dict[str, list[dict[str, Any]]],
    *,
    page: int = 1000,
    prefixes: bool = True,
    whole: bool = True,
    latest: bool = True,
) -> Callable[[str, str], Reply]:
    """A registry with a search, or with something like it."""

    def reply(method: str, path: str) -> Reply:
        assert method == "GET"
        path, _, query = path.partition("?")
        said = {name: values[0] for name, values in parse_qs(query).items()}
        match path.strip("/").split("/"):
            case ["subjects"]:
                return 200, list(held)
            case ["config"]:
                return 200, {"compatibilityLevel": "BACKWARD"}
            case ["config", _]:
                return 404, {"error_code": 40408, "message": "no level of its own"}
            case ["schemas"]:
                prefix = said["subjectPrefix"] if prefixes else ""
                first = -1 if said["latestOnly"] == "true" and latest else 0
                found = [one for name, all_ in held.items() if name.startswith(prefix) for one in all_[first:]]
                start = int(said["offset"])
                shown = found[start : start + min(page, int(said["limit"]))]
                return 200, shown if whole else [{"schema": one["schema"]} for one in shown]
            case ["subjects", name, "versions"]:
                return 200, [one["version"] for one in held[name]]
            case ["subjects", name, "versions", number]:
                return 200, held[name][-1 if number == "latest" else int(number) - 1]
            case _:
                return 404, NOT_FOUND

    return reply


def test_many_subjects_are_one_search() -> None:
    held, now = large(120, 10, others=50)
    with fake(searching(held)) as registry:
        found = asked(registry.url, now)
        assert {name: len(history) for name, history in found.histories.items()} == dict.fromkeys(list(held)[:120], 10)
    assert requests(registry) == {"subjects": 1, "config": 1, "config/*": 120, "schemas": 5}
    assert [one.partition("Prefix=")[2] for one in registry.asked if "Prefix=" in one] == [
        "shop.t&latestOnly=true&offset=0&limit=1000",
        "shop.t&latestOnly=true&offset=120&limit=1000",  # a registry may give fewer than it is asked for
        "shop.t&latestOnly=false&offset=0&limit=1000",
        "shop.t&latestOnly=false&offset=1000&limit=1000",
        "shop.t&latestOnly=false&offset=1200&limit=1000",
    ]


@pytest.mark.parametrize("latest", [True, False])
def test_only_what_changed_is_fetched_whole(latest: bool) -> None:
    held, now = large(120, 10)
    for subject in now.subjects[3:]:
        held[subject.name].append(version(subject.name, 11, now.documents[subject.document].text))
    with fake(searching(held, latest=latest)) as registry:
        found = asked(registry.url, now)
        assert [len(history) for history in found.histories.values()] == [10] * 3 + [1] * 117
        assert {history[-1].number for history in found.histories.values()} == {10, 11}
        assert len(found.unchanged) == 117
    assert requests(registry) == {"subjects": 1, "config": 1, "config/*": 3, "schemas": 4 if latest else 5}


def test_few_subjects_among_many_are_searched_one_by_one() -> None:
    held, _ = large(400, 3)
    now = contracts(entity("shop.t007"), entity("shop.t321"))
    with fake(searching(held)) as registry:
        found = asked(registry.url, now)
        assert [len(history) for history in found.histories.values()] == [3, 3]
    searched = sorted(one.partition("Prefix=")[2].partition("&")[0] for one in registry.asked if "Prefix=" in one)
    assert searched == ["shop.t007.customers-value"] * 2 + ["shop.t321.customers-value"] * 2


@pytest.mark.parametrize("page", [100, 150, 999])
def test_a_registry_that_gives_less_at_a_time(page: int) -> None:
    held, now = large(40, 10)
    with fake(searching(held, page=page)) as registry:
        found = asked(registry.url, now)
        assert [len(history) for history in found.histories.values()] == [10] * 40


@pytest.mark.parametrize(
    "how",
    [
        {"prefixes": False},  # everything, whatever is asked for: Karapace
        {"whole": False},  # without saying what it is of: Apicurio 3
    ],
)
def test_a_search_that_is_none(how: dict[str, bool]) -> None:
    held, now = large(30, 4, others=30)
    with fake(searching(held, **how)) as registry:
        found = asked(registry.url, now)
        assert [len(history) for history in found.histories.values()] == [4] * 30
    kinds = requests(registry)
    assert kinds["schemas"] == 2
    assert (kinds["subjects/*/versions"], kinds["subjects/*/versions/*"]) == (30, 120)


def test_a_reference_is_fetched_once() -> None:
    money = version("shop.Money", 1, record("shop.Money", ("amount", "long")))
    used = [{"name": "shop.Money", "subject": "shop.Money", "version": 1}]
    held, now = large(30, 4)
    for subject, all_ in held.items():
        for one in all_:
            text = record(
                f"{subject.removesuffix('.customers-value')}.Customer", ("id", "string"), ("of", "shop.Money")
            )
            one.update(schema=text, references=used)
    with fake(searching(held | {"shop.Money": [money]})) as registry:
        found = asked(registry.url, now)
        trees = [version.schema for history in found.histories.values() for version in history]
        assert len(trees) == 120
        assert len(set(map(id, trees))) == 30  # what says the same is read once
    assert requests(registry).get("subjects/*/versions/*", 0) <= 1


def test_progress() -> None:
    held, now = large(5, 2)
    steps: list[tuple[int, int, str]] = []
    with fake(searching(held)) as registry:
        past(
            "registry",
            now,
            Settings(registry_url=registry.url),
            progress=lambda done, of, what: steps.append((done, of, what)),
        )
    assert [step for step in steps if step[2] == "levels"] == [(done, 5, "levels") for done in range(1, 6)]


# Where it cannot be asked


@pytest.mark.parametrize("at", ["/subjects", "/config", "/config/*", "/schemas", "/subjects/*/versions"])
@pytest.mark.parametrize(
    ("status", "kind"), [(401, RegistryDenied), (403, RegistryDenied), (500, RegistryUnavailable), (400, RegistryError)]
)
def test_errors(at: str, status: int, kind: type[RegistryError]) -> None:
    held, now = large(20, 2)
    well = searching(held, whole=at != "/subjects/*/versions")

    def reply(method: str, path: str) -> Reply:
        parts = path.partition("?")[0].split("/")
        shape = "/".join("*" if index == 2 else part for index, part in enumerate(parts))
        return (status, {"error_code": status, "message": "no"}) if shape == at else well(method, path)

    with fake(reply) as registry:
        with pytest.raises(kind, match="no") as error:
            asked(registry.url, now)
        assert registry.url in str(error.value)


def test_nothing_listens() -> None:
    with pytest.raises(RegistryUnavailable, match="cannot list the subjects: no answer from http://127.0.0.1:9"):
        asked("http://127.0.0.1:9", contracts(entity("x")))


def test_no_registry_is_set() -> None:
    with pytest.raises(RegistryError, match="url"):
        asked("", contracts(entity("x")))
