"""Rules about keys: what messages are ordered, partitioned and compacted by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.check.changes.types import schema_changes
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import Declared, Sides, key_name, position_of, topics_of
from kontrakt.check.words import code, type_name
from kontrakt.contract import Key, KeyFormat, Kind

from .rule import Rule
from .topics import TopicRule

if TYPE_CHECKING:
    from kontrakt.avro import Schema
    from kontrakt.check.lineage import Lineage

_MEANS: Final = (
    "Messages about one thing get another key than before: their order is kept no more, and on a compacted topic the state "
    "under the old key stays for ever beside the one under the new."
)


class KeyChanged(TopicRule):
    """Messages are keyed by something else."""

    id = "key-changed"
    severity = Severity.ERROR
    title = "a topic is keyed by something else"
    reason = _MEANS
    before = '"key": "customer_id"'
    after = '"key": "account_id"'
    ways_out = ("make a new topic with the new key, and move the consumers to it",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            was, now = key_name(old.key), key_name(new.key)
            if was != now:
                yield cls.finding(
                    f"the key of {code(new.name)} was {was} and is {now} now",
                    f"{new.name} key",
                    change=f"{was} -> {now}",
                    breaks=_who(new),
                    ways_out=(f"keep {was} as the key", *cls.ways_out),
                    old=old.key.position if old.key else old.position,
                    new=new.key.position if new.key else new.position,
                    topics=topics_of(new)[:1],
                )


class KeyFormatChanged(TopicRule):
    """Keys are written as other bytes."""

    id = "key-format-changed"
    severity = Severity.ERROR
    title = "the keys of a topic are written in another format"
    reason = f"The same key becomes other bytes. {_MEANS} Old consumers cannot read the new keys."
    before = '"key": "customer_id" with the type string'
    after = '"key": "customer_id" with the type long'
    ways_out = ("make a new topic with the new keys, and move the consumers to it",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            if old.key is None or new.key is None or old.key.format is new.key.format:
                continue
            if key_name(old.key) != key_name(new.key):  # that the key is another one says it
                continue
            was, now = _written(old.key), _written(new.key)
            said = f'"key_format": "{old.key.format}"'
            yield cls.finding(
                f"the key of {code(new.name)} was written as {was} and is written as {now} now",
                f"{new.name} key",
                change=f"{was} -> {now}",
                breaks=_who(new),
                ways_out=(
                    f"keep the type of {key_name(new.key)}"
                    if type_name(old.key.schema) != type_name(new.key.schema)
                    else f"say {code(said)}",
                    *cls.ways_out,
                ),
                old=position_of(old, "key_format") if _says_format(old) else old.key.position,
                new=position_of(new, "key_format") if _says_format(new) else new.key.position,
                topics=topics_of(new)[:1],
            )


class KeySchemaChanged(Rule):
    """The schema of a key that is written as Avro is another one."""

    id = "key-schema-changed"
    severity = Severity.ERROR
    title = "the schema of a topic's keys changed"
    reason = (
        "A key that is written as Avro begins with the id of its schema. A new version has a new id, so every key becomes other "
        f"bytes, even where the change is compatible. {_MEANS}"
    )
    before = (
        '"key": {"schema": {"type": "record", "name": "OrderKey", "fields": [{"name": "order_id", "type": "string"}]}}'
    )
    after = '... "fields": [{"name": "order_id", "type": "string"}, {"name": "shop", "type": "string", "default": ""}]'
    ways_out = (
        "keep the schema of the key, its documentation too",
        "make a new topic with the new keys, and move the consumers to it",
    )

    @classmethod
    def judge(cls, lineage: Lineage, declared: Declared) -> Iterator[Finding]:
        """Whether the keys of a subject are other bytes.

        Args:
            lineage: The subject of a key; it has a history.
            declared: Its topic.
        """
        old = lineage.history[-1].schema
        changed = _difference(old, lineage.schema)
        yield cls.finding(
            f"the schema of the keys of {code(lineage.topics[0])} changed: {changed}",
            f"{lineage.topics[0]} key",
            change=changed,
            breaks=_who(declared),
            old=old.position,
            new=declared.key.position if declared.key else declared.position,
            topics=lineage.topics,
        )


def _difference(old: Schema, new: Schema) -> str:
    """What changed in a key, in short."""
    if type_name(old) != type_name(new):
        return f"{code(type_name(old))} -> {code(type_name(new))}"
    return ", ".join(dict.fromkeys(f"{one.what} {code(one.place)}" for one in schema_changes(old, new))) or "attributes"


def _says_format(declared: Declared) -> bool:
    return position_of(declared, "key_format") != declared.position


def _written(key: Key) -> str:
    how = {KeyFormat.STRING: "UTF-8 text", KeyFormat.LONG: "8 bytes", KeyFormat.INT: "4 bytes", KeyFormat.AVRO: "Avro"}
    return f"{how[key.format]} ({type_name(key.schema)})"


def _who(declared: Declared) -> tuple[str, ...]:
    who = "consumers that rely on the order of messages"
    return (who, "consumers that replay the topic") if declared.kind is Kind.ENTITY else (who,)


RULES: Final[tuple[type[TopicRule], ...]] = (KeyChanged, KeyFormatChanged)
