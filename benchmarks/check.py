"""What a check costs: 1,000 contracts with 10 versions each, in a registry and in git.

    python benchmarks/check.py [--contracts 1000] [--versions 10] [--changed 20] [--registry URL] [--no-search] [--runs 3]

The registry is the embedded one, in a process of its own, unless another one is named. Its own time is measured by sending
the requests that the check sends once more, by a loop that does nothing with the answers: one after the other, and as many at
a time as the check sends at most. What the whole command spends beyond the shorter of the two is ours, from Python's start to its end.

``--no-search`` measures the way without the registry's search (``GET /schemas``), which Apicurio has not.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import local
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from kontrakt.check.compare import compare  # noqa: E402
from kontrakt.check.sources import past  # noqa: E402
from kontrakt.contract import Contracts, load  # noqa: E402
from kontrakt.registry import Registry  # noqa: E402
from kontrakt.registry.history import CONNECTIONS  # noqa: E402
from kontrakt.settings import Settings  # noqa: E402

from tests.contract import large  # noqa: E402

T = TypeVar("T")
SERVER = """
import sys
from kontrakt.registry.embedded import EmbeddedRegistry
with EmbeddedRegistry(level="NONE") as registry:
    print(registry.url, flush=True)
    sys.stdin.read()
"""
NO_SEARCH = """
from kontrakt.registry import Registry
Registry.search = lambda self, prefix, newest=False: None
"""


class Loop:
    """Sends requests and does nothing with the answers."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._local = local()

    def __call__(self, request: tuple[str, str, bytes | None]) -> bytes:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port)
        connection: http.client.HTTPConnection = self._local.connection
        method, path, body = request
        headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"} if body else {}
        connection.request(method, self._parts.path + path, body, headers)
        with connection.getresponse() as response:
            return response.read()


@contextmanager
def embedded() -> Generator[str]:
    """An embedded registry in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "contracts")}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def at_version(files: dict[str, bytes], version: int) -> dict[str, bytes]:
    """The contracts as they were: each record on a topic gains a field with every version."""
    found: dict[str, bytes] = {}
    for path, data in files.items():
        record = json.loads(data)
        if "topic" in record:
            added = (
                {"name": f"added{number}", "type": ["null", "string"], "default": None} for number in range(version)
            )
            record["fields"].extend(added)
        found[path] = json.dumps(record, indent=2).encode()
    return found


def fill(url: str, versions: list[Contracts]) -> None:
    """Registers every version of the contracts."""
    loop = Loop(url)
    shared = versions[0].documents.keys() - {subject.document for subject in versions[0].subjects if subject.topic}
    for contracts in versions:
        subjects = [one for one in contracts.subjects if contracts is versions[0] or one.document not in shared]
        requests: list[tuple[str, str, bytes]] = []
        for subject in subjects:
            document = contracts.documents[subject.document]
            used = [
                {"name": one, "subject": contracts.documents[one].subject, "version": 1} for one in document.references
            ]
            body = json.dumps({"schema": document.text, "references": used}).encode()
            requests.append(("POST", f"/subjects/{quote(subject.name, safe='')}/versions", body))
        first = [one for one, subject in zip(requests, subjects, strict=True) if subject.document in shared]
        for part in (first, [one for one in requests if one not in first]):
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(loop, part))
            assert all(b'"id"' in answer for answer in answers), answers[:3]


def timed(what: str, do: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    done = do()
    seconds = time.perf_counter() - start
    print(f"{what:<62} {seconds:6.2f} s")
    return seconds, done


@contextmanager
def noted() -> Generator[list[tuple[str, str, bytes | None]]]:
    """Notes every request that confluent's client sends."""
    from confluent_kafka.schema_registry import schema_registry_client

    client: Any = getattr(schema_registry_client, "_RestClient")  # noqa: B009 - its annotations are incomplete
    sent: list[tuple[str, str, bytes | None]] = []
    original = client.send_http_request

    def send(
        self: Any, base: str, url: str, method: str, headers: Any, body: str | None = None, query: Any = None
    ) -> Any:
        response = original(self, base, url, method, headers, body, query)
        whole = urlsplit(str(response.request.url))
        path = whole.path.removeprefix(urlsplit(base).path.rstrip("/")) + (f"?{whole.query}" if whole.query else "")
        sent.append((method, path, body.encode() if body else None))
        return response

    with patch.object(client, "send_http_request", send):
        yield sent


