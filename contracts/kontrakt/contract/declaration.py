"""What a ``topic`` or ``projection`` attribute says, before it meets the schemas.

The same words stand in a schema (``"topic": {...}``) and, for schemas that nobody may edit, in ``[[topics]]`` of the settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from kontrakt.avro import MISSING
from kontrakt.avro.compatibility import Level
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.errors import Position, Problem

from .headers import Header, declared_headers
from .hints import nearest
from .topic import KeyFormat, Kind, SubjectStrategy

STABILITIES: Final = ("experimental", "beta", "stable")
WORDS: Final = (
    "kind",
    "name",
    "owner",
    "key",
    "key_format",
    "subjects",
    "compatibility",
    "partitions",
    "replication",
    "config",
    "timeout",
    "id",
    "time",
    "headers",
    "stability",
    "deprecated",
    "guessed",
)
"""What a declaration of a topic may say."""
PROJECTION_WORDS: Final = ("of", "consumer")
"""What a projection may say."""

LONGEST: Final = 249
"""How many characters the name of a topic may have."""
TOPIC_NAME: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{LONGEST}}}")
TIMEOUT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

At = Callable[..., Position]
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A declaration of one topic, or of several that share everything but the name.

    Attributes:
        subject: The full name of the record or protocol that it is about.
        kind: The kind.
        names: The topics' names.
        owner: The owner.
        key: The key as declared, or :data:`~kontrakt.avro.MISSING`.
        key_format: The format of the key, where it is said.
        strategy: The naming strategy of subjects, where it is said.
        compatibility: The level, where it is said, or an empty string; for requests that of the requests.
        response_compatibility: For requests: the level of the responses, where it is said.
        timeout: How long a client of requests waits.
        id: The field that holds an event's id, where it is said.
        time: The field that says when an event happened, where it is said.
        headers: The headers that are declared.
        at: Tells where a word of it stands: ``at("key", 1)``; ``at()`` for the declaration.
    """

    subject: str
    kind: Kind
    names: tuple[str, ...]
    owner: str
    key: Any
    key_format: KeyFormat | None
    strategy: SubjectStrategy | None
    compatibility: str
    response_compatibility: str
    timeout: timedelta
    at: At
    id: str = ""
    time: str = ""
    headers: tuple[Header, ...] = ()
    partitions: int | None = None
    replication: int | None = None
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    stability: str = ""
    deprecated: str = ""


