"""Who says whether a schema is compatible with those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kontrakt.avro import Schema


class Judge(Protocol):
    """Says what stands against a new version."""

    def check(self, new: Schema, history: Sequence[Schema], level: str) -> list[str] | None:
        """Compare a schema with those before it.

        Args:
            new: The schema.
            history: The live versions of its subject, oldest first; never empty.
            level: The level of the subject, never ``NONE``. It says which versions count, and in which direction.

        Returns:
            What stands against it, an empty list when nothing does, or None when this judge cannot say.
        """
        ...


class NoJudge:
    """Cannot say."""

    def check(self, new: Schema, history: Sequence[Schema], level: str) -> list[str] | None:  # noqa: ARG002
        """None: it cannot say."""
        return None
