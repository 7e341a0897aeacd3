"""What was acknowledged, what the topic has, what was handled: and whether they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from kontrakt import Bus, Put

from tests.faults.story import Changes, key_of


class Note(NamedTuple):
    """A message that a consumer handled."""

    at: int
    partition: int
    offset: int
    key: str
    number: int


class Notes:
    """What the consumers noted so far.

    Args:
        folder: Where their files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._all: list[Note] = []
        self._places: set[tuple[int, int]] = set()

    def all(self) -> list[Note]:
        """All of them, in the order of time."""
        self._look()
        return sorted(self._all)

    def places(self) -> set[tuple[int, int]]:
        """Partitions and offsets of what was handled."""
        self._look()
        return self._places

    def _look(self) -> None:
        for file in self._folder.glob("*.notes"):
            with file.open() as lines:
                lines.seek(self._read.get(file, 0))
                text = lines.read()
            whole = text[: text.rfind("\n") + 1]
            self._read[file] = self._read.get(file, 0) + len(whole)
            for line in whole.splitlines():
                at, partition, offset, key, number = line.split()
                self._all.append(Note(int(at), int(partition), int(offset), key, int(number)))
                self._places.add((int(partition), int(offset)))


@dataclass(frozen=True)
class Evidence:
    """What a run left behind.

    Attributes:
        acknowledged: How many messages of each producer were acknowledged.
        topic: The numbers of each key, in the order of the topic.
        offsets: Where messages stand: partition and offset.
        handled: What consumers handled, in the order of time.
        doubled: Keys of which something came twice into the table.
    """

    acknowledged: Mapping[str, int]
    topic: Mapping[str, list[int]]
    offsets: frozenset[tuple[int, int]]
    handled: tuple[Note, ...] = ()
    doubled: tuple[str, ...] = ()

    @classmethod
    def of(cls, bus: Bus, acknowledged: Mapping[str, int]) -> Self:
        """Read the topic from its beginning."""
        topic: dict[str, list[int]] = defaultdict(list)
        offsets: set[tuple[int, int]] = set()
        with Changes.consumer(bus, group="audit") as changes:
            for change in changes.until_end():
                assert isinstance(change, Put)
                topic[change.key].append(change.value.visits)
                offsets.add((change.meta.partition, change.meta.offset))
        return cls(dict(acknowledged), dict(topic), frozenset(offsets))

    @property
    def written(self) -> int:
        """How many messages the topic has."""
        return len(self.offsets)

    @property
    def repeated(self) -> int:
        """How many messages were handled again."""
        return len(self.handled) - len({(note.partition, note.offset) for note in self.handled})

    @property
    def newest(self) -> Mapping[str, int]:
        """The newest number of each key."""
        return {key: numbers[-1] for key, numbers in self.topic.items()}

    @property
    def lost(self) -> list[tuple[str, int]]:
        """Acknowledged messages that the topic does not have."""
        had = {key: set(numbers) for key, numbers in self.topic.items()}
        sent = (key_of(name, n) for name, count in self.acknowledged.items() for n in range(count))
        return [(key, number) for key, number in sent if number not in had.get(key, ())]

    @property
    def disordered_in_the_topic(self) -> list[str]:
        """Keys whose numbers do not stand one after the other, each once."""
        return [key for key, numbers in self.topic.items() if numbers != list(range(len(numbers)))]

    @property
    def never_handled(self) -> frozenset[tuple[int, int]]:
        """Messages of the topic that no consumer handled."""
        return self.offsets - {(note.partition, note.offset) for note in self.handled}

    @property
    def disordered_when_handled(self) -> list[str]:
        """Keys whose messages were not handled one after the other, leaving aside those that came again."""
        first: dict[str, list[int]] = defaultdict(list)
        seen: set[tuple[str, int]] = set()
        for note in self.handled:
            if (note.key, note.number) not in seen:
                seen.add((note.key, note.number))
                first[note.key].append(note.number)
        return [key for key, numbers in first.items() if numbers != sorted(numbers)]
