"""What a comparison of two schemas says."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from . import verdict
from .verdict import Incompatibility

if TYPE_CHECKING:
    from kontrakt.avro.schema import Schema

    from .advisories import Advisory
    from .causes import Cause


class Compatibility:
    """Whether data of a writer can be read as a reader's type. It is true when it can.

    Everything but the verdict is found out when it is asked for first.

    Attributes:
        reader: The schema that data is read as.
        writer: The schema that it was written with.
    """

    def __init__(self, reader: Schema, writer: Schema) -> None:
        self.reader = reader
        self.writer = writer
        self._found = verdict.judge(reader, writer)

    def __bool__(self) -> bool:
        return not self._found

    def __repr__(self) -> str:
        found = "compatible" if self else f"incompatible: {', '.join(map(str, self.incompatibilities))}"
        return f"<Compatibility {found}>"

    @property
    def compatible(self) -> bool:
        """Whether all data of the writer can be read, in the judgement of Avro's Java reference."""
        return not self._found

    @cached_property
    def incompatibilities(self) -> tuple[Incompatibility, ...]:
        """What the reference finds, in its order; at most :data:`~kontrakt.avro.compatibility.verdict.MOST`."""
        return tuple(verdict.spelled_out(self._found))

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """The innermost reasons, also those inside unions, each once; none for a compatible pair."""
        from .causes import causes, refused  # most comparisons are of compatible schemas

        if not self._found:
            return ()
        return causes(self.reader, self.writer) or tuple(filter(None, map(refused, self.incompatibilities)))

    @cached_property
    def advisories(self) -> tuple[Advisory, ...]:
        """What is unsafe although a registry calls it compatible, each once; of an incompatible pair, in what can be read."""
        from .advisories import advisories, order_dependent
        from .causes import causes

        unsound = () if self._found else tuple(map(order_dependent, causes(self.reader, self.writer)))
        return (*unsound, *advisories(self.reader, self.writer))
