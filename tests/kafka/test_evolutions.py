"""The point of the check, on data: what it passes breaks nobody, what it refuses breaks somebody.

Every change of :mod:`tests.check.evolutions` is generated as two packages, the service as it was and as it is. The old one
writes and the new one reads, then the new one writes and the old one reads, on a broker; the schemas go to a registry at the
level that the contracts promise.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import kontrakt
import pytest
from kontrakt import Bus
from kontrakt.avro import Record
from kontrakt.avro.compatibility import Level
from kontrakt.check.compare import compare
from kontrakt.check.findings import Report, Severity
from kontrakt.check.sources.snapshot import from_files as past_of
from kontrakt.contract import Contracts, from_files
from kontrakt.contract.keys import same_type
from kontrakt.errors import KontraktError, SchemaRejected
from kontrakt.registry import Registry
from kontrakt.settings import Settings
from kontrakt_codegen import run

from tests.check.evolutions import EVOLUTIONS, Evolution
from tests.codec.implementations import written
from tests.generated.data import Maker

from .conftest import PLACES, Place, placed

HOW_MANY = 60
AT_ONCE = 12
UNSEEN_BY_REGISTRIES = {"decimal-scale-changed", "time-unit-changed", "logical-type-changed"}
"""What a registry takes, and Java reads wrongly."""
READ_BY_KONTRAKT = {"field-ambiguous"}
"""What registries and Java refuse, and generated consumers read all the same."""


class Tame(Maker):
    """Data that means something to every type that reads it: bytes that are text, numbers that are times."""

    def _primitive(self, kind: str) -> Any:
        match kind:
            case "bytes":
                return self._random.choice((b"", b"abc"))
            case "int" | "long":
                return self._random.choice((0, 1, 86_399))
            case _:
                return super()._primitive(kind)


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a change: its contracts, and the package that is generated from them.

    Attributes:
        contracts: The contracts.
        topic: The generated topic.
        value: The class of its values.
    """

    contracts: Contracts
    topic: Any
    value: Any

    @property
    def schema(self) -> Record:
        """The schema of the values."""
        (topic,) = self.contracts.topics
        return topic.values[0]

    def data(self) -> list[Any]:
        """Values of every kind that the schema allows."""
        maker = Tame(7)
        return [kontrakt.decode(self.value, written(self.schema, maker.datum(self.schema))) for _ in range(HOW_MANY)]


@dataclass(frozen=True)
class Change:
    """A change with both of its sides.

    Attributes:
        evolution: The change.
        old: The service as it was.
        new: The service as it is.
        report: What the check says of it.
    """

    evolution: Evolution
    old: Side
    new: Side
    report: Report

    @property
    def level(self) -> Level:
        """The level that the contracts promise."""
        return Level(self.evolution.level)


def _files(evolution: Evolution, fields: Any) -> dict[str, bytes]:
    number = EVOLUTIONS.index(evolution)
    return evolution.files(fields, namespace=f"acme.e{number}", topic=f"things-{number}")


@pytest.fixture(scope="session")
def changes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Change]]:
    """Every change with both sides generated."""
    root = tmp_path_factory.mktemp("evolutions")
    before = list(sys.path)
    try:
        olds = _generated(root, "evolutions_old", {one.name: _files(one, one.old) for one in EVOLUTIONS})
        news = _generated(root, "evolutions_new", {one.name: _files(one, one.new) for one in EVOLUTIONS})
        yield {one.name: _change(one, olds[one.name], news[one.name]) for one in EVOLUTIONS}
    finally:
        sys.path[:] = before


def _generated(root: Path, package: str, files: Mapping[str, Mapping[str, bytes]]) -> dict[str, Side]:
    folder = root / package
    folder.mkdir()
    for number, texts in enumerate(files.values()):
        for text in texts.values():
            (folder / f"things_{number}.avsc").write_bytes(text)
    code = root / f"{package}_code"
    run(folder, code, Settings(package=package))
    sys.path.insert(0, str(code))
    sides: dict[str, Side] = {}
    for number, (name, texts) in enumerate(files.items()):
        module = import_module(f"{package}.things_{number}")
        sides[name] = Side(from_files(texts), getattr(module, f"Things{number}"), module.Thing)
    return sides


def _change(evolution: Evolution, old: Side, new: Side) -> Change:
    past = past_of("before", _files(evolution, evolution.old), None, new.contracts)
    return Change(evolution, old, new, compare(new.contracts, past))


