"""The way from the root of two schemas to a pair of types inside, spelled out only where something is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, TypedDict

from kontrakt.avro.schema import Field, Record, Schema


class _Around(TypedDict):
    path: str
    location: str
    reader: Schema | Field
    writer: Schema | Field | None
    reader_record: Record | None
    writer_record: Record | None
    field_reader: Field | None
    field_writer: Field | None


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """A place in two schemas.

    Attributes:
        above: The place above; None at the root.
        pointer: The part of the JSON pointer that leads here from above.
        step: The part of the path that leads here from above.
        reader_record: The reader's record around it, if there is one.
        writer_record: The writer's.
        field_reader: The reader's field around it, if there is one.
        field_writer: The writer's.
    """

    above: Trail | None = None
    pointer: str = ""
    step: str = ""
    reader_record: Record | None = None
    writer_record: Record | None = None
    field_reader: Field | None = None
    field_writer: Field | None = None

    def inside(self, pointer: str, step: str = "") -> Self:
        """The place of the items of an array, the values of a map, or a branch of a union."""
        return type(self)(
            self, pointer, step, self.reader_record, self.writer_record, self.field_reader, self.field_writer
        )

    def field(self, index: int, reader: Record, writer: Record, wrote: Field | None) -> Self:
        """The place of a reader's field.

        Args:
            index: Which field it is.
            reader: The reader's record.
            writer: The writer's.
            wrote: The writer's field that it takes, if there is one.
        """
        target = reader.fields[index]
        return type(self)(self, f"fields/{index}", f".{target.name}", reader, writer, target, wrote)

    @property
    def path(self) -> str:
        """The path by the reader's names, such as ``lines[].price``; empty for the root."""
        return "".join(reversed([trail.step for trail in self._up()])).removeprefix(".")

    @property
    def location(self) -> str:
        """The JSON pointer into the reader's schema; ``/`` is the root."""
        return "/" + "/".join(reversed([trail.pointer for trail in self._up() if trail.pointer]))

    def spot(self, reader: Schema | Field, writer: Schema | Field | None) -> _Around:
        """What a :class:`Spot` here says."""
        return {
            "path": self.path,
            "location": self.location,
            "reader": reader,
            "writer": writer,
            "reader_record": self.reader_record,
            "writer_record": self.writer_record,
            "field_reader": self.field_reader,
            "field_writer": self.field_writer,
        }

    def _up(self) -> Iterator[Trail]:
        trail: Trail | None = self
        while trail is not None:
            yield trail
            trail = trail.above


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Two types or fields that belong together, and where they stand.

    Attributes:
        path: Where, by the reader's names, such as ``lines[].price``; unions do not show. Empty for the root.
        location: Where in the reader's schema, as a JSON pointer that follows names to what they mean.
        reader: The reader's type, or its field.
        writer: The writer's type, or its field; None where the writer has nothing that corresponds.
        reader_record: The reader's record around it, or None.
        writer_record: The writer's record around it, or None.
        field_reader: The reader's field around it, or None.
        field_writer: The writer's field around it, or None.
    """

    path: str
    location: str
    reader: Schema | Field
    writer: Schema | Field | None
    reader_record: Record | None
    writer_record: Record | None
    field_reader: Field | None
    field_writer: Field | None
