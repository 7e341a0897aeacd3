"""Throws mutated frames at the codec in C, and keeps those that reach something new in it.

    make fuzz                                                   a million frames, with sanitizers
    python -m tests.codec.fuzz --count 20000                    on the codec as it is installed

A frame is either decoded, and what comes of it is encoded and decoded again, or a ``DecodeError``. Frames that reach new code run on the
codec in Python too, which must say the same. The frame at hand stands in the file ``build/fuzz-frame``, should the process not survive it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import mmap
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from kontrakt.codec import Codec, Reader
from kontrakt.codec.python import PythonCodec
from kontrakt.errors import DecodeError

from tests.codec.implementations import IMPLEMENTATIONS, plain, tree, written
from tests.codec.packages import STYLES, Package, array, enum, fixed, logical, mapping, package, record
from tests.codec.test_hostile import BROKEN, COSTLY, DATUM, EVERYTHING, READERS, mutated

FRAME: Final = Path("build/fuzz-frame")
LONGEST: Final = 400
"""Bytes; longer frames reach nothing that shorter ones do not."""
MOST: Final = 500
"""How many frames are kept for a target."""


@dataclass
class Target:
    """Something that decodes.

    Attributes:
        name: Its name, for reports.
        native: The codec in C reads.
        python: The codec in Python reads the same.
        codec: Encodes what was read, where data of the schema's own is read.
        corpus: Frames that reached something.
        package: The classes of what is read, which live as long as it does.
    """

    name: str
    native: Reader[Any]
    python: Reader[Any]
    codec: Codec[Any] | None
    corpus: list[bytes] = field(default_factory=list[bytes])
    package: Package | None = None


RECURSIVE: Final = record("L", next=["null", "L", array("L"), mapping("L")])
MEANINGS: Final = record(
    "M",
    decimals=array(logical("bytes", "decimal", precision=30, scale=4)),
    amount=logical(fixed("Amount", 9), "decimal", precision=20, scale=2),
    ids=array(logical("string", "uuid")),
    raw=logical(fixed("Raw", 16), "uuid"),
    times=array(["null", logical("long", "timestamp-micros"), logical("int", "time-millis")]),
    local=logical("long", "local-timestamp-micros"),
    nanos=logical("long", "time-nanos"),
    span=logical(fixed("Span", 12), "duration"),
    texts=mapping("bytes"),
)
EVOLVED: Final = record(
    "Everything",
    string=["null", "bytes"],
    int="double",
    long="float",
    enum=enum("E", "B", "Z", default="Z"),
    map=mapping(["null", record("Item", name="string", more=("int", {"default": 5}))]),
    added=(array("string"), {"default": ["x"]}),
    tree=record("Tree", next=["null", "Tree"]),
)


def targets() -> list[Target]:
    """What is fuzzed: many types and logical types, all styles, projections, evolved schemas, recursion."""
    native = IMPLEMENTATIONS["native"]
    found: list[Target] = []

    def add(name: str, schema: Any, writer: Any, *frames: bytes) -> None:
        one, other = plain(native, schema), plain(PythonCodec, schema)
        own = schema is writer
        source = None if own else tree(writer)
        found.append(Target(name, one.reader(source), other.reader(source), one if own else None, list(frames)))

    whole = written(EVERYTHING, DATUM)
    for name, schema in READERS.items():
        add(name, schema, EVERYTHING, whole)
    add("evolved", EVOLVED, EVERYTHING, whole)
    add("recursive", RECURSIVE, RECURSIVE, b"\x02\x04\x04\x00\x00\x00", b"\x06\x02\x02k\x00\x00")
    add("meanings", MEANINGS, MEANINGS, bytes(80))
    broken = {name: (given, data) for name, (given, data, _, _) in BROKEN.items()}
    for name, (given, data) in {**broken, **COSTLY}.items():
        add(name, given, given, data[:LONGEST])
    for style in STYLES:
        inner = record("T", x=["null", "int", "string"], e=enum("E", "A", "B"), y=array("string"))
        made = package(record("S", r=inner, l=array("T"), m=mapping("T")), style=style, tagged=True)
        one, other = (made.codec(make, "S") for make in (native, PythonCodec))
        frames = [bytes(20), b"\x02\x06\x02\x02\x02a\x00\x00\x00"]
        found.append(Target(str(style), one.reader(), other.reader(), one, frames, made))
    return found


def edges() -> Callable[[], int]:
    """What counts the branches that ran, where the extension was built to tell."""
    from kontrakt.codec import _native

    try:
        counted = ctypes.c_size_t.in_dll(ctypes.CDLL(str(_native.__file__)), "kontrakt_edges")
    except ValueError:
        return lambda: 0
    return lambda: counted.value


def read(call: Callable[[], Any]) -> tuple[str, Any]:
    """What a reader says of a frame; whatever is not a value or a ``DecodeError`` is raised."""
    try:
        return "value", call()
    except DecodeError as error:
        return str(error), None


def run(target: Target, frame: bytes) -> bool:
    """Decode a frame, and the other way round what it holds; whether it held something."""
    said, value = read(partial(target.native, frame, 0))
    if said != "value":
        return False
    if target.codec is not None:
        again = target.native(target.codec.encode(value), 0)
        assert repr(again) == repr(value), "another value after it was encoded"
    return True


def compare(target: Target, frame: bytes) -> None:
    """Both codecs must say the same."""
    (native, one), (python, other) = read(partial(target.native, frame, 0)), read(partial(target.python, frame, 0))
    assert (native, repr(one)) == (python, repr(other)), f"the codec in Python says {python}, the one in C {native}"


def fuzz(count: int, seed: int) -> None:
    """Run so many frames."""
    chance, reached, every = random.Random(seed), edges(), targets()
    FRAME.parent.mkdir(exist_ok=True)
    FRAME.write_bytes(bytes(2 * LONGEST))
    taken = new = 0
    start = time.monotonic()
    with FRAME.open("r+b") as file, mmap.mmap(file.fileno(), 0) as last:
        for number in range(count):
            target = every[number % len(every)]
            frame = mutated(chance.choice(target.corpus), chance)[:LONGEST]
            last[: len(frame) + 1] = frame + b"|"
            before = reached()
            try:
                taken += run(target, frame)
                if reached() > before or number % 500 == 0:
                    compare(target, frame)
            except Exception:
                print(json.dumps({"target": target.name, "frame": frame.hex(), "seed": seed, "number": number}))
                raise
            if reached() > before and len(target.corpus) < MOST:
                target.corpus.append(frame)
                new += 1
    FRAME.unlink(missing_ok=True)
    took = time.monotonic() - start
    guided = f"{reached()} edges, {new} frames kept" if reached() else "not guided: the extension was not built for it"
    print(f"{count} frames for {len(every)} readers in {took:.0f} s, {taken} of them values; {guided}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    options = parser.parse_args()
    if "native" not in IMPLEMENTATIONS:
        sys.exit("the codec in C was not built")
    print(f"seed {options.seed}", flush=True)
    fuzz(options.count, options.seed)


if __name__ == "__main__":
    main()