@dataclass(frozen=True)
class Outcome:
    """What became of a change.

    Attributes:
        accepted: Whether the registry takes the new schema at the level that is promised.
        backward: Whether the new service reads what the old one wrote.
        forward: Whether the old service reads what the new one wrote.
    """

    accepted: bool
    backward: bool
    forward: bool


@pytest.fixture(scope="session", params=PLACES)
def outcomes(request: pytest.FixtureRequest, changes: Mapping[str, Change]) -> Iterator[Mapping[str, Future[Outcome]]]:
    """What becomes of each change, on the embedded parts and on Apache Kafka with each of two foreign registries.

    Services wait most of the time, so many changes are tried at once.
    """
    place = placed(request)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {name: threads.submit(tried, change, place) for name, change in changes.items()}


def tried(change: Change, place: Place) -> Outcome:
    """Try a change: the old service writes and the new one reads, then the new one writes and the old one reads."""
    topic = f"{change.old.topic.topic}-{uuid.uuid4().hex[:8]}"
    place.create(topic)
    with place.connect() as bus:
        wrote = {change.old: write(change.old, topic, bus)}
        backward = survived(change.new, topic, bus, wrote)
        wrote[change.new] = write(change.new, topic, bus)
        forward = survived(change.old, topic, bus, wrote)
    return Outcome(taken(change, place), backward, forward)


def taken(change: Change, place: Place) -> bool:
    """Whether a registry takes the new schema at the level that is promised."""
    subject = f"{uuid.uuid4().hex}-value"
    with Registry(place.registry_url) as registry:
        _register(change.old, subject, registry)
        registry.set_level(subject, change.level)
        try:
            _register(change.new, subject, registry)
        except SchemaRejected:
            return False
    return True


def _register(side: Side, subject: str, registry: Registry) -> None:
    documents = side.contracts.documents
    registry.register(subject, documents[side.schema.fullname], documents)


def write(side: Side, topic: str, bus: Bus) -> list[Any]:
    """Register what a service writes, and write it."""
    produced: Any = type(side.topic.__name__, (side.topic,), {"topic": topic})
    values = side.data()
    bus.register(produced)
    with produced.producer(bus) as producer:
        for value in values:
            producer.put(value)
    return values


def survived(side: Side, topic: str, bus: Bus, wrote: Mapping[Side, list[Any]]) -> bool:
    """Whether a service reads everything that was written, and what did not change as it was written."""
    consumed: Any = type(side.topic.__name__, (side.topic,), {"topic": topic})
    try:
        with consumed.consumer(bus, group=uuid.uuid4().hex) as changes:
            found = [change.value for change in changes.until_end()]
    except KontraktError:
        return False
    names = {field.name for field in side.schema.fields}.intersection(*(_alike(side, other) for other in wrote))
    return sorted(_shown(one, names) for one in found) == sorted(
        _shown(one, names) for values in wrote.values() for one in values
    )


def _alike(side: Side, other: Side) -> set[str]:
    """The fields that both have, of the same type."""
    pairs = ((field, other.schema.field(field.name)) for field in side.schema.fields)
    return {field.name for field, same in pairs if same is not None and same_type(field.schema, same.schema)}


def _shown(value: Any, names: set[str]) -> str:
    said = asdict(value)
    return repr({name: said[name] for name in sorted(names)})


def misread(change: Change) -> bool:
    """Whether a reader that goes by its own schema, as Java does for logical types, reads another value than was written."""
    values = change.old.data()
    return any(asdict(kontrakt.decode(change.new.value, kontrakt.encode(one))) != asdict(one) for one in values)


@pytest.mark.parametrize("evolution", EVOLUTIONS, ids=lambda evolution: evolution.name)
def test_what_passes_breaks_nobody_and_what_is_refused_breaks_somebody(
    evolution: Evolution, changes: Mapping[str, Change], outcomes: Mapping[str, Future[Outcome]]
) -> None:
    change, outcome = changes[evolution.name], outcomes[evolution.name].result()
    errors = [finding for finding in change.report.findings if finding.severity is Severity.ERROR]
    said = {who.split()[0] for finding in errors for who in finding.breaks}
    promised = {name for name, counts in (("new", change.level.backward), ("old", change.level.forward)) if counts}
    broken = {
        name for name, survives in (("new", outcome.backward), ("old", outcome.forward)) if not survives
    } & promised
    if not change.report.failed:
        assert outcome.accepted
        assert broken == set()
        return
    assert broken <= said
    rules = {finding.rule for finding in errors}
    if rules & UNSEEN_BY_REGISTRIES:
        assert outcome.accepted
        assert broken or misread(change)
    else:
        assert not outcome.accepted
        assert broken == said or rules & READ_BY_KONTRAKT
