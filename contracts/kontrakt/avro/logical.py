"""Logical types: on which types they may stand, and what they ask for (Avro specification, "Logical Types")."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from .schema import Fixed, Logical, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN: Final[Mapping[str, str]] = {
    "date": "int",
    "time-millis": "int",
    "time-micros": "long",
    "time-nanos": "long",
    "timestamp-millis": "long",
    "timestamp-micros": "long",
    "timestamp-nanos": "long",
    "local-timestamp-millis": "long",
    "local-timestamp-micros": "long",
    "local-timestamp-nanos": "long",
}
"""The logical types without attributes of their own, and the primitive type under each."""

KNOWN: Final[frozenset[str]] = frozenset((*PLAIN, "decimal", "uuid", "duration"))
"""The logical types that the specification names."""


class Misuse(Exception):
    """A known logical type that is not valid where it stands.

    Attributes:
        attribute: The attribute that is wrong.
        message: What is wrong.
        hint: What to do.
    """

    def __init__(self, attribute: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.attribute = attribute
        self.message = message
        self.hint = hint


def logical(schema: Schema) -> Logical | None:
    """The logical type that a schema's attributes give it.

    Args:
        schema: Any schema; its ``props`` are read.

    Returns:
        The logical type, or None where there is none or one that the specification does not know.

    Raises:
        Misuse: The specification knows it, and it is not valid here.
    """
    name = schema.props.get("logicalType")
    if name is None:
        return None
    if not isinstance(name, str):
        raise Misuse("logicalType", "a logical type must be a string")
    if name not in KNOWN:
        return None
    if name == "decimal":
        return _decimal(schema)
    if name == "uuid":
        fits = schema.type == "string" or (isinstance(schema, Fixed) and schema.size == 16)
        allowed = "string or a fixed of 16 bytes"
    elif name == "duration":
        fits = isinstance(schema, Fixed) and schema.size == 12
        allowed = "a fixed of 12 bytes"
    else:
        allowed = PLAIN[name]
        fits = schema.type == allowed
    if not fits:
        raise Misuse("logicalType", f"{name} does not fit {_shown(schema)}", f"it stands on {allowed}")
    return Logical(name)


def digits(size: int) -> int:
    """How many decimal digits fit into a two's complement number of that many bytes."""
    return math.floor((8 * size - 1) * math.log10(2)) if size else 0


def _decimal(schema: Schema) -> Logical:
    if schema.type not in ("bytes", "fixed"):
        raise Misuse("logicalType", f"decimal does not fit {_shown(schema)}", "it stands on bytes or fixed")
    precision = schema.props.get("precision")
    scale = schema.props.get("scale", 0)
    if precision is None:
        raise Misuse("logicalType", "a decimal needs a precision", 'add "precision": how many digits it has')
    if not _whole(precision) or precision < 1:
        raise Misuse("precision", "the precision of a decimal must be a whole number above 0")
    if not _whole(scale) or scale < 0:
        raise Misuse("scale", "the scale of a decimal must be a whole number, 0 or more")
    if scale > precision:
        raise Misuse(
            "scale",
            f"the scale {scale} is larger than the precision {precision}",
            "the precision counts all digits, those after the point too",
        )
    if isinstance(schema, Fixed) and precision > (most := digits(schema.size)):
        raise Misuse(
            "precision",
            f"{precision} digits do not fit a fixed of {schema.size} bytes",
            f"at most {most}; or make it larger",
        )
    return Logical("decimal", precision, scale)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(schema: Schema) -> str:
    return f"a fixed of {schema.size} bytes" if isinstance(schema, Fixed) else schema.type
