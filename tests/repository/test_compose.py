"""compose.yaml starts what the tests expect; no container engine is needed to see that."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from tests.real.plugin import BOOTSTRAP_VARIABLE, REGISTRY_VARIABLE

FILE: Final = Path(__file__).parents[2] / "compose.yaml"
TEXT: Final = FILE.read_text()
SERVICES: Final[dict[str, Any]] = yaml.safe_load(TEXT)["services"]


def listeners(said: str) -> dict[str, str]:
    """``A://host:1,B://:2`` as ``{"A": "host:1", "B": ":2"}``."""
    return dict(one.split("://", 1) for one in said.split(","))


def test_it_is_a_compose_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_images_are_pinned_and_ports_are_for_this_machine_only() -> None:
    assert set(SERVICES) == {"kafka", "registry"}
    for service in SERVICES.values():
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", service["image"])
        for port in service["ports"]:
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_the_brokers_listeners_fit_together() -> None:
    said: dict[str, str] = SERVICES["kafka"]["environment"]
    open_, advertised = listeners(said["KAFKA_LISTENERS"]), listeners(said["KAFKA_ADVERTISED_LISTENERS"])
    protocols = dict(one.split(":") for one in said["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    controller = said["KAFKA_CONTROLLER_LISTENER_NAMES"]
    assert set(open_) == set(protocols) == {*advertised, controller}
    assert said["KAFKA_INTER_BROKER_LISTENER_NAME"] in advertised
    assert said["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"{said['KAFKA_NODE_ID']}@{open_[controller]}"
    _, outside, inside = SERVICES["kafka"]["ports"][0].split(":")
    assert advertised["HOST"] == f"localhost:{outside}"
    assert open_["HOST"] == f":{inside}"
    assert advertised["INTERNAL"] == f"kafka{open_['INTERNAL']}"
    assert f"--bootstrap-server localhost:{inside}" in SERVICES["kafka"]["healthcheck"]["test"]


def test_its_comment_points_the_tests_at_what_it_starts() -> None:
    said = dict(re.findall(r"(KONTRAKT_\w+)=(\S+)", TEXT))
    assert set(said) == {BOOTSTRAP_VARIABLE, REGISTRY_VARIABLE}
    kafka, registry = (SERVICES[name]["ports"][0].split(":")[1] for name in ("kafka", "registry"))
    assert said[BOOTSTRAP_VARIABLE] == f"localhost:{kafka}"
    assert said[REGISTRY_VARIABLE].startswith(f"http://localhost:{registry}/")
