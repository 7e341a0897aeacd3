"""Messages that are handled together: how many, offsets behind the whole list, and a policy that meets only those that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kontrakt import Bus, DeadLetter, DecodeError, Delete, HandlerError, Put

from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.test_failures import fill, quick

if TYPE_CHECKING:
    from kontrakt import OnError

    from tests.kafka.conftest import Fresh, Place

Change = Put[str, Customer] | Delete[str]


def visits(batch: list[Change]) -> list[int]:
    return [change.value.visits for change in batch if isinstance(change, Put)]


def test_lists_are_full_or_in_time_and_count_when_the_next_is_asked_for(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1", each=7)
    got: list[list[int]] = []
    with pytest.raises(RuntimeError), topic.consumer(bus, group="g") as changes:
        for batch in changes.batches(size=3, timeout=PATIENCE):
            got.append(visits(batch))
            if len(got) == 2:
                raise RuntimeError
    assert got == [[0, 1, 2], [3, 4, 5]]
    assert place.committed(topic.topic, "g") == 3
    with topic.consumer(bus, group="g") as changes:
        got = []
        for batch in changes.batches(size=3, timeout=0.5):
            got.append(visits(batch))
            if got[-1][-1] == 6:
                break
    assert [n for batch in got for n in batch] == [3, 4, 5, 6]
    assert place.committed(topic.topic, "g") == 7


def test_what_stands_before_a_message_that_cannot_be_read_is_handed_out_first(
    place: Place, bus: Bus, fresh: Fresh
) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1", each=2)
    partition = place.raw(topic.topic, 1)[0].partition() or 0
    place.send(topic.topic, b"{}", key=b"c-1", partition=partition)
    fill(bus, topic, "c-1", each=1)
    with topic.consumer(bus, group="g") as changes:
        batches = changes.batches(size=10, timeout=PATIENCE)
        assert visits(next(batches)) == [0, 1]
        with pytest.raises(DecodeError, match=rf"^{topic.topic}\[{partition}\]@2: "):
            next(batches)
    assert place.committed(topic.topic, "g") == 2
    with topic.consumer(bus, group="g", on_error="skip") as changes:
        assert visits(next(changes.batches(size=1))) == [0]
    assert place.committed(topic.topic, "g") == 4


@pytest.mark.parametrize(
    ("policy", "alone"),
    [("skip", 1), (DeadLetter(), 1), (quick(3, then="skip"), 3)],
    ids=["skip", "dead letter", "retry"],
)
def test_the_policy_meets_only_the_message_that_fails(
    place: Place, bus: Bus, fresh: Fresh, policy: OnError, alone: int
) -> None:
    topic = fresh(Customers)
    place.create(f"{topic.topic}.g.dlq")
    fill(bus, topic, "c-1", each=5)
    tried: list[list[int]] = []
    written: list[int] = []
    with topic.consumer(bus, group="g", on_error=policy) as changes:

        def write(batch: list[Change]) -> None:
            tried.append(visits(batch))
            if 2 in tried[-1]:
                raise RuntimeError("not 2")
            written.extend(tried[-1])
            if 4 in written:
                changes.stop()

        changes.run_batches(write, size=5, timeout=PATIENCE)
    assert tried == [[0, 1, 2, 3, 4], [0], [1], *([[2]] * alone), [3], [4]]
    assert written == [0, 1, 3, 4]
    assert place.committed(topic.topic, "g") == 5


def test_a_list_that_fails_stops_and_comes_again(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1", each=4)
    with topic.consumer(bus, group="g") as changes:

        def refuse(_: list[Change]) -> None:
            raise RuntimeError("no")

        with pytest.raises(HandlerError, match=r"@0: the handler failed on this and 1 more messages: RuntimeError: no"):
            changes.run_batches(refuse, size=2, timeout=PATIENCE)
        got: list[list[int]] = []

        def take(batch: list[Change]) -> None:
            got.append(visits(batch))
            if len(got) == 2:
                changes.stop()

        changes.run_batches(take, size=2, timeout=PATIENCE)
    assert got == [[0, 1], [2, 3]]
    assert place.committed(topic.topic, "g") == 4
