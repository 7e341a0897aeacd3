"""Verdicts a second: kontrakt beside Apache avro's Python checker, on schemas that are parsed already.

    python benchmarks/compatibility.py [--rounds 7]

Four sets of pairs: a small event with a change of each kind; families of small schemas as the tests generate them; an order of
30 fields with lines inside; a record of 2,000 fields. Rounds of both are interleaved, and the time is the process's own; each
figure is the median. ``wrong`` is the part of the pairs on which avro's verdict is not that of Avro's Java reference, which
kontrakt's is (tests/avro/compatibility), and ``none`` the part on which it has none, because it cannot read a schema or fails.

avro comes with confluent-kafka's extra of that name. Where it is not installed, only kontrakt is measured.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from kontrakt.avro import parse
from kontrakt.avro.compatibility import Compatibility
from kontrakt.errors import SchemaErrors

from tests.avro.compatibility.drafts import Written
from tests.avro.compatibility.families import family
from tests.avro.compatibility.shapes import array, enum, field, record

if TYPE_CHECKING:
    from collections.abc import Callable

    Pairs = list[tuple[str, str]]

EVENT = record(
    "shop.OrderPlaced",
    field("event_id", {"type": "string", "logicalType": "uuid"}),
    field("order_id", "string"),
    field("at", {"type": "long", "logicalType": "timestamp-millis"}),
    field("note", ["null", "string"], default=None),
)


def events() -> Pairs:
    """A small event and what it becomes, both ways."""
    changes: list[dict[str, Any]] = []
    for index, changed in enumerate(
        [field("total", "long", default=0), field("total", "long"), field("tier", enum("shop.Tier", "AB"), default="A")]
    ):
        one = copy.deepcopy(EVENT)
        one["fields"].insert(index, changed)
        changes.append(one)
    for index, kind in enumerate(["bytes", "int", "double", ["null", "string", "long"]]):
        one = copy.deepcopy(EVENT)
        one["fields"][index]["type"] = kind
        changes.append(one)
    changes.append({**EVENT, "fields": EVENT["fields"][1:]})
    pairs = [(EVENT, change) for change in changes]
    return [(json.dumps(one), json.dumps(other)) for pair in pairs for one, other in (pair, pair[::-1])] * 50


def families() -> Pairs:
    """What the differential test compares."""
    random = Random(1)
    pairs: Pairs = []
    while len(pairs) < 2000:
        schemas = [one.schema for one in family(random, 4) if readable(one)]
        pairs.extend((reader, writer) for reader in schemas for writer in schemas if reader != writer)
    return pairs


def readable(one: Written) -> bool:
    try:
        parse(one.schema, strict=False)
    except SchemaErrors:
        return False
    return not one.references


def orders() -> Pairs:
    """An order of 30 fields with lines inside, before and after a few changes."""
    line = record("shop.Line", *(field(f"l{index}", "string") for index in range(10)))
    names = [field(f"f{index}", ["null", "string"], default=None) for index in range(30)]
    order = record(
        "shop.Order", *names, field("lines", array(line)), field("labels", {"type": "map", "values": "string"})
    )
    after = copy.deepcopy(order)
    after["fields"].append(field("more", "int", default=0))
    return [(json.dumps(after), json.dumps(order)), (json.dumps(order), json.dumps(after))] * 50


def wide() -> Pairs:
    """A record of 2,000 fields."""
    before, after = (json.dumps(record("R", *(field(f"f{n}", kind) for n in range(2000)))) for kind in ("int", "long"))
    return [(after, before), (before, after)]


def ours(pairs: Pairs) -> Callable[[], list[bool]]:
    """Parses, and makes what judges."""
    trees = {text: parse(text, strict=False) for pair in pairs for text in pair}
    parsed = [(trees[reader], trees[writer]) for reader, writer in pairs]
    return lambda: [Compatibility(reader, writer).compatible for reader, writer in parsed]


def theirs(pairs: Pairs) -> Callable[[], list[bool | None]] | None:
    """The same with Apache avro's checker; None where it is not installed."""
    try:
        import avro.schema
        from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
    except ImportError:
        return None
    checker: Any = ReaderWriterCompatibilityChecker
    trees: dict[str, Any] = {}
    for pair in pairs:
        for text in pair:
            if text not in trees:
                try:
                    trees[text] = avro.schema.parse(text, validate_enum_symbols=False, validate_names=False)
                except Exception:  # noqa: BLE001 - what it cannot parse it is not asked about
                    trees[text] = None
    parsed = [(trees[reader], trees[writer]) for reader, writer in pairs]

    def verdict(reader: Any, writer: Any) -> bool | None:
        if reader is None or writer is None:
            return None
        try:
            found = checker().get_compatibility(reader, writer)
        except Exception:  # noqa: BLE001 - it fails on some schemas
            return None
        return bool(found.compatibility is SchemaCompatibilityType.compatible)

    return lambda: [verdict(reader, writer) for reader, writer in parsed]


def seconds(judge: Callable[[], Any]) -> float:
    start = time.process_time()
    judge()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    sets = {"a small event": events(), "families": families(), "an order": orders(), "2,000 fields": wide()}
    print(f"{'pairs':<14} {'kontrakt':>10} {'avro':>10} {'ratio':>6} {'wrong':>7} {'none':>7}   (verdicts a second)")
    for name, pairs in sets.items():
        judge, other = ours(pairs), theirs(pairs)
        times = [(seconds(judge), seconds(other) if other else 0.0) for _ in range(rounds)]
        own = len(pairs) / statistics.median(time for time, _ in times)
        if other is None:
            print(f"{name:<14} {own:>10,.0f}   avro is not installed: pip install avro")
            continue
        rate = len(pairs) / statistics.median(time for _, time in times)
        both = list(zip(judge(), other(), strict=True))
        none = sum(two is None for _, two in both) / len(pairs)
        wrong = sum(two is not None and one != two for one, two in both) / len(pairs)
        print(f"{name:<14} {own:>10,.0f} {rate:>10,.0f} {own / rate:>5.0f}x {wrong:>7.1%} {none:>7.1%}")


if __name__ == "__main__":
    main()
