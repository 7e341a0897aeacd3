"""What was sent, for assertions that say what is nearest when they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from kontrakt.kafka.declared import requests_topic
from kontrakt.kafka.messages import Delete, Event, Put
from kontrakt.kafka.requests import Requests
from kontrakt.kafka.serialization import key_of
from kontrakt.kafka.topics import EntityView, Events, EventsView

from .log import decoder, read
from .shown import ABSENT, Item, Line, compared, counted, fields_of, table, titled, value_of

if TYPE_CHECKING:
    from kontrakt import Bus

K = TypeVar("K")
V = TypeVar("V")
E = TypeVar("E")

_SHOWN = 5


def sent(bus: Bus) -> SentMessages:
    """What was sent, by whomever, to the topics of a broker.

    Args:
        bus: Where; what is on its way is delivered first.
    """
    return SentMessages(bus)


class SentMessages:
    """What stands on topics. Each question reads the topic anew, from its beginning, and decodes it as a consumer does.

    Fields are compared with ``==``, so anything that equals more than one value will do (``unittest.mock.ANY``, those of
    dirty-equals).

    Args:
        bus: Where.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    @overload
    def all(self, topic: type[EntityView[K, V]], /) -> list[Put[K, V] | Delete[K]]: ...
    @overload
    def all(self, topic: type[EventsView[K, V]], /) -> list[Event[K, V]]: ...
    @overload
    def all(self, topic: type[Requests], /) -> list[Event[Any, Any]]: ...
    def all(self, topic: type[Any], /) -> Any:
        """Every message of a topic. Those of a key stand in their order, and keys in that of the time at which they were sent.

        Args:
            topic: A generated topic; of requests and responses, the requests.

        Raises:
            DecodeError: A message cannot be read.
            BusError: The topic cannot be read.
        """
        return [item for _, item in self._read(topic)]

    @overload
    def one(self, topic: type[EntityView[K, V]], /, **fields: Any) -> Put[K, V]: ...
    @overload
    def one(self, topic: type[EventsView[Any, Any] | Requests], kind: type[E], /, **fields: Any) -> Event[Any, E]: ...
    @overload
    def one(self, topic: type[EventsView[K, V]], /, **fields: Any) -> Event[K, V]: ...
    def one(self, topic: type[Any], kind: type[Any] | None = None, /, **fields: Any) -> Any:
        """The one message whose value is of a type and has these fields.

        Args:
            topic: A generated topic; of requests and responses, the requests.
            kind: The type of the event or request; every type when left out.
            fields: Fields of the value, and what they have to equal.

        Returns:
            The message, with its ``key``, ``value`` and ``meta``.

        Raises:
            AssertionError: There is none, or more than one.
        """
        __tracebackhide__ = True
        every = self._read(topic)
        found = _matching(every, kind, fields)
        if len(found) == 1:
            return found[0]
        asked = _asked(kind, fields)
        if found:
            listed = [f"  {titled(item)}" for item in found[:_SHOWN]]
            more = [f"  ... and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
            title = f"one {asked} was expected on {_name(topic)}, and there are {len(found)}:"
            raise AssertionError("\n".join((title, *listed, *more)))
        there = f"among {counted(len(every))} on {_name(topic)}" if every else f"and nothing was sent to {_name(topic)}"
        raise AssertionError("\n".join((f"no {asked}, {there}", *_nearest(every, kind, fields))))

    def none(self, topic: type[Any], kind: type[Any] | None = None, /, **fields: Any) -> None:
        """Assert that no message is of a type and has these fields.

        Args:
            topic: A generated topic; of requests and responses, the requests.
            kind: The type of the event or request; every type when left out.
            fields: Fields of the value, and what they would have to equal.

        Raises:
            AssertionError: There is one.
        """
        __tracebackhide__ = True
        found = _matching(self._read(topic), kind, fields)
        if found:
            shown = [line for item in found[:_SHOWN] for line in (f"  {titled(item)}", *_plain(item))]
            are = f"are {len(found)}" if len(found) > 1 else "is one"
            title = f"no {_asked(kind, fields)} was expected on {_name(topic)}, and there {are}:"
            raise AssertionError("\n".join((title, *shown)))

    def deleted(self, topic: type[EntityView[K, V]], key: K, /) -> Delete[K]:
        """The tombstone of an entity that was deleted, and not put again.

        Args:
            topic: A generated entity topic.
            key: The entity's key.

        Raises:
            AssertionError: Its last message is no tombstone, or there is none.
        """
        __tracebackhide__ = True
        every = self.all(topic)
        last = next((item for item in reversed(every) if item.key == key), None)
        if isinstance(last, Delete):
            return last
        if last is not None:
            raise AssertionError(
                "\n".join(
                    (
                        f"{key!r} on {_name(topic)} was not deleted; its last message is",
                        f"  {titled(last)}",
                        *_plain(last),
                    )
                )
            )
        keys = ", ".join(dict.fromkeys(repr(item.key) for item in every))
        raise AssertionError(f"{key!r} on {_name(topic)} was not deleted; the keys are {keys or 'none'}")

    def expect(self, topic: type[Any], *messages: Any) -> None:
        """Assert that a topic carries exactly these messages: those of each key in this order.

        Args:
            topic: A generated topic; of requests and responses, the requests.
            messages: Values of the topic; ``Put``, ``Delete`` and ``Event`` for those whose key stands beside the value, and for
                tombstones. Where a message stands is not compared.

        Raises:
            AssertionError: It carries others.
        """
        __tracebackhide__ = True
        every = [item for _, item in self._read(topic)]
        keyed = _key_taker(topic)
        expected = [(keyed(one), one) for one in messages]
        keys: list[Any] = []
        for key in (*(key for key, _ in expected), *(item.key for item in every)):
            if key not in keys:  # keys may be records, which cannot be hashed
                keys.append(key)
        lines = [line for key in keys for line in _of_key(key, expected, every)]
        if lines:
            raise AssertionError(
                "\n".join((f"{_name(topic)} does not carry what was expected (-), but what was sent (+):", *lines))
            )

    def _read(self, topic: type[Any]) -> list[tuple[type[Any], Item]]:
        whole: Any = _as_events(topic) if issubclass(topic, Requests) else topic
        decode = decoder(self._bus.registry, whole)
        found = (decode(message) for message in read(self._bus, whole.topic))
        return [one for one in found if one is not None]


def _as_events(requests: type[Requests]) -> type[Any]:
    """The requests of a protocol as things that happened."""
    types = tuple(operation.request for operation in requests.operations)
    declared = {"topic": requests_topic(requests), "types": types, "key": requests.key, "subjects": "topic-record"}
    return type(requests.__name__, (Events,), declared)


def _name(topic: type[Any]) -> str:
    name: str = requests_topic(topic) if issubclass(topic, Requests) else topic.topic
    return name


def _matching(every: Iterable[tuple[type[Any], Item]], kind: type[Any] | None, fields: dict[str, Any]) -> list[Any]:
    return [
        item
        for of, item in every
        if not isinstance(item, Delete)
        and (kind is None or of is kind)
        and all(line.same for line in _wanted(fields, item))
    ]


def _wanted(fields: dict[str, Any], item: Put[Any, Any] | Event[Any, Any]) -> list[Line]:
    """The fields that are asked for, and what a message has there."""
    found = fields_of(item.value) or {}
    return [Line(name, value, found.get(name, ABSENT)) for name, value in fields.items()]


def _asked(kind: type[Any] | None, fields: dict[str, Any]) -> str:
    """What was asked for, in words."""
    having = ", ".join(f"{name}={value!r}" for name, value in fields.items())
    return f"{kind.__name__ if kind else 'message'}{' with ' if having else ''}{having}"


def _nearest(every: list[tuple[type[Any], Item]], kind: type[Any] | None, fields: dict[str, Any]) -> list[str]:
    """The message that fits best, field by field; of several that fit alike the newest."""
    best: tuple[tuple[bool, int], Put[Any, Any] | Event[Any, Any]] | None = None
    for of, item in every:
        if not isinstance(item, Delete):
            score = (kind is None or of is kind, sum(line.same for line in _wanted(fields, item)))
            if best is None or score >= best[0]:
                best = score, item
    if best is None:
        return [f"  {titled(item)}" for _, item in every[-_SHOWN:]]
    (of_kind, _), item = best
    asked = _wanted(fields, item) if of_kind else []
    deeper = [line for one in asked for line in ([one] if one.same else compared(one.expected, one.sent, one.path))]
    shown = table(deeper) if deeper else _plain(item)
    return [f"the nearest is {titled(item)}:", *shown]


def _plain(item: Item) -> list[str]:
    """The fields of a message as they are."""
    return (
        []
        if isinstance(item, Delete)
        else table([Line(one.path, one.sent, one.sent) for one in compared(item.value, item.value)])
    )


def _key_taker(topic: type[Any]) -> Callable[[Any], Any]:
    """A function that says the key of an expected message."""
    take = key_of(topic.key) if topic.key is not None and topic.key.fields else None

    def key(message: Any) -> Any:
        if isinstance(message, Put | Delete | Event):
            return message.key  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return None if take is None else take(message)

    return key


def _of_key(key: Any, expected: list[tuple[Any, Any]], every: list[Item]) -> list[str]:
    """How the messages of a key differ from what was expected; nothing when they do not."""
    wanted = [one for other, one in expected if other == key]
    found = [item for item in every if item.key == key]
    lines: list[str] = []
    differs = False
    for number in range(max(len(wanted), len(found))):
        if number >= len(found):
            differs = True
            lines.append(f"    - {_expected(wanted[number])}, not sent")
            continue
        item = found[number]
        if number >= len(wanted):
            differs = True
            lines.append(f"    + {titled(item)}, not expected")
            lines.extend(f"  {line}" for line in _plain(item))
            continue
        one = wanted[number]
        if isinstance(one, Delete) != isinstance(item, Delete):
            differs = True
            lines.append(f"    - {_expected(one)}")
            lines.append(f"    + {titled(item)}")
            continue
        fields = [] if isinstance(item, Delete) else list(compared(value_of(one), item.value))
        different = [line for line in fields if not line.same]
        differs = differs or bool(different)
        lines.append(f"      {titled(item)}{':' if different else ', as expected'}")
        lines.extend(table(different, "      "))
    return [f"  key {key!r}", *lines] if differs else []


def _expected(message: Any) -> str:
    return "delete" if isinstance(message, Delete) else repr(value_of(message))
