"""What the registry and the broker hold now, asked for side by side. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kontrakt.check.sources.registry import held_by
from kontrakt.collection import no_collection
from kontrakt.contract.readers import published, reads
from kontrakt.errors import SchemaNotRegistered
from kontrakt.registry import Registry
from kontrakt.registry.client import READWRITE
from kontrakt.registry.history import own_levels, side_by_side

from .broker import Broker, BrokerState
from .steps import Only
from .topics import wanted

if TYPE_CHECKING:
    from kontrakt.check.past import Past
    from kontrakt.contract import Contracts, Subject
    from kontrakt.registry import Progress, SchemaVersion
    from kontrakt.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryState:
    """What a registry holds.

    Attributes:
        name: Its address, without credentials, and the context where one is set.
        mode: In which mode it is: ``READWRITE``, ``READONLY``, ``IMPORT``, ...
        modes: The modes of the subjects, where that of the registry is not the one in which it takes schemas.
        past: The subjects of the contracts, as the check sees them.
        published: The newest version of every projection that consumers of this repository published, by subject.
        levels: Their levels, where they have one of their own.
        consumers: The consumers whose projections are this repository's.
        again: The subjects of which an older version says what the contracts say, and its number.
    """

    name: str
    mode: str
    modes: Mapping[str, str]
    past: Past
    published: Mapping[str, SchemaVersion]
    levels: Mapping[str, str]
    consumers: frozenset[str]
    again: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What there is.

    Attributes:
        registry: What the registry holds, or None where it is not looked at.
        broker: What the broker has, or None where it is not looked at.
        unseen: What was not looked at although it could be, and why.
    """

    registry: RegistryState | None = None
    broker: BrokerState | None = None
    unseen: tuple[str, ...] = ()


def narrowed(contracts: Contracts, only: Only | None) -> Contracts:
    """The contracts as far as they are looked at."""
    if only is not Only.READERS:
        return contracts
    return replace(contracts, topics=(), requests=(), subjects=())


def seen(
    contracts: Contracts,
    settings: Settings,
    *,
    only: Only | None = None,
    consumers: Collection[str] = (),
    progress: Progress | None = None,
) -> World:
    """Ask the registry and the broker what they hold of contracts.

    Args:
        contracts: The contracts.
        settings: The settings, for the addresses and what else the clients are told.
        only: What to look at; None for everything for which there is an address.
        consumers: Consumers whose published projections are this repository's, beside those that the contracts name.
        progress: Told about each step.

    Raises:
        ContractErrors: A consumer has two projections of one record.
        RegistryError: The registry cannot be asked.
        BusError: The broker cannot be asked.
    """
    registry = settings.registry_url if only is not Only.TOPICS else ""
    broker = settings.kafka_config.get("bootstrap.servers", "") if only in (None, Only.TOPICS) else ""
    unseen: list[str] = []
    if not registry and only is not Only.TOPICS:
        unseen.append("no schema registry is set, so subjects, levels and published projections are not compared")
    if not broker and only in (None, Only.TOPICS):
        unseen.append("no Kafka is set, so topics, their settings and partitions are not compared")
    with ThreadPoolExecutor(1, "kontrakt-broker") as pool:
        topics = pool.submit(_broker, contracts, settings) if broker else None
        subjects = _registry(narrowed(contracts, only), settings, frozenset(consumers), progress) if registry else None
        return World(registry=subjects, broker=topics.result() if topics else None, unseen=tuple(unseen))


def _broker(contracts: Contracts, settings: Settings) -> BrokerState:
    return Broker(settings.kafka_config).state(wanted(contracts))


def _registry(
    contracts: Contracts, settings: Settings, consumers: frozenset[str], progress: Progress | None
) -> RegistryState:
    consumers |= {one.consumer for one in contracts.projections}
    wanted_readers = {one.subject for one in published(contracts)}
    context = settings.registry_config.get("context", "")
    with Registry(settings.registry_config) as registry, no_collection():
        mode = registry.get_mode()
        names = [*(one.name for one in contracts.subjects), *wanted_readers] if mode != READWRITE else []
        modes = dict(zip(names, side_by_side(registry.get_mode, names), strict=True))
        past = held_by(registry, contracts, progress)
        # The check has no question about the levels of these.
        settled = [one.name for one in contracts.subjects if one.compatibility and one.name in past.unchanged]
        unasked = [name for name in settled if name not in past.levels]
        past = replace(past, levels={**past.levels, **own_levels(registry, unasked, progress)})
        ours = wanted_readers | {
            name for name in registry.subjects() if (one := reads(name)) is not None and one[1] in consumers
        }
        newest = side_by_side(registry.latest, sorted(ours), progress, "projections")
        there = {version.subject: version for version in newest if version is not None}
        return RegistryState(
            name=registry.url + (f" (context {context})" if context else ""),
            mode=mode,
            modes=modes,
            past=past,
            published=there,
            levels=own_levels(registry, sorted(wanted_readers & there.keys()), progress),
            consumers=consumers,
            again=_again(registry, contracts, past, progress),
        )


def _again(registry: Registry, contracts: Contracts, past: Past, progress: Progress | None) -> dict[str, int]:
    """Where an older version says what the contracts say: a registry does not take it a second time."""
    asked = [
        subject
        for subject in contracts.subjects
        if subject.name not in past.unchanged
        and (history := past.histories.get(subject.name, ()))
        and history[-1].number > 1
    ]

    def version(subject: Subject) -> int:
        try:
            found = registry.look_up(subject.name, contracts.documents[subject.document], contracts.documents)
        except SchemaNotRegistered:
            return 0
        return found.version

    found = zip(asked, side_by_side(version, asked, progress, "versions"), strict=True)
    return {subject.name: number for subject, number in found if number}
