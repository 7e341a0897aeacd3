"""A new schema against those before it, as a registry's level asks.

Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/schema-evolution.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kontrakt.avro.schema import Schema

from .given import Given, tree
from .result import Compatibility


class Direction(StrEnum):
    """Who reads whose data."""

    BACKWARD = "backward"
    """Consumers with the new schema read what was written with the old one."""
    FORWARD = "forward"
    """Consumers with the old schema read what is written with the new one."""


class Level(StrEnum):
    """How a subject's schemas may change."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def transitive(self) -> bool:
        """Whether all versions count, not only the newest."""
        return self.endswith("_TRANSITIVE")

    @property
    def backward(self) -> bool:
        """Whether the new schema must read the old data."""
        return self.startswith(("BACKWARD", "FULL"))

    @property
    def forward(self) -> bool:
        """Whether the old schema must read the new data."""
        return self.startswith(("FORWARD", "FULL"))

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that count, in the order in which a registry tries them."""
        directions = ((Direction.FORWARD, self.forward), (Direction.BACKWARD, self.backward))
        return tuple(direction for direction, counts in directions if counts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A new schema compared with one before it, in one direction.

    Attributes:
        index: Which of the history it was compared with.
        direction: Who reads whose data.
        compatibility: What came of it.
    """

    index: int
    direction: Direction
    compatibility: Compatibility


@dataclass(frozen=True, slots=True)
class HistoryCompatibility:
    """What a new schema's history says. It is true when nothing stands against the schema.

    Attributes:
        level: The level that was asked for.
        comparisons: Everything that was compared, newest version first.
    """

    level: Level
    comparisons: tuple[Comparison, ...]

    def __bool__(self) -> bool:
        return self.compatible

    @property
    def compatible(self) -> bool:
        """Whether nothing stands against the schema."""
        return all(comparison.compatibility for comparison in self.comparisons)

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """What stands against it: of one version only, unless all versions were asked for."""
        return tuple(comparison for comparison in self.comparisons if not comparison.compatibility)


def check_history(
    new: Given, history: Sequence[Given], level: Level | str, *, all_versions: bool = False
) -> HistoryCompatibility:
    """Compare a schema with those before it, as a registry does on registering.

    The newest version is compared first. Where the level is transitive the others follow, until one fails: that is what a
    registry reports. ``FULL`` tries first whether the old schema reads new data.

    Args:
        new: The schema: a tree, JSON text, or what ``json.loads`` made of it.
        history: The live versions of its subject, oldest first.
        level: The subject's level.
        all_versions: Whether to go on after a version that fails, for a report. The verdict is the same.

    Raises:
        SchemaErrors: Something given as text or as a value is not a schema.
        ValueError: There is no such level.
    """
    level = Level(level)
    new = tree(new)
    versions = list(enumerate(history))
    found: list[Comparison] = []
    for index, version in reversed(versions if level.transitive else versions[-1:]):
        compared = _compared(new, tree(version), index, level)
        found.extend(compared)
        if not all_versions and not all(one.compatibility for one in compared):
            break
    return HistoryCompatibility(level, tuple(found))


def _compared(new: Schema, old: Schema, index: int, level: Level) -> list[Comparison]:
    sides = {Direction.FORWARD: (old, new), Direction.BACKWARD: (new, old)}
    return [Comparison(index, direction, Compatibility(*sides[direction])) for direction in level.directions]
