"""Compatibility: can data of one schema be read with another, why not, and what is read wrongly although it can.

::

    from kontrakt.avro.compatibility import check

    result = check(reader='"int"', writer='"string"')
    result.compatible
    result.incompatibilities
    result.causes
    result.advisories

The verdict (:mod:`~kontrakt.avro.compatibility.verdict`) is that of Avro's Java reference, which registries ask.
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
