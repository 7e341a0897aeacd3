"""200,000 messages while brokers, the registry, consumers and a producer die; `python -m tests.faults` runs more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.cluster import Cluster, cluster
from tests.faults.run import Run, Told
from tests.real.plugin import or_missing

pytestmark = pytest.mark.real

MESSAGES = 200_000


@pytest.fixture(scope="module")
def parts() -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield or_missing(lambda: stack.enter_context(cluster()))


@pytest.fixture(scope="module")
def told(parts: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Run(parts, messages=MESSAGES, seconds=40, folder=tmp_path_factory.mktemp("faults"), say=print).go()


def test_enough_was_written_for_the_rest_to_count(told: Told) -> None:
    assert told.evidence.written > 0.8 * MESSAGES  # one of three producers was killed


def test_nothing_acknowledged_is_lost(told: Told) -> None:
    assert told.evidence.lost == []


def test_the_topic_has_each_message_once_and_in_the_order_of_its_key(told: Told) -> None:
    assert told.evidence.disordered_in_the_topic == []


def test_everything_is_handled(told: Told) -> None:
    assert not told.evidence.never_handled


def test_what_has_one_key_is_handled_in_its_order(told: Told) -> None:
    assert told.evidence.disordered_when_handled == []


def test_nothing_comes_twice_into_a_table(told: Told) -> None:
    assert told.evidence.doubled == ()  # the run ends when it has the newest of each key
