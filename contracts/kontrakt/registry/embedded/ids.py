"""The schemas of one context, by their ids: other contexts give the same ids to other schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import errors

if TYPE_CHECKING:
    from .schemas import Schema


class Ids:
    """Gives ids to schemas, and remembers them.

    Attributes:
        schemas: Each schema by its id.
        greatest: The greatest id so far.
    """

    def __init__(self) -> None:
        self.schemas: dict[int, Schema] = {}
        self.greatest = 0
        self._numbers: dict[str, int] = {}

    def give(self, schema: Schema, wanted: int | None) -> int:
        """The id of a schema: the one that it has, the one that it brings, or the next.

        Args:
            schema: The schema.
            wanted: The id that it brings.

        Raises:
            ApiError: The id belongs to another schema.
        """
        number = self._numbers.get(schema.identity, self.greatest + 1) if wanted is None else wanted
        if number in self.schemas and self.schemas[number].identity != schema.identity:
            raise errors.not_permitted(f"the id {number} belongs to another schema")
        self.remember(number, schema)
        return number

    def remember(self, number: int, schema: Schema) -> None:
        """Keep a schema under an id."""
        self.greatest = max(self.greatest, number)
        self.schemas.setdefault(number, schema)
        self._numbers.setdefault(schema.identity, number)

    def clear(self) -> None:
        """Forget the schemas; their ids are not given again."""
        self.schemas.clear()
        self._numbers.clear()
