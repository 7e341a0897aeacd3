"""For the tests of services: what was sent, handlers and services without a broker, and a clock that stands still.

::

    def test_it_tells_of_the_order(kontrakt_bus):
        place_order(kontrakt_bus, "o-1")
        testing.sent(kontrakt_bus).one(OrderEvents, OrderPlaced, order_id="o-1")

The fixtures come with kontrakt for whoever has pytest (:mod:`kontrakt.testing.plugin`). Importing this is cheap: each name loads its
module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .clock import FakeClock
    from .local import feed
    from .messages import SentMessages, sent
    from .parts import CleanParts
    from .service import client

__all__ = ["CleanParts", "FakeClock", "SentMessages", "client", "feed", "sent"]

_HOME: Final = {
    "CleanParts": "parts",
    "FakeClock": "clock",
    "SentMessages": "messages",
    "client": "service",
    "feed": "local",
    "sent": "messages",
}


def __getattr__(name: str) -> Any:
    """Load the module of a name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value
