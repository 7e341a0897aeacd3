"""The topics that contracts want on a broker, each with the policy of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kontrakt.contract import CLEANUP, CLEANUP_OF, Kind

if TYPE_CHECKING:
    from kontrakt.contract import Contracts, RequestTopics, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTopic:
    """A topic as the contracts want it.

    Attributes:
        name: The topic's name.
        kind: Its kind.
        keyed: Whether its messages go to partitions by their keys. Answers go to the partition that the request names.
        partitions: How many, or None for the broker's default.
        replication: How many copies, or None for the broker's default.
        config: The settings that are pinned, by the policy of the kind or by the contract.
    """

    name: str
    kind: Kind
    keyed: bool
    partitions: int | None
    replication: int | None
    config: Mapping[str, str]


def wanted(contracts: Contracts) -> Mapping[str, WantedTopic]:
    """The topics that contracts declare, by name, sorted."""
    return dict(sorted((topic.name, topic) for topic in _wanted(contracts)))


def _wanted(contracts: Contracts) -> Iterator[WantedTopic]:
    for topic in contracts.topics:
        yield _of(topic.name, topic, keyed=topic.key is not None)
    for pair in contracts.requests:
        yield _of(pair.requests, pair, keyed=pair.key is not None)
        yield _of(pair.responses, pair, keyed=False)


def _of(name: str, declared: Topic | RequestTopics, *, keyed: bool) -> WantedTopic:
    return WantedTopic(
        name=name,
        kind=declared.kind,
        keyed=keyed,
        partitions=declared.partitions,
        replication=declared.replication,
        config={CLEANUP: CLEANUP_OF[declared.kind], **declared.config},
    )
