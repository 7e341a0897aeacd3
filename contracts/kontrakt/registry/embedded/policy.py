"""Levels and modes: of the registry, and of subjects that have their own."""

from __future__ import annotations

from . import errors


class Policy:
    """Levels and modes.

    Args:
        level: The registry's level. Confluent's default is BACKWARD
            (https://docs.confluent.io/platform/current/schema-registry/fundamentals/schema-evolution.html).
    """

    def __init__(self, level: str = "BACKWARD") -> None:
        self._default_level = _checked_level(level)
        self._levels: dict[str | None, str] = {}
        self._modes: dict[str | None, str] = {}

    def level(self, subject: str | None = None) -> str:
        """The level that counts for a subject; without one, the registry's."""
        return self._levels.get(subject) or self._levels.get(None) or self._default_level

    def own_level(self, subject: str) -> str:
        """A subject's own level.

        Raises:
            ApiError: It has none.
        """
        if subject not in self._levels:
            raise errors.no_level(subject)
        return self._levels[subject]

    def set_level(self, subject: str | None, level: str) -> str:
        """Set a level, written in any case.

        Raises:
            ApiError: There is no such level.
        """
        self._levels[subject] = _checked_level(level)
        return self._levels[subject]

    def drop_level(self, subject: str | None) -> str:
        """Return to the level above, and say what it was.

        Raises:
            ApiError: The subject has none.
        """
        if subject is None:
            was = self.level()
            self._levels.pop(None, None)
            return was
        if subject not in self._levels:
            raise errors.subject_not_found(subject)
        return self._levels.pop(subject)

    def mode(self, subject: str | None = None) -> str:
        """The mode that counts for a subject; without one, the registry's."""
        general = self._modes.get(None, "READWRITE")
        if general == "READONLY_OVERRIDE":
            return general
        return self._modes.get(subject, general)

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
        self._levels.pop(subject, None)
        self._modes.pop(subject, None)


def _checked_level(level: str) -> str:
    if level.upper() not in errors.LEVELS:
        raise errors.invalid_level()
    return level.upper()
