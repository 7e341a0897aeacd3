"""What plan and apply cost: 1,000 contracts, from nothing to everything, and again when some of them changed.

    python benchmarks/apply.py [--contracts 1000] [--changed 100] [--bootstrap-servers ADDRESS]

The registry is the embedded one, in a process of its own. Its own time is measured by sending the requests that were noted to
another one that holds what this one held before, by a loop that does nothing with the answers: one after the other, and as many at
a time as plan and apply do, what others refer to first. What plan and apply spend beyond the faster of the two is theirs. The processor
time of this process stands beside it: on a machine that has other work to do, that is what to look at.

With ``--bootstrap-servers`` topics are made too, on a broker that should be otherwise idle. Its own time is that of the same requests
for other topics, by confluent-kafka's AdminClient alone.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from kontrakt.apply import Outcome, apply, plan  # noqa: E402
from kontrakt.apply.topics import wanted  # noqa: E402
from kontrakt.contract import Contracts, from_files  # noqa: E402
from kontrakt.registry.history import CONNECTIONS  # noqa: E402
from kontrakt.settings import Settings  # noqa: E402

from benchmarks.check import Loop, at_version, embedded, noted, timed  # noqa: E402
from tests.contract import large  # noqa: E402

T = TypeVar("T")
Requests = Sequence[tuple[str, str, bytes | None]]
_ADMIN: Final[Any] = import_module("confluent_kafka.admin")


class Registries:
    """A registry, and two that hold the same and are asked the same afterwards."""

    def __init__(self, url: str, one_by_one: str, side_by_side: str) -> None:
        self.url = url
        self._one_by_one = Loop(one_by_one)
        self._side_by_side = Loop(side_by_side)

    def own_time(self, requests: Requests) -> float:
        """How long a registry takes for requests alone."""
        shared = [one for one in requests if ".Shared" in one[1]]
        others = [one for one in requests if ".Shared" not in one[1]]

        def all_at_once() -> None:
            with ThreadPoolExecutor(CONNECTIONS) as pool:
                for part in (shared, others):
                    list(pool.map(self._side_by_side, part))

        alone, _ = timed(
            f"  the registry alone, {len(requests)} requests one after the other", lambda: self._each(requests)
        )
        together, _ = timed(f"  the registry alone, {CONNECTIONS} at a time", all_at_once)
        return min(alone, together)

    def _each(self, requests: Requests) -> None:
        for one in requests:
            self._one_by_one(one)


class BrokerAlone:
    """The requests that plan and apply send to a broker, for other topics."""

    def __init__(self, servers: str) -> None:
        self._admin: Any = _ADMIN.AdminClient({"bootstrap.servers": servers})

    def reading(self, names: Sequence[str], new: Sequence[str]) -> None:
        """As a plan: metadata, settings, and what the broker would refuse."""
        self._admin.list_topics(timeout=60)
        self._admin.list_topics(timeout=60)
        if names:
            kind = _ADMIN.ResourceType.TOPIC
            self._wait(self._admin.describe_configs([_ADMIN.ConfigResource(kind, name) for name in names]))
        self.creating(new, only_ask=True)

    def creating(self, names: Sequence[str], *, only_ask: bool = False) -> None:
        """As an apply."""
        if names:
            new = [_ADMIN.NewTopic(name, config={"cleanup.policy": "compact"}) for name in names]
            self._wait(self._admin.create_topics(new, operation_timeout=60, request_timeout=60, validate_only=only_ask))

    def _wait(self, answers: dict[Any, Any]) -> None:
        for answer in answers.values():
            answer.result()


def named(files: dict[str, bytes], name: str) -> Contracts:
    """Contracts under a name that nobody used before."""
    return from_files({path: data.replace(b'"big.', f'"{name}.'.encode()) for path, data in files.items()})


def measured(what: str, do: Callable[[], T]) -> tuple[float, T, Requests]:
    with noted() as sent:
        before = time.process_time()
        seconds, found = timed(what, do)
        print(f"{'  processor time of this process':<62} {time.process_time() - before:6.2f} s")
    return seconds, found, list(sent)


def beyond(what: str, seconds: float, own: float, limit: float) -> None:
    print(f"{what}: {seconds - own:.2f} s beyond the servers' own time (to stay within {limit:.0f} s)\n")


def broker_time(what: str, servers: str, do: Callable[[], None]) -> float:
    return timed(f"  the broker alone, {what}", do)[0] if servers else 0.0


def cycle(
    title: str, contracts: Contracts, settings: Settings, registries: Registries, stand_in: Sequence[str]
) -> None:
    """Plan, apply, and plan again."""
    servers = settings.bootstrap_servers
    alone = BrokerAlone(servers) if servers else None
    print(f"{title}\n{'-' * len(title)}")
    seconds, found, sent = measured("plan", lambda: plan(contracts, settings))
    print(f"  {len(found.steps)} steps, {len(found.against)} against it")
    created = [step.about for step in found.steps if step.kind == "create-topic"]
    there = [] if created else list(wanted(contracts))
    own = registries.own_time(sent)
    # Side by side with the registry, so only what it takes longer counts.
    own = max(own, broker_time("reading", servers, lambda: alone.reading(there, created) if alone else None))
    beyond("plan", seconds, own, 2)
    seconds, results, sent = measured("apply", lambda: apply(found, contracts, settings))
    assert {one.outcome for one in results} <= {Outcome.DONE}, [one for one in results if one.message][:3]
    own = registries.own_time(sent)
    new = list(stand_in) if created else []
    own += broker_time("creating", servers, lambda: alone.creating(new) if alone else None)
    beyond("apply", seconds, own, 10)
    seconds, again, sent = measured("plan again", lambda: plan(contracts, settings))
    assert again.steps == (), again.steps[:3]
    own = registries.own_time(sent)
    own = max(
        own, broker_time("reading", servers, lambda: alone.reading(list(wanted(contracts)), []) if alone else None)
    )
    beyond("plan, with nothing to do", seconds, own, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contracts", type=int, default=1000)
    parser.add_argument("--changed", type=int, default=100, help="how many contracts change then")
    parser.add_argument("--bootstrap-servers", default="", metavar="ADDRESS")
    options = parser.parse_args()
    files = large.contracts(options.contracts)
    name = f"b{uuid4().hex[:8]}"
    _, first = timed("reading the contracts", lambda: named(files, name))
    topics = [path for path, data in files.items() if b'"topic"' in data][: options.changed]
    second = named(files | at_version({path: files[path] for path in topics}, 1), name)
    stand_in = [f"{topic}-alone" for topic in wanted(first)]
    gc.disable()  # as the commands do
    with embedded() as url, embedded() as other, embedded() as third:
        settings = Settings(registry_url=url, bootstrap_servers=options.bootstrap_servers)
        registries = Registries(url, other, third)
        cycle(f"{options.contracts} contracts, nothing is there", first, settings, registries, stand_in)
        cycle(f"{options.contracts} contracts, {len(topics)} of them changed", second, settings, registries, stand_in)


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"in all {time.perf_counter() - start:.0f} s")
