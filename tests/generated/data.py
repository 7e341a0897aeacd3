"""Data for any schema, as fastavro takes it, so that what kontrakt reads is written by somebody else."""

from __future__ import annotations

import random
import uuid
from decimal import Decimal
from typing import Any

from kontrakt.avro import Array, Enum, Fixed, Map, Named, Primitive, Record, Schema, Union

DEEPEST = 4
"""Where recursive data ends."""

_TEXTS = ("", "a", 'it\'s "quoted" \\ \n', "Grüße 🎉", "x" * 70)
_WHOLE = {"int": (0, -1, 63, 64, 2**31 - 1, -(2**31)), "long": (0, 1, -2, 2**40, 2**63 - 1, -(2**63))}
_LOGICAL = {
    "date": (0, -1, 19_000, 2_932_896, -719_162),
    "time-millis": (0, 1, 86_399_999),
    "time-micros": (0, 1, 86_399_999_999),
    "time-nanos": (0, 1, 86_399_999_999_999),
    "timestamp-millis": (0, -1, 1_700_000_000_123, 253_402_300_799_999, -62_135_596_800_000),
    "timestamp-micros": (0, -1, 1_700_000_000_123_456),
    "timestamp-nanos": (0, -1, 2**62, -(2**62)),
    "local-timestamp-millis": (0, -1, 1_700_000_000_123),
    "local-timestamp-micros": (0, -1, 1_700_000_000_123_456),
    "local-timestamp-nanos": (0, -1, 2**62),
}


class Maker:
    """Makes data that fits schemas.

    Args:
        seed: The same seed makes the same data.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def datum(self, schema: Schema, depth: int = 0) -> Any:
        """A datum as fastavro takes it; the branch of a union is named."""
        if schema.logical is not None:
            return self._logical(schema)
        match schema:
            case Union():
                return self._branch(schema, depth)
            case Array():
                return [self.datum(schema.items, depth + 1) for _ in range(self._length(depth))]
            case Map():
                return {f"k{n}": self.datum(schema.values, depth + 1) for n in range(self._length(depth))}
            case Record():
                return {field.name: self.datum(field.schema, depth + 1) for field in schema.fields}
            case Enum():
                return self._random.choice(schema.symbols)
            case Fixed():
                return self._random.randbytes(schema.size)
            case Primitive():
                return self._primitive(schema.type)
            case _:
                raise TypeError(schema.type)

    def _length(self, depth: int) -> int:
        return 0 if depth > DEEPEST else self._random.randint(0, 2)

    def _branch(self, union: Union, depth: int) -> Any:
        branches = list(union.branches)
        if depth > DEEPEST:
            branches = [branch for branch in branches if not isinstance(branch, Record)] or branches
        branch = self._random.choice(branches)
        if branch.type == "null":
            return None
        value = self.datum(branch, depth + 1)
        # fastavro knows a record, an enum and a fixed by its name; of the others it has one each
        return (branch.fullname, value) if isinstance(branch, Named) else (branch.type, value)

    def _primitive(self, kind: str) -> Any:
        match kind:
            case "null":
                return None
            case "boolean":
                return self._random.random() < 0.5
            case "int" | "long":
                return self._random.choice(_WHOLE[kind])
            case "float":
                return self._random.choice((0.0, -0.5, 1.5, 2.0**100))
            case "double":
                return self._random.choice((0.0, 0.1, -1e300, 5e-324))
            case "bytes":
                return self._random.randbytes(self._random.randint(0, 5))
            case _:
                return self._random.choice(_TEXTS)

    def _logical(self, schema: Schema) -> Any:
        assert schema.logical is not None
        match schema.logical.name:
            case "decimal":
                unscaled = self._random.randrange(-(10**schema.logical.precision) + 1, 10**schema.logical.precision)
                bits = 8 * schema.size - 1 if isinstance(schema, Fixed) else 200
                unscaled = max(-(2**bits), min(2**bits - 1, unscaled))
                return Decimal(unscaled).scaleb(-schema.logical.scale)
            case "uuid":
                made = uuid.UUID(int=self._random.getrandbits(128))
                return made.bytes if isinstance(schema, Fixed) else str(made)
            case "duration":
                return self._random.randbytes(12)
            case name:
                return self._random.choice(_LOGICAL[name])
