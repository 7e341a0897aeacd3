"""What the plugin does about markers, missing parts and servers that somebody else runs."""

from __future__ import annotations

import contextlib
import http.server
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real.errors import ServerError
from tests.real.kafka import RunningKafka

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
TESTS = """
    import pytest

    def test_kafka(kafka_server): ...
    def test_kafka_again(kafka_server): ...
    def test_registry(registry_url): ...
    def test_jars(avro_libraries): ...
    def test_plain(): ...

    @pytest.fixture
    def through(kafka_server): ...
    def test_through(through): ...
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    """A test suite of its own, on a machine where Maven cannot fetch anything."""
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\necho '[ERROR] the network is down'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}:/usr/bin:/bin")
    monkeypatch.setenv("KONTRAKT_TEST_CACHE", str(tmp_path / "cache"))
    for java in (17, 21):
        home = tmp_path / f"java-{java}"
        (home / "bin").mkdir(parents=True)
        launcher = home / "bin" / "java"
        launcher.write_text(
            f"#!/bin/sh\necho '    java.home = {home}' >&2\necho '    java.specification.version = {java}' >&2\n"
        )
        launcher.chmod(0o755)
        (home / "bin" / "javac").touch()
        monkeypatch.setenv(f"JAVA_HOME_{java}", str(home))
    for name in (
        "KONTRAKT_REQUIRE_REAL",
        "KONTRAKT_TEST_BOOTSTRAP_SERVERS",
        "KONTRAKT_TEST_REGISTRY_URL",
        "KONTRAKT_TEST_POSTGRES_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\naddopts = -p tests.real.plugin --strict-markers -W error")
    pytester.makepyfile(TESTS)
    return pytester


@contextlib.contextmanager
def foreign_registry() -> Generator[str]:
    """Serve an empty list of subjects; give the registry's URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/base/subjects" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/base"
        server.shutdown()


def test_missing_parts_skip_their_tests_and_say_so(inner: pytest.Pytester) -> None:
    result = inner.runpytest_subprocess()

    result.assert_outcomes(passed=1, skipped=6)
    result.stdout.fnmatch_lines(
        [
            "!*REAL PARTS MISSING*!",
            "Apache Kafka 4.*: not used by 3 test(s)",
            "*why: Maven cannot fetch it:",
            "*the network is down",
            "*how to get it: install Maven *python -m tests.real fetch kafka*",
            "Apicurio Registry 2.*: not used by 1 test(s)",
            "Apicurio Registry 3.*: not used by 1 test(s)",
            "Avro's reference implementation 1.*: not used by 1 test(s)",
            "or point the tests at running servers with KONTRAKT_TEST_BOOTSTRAP_SERVERS, *",
        ]
    )


def test_required_parts_fail_their_tests(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTRAKT_REQUIRE_REAL", "1")

    result = inner.runpytest_subprocess()

    result.assert_outcomes(passed=1, errors=6)
    result.stdout.fnmatch_lines(["Apache Kafka 4.* is missing: Maven cannot fetch it:", "!*REAL PARTS MISSING*!"])


def test_tests_are_marked_before_they_are_chosen(inner: pytest.Pytester) -> None:
    inner.runpytest_subprocess("-m", "real").assert_outcomes(skipped=6, deselected=1)
    result = inner.runpytest_subprocess("-m", "not real")

    result.assert_outcomes(passed=1, deselected=6)
    result.stdout.no_fnmatch_line("*MISSING*")


def test_a_configured_registry_takes_the_place_of_all(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    inner.makepyfile(
        """
        def test_url(registry_url, apicurio3, apicurio2):
            assert registry_url == apicurio3.url == apicurio2.url
            assert registry_url.endswith("/base")
            assert apicurio3.name == "configured"
        """
    )
    with foreign_registry() as url:
        monkeypatch.setenv("KONTRAKT_TEST_REGISTRY_URL", f"{url}/")

        inner.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_configured_registry_that_is_none_fails(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    inner.makepyfile("def test_url(registry_url): ...")
    with foreign_registry() as url:
        monkeypatch.setenv("KONTRAKT_TEST_REGISTRY_URL", f"{url}/elsewhere")

        result = inner.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ServerError: no schema registry answers at http*/base/elsewhere"])


def test_a_configured_broker_that_is_none_fails() -> None:
    with pytest.raises(ServerError, match=r"no Kafka answers at 127\.0\.0\.1:1$"):
        RunningKafka("127.0.0.1:1", patience=0.5)
