"""Compatibility: can data of one schema be read with another, why not, and what is read wrongly although it can.

::

    from kontrakt.avro.compatibility import check

    result = check(reader='"int"', writer='"string"')
    result.compatible
    result.incompatibilities
    result.causes
    result.advisories

There are two judges, because one cannot be both. The verdict (:mod:`~kontrakt.avro.compatibility.verdict`) is that of Avro's Java
reference, which registries ask, with its habits: it may call schemas compatible whose data cannot be read. What plans of resolution
are made by, and so what codecs do, is :mod:`kontrakt.avro.matching`: it says why (:mod:`~kontrakt.avro.compatibility.causes`), and
it is right. Both compare names, fields, symbols and primitives by the same functions there, and where the two disagree an advisory
says so.
"""

from .advisories import Advisory
from .causes import Cause, CauseKind
from .given import Given, tree
from .history import Comparison, Direction, HistoryCompatibility, Level, check_history
from .meaning import AdvisoryKind
from .result import Compatibility
from .verdict import Incompatibility, IncompatibilityType

__all__ = [
    "Advisory",
    "AdvisoryKind",
    "Cause",
    "CauseKind",
    "Comparison",
    "Compatibility",
    "Direction",
    "HistoryCompatibility",
    "Incompatibility",
    "IncompatibilityType",
    "Level",
    "check",
    "check_history",
]


def check(reader: Given, writer: Given) -> Compatibility:
    """Whether data of a writer's schema can be read as a reader's.

    Args:
        reader: The schema that data is read as: a tree, JSON text, or what ``json.loads`` made of it. What is not a tree is read
            as leniently as a registry reads the schemas that it holds.
        writer: The schema that it was written with.

    Raises:
        SchemaErrors: Something given as text or as a value is not a schema.
    """
    return Compatibility(tree(reader), tree(writer))
