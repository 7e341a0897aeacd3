"""Levels and modes: of the registry, and of contexts and subjects that have their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kontrakt.avro.compatibility import Level
from kontrakt.registry.contexts import DEFAULT, taken_apart

from . import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is set for the registry or for a subject; None where nothing is.

    Attributes:
        level: The compatibility level.
        group: A key of metadata: only versions with the same value under it are compared
            (https://docs.confluent.io/platform/current/schema-registry/fundamentals/data-contracts.html, "Compatibility groups").
        normalize: Whether schemas are written in one way before they are kept.
    """

    level: str | None = None
    group: str | None = None
    normalize: bool | None = None

    def changed(self, given: Mapping[str, Any]) -> Config:
        """The same with what a request gives; null takes away, and what is not said stays.

        Raises:
            ApiError: There is no such level, or a value is of the wrong kind.
        """
        level, group = _text(given, "compatibility", self.level), _text(given, "compatibilityGroup", self.group)
        normalize = given.get("normalize", self.normalize)
        if not (normalize is None or isinstance(normalize, bool)):
            raise errors.bad_request("`normalize` is neither true nor false")
        return Config(level=None if level is None else checked_level(level), group=group, normalize=normalize)

    def above(self, other: Config) -> Config:
        """What counts where another one counts for what this one does not say."""
        return Config(
            level=self.level or other.level,
            group=self.group or other.group,
            normalize=other.normalize if self.normalize is None else self.normalize,
        )

    def told(self, level: str = "compatibilityLevel") -> dict[str, Any]:
        """As the API writes it.

        Args:
            level: What the level is called; requests and answers differ.
        """
        said = {level: self.level, "compatibilityGroup": self.group, "normalize": self.normalize}
        return {name: value for name, value in said.items() if value is not None}


class Policy:
    """Levels and modes.

    Args:
        level: The registry's level. Confluent's default is BACKWARD
            (https://docs.confluent.io/platform/current/schema-registry/fundamentals/schema-evolution.html).
    """

    def __init__(self, level: str = "BACKWARD") -> None:
        self._default = Config(level=checked_level(level))
        self._configs: dict[str | None, Config] = {}
        self._modes: dict[str | None, str] = {}

    def config(self, subject: str | None = None) -> Config:
        """What counts for a subject; without one, for the registry."""
        found = self._configs.get(None, Config()).above(self._default)
        for level in _levels(subject):
            found = self._configs.get(level, Config()).above(found)
        return found

    def own_config(self, subject: str) -> Config:
        """What is set for a subject itself.

        Raises:
            ApiError: Nothing is.
        """
        if subject not in self._configs:
            raise errors.no_level(subject)
        return self._configs[subject]

    def set_config(self, subject: str | None, given: Mapping[str, Any]) -> Config:
        """Set what a request gives.

        Returns:
            What it gave, understood.

        Raises:
            ApiError: There is no such level, or a value is of the wrong kind.
        """
        understood = Config().changed(given)
        self._configs[subject] = self._configs.get(subject, Config()).changed(given)
        return understood

    def drop_config(self, subject: str | None) -> Config:
        """Return to what is above, and say what it was.

        Raises:
            ApiError: The subject has nothing of its own.
        """
        if subject is None:
            was = self.config()
            self._configs.pop(None, None)
            return was
        if subject not in self._configs:
            raise errors.subject_not_found(subject)
        return self._configs.pop(subject)

    def mode(self, subject: str | None = None) -> str:
        """The mode that counts for a subject; without one, the registry's."""
        general = self._modes.get(None, "READWRITE")
        if general == "READONLY_OVERRIDE":
            return general
        for level in _levels(subject):
            general = self._modes.get(level, general)
        return general

    def own_mode(self, subject: str) -> str:
        """A subject's own mode.

        Raises:
            ApiError: It has none.
        """
        if subject not in self._modes:
            raise errors.no_mode(subject)
        return self._modes[subject]

    def set_mode(self, subject: str | None, mode: str) -> None:
        """Set a mode.

        Raises:
            ApiError: There is no such mode.
        """
        if mode not in errors.MODES:
            raise errors.invalid_mode()
        self._modes[subject] = mode

    def drop_mode(self, subject: str | None) -> str:
        """Return to the mode above, and say what it was.

        Raises:
            ApiError: The subject has none.
        """
        if subject is None:
            was = self.mode()
            self._modes.pop(None, None)
            return was
        if subject not in self._modes:
            raise errors.subject_not_found(subject)
        return self._modes.pop(subject)

    def forget(self, subject: str) -> None:
        """Drop what a subject has of its own."""
        self._configs.pop(subject, None)
        self._modes.pop(subject, None)


def _levels(subject: str | None) -> tuple[str, ...]:
    """Where something may be set for a subject, the nearest last: its context, which is called ``:.context:``, and itself."""
    if subject is None:
        return ()
    context, _ = taken_apart(subject)
    return (subject,) if context == DEFAULT else (f":{context}:", subject)


def checked_level(level: str) -> str:
    """A level, written in any case.

    Raises:
        ApiError: There is no such level.
    """
    try:
        return Level(level.upper()).value
    except ValueError:
        raise errors.invalid_level() from None


def _text(given: Mapping[str, Any], name: str, before: str | None) -> str | None:
    value = given.get(name, before)
    if not (value is None or isinstance(value, str)):
        raise errors.bad_request(f"`{name}` is not a string")
    return value
