"""From what a registry holds to contracts: schemas as they are registered, and topics declared for them.

What a registry does not know is taken from the topics on the broker, from what is said beforehand, or guessed. What is guessed
is named in the declaration itself: ``"guessed": ["kind", "owner"]``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro import Named, Record
from kontrakt.avro.render import closed
from kontrakt.contract import CLEANUP, CLEANUP_OF, KeyFormat, Kind, SubjectStrategy
from kontrakt.contract.keys import why_no_key

from .exchanges import REQUESTS, RESPONSES, protocol
from .roles import Carried, roles
from .types import Types
from .written import fullname

if TYPE_CHECKING:
    from .broker import OnBroker
    from .inventory import Inventory

UNKNOWN_OWNER: Final = "unknown"
"""Who owns a topic of which nobody said so."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A topic, or a pair of them, as it is declared of what was found.

    Attributes:
        said: The words of the declaration.
        types: The full names of the records that carry it; of requests, of the protocol.
        why: How each guess came about, by its word.
    """

    said: Mapping[str, Any]
    types: tuple[str, ...]
    why: Mapping[str, str]

    @property
    def name(self) -> str:
        """The topic."""
        return str(self.said["name"])


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """Contracts that were made of what a registry holds.

    Attributes:
        types: The JSON of each type that gets a file, by full name, without declarations.
        protocols: The JSON of each protocol, by full name.
        topics: The topics, by name.
        subjects: The subjects of each type that gets a file.
        left: The subjects that no contract was made of, and why.
        notes: What else is to be said.
    """

    types: Mapping[str, Mapping[str, Any]]
    protocols: Mapping[str, Mapping[str, Any]]
    topics: tuple[Declared, ...]
    subjects: Mapping[str, tuple[str, ...]]
    left: Mapping[str, str]
    notes: tuple[str, ...] = ()


def recover(
    inventory: Inventory,
    on_broker: Mapping[str, OnBroker] | None,
    *,
    said: Mapping[str, Mapping[str, Any]] | None = None,
    only: Collection[str] = (),
    owner: str = "",
    no_protocol: Collection[str] = (),
) -> Recovered:
    """Make contracts of what a registry holds.

    Args:
        inventory: What it holds.
        on_broker: The topics on the broker; None where none was asked.
        said: What is known of topics beforehand, by their names and by the words of a declaration.
        only: The topics that count, and the names of pairs of them; empty for all.
        owner: Who owns the topics of which nothing else is said.
        no_protocol: The names of pairs that are declared as topics of events, though they look like a protocol's.
    """
    return _Recovery(inventory, on_broker, said or {}, only, owner, no_protocol).recovered()


class _Recovery:
    def __init__(
        self,
        inventory: Inventory,
        on_broker: Mapping[str, OnBroker] | None,
        said: Mapping[str, Mapping[str, Any]],
        only: Collection[str],
        owner: str,
        no_protocol: Collection[str],
    ) -> None:
        self._held = inventory.held
        self._on_broker = on_broker
        self._said = said
        self._owner = owner
        self._only = bool(only)
        found = roles(inventory, on_broker)
        wanted = {*only, *(f"{name}{half}" for name in only for half in (REQUESTS, RESPONSES))}
        self._topics = {name: one for name, one in found.topics.items() if not only or name in wanted}
        self._shared = found.shared
        self._left = dict(found.left)
        self._types = Types(inventory)
        self._notes = [
            f"{name} uses {used}: what it says changes with that one, so plan shows a new version of it"
            for name, used in sorted(inventory.older.items())
        ]
        self._protocols = {
            pair: protocol
            for pair in (name.removesuffix(REQUESTS) for name in self._topics if name.endswith(REQUESTS))
            if pair not in no_protocol and (protocol := self._protocol(pair)) is not None
        }

    def recovered(self) -> Recovered:
        """Everything."""
        pairs = {f"{name}{half}" for name in self._protocols for half in (REQUESTS, RESPONSES)}
        rest = {name: one for name, one in self._topics.items() if name not in pairs}
        self._types.place(self._placed(rest, pairs))
        topics = [made for name, one in rest.items() if (made := self._topic(name, one)) is not None]
        topics.extend(self._requests(pair, fullname(said)) for pair, said in self._protocols.items())
        return Recovered(
            types=self._types.files,
            protocols={fullname(said): said for said in self._protocols.values()},
            topics=tuple(sorted(topics, key=lambda one: one.name)),
            subjects={name: self._types.subjects_of(name) for name in self._types.files},
            left=dict(sorted((self._left | self._types.left).items())),
            notes=tuple(self._notes),
        )

    def _placed(self, rest: Mapping[str, Carried], pairs: Collection[str]) -> set[str]:
        """The subjects whose types get files: what is wanted, and everything that it refers to."""
        found = {name for one in self._topics.values() for name in (one.key,) if name}
        found.update(name for one in rest.values() for name in one.values)
        if not self._only:
            found.update(self._shared)
        carriers = [name for pair in pairs if pair in self._topics for name in self._topics[pair].values]
        pending = [*found, *carriers]
        while pending:
            for used in self._held[pending.pop()].references:
                if used in self._held and used not in found:
                    found.add(used)
                    pending.append(used)
                    schema = self._held[used].schema
                    if not self._only and used in self._left and isinstance(schema, Named):
                        self._notes.append(
                            f"{used} holds {schema.fullname}, which others use; here the subject of such a type has its name, so "
                            f"plan shows {schema.fullname} as a new subject"
                        )
        return found

    # Requests

    def _protocol(self, pair: str) -> dict[str, Any] | None:
        asks, answers = (self._topics.get(f"{pair}{half}", Carried()) for half in (REQUESTS, RESPONSES))
        return protocol(pair, map(self._held.__getitem__, asks.values), map(self._held.__getitem__, answers.values))

    def _requests(self, pair: str, name: str) -> Declared:
        asks, answers = (self._topics.get(f"{pair}{half}", Carried()) for half in (REQUESTS, RESPONSES))
        why = {"kind": "there are requests and responses of this name, with the records of a protocol's operations"}
        key = self._key(asks.key)
        if key is None:
            why["key"] = "nothing is registered for it"
        levels = {"request": self._level(asks)} | ({"response": self._level(answers)} if answers.values else {})
        words = {
            "kind": Kind.REQUEST.value,
            "name": pair,
            **(key or {"key": None}),
            "owner": self._owned(why),
            "compatibility": levels,
        }
        return self._declared(words, (name,), why)

    # Entities and events

    def _topic(self, name: str, carried: Carried) -> Declared | None:
        values = {subject: self._held[subject].schema for subject in carried.values if subject not in self._types.left}
        records = {schema.fullname for schema in values.values() if isinstance(schema, Record)}
        if not records:
            return None
        on_broker = (self._on_broker or {}).get(name)
        why: dict[str, str] = {}
        kind = self._kind(name, on_broker, len(records), why)
        strategy = next(iter(carried.values.values()))
        usual = SubjectStrategy.TOPIC_RECORD if len(records) > 1 else SubjectStrategy.TOPIC
        key = self._key(carried.key) if carried.key not in self._types.left else None
        if key is None:
            why["key"] = (
                "nothing is registered for it, so it is taken for text beside the value"
                if kind is Kind.ENTITY
                else "nothing is registered for it"
            )
            key = {"key": {"schema": "string"} if kind is Kind.ENTITY else None}
        words: dict[str, Any] = {"kind": kind.value, "name": name, **key, "owner": self._owned(why)}
        if strategy is not usual:
            words["subjects"] = strategy.value
        words["compatibility"] = self._level(carried)
        if on_broker is not None:
            words["partitions"] = on_broker.partitions
            config = dict(on_broker.config)
            if config.get(CLEANUP) == CLEANUP_OF[kind]:
                del config[CLEANUP]
            if config:
                words["config"] = dict(sorted(config.items()))
        return self._declared(words, tuple(sorted(records)), why)

    def _kind(self, name: str, on_broker: OnBroker | None, records: int, why: dict[str, str]) -> Kind:
        compacted = (
            on_broker is not None and on_broker.policies is not None and CLEANUP_OF[Kind.ENTITY] in on_broker.policies
        )
        if records > 1:
            why["kind"] = f"it carries {records} types of records"
            if compacted:
                self._notes.append(
                    f"{name} carries {records} types of records and is compacted, as no topic of events is"
                )
            return Kind.EVENT
        if on_broker is None or on_broker.policies is None:
            why["kind"] = (
                "no broker says whether it is compacted" if on_broker is None else "the broker tells no settings"
            )
            return Kind.EVENT
        why["kind"] = "the topic is compacted" if compacted else "the topic is not compacted"
        return Kind.ENTITY if compacted else Kind.EVENT

    def _key(self, subject: str) -> dict[str, Any] | None:
        """What is declared of a key that is registered."""
        if not subject:
            return None
        schema = self._held[subject].schema
        if why := why_no_key(schema, beside=True):
            self._left[subject] = f"it cannot be a key: {why}"
            return None
        if isinstance(schema, Named):
            return {"key": {"schema": schema.fullname}, "key_format": KeyFormat.AVRO.value}
        return {"key": {"schema": closed(schema)}, "key_format": KeyFormat.AVRO.value}

    def _owned(self, why: dict[str, str]) -> str:
        if not self._owner:
            why["owner"] = "nobody said who writes it"
        return self._owner or UNKNOWN_OWNER

    def _level(self, carried: Carried) -> str:
        """The level of a topic's subjects; where they differ, that of the first value, and the others are said on their own."""
        names = [*carried.values, *filter(None, (carried.key,))]
        return next((self._held[name].level for name in names), "")

    def _declared(self, words: dict[str, Any], types: tuple[str, ...], why: dict[str, str]) -> Declared:
        """A declaration, with what is said beforehand in place of what was found."""
        said = self._said.get(str(words["name"]), {})
        guessed = [word for word in words if word in why and word not in said]
        if "key" in said:
            words.pop("key_format", None)
        whole = {**words, **said, **({"guessed": guessed} if guessed else {})}
        return Declared(said=whole, types=types, why={word: why[word] for word in guessed})
