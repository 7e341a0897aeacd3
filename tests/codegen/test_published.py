"""A published set that nobody may edit: 230 schemas for 1,100 topics, keys in a record apart, one record on 700 topics."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kontrakt
import pytest
from kontrakt.settings import read
from kontrakt_codegen import run

from tests.contract import large


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("published")
    large.write(folder, *large.published())
    run(folder / "schemas", folder / "generated", read(folder))
    sys.path.insert(0, str(folder / "generated"))
    yield folder / "generated"
    sys.path.remove(str(folder / "generated"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[name]


def test_every_topic_has_a_module_and_every_record_one_class(output: Path) -> None:
    modules = [path for path in (output / "acme").glob("*.py") if path.stem.startswith(("questionnaire_", "measure_"))]
    assert len(modules) == 1100
    first = importlib.import_module("acme.questionnaire_000")
    last = importlib.import_module("acme.questionnaire_699")
    assert first.Questionnaire is last.Questionnaire
    assert first.Questionnaire.__module__ == "acme.active"
    assert (first.Questionnaire000.topic, last.Questionnaire699.topic) == ("questionnaire_000", "questionnaire_699")


def test_one_import_has_all_that_a_service_needs(output: Path) -> None:
    """The record and the key stand in modules of their own, and the topic's module hands them on to type checkers too."""
    module = importlib.import_module("acme.questionnaire_123")
    assert module.__all__ == ["ObservationKey", "Questionnaire", "Questionnaire123"]
    assert all(hasattr(module, name) for name in module.__all__)
    assert output.is_dir()


def test_importing_a_topic_loads_what_it_needs_of_1100(output: Path) -> None:
    """Neither the other topics, nor the schemas, nor Kafka's client; those wait for the first message."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, acme.questionnaire_123; print(*sys.modules)"],
        env={"PYTHONPATH": os.pathsep.join((str(output), str(Path(kontrakt.__file__).parents[1])))},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] in ("acme", "confluent_kafka", "fastavro")}
    assert loaded == {"acme", "acme.active", "acme.kafka", "acme.questionnaire_123"}


def test_a_second_run_writes_nothing(output: Path) -> None:
    folder = output.parent
    result = run(folder / "schemas", output, read(folder))
    assert not result.stale
