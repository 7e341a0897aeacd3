"""What happens at a message that cannot be read, or whose handler failed."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from kontrakt.errors import DecodeError, HandlerError, KontraktError, RegistryUnavailable, SchemaNotFound

_SECOND: Final = dt.timedelta(seconds=1)
_MINUTE: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Put the message aside on a topic of its own, as it was, with the reason in its headers; then go on.

    Args:
        topic: That topic; by default ``<topic>.<group>.dlq``.
    """

    topic: str | None = None

    def topic_for(self, topic: str, group: str) -> str:
        """The topic for what a group could not handle.

        Args:
            topic: The topic that was read.
            group: The consumer group.
        """
        return self.topic or f"{topic}.{group}.dlq"


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again, after waits that grow; what has the same key waits with it, so that its order is kept.

    Args:
        attempts: How often a message is tried in all; None for ever.
        first: The wait after the first failure.
        factor: How much longer each further wait is than the one before.
        longest: No wait is longer.
        jitter: By which share each wait is made shorter or longer at random, from 0 to 1, so that those who failed together do
            not all come back together.
        then: What happens when every attempt has failed: ``stop``, ``skip`` or a :class:`DeadLetter`.

    Raises:
        ValueError: A number is out of its range.
    """

    attempts: int | None = 5
    first: dt.timedelta = _SECOND
    factor: float = 2.0
    longest: dt.timedelta = _MINUTE
    jitter: float = 0.2
    then: Literal["stop", "skip"] | DeadLetter = "stop"

    def __post_init__(self) -> None:
        if self.attempts is not None and self.attempts < 1:
            raise ValueError(f"attempts must be at least 1 or None, not {self.attempts}")
        if self.first < dt.timedelta() or self.longest < self.first:
            raise ValueError(
                f"the waits must not be negative, nor the longest below the first: {self.first}, {self.longest}"
            )
        if self.factor < 1:
            raise ValueError(f"factor must be at least 1, not {self.factor}")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter must be from 0 to 1, not {self.jitter}")

    def wait_after(self, failures: int) -> float:
        """How many seconds to wait after so many failures of a message, jitter included.

        Args:
            failures: How often it has failed, from 1.
        """
        first, longest = self.first.total_seconds(), self.longest.total_seconds()
        try:
            seconds = min(longest, first * self.factor ** (failures - 1))
        except OverflowError:
            seconds = longest
        return seconds * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - nobody must not guess it


OnError: TypeAlias = Literal["stop", "skip"] | Retry | DeadLetter
"""``stop`` raises and leaves the offset where it is, ``skip`` logs the message and goes on."""


def verdict(policy: OnError, error: KontraktError, failures: int) -> Literal["stop", "skip"] | DeadLetter | float:
    """What a policy says of a message.

    A registry that is away says nothing about the message, so that is never a reason to pass over it: who retries waits for the
    registry as long as it takes. Bytes that do not fit their schema never will, so they are not tried again.

    Args:
        policy: The policy.
        error: Why the message cannot be handled.
        failures: How often that has happened, one time after the other, from 1.

    Returns:
        ``stop``, ``skip``, where to put it aside, or after how many seconds to try again.
    """
    if isinstance(error, RegistryUnavailable) and isinstance(policy, Retry):
        return policy.wait_after(failures)
    if not isinstance(error, DecodeError | SchemaNotFound | HandlerError):
        return "stop"
    if not isinstance(policy, Retry):
        return policy
    if isinstance(error, DecodeError) or (policy.attempts is not None and failures >= policy.attempts):
        return policy.then
    return policy.wait_after(failures)


def letters_of(policy: OnError) -> DeadLetter | None:
    """Where a policy puts messages aside, if it does."""
    last = policy.then if isinstance(policy, Retry) else policy
    return last if isinstance(last, DeadLetter) else None
