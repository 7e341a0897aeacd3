"""What logical types are counted in, for both directions."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Inexact, InvalidOperation
from typing import Any, Final, TypeAlias

Convert: TypeAlias = Callable[[Any], Any]
"""Turns a value into what stands in Avro for it, or back; raises ``Misfit``."""

NANOS: Final[Mapping[str, int]] = {"millis": 10**6, "micros": 10**3, "nanos": 1}
"""Nanoseconds in the unit that a logical type is named after."""

DAY_NANOS: Final = 86_400 * 10**9
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LOCAL_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local timestamps have no zone
EPOCH_DAY: Final = dt.date(1970, 1, 1).toordinal()

DURATION: Final = struct.Struct("<III")
"""Months, days and milliseconds (Avro specification, "Duration")."""

EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
"""Decimal arithmetic that never rounds."""