class Reader:
    """Reads declarations; everything that is wrong becomes a problem.

    Args:
        problems: Receives them.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def problem(self, position: Position, message: str, hint: str = "") -> None:
        """Reports what is wrong."""
        self._problems.append(Problem(position, message, hint))

    def topic(self, said: Any, subject: str, at: At, *, outside: bool = False) -> Declaration | None:
        """Reads one declaration.

        Args:
            said: The JSON or TOML value.
            subject: The full name of the record or protocol.
            at: Tells where its words stand.
            outside: Whether it stands in the settings. What is left out there is then null, which TOML cannot say.

        Returns:
            The declaration, or None when it says too little to go on.
        """
        if not is_object(said):
            self.problem(
                at(), '"topic" must be an object', 'such as {"kind": "entity", "name": ..., "key": ..., "owner": ...}'
            )
            return None
        values = said
        for word in values:
            if word not in WORDS:
                self.problem(at(word), f'a topic has no "{word}"', nearest(word, list(WORDS)))
        kind = self._kind(values, at)
        topics = self._names(values, at)
        owner = self._text(values, "owner", at)
        if not owner and "owner" not in values:
            self.problem(
                at(), "the topic has no owner", 'name the one service that writes it: "owner": "customer-service"'
            )
        if "timeout" in values and kind not in (Kind.REQUEST, None):
            self.problem(at("timeout"), f"a topic of kind {kind} has no timeout", "only requests wait for an answer")
        for word, holds in (("id", "an id"), ("time", "a time")):
            if word in values and kind not in (Kind.EVENT, None):
                self.problem(
                    at(word), f"a topic of kind {kind} has no {word}", f"only events have {holds} that is filled in"
                )
        if kind is Kind.REQUEST and values.get("subjects", "topic-record") != "topic-record":
            hint = "leave it out"
            self.problem(at("subjects"), "requests and responses always have a subject for each record", hint)
        if kind is Kind.REQUEST:
            for name in topics:
                if len(name) > LONGEST - len(".responses"):
                    hint = f"take {LONGEST - len('.responses')} characters or fewer"
                    self.problem(at("name"), f"the topic {name}.responses would have too long a name", hint)
        if kind is not Kind.ENTITY and outside and "key" not in values:
            values = values | {"key": None}  # TOML has no null
        self._guessed(values, at)
        level, response_level = self._levels(values, kind, at)
        said_more: dict[str, Any] = {
            "key_format": _choice(KeyFormat, self._one_of(values, "key_format", tuple(KeyFormat), at)),
            "strategy": _choice(SubjectStrategy, self._one_of(values, "subjects", tuple(SubjectStrategy), at)),
            "timeout": self._timeout(values, at),
            "id": self._text(values, "id", at),
            "time": self._text(values, "time", at),
            "headers": declared_headers(values.get("headers", []), at, self.problem),
            "partitions": self._count(values, "partitions", at),
            "replication": self._count(values, "replication", at),
            "config": self._config(values, at),
            "stability": self._one_of(values, "stability", STABILITIES, at),
            "deprecated": self._deprecated(values, at),
        }
        if kind is None or not topics:
            return None
        return Declaration(
            subject=subject,
            kind=kind,
            names=topics,
            owner=owner,
            key=values.get("key", MISSING),
            compatibility=level,
            response_compatibility=response_level,
            at=at,
            **said_more,
        )

    def projection(self, said: Any, at: At) -> tuple[str, str] | None:
        """Reads a projection: the record that it is of, and who reads it."""
        if not is_object(said):
            self.problem(
                at(), '"projection" must be an object', 'such as {"of": "shop.Customer", "consumer": "billing"}'
            )
            return None
        values = said
        for word in values:
            if word not in PROJECTION_WORDS:
                self.problem(at(word), f'a projection has no "{word}"', nearest(word, PROJECTION_WORDS))
        for word, meaning in (("of", "the record that it reads"), ("consumer", "the service that reads it")):
            if word not in values:
                self.problem(at(), f'the projection has no "{word}"', f"name {meaning}")
        of, consumer = self._text(values, "of", at), self._text(values, "consumer", at)
        return (
            (of, consumer) if of else None
        )  # an empty consumer was told, and what the projection is of is judged still

    def _kind(self, values: dict[str, Any], at: At) -> Kind | None:
        if "kind" not in values:
            self.problem(at(), "the topic has no kind", f"one of {', '.join(Kind)}")
            return None
        return _choice(Kind, self._one_of(values, "kind", tuple(Kind), at))

    def _names(self, values: dict[str, Any], at: At) -> tuple[str, ...]:
        said = values.get("name")
        if said is None:
            self.problem(at(), "the topic has no name", 'such as "name": "shop.customers"')
            return ()
        listed = said if is_array(said) else [said]
        if not listed:
            self.problem(at("name"), "the list of topics is empty", "name at least one")
        names: list[str] = []
        for index, name in enumerate(listed):
            where = at("name", index) if isinstance(said, list) else at("name")
            if not isinstance(name, str) or not TOPIC_NAME.fullmatch(name) or name in (".", ".."):
                self.problem(
                    where,
                    f"{name!r} is not a name for a topic",
                    "1 to 249 letters, digits, dots, underscores and hyphens",
                )
            elif name in names:
                self.problem(where, f"the topic {name} is listed twice", "")
            else:
                names.append(name)
        return tuple(names)

    def _text(self, values: dict[str, Any], word: str, at: At) -> str:
        said = values.get(word, "")
        if isinstance(said, str) and (said.strip() or word not in values):
            return said.strip()
        self.problem(at(word), f'"{word}" must be a text that is not empty', "")
        return ""

    def _one_of(self, values: dict[str, Any], word: str, known: tuple[str, ...], at: At) -> str:
        said = values.get(word, "")
        if word in values and said not in known:
            self.problem(at(word), f'"{word}" cannot be {said!r}', nearest(str(said), list(known)))
            return ""
        return str(said)

    def _levels(self, values: dict[str, Any], kind: Kind | None, at: At) -> tuple[str, str]:
        """The level, or for requests those of requests and responses."""
        said = values.get("compatibility")
        if kind is not Kind.REQUEST or not is_object(said):
            level = self._one_of(values, "compatibility", tuple(Level), at)
            return level, level
        ways = ("request", "response")
        for word in said:
            if word not in ways:
                self.problem(at("compatibility", word), f'"compatibility" has no "{word}"', nearest(word, ways))

        def there(*path: str | int) -> Position:
            return at("compatibility", *path)

        request, response = (self._one_of(said, word, tuple(Level), there) for word in ways)
        return request, response

    def _count(self, values: dict[str, Any], word: str, at: At) -> int | None:
        said = values.get(word)
        if word in values and (not isinstance(said, int) or isinstance(said, bool) or said < 1):
            self.problem(at(word), f'"{word}" must be a whole number from 1', "leave it out for the broker's default")
            return None
        return said

    def _timeout(self, values: dict[str, Any], at: At) -> timedelta:
        said = values.get("timeout", "30s")
        found = TIMEOUT.fullmatch(said) if isinstance(said, str) else None
        if not found or not float(found[1]):
            self.problem(at("timeout"), f"{said!r} is not a time", 'write a number and ms, s, m or h, such as "30s"')
            return timedelta(seconds=30)
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])

    def _config(self, values: dict[str, Any], at: At) -> dict[str, str]:
        said = values.get("config", {})
        if not is_object(said):
            self.problem(at("config"), '"config" must be an object of topic settings', "")
            return {}
        config: dict[str, str] = {}
        pending: list[tuple[tuple[str, ...], Any]] = [((name,), value) for name, value in said.items()]
        for path, value in pending:  # grows: TOML reads retention.ms = 1 as a table in a table
            name = ".".join(path)
            if is_object(value):
                pending.extend(((*path, inner), one) for inner, one in value.items())
            elif isinstance(value, bool):
                config[name] = str(value).lower()
            elif isinstance(value, str | int | float):
                config[name] = str(value)
            else:
                self.problem(at("config", *path), f"the setting {name} must be a text, a number, true or false", "")
        return config

    def _guessed(self, values: dict[str, Any], at: At) -> None:
        """What ``kontrakt pull`` found out by guessing, and nobody confirmed yet: it changes nothing."""
        said = values.get("guessed", [])
        if not is_array(said) or not all(isinstance(word, str) and word in WORDS for word in said):
            hint = "remove it when what it names is right"
            self.problem(at("guessed"), '"guessed" must be a list of words that a topic has', hint)

    def _deprecated(self, values: dict[str, Any], at: At) -> str:
        said = values.get("deprecated", False)
        if isinstance(said, bool):
            return "deprecated" if said else ""
        if isinstance(said, str):
            return said
        self.problem(at("deprecated"), '"deprecated" must say why, or be true or false', "")
        return ""


def _choice(kind: type[_Choice], said: str) -> _Choice | None:
    return kind(said) if said else None
