"""A topic of dead letters, looked at, and sent again where they came from.

That a letter was sent again is noted on its topic: a message without key and value, in the same partition, whose header
``kontrakt_replayed`` names the letter and the topic that it went to. Both are written in one transaction, so a letter goes out
once, however often it is asked for and wherever an attempt broke off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from kontrakt.errors import KontraktError

from .clock import SYSTEM
from .config import consumer_config
from .dead_letters import RawHeader, Reason, headers_of, reason_of, without_reason
from .fetcher import place_of
from .handles import consumer, messages_of, partitions_of, patience
from .transactions import TransactionalSender

if TYPE_CHECKING:
    from confluent_kafka import Message

REPLAYED: Final = "kontrakt_replayed"

_TOGETHER: Final = 100
"""Letters that are sent again in one transaction."""

LetterPlace = tuple[int, int]
"""Partition and offset on the topic of dead letters."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter.

    Attributes:
        partition: Its partition on the topic of dead letters.
        offset: Its offset there.
        milliseconds: When it was put aside, in milliseconds since 1970.
        key: The key.
        value: The payload.
        headers: The headers that the message had.
        reason: Where it stood, and why it was put aside.
        replayed: The topics that it was sent to again.
    """

    partition: int
    offset: int
    milliseconds: int
    key: bytes | None
    value: bytes | None
    headers: list[RawHeader]
    reason: Reason
    replayed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.partition}@{self.offset}"


class LetterBox:
    """A topic of dead letters. Use it as a context manager.

    Args:
        config: What Kafka's clients are told, by librdkafka's names.
        topic: The topic.

    Raises:
        TopicNotFound: There is no such topic.
        BrokerUnavailable: No broker answers.
    """

    def __init__(self, config: Mapping[str, Any], topic: str) -> None:
        self._config = config
        self.topic: Final = topic
        whole = {
            **consumer_config(config),
            "group.id": "kontrakt-dead-letters",  # librdkafka wants a name; nothing is committed, and no group is joined
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
        self._patience = patience(whole)
        self._consumer = consumer(whole)
        try:
            self._partitions = self._partitions_of(topic)
        except BaseException:
            self._consumer.close()
            raise

    def letters(self, places: Iterable[LetterPlace] | None = None) -> Iterator[Letter]:
        """The letters, those of each partition in their order.

        Args:
            places: Only those that stand there; by default all.

        Raises:
            BusError: The topic cannot be read.
        """
        wanted = None if places is None else set(places)
        replayed = self._replayed()
        for message in self._messages():
            _, partition, offset = place_of(message)
            headers = headers_of(message)
            if _note(headers) is None and (wanted is None or (partition, offset) in wanted):
                yield Letter(
                    partition=partition,
                    offset=offset,
                    milliseconds=message.timestamp()[1],
                    key=message.key(),
                    value=message.value(),
                    headers=without_reason(headers),
                    reason=reason_of(headers),
                    replayed=tuple(replayed.get((partition, offset), ())),
                )

    def replay(
        self, places: Iterable[LetterPlace] | None = None, *, to: str | None = None, again: bool = False
    ) -> Iterator[tuple[Letter, str]]:
        """Send letters again, with the bytes, key and headers that they had.

        Args:
            places: Those that stand there; by default all.
            to: The topic that they go to; by default the one that each came from.
            again: Whether to send those once more that were sent to that topic already.

        Returns:
            Each letter that was sent, and where to, when its transaction is committed.

        Raises:
            TransactionFenced: Somebody else began to replay this topic meanwhile.
            TopicNotFound: The topic that a letter goes to is gone.
            KontraktError: A letter does not say where it came from, and no topic is given.
            BusError: It was not sent; what was reported is.
        """
        sender = TransactionalSender(self._config, f"kontrakt-replay-{self.topic}", SYSTEM)
        try:
            sender.init()  # before the notes are read: what an attempt left open ends here
            pending: list[tuple[Letter, str]] = []
            for letter in self.letters(places):
                target = to or letter.reason.topic
                if not target:
                    raise KontraktError(
                        f"{self.topic}[{letter.partition}]@{letter.offset} does not say which topic it came from; name one with --to"
                    )
                if again or target not in letter.replayed:
                    pending.append((letter, target))
                if len(pending) == _TOGETHER:
                    yield from self._send(sender, pending)
                    pending = []
            yield from self._send(sender, pending)
        finally:
            sender.close()

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, sender: TransactionalSender, pending: list[tuple[Letter, str]]) -> list[tuple[Letter, str]]:
        if not pending:
            return pending
        for target in {target for _, target in pending}:
            self._partitions_of(target)
        deliveries = sender.deliveries()
        sender.begin()
        try:
            for letter, target in pending:
                # A message without a key goes back to its own partition.
                home = letter.key is None and target == letter.reason.topic
                partition = letter.reason.partition if home else -1
                sender.send(deliveries, target, letter.key, letter.value, letter.headers, partition)
                note = f"{letter} {target}".encode()
                sender.send(deliveries, self.topic, None, None, [(REPLAYED, note)], letter.partition)
        except BaseException as error:
            sender.abort_after(error)
            raise
        sender.commit()
        return pending

    def _replayed(self) -> dict[LetterPlace, list[str]]:
        found: dict[LetterPlace, list[str]] = {}
        for message in self._messages():
            if (note := _note(headers_of(message))) is not None:
                place, target = note
                found.setdefault(place, []).append(target)
        return found

    def _messages(self) -> Iterator[Message]:
        """Every message of the topic, up to where it ends now."""
        return messages_of(self._consumer, self.topic, self._partitions, self._patience)

    def _partitions_of(self, topic: str) -> int:
        return partitions_of(self._consumer, topic, self._patience, str(self._config.get("bootstrap.servers", "")))


def _note(headers: list[RawHeader]) -> tuple[LetterPlace, str] | None:
    """What a note says of a letter: where it stands, and where it went."""
    value = next((value for name, value in headers if name == REPLAYED), None)
    if value is None:
        return None
    place, _, target = value.decode(errors="replace").partition(" ")
    partition, _, offset = place.partition("@")
    return (int(partition), int(offset)), target
