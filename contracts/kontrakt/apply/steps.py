"""What a plan consists of: steps, and what stands against them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, TypeAlias

if TYPE_CHECKING:
    from kontrakt.check.findings import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTopic:
    """A topic is made.

    Attributes:
        about: The topic.
        partitions: How many, or None for the broker's default.
        replication: How many copies, or None for the broker's default.
        config: Its settings, sorted by name.
    """

    kind: ClassVar[str] = "create-topic"
    about: str
    partitions: int | None
    replication: int | None
    config: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetConfig:
    """A setting of a topic that is there gets the value that the contract pins.

    Attributes:
        about: The topic.
        name: The setting.
        before: What it is now.
        after: What it will be.
    """

    kind: ClassVar[str] = "set-config"
    about: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPartitions:
    """A topic gets more partitions.

    Attributes:
        about: The topic.
        before: How many it has.
        after: How many it will have.
    """

    kind: ClassVar[str] = "add-partitions"
    about: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLevel:
    """A subject gets its compatibility level.

    Attributes:
        about: The subject.
        before: The level that it has; an empty string where it has none of its own.
        after: The level that it gets.
    """

    kind: ClassVar[str] = "set-level"
    about: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A schema becomes the next version of a subject.

    Attributes:
        about: The subject.
        document: The document that is registered.
        newest: The version that is the newest now; 0 where the subject is new.
        fingerprint: Of the schema with everything that it refers to.
        changes: What the new version changes, in words. They do not tell one step from another.
    """

    kind: ClassVar[str] = "register"
    about: str
    document: str
    newest: int
    fingerprint: str
    changes: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A projection is published, so that the owner of the topic sees what its consumer reads.

    Attributes:
        about: The subject.
        document: The projection.
        newest: The version that is the newest now; 0 where the subject is new.
        fingerprint: Of the schema.
    """

    kind: ClassVar[str] = "publish"
    about: str
    document: str
    newest: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """A projection that its consumer no longer has is taken back: the subject is deleted, softly.

    Attributes:
        about: The subject.
        newest: The version that is the newest now.
    """

    kind: ClassVar[str] = "retire"
    about: str
    newest: int


Step: TypeAlias = CreateTopic | SetConfig | AddPartitions | SetLevel | Register | Publish | Retire
TopicStep: TypeAlias = CreateTopic | SetConfig | AddPartitions


class Against(StrEnum):
    """What can stand against a plan."""

    INCOMPATIBLE = "incompatible"
    """The registry would refuse the schema."""
    REGISTRY_MODE = "registry-mode"
    """The registry takes no schemas now."""
    REFUSED = "refused"
    """The broker says that it would refuse the step."""
    CHECK_FINDINGS = "check-findings"
    """A change breaks somebody, although the registry would take it."""
    LEVEL_WEAKENED = "level-weakened"
    """A subject's level would ask for less than it does."""
    CLEANUP_POLICY = "cleanup-policy"
    """A topic's cleanup policy is not that of its kind."""
    RETENTION_LOWERED = "retention-lowered"
    """Messages would be deleted sooner."""
    DURABILITY_LOWERED = "durability-lowered"
    """Acknowledged messages could be lost more easily."""
    PARTITIONS_ADDED = "partitions-added"
    """Keys would move to other partitions."""
    FEWER_PARTITIONS = "fewer-partitions"
    """The topic has more partitions than the contract says, and Kafka takes none away."""
    REPLICATION = "replication"
    """The topic has another number of copies, which no client can change."""


FOR_GOOD = frozenset((Against.INCOMPATIBLE, Against.REGISTRY_MODE, Against.REFUSED))
"""What nobody can allow: the step would fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something that stands against a plan.

    Attributes:
        against: Which kind of obstacle.
        about: The topic, the subject, or what a finding of the check is about.
        message: What it is, one sentence without a full stop at its end. Names stand between backticks.
        reason: Why it matters; full sentences.
        ways_out: What to do, each an imperative without a full stop at its end.
        breaks: Who breaks, where that is known.
        place: Where it stands, such as ``schemas/order.avsc:3:5``; an empty string where it is not in a file.
    """

    against: Against
    about: str
    message: str
    reason: str = ""
    ways_out: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Something that is there already, and not as the contracts say.

    Attributes:
        about: The topic or the subject.
        what: What differs: ``compatibility level``, ``partitions``, ``replication``, or the name of a setting.
        wanted: What the contracts say.
        found: What is there.
    """

    about: str
    what: str
    wanted: str
    found: str


class Only(StrEnum):
    """What is looked at, where that is not everything."""

    REGISTRY = "registry"
    """Subjects, levels and published projections: for teams whose topics are made elsewhere."""
    TOPICS = "topics"
    """Topics on the broker."""
    READERS = "readers"
    """Published projections: for repositories that have copies of the contracts of others."""


class FailOn(StrEnum):
    """What lets a run fail, beside what stands against the plan."""

    OBSTACLES = "obstacles"
    """Nothing else."""
    DRIFT = "drift"
    """Something that is there already is not as the contracts say."""
    CHANGES = "changes"
    """There is a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would make the registry and the broker as the contracts say.

    Attributes:
        registry: The registry's address without credentials; an empty string where none is compared.
        broker: The broker's address; an empty string where none is compared.
        cluster: The id of the Kafka cluster, or an empty string.
        steps: The steps, in an order in which they can be done.
        obstacles: What stands against them.
        drift: What is there already and differs. Most of it has a step, which mends it.
        notes: What the reader should know about how the plan came to be, each a sentence without a full stop.
        topics: How many topics were compared.
        subjects: How many subjects were compared, those of published projections among them.
        report: What the check says of the schemas that would be registered; None where no registry is compared.
        only: What was looked at, where that is not everything.
        consumers: Consumers whose published projections are this repository's, beside those that the contracts name.
        allowed: The kinds of obstacles that are allowed.
    """

    registry: str = ""
    broker: str = ""
    cluster: str = ""
    steps: tuple[Step, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    topics: int = 0
    subjects: int = 0
    report: Report | None = None
    only: Only | None = None
    consumers: tuple[str, ...] = ()
    allowed: frozenset[Against] = frozenset()

    @property
    def against(self) -> tuple[Obstacle, ...]:
        """The obstacles that are not allowed."""
        return tuple(one for one in self.obstacles if not self.allows(one))

    def allows(self, obstacle: Obstacle) -> bool:
        """Whether an obstacle is allowed."""
        return obstacle.against not in FOR_GOOD and obstacle.against in self.allowed

    def fails(self, on: FailOn) -> bool:
        """Whether what was found is what a run should fail on."""
        if self.against:
            return True
        return bool(self.drift if on is FailOn.DRIFT else self.steps if on is FailOn.CHANGES else ())
