"""What the rules of lint have in common: what each looks at, and how it makes its findings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from kontrakt.check.rules import Rule
from kontrakt.contract import RequestTopics, Topic

if TYPE_CHECKING:
    from kontrakt.avro import Field, Message, Named
    from kontrakt.check.findings import Finding
    from kontrakt.errors import Position
    from kontrakt.lint.world import World

AnyTopic: TypeAlias = "Topic | RequestTopics"


class LintRule(Rule):
    """A rule about what stands in contracts, whatever stood there before."""

    command: ClassVar[str] = "lint"

    @classmethod
    def look(cls, world: World) -> Iterator[Finding]:  # noqa: ARG003 - most rules have something to look at
        """Everything that the rule finds in contracts."""
        yield from ()

    @classmethod
    def found(cls, message: str, about: str, at: Position, **more: Any) -> Finding:
        """A finding of this rule.

        Args:
            message: What is wrong.
            about: What it is about.
            at: Where that stands.
            more: As for :meth:`~kontrakt.check.rules.Rule.finding`.
        """
        return cls.finding(message, about, new=at, compared=False, **more)


class TypeRule(LintRule):
    """A rule about each record, error, enum and fixed."""

    @classmethod
    def look(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds in contracts."""
        for named in world.types:
            if (finding := cls.judge(named, world)) is not None:
                yield finding

    @classmethod
    @abstractmethod
    def judge(cls, named: Named, world: World) -> Finding | None:
        """What the rule finds, or None.

        Args:
            named: The type.
            world: The contracts around it.
        """


class FieldRule(LintRule):
    """A rule about each field of a record, and each parameter of an operation."""

    @classmethod
    def look(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds in contracts."""
        for field, owner in world.fields:
            if (finding := cls.judge(field, owner, world)) is not None:
                yield finding

    @classmethod
    @abstractmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None.

        Args:
            field: The field.
            owner: The full name of what has it.
            world: The contracts around it.
        """


class OperationRule(LintRule):
    """A rule about each operation."""

    @classmethod
    def look(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds in contracts."""
        for message, owner in world.operations:
            if (finding := cls.judge(message, owner, world)) is not None:
                yield finding

    @classmethod
    @abstractmethod
    def judge(cls, message: Message, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None.

        Args:
            message: The operation.
            owner: The full name of its protocol.
            world: The contracts around it.
        """


class TopicRule(LintRule):
    """A rule about each topic."""

    @classmethod
    def look(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds in contracts."""
        for topic in world.topics:
            yield from cls.judge(topic)

    @classmethod
    @abstractmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds.

        Args:
            topic: The topic, or the pair of topics of requests.
        """


class WholeRule(LintRule):
    """A rule about contracts beside each other."""

    @classmethod
    def look(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds in contracts."""
        yield from cls.judge(world)

    @classmethod
    @abstractmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds.

        Args:
            world: The contracts.
        """
