"""Which subject of a registry is what to which topic."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kontrakt.avro import Named, Record
from kontrakt.contract import SubjectStrategy
from kontrakt.contract.readers import reads

if TYPE_CHECKING:
    from .inventory import Held, Inventory

_VALUE = "-value"
_KEY = "-key"


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What travels on a topic, by the names of its subjects.

    Attributes:
        key: The subject of its key, or an empty string.
        values: The subjects of its values, sorted, and how each is named.
    """

    key: str = ""
    values: Mapping[str, SubjectStrategy] = field(default_factory=dict[str, SubjectStrategy])


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What the subjects of a registry are.

    Attributes:
        topics: What travels on each topic.
        shared: The subjects of types that stand for themselves: their name is the type's.
        left: The subjects that no contract can be made of, and why.
    """

    topics: Mapping[str, Carried]
    shared: tuple[str, ...]
    left: Mapping[str, str]


def roles(inventory: Inventory, on_broker: Collection[str] | None) -> Roles:
    """Tell what the subjects are, by the three naming strategies (Confluent's documentation, "Subject name strategy").

    Args:
        inventory: What the registry holds.
        on_broker: The topics that there are; None where no broker was asked.
    """
    left = dict(inventory.left)
    keys: dict[str, str] = {}
    values: dict[str, dict[str, SubjectStrategy]] = {}
    shared: list[str] = []
    for name in sorted(inventory.held):
        held = inventory.held[name]
        if reads(name) is not None:
            left[name] = "it is what a consumer publishes of what it reads, and stays that consumer's own"
        elif _is_key(name, held, on_broker):
            keys[name.removesuffix(_KEY)] = name
        elif isinstance(held.schema, Named) and held.schema.fullname == name:
            shared.append(name)
        elif (found := _value(name, held)) is None:
            left[name] = "its name follows none of the three naming strategies"
        elif isinstance(found, str):
            left[name] = found
        else:
            topic, strategy = found
            values.setdefault(topic, {})[name] = strategy
    for topic, key in keys.items():
        if topic not in values:
            left[key] = f"it is the key of the topic {topic}, and nothing is registered for its values"
    return Roles(
        topics={
            topic: Carried(key=keys.get(topic, ""), values=_of_one_strategy(topic, values[topic], left))
            for topic in sorted(values)
        },
        shared=tuple(shared),
        left=left,
    )


def _is_key(name: str, held: Held, on_broker: Collection[str] | None) -> bool:
    if not name.endswith(_KEY) or name == _KEY:
        return False
    named_for_its_record = isinstance(held.schema, Named) and name.endswith(f"-{held.schema.fullname}")
    return not named_for_its_record and (not on_broker or name.removesuffix(_KEY) in on_broker or name not in on_broker)


def _value(name: str, held: Held) -> tuple[str, SubjectStrategy] | str | None:
    """The topic and the naming strategy of a value subject; why no contract can have it; None where it is none."""
    schema = held.schema
    by_record = f"-{schema.fullname}" if isinstance(schema, Named) else ""
    if by_record and name.endswith(by_record) and name != by_record:
        topic, strategy = name.removesuffix(by_record), SubjectStrategy.TOPIC_RECORD
    elif name.endswith(_VALUE) and name != _VALUE:
        topic, strategy = name.removesuffix(_VALUE), SubjectStrategy.TOPIC
    else:
        return None
    if not isinstance(schema, Record):
        return f"its values are of the type {schema.type}, and a topic carries records"
    return topic, strategy


def _of_one_strategy(
    topic: str, values: Mapping[str, SubjectStrategy], left: dict[str, str]
) -> Mapping[str, SubjectStrategy]:
    """The values of a topic; where two strategies are mixed, those that name the record count."""
    if len(set(values.values())) == 1:
        return values
    kept = {name: one for name, one in values.items() if one is SubjectStrategy.TOPIC_RECORD}
    for name in values.keys() - kept.keys():
        left[name] = f"other subjects of the topic {topic} name their record, and a topic has one naming strategy"
    return kept
