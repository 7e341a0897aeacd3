"""Fixtures for pytest, which finds them by itself where kontrakt is installed. Nothing is loaded or started until a test asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kontrakt import EmbeddedBus

    from .clock import FakeClock
    from .messages import SentMessages
    from .parts import CleanParts


@pytest.fixture(scope="session")
def kontrakt_parts() -> Iterator[CleanParts]:
    """What the buses of all tests share: a schema registry in memory, which learns the schemas of a package as they are used."""
    from .parts import CleanParts

    with CleanParts() as parts:
        yield parts


@pytest.fixture
def kontrakt_bus(kontrakt_parts: CleanParts) -> Iterator[EmbeddedBus]:
    """A bus to a broker in memory that nobody used before. Topics and subjects come into being when they are first used."""
    with kontrakt_parts.bus() as bus:
        yield bus


@pytest.fixture
def kontrakt_sent(kontrakt_bus: EmbeddedBus) -> SentMessages:
    """What was sent on ``kontrakt_bus``."""
    from .messages import sent

    return sent(kontrakt_bus)


@pytest.fixture
def kontrakt_clock(kontrakt_bus: EmbeddedBus) -> FakeClock:
    """The clock of ``kontrakt_bus``, which stands still until the test moves it; ask for it before clients are made."""
    from .clock import FakeClock

    kontrakt_bus.clock = clock = FakeClock()
    return clock
