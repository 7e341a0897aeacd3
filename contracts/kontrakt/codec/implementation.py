"""Which codec is in use: the one in C, or the one in Python where there is none or where ``KONTRAKT_PURE`` says so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from .python import PythonCodec

if TYPE_CHECKING:
    from .base import MakeCodec


def _choose() -> MakeCodec:
    if os.environ.get("KONTRAKT_PURE", "") in ("", "0"):
        try:
            from .native import NativeCodec
        except ImportError:  # it was not built: there was no compiler, or this Python has no use for it
            pass
        else:
            return NativeCodec
    return PythonCodec


make_codec: Final = _choose()
"""Makes a codec."""

IMPLEMENTATION: Final = "python" if make_codec is PythonCodec else "native"
"""The codec that is in use. Both take the same values and raise the same errors."""