def against_registry(url: str, folder: Path) -> float:
    """What a check does, step by step. Returns the seconds that the registry alone takes."""
    settings = Settings(registry_url=url)
    _, contracts = timed("reading the contracts", lambda: load(folder / "schemas"))
    with noted() as sent:
        past("registry", contracts, settings)
    loop = Loop(url)
    loop(sent[0])
    one_by_one, _ = timed(
        f"the registry alone, {len(sent)} requests one after the other", lambda: [loop(one) for one in sent]
    )

    def together() -> None:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for _ in pool.map(loop, sent):
                pass

    side_by_side, _ = timed(f"the registry alone, {CONNECTIONS} requests at a time", together)
    _, old = timed("fetching the histories", lambda: past("registry", contracts, settings))
    timed("reading and comparing them", lambda: compare(contracts, old))
    versions = sum(len(old.histories[name]) for name in old.histories if name not in old.unchanged)
    print(f"{versions} versions compared, {len(old.unchanged)} of {len(contracts.subjects)} subjects unchanged\n")
    return min(one_by_one, side_by_side)


def against_git(folder: Path) -> None:
    _, contracts = timed("reading the contracts", lambda: load(folder / "schemas"))
    os.chdir(folder)
    _, old = timed("git:HEAD", lambda: past("git:HEAD", contracts, Settings()))
    timed("comparing them", lambda: compare(contracts, old))
    print()


def command(folder: Path, url: str, against: str, *, runs: int, search: bool) -> float:
    """The whole command in processes of its own, as a pipeline starts it. Returns the seconds of the fastest."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "contracts"), "KONTRAKT_REGISTRY_URL": url}
    code = ("" if search else NO_SEARCH) + "from kontrakt.cli import main; main()"
    least = (float("inf"), 0.0, "")
    for _ in range(runs):
        start, before = time.perf_counter(), os.times()
        done = subprocess.run(
            [sys.executable, "-c", code, "check", "--against", against],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds, after = time.perf_counter() - start, os.times()
        worked = after.children_user + after.children_system - before.children_user - before.children_system
        said = " ".join((done.stdout + done.stderr).strip().splitlines()[-1:])
        least = min(least, (seconds, worked, f"exit {done.returncode} {said}"))
    seconds, worked, said = least
    print(f"{f'kontrakt check --against {against}':<62} {seconds:6.2f} s   processors {worked:.2f} s, {said}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contracts", type=int, default=1000)
    parser.add_argument("--versions", type=int, default=10)
    parser.add_argument("--changed", type=int, default=20, help="how many contracts differ from their newest version")
    parser.add_argument("--registry", help="the address of another registry, which should be empty")
    parser.add_argument("--no-search", action="store_true")
    parser.add_argument("--runs", type=int, default=3, help="how often the whole command runs; the fastest counts")
    options = parser.parse_args()
    files = large.contracts(options.contracts)
    with tempfile.TemporaryDirectory() as name, embedded() as own:
        folder, url = Path(name), options.registry or own
        versions: list[Contracts] = []
        for version in range(options.versions):
            large.write(folder, at_version(files, version))
            versions.append(load(folder / "schemas"))
        timed(
            f"filling the registry: {options.contracts} contracts, {options.versions} versions",
            lambda: fill(url, versions),
        )
        versions.clear()
        git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
        for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "old"]):
            subprocess.run([*git, *arguments], check=True)
        changed = at_version(files, options.versions)
        topics = [path for path, data in changed.items() if b'"topic"' in data]
        large.write(folder, {path: changed[path] for path in topics[: options.changed]})
        print()
        with patch.object(Registry, "search", return_value=None) if options.no_search else nullcontext():
            alone = against_registry(url, folder)
        against_git(folder)
        whole = command(folder, url, "registry", runs=options.runs, search=not options.no_search)
        print(f"{'beyond what the registry alone takes':<62} {whole - alone:6.2f} s")
        command(folder, url, "git:HEAD", runs=options.runs, search=True)


if __name__ == "__main__":
    main()
