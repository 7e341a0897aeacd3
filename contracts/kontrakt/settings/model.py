"""What can be set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from keyword import iskeyword
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from kontrakt.errors import Position

Style: TypeAlias = Literal["dataclass", "msgspec", "pydantic", "typeddict"]
Option: TypeAlias = "str | int | float | bool"

WAIVERS: Final = "kontrakt-waivers.toml"
"""Where waivers are unless the settings name another file."""
BASELINE: Final = "kontrakt-baseline.json"
"""Where the baseline is unless the settings name another file."""


class Options(Mapping[str, Option]):
    """Settings that are passed through to a client as they are. They may be secret: only their names are ever shown."""

    def __init__(self, options: Mapping[str, Option] | None = None) -> None:
        self._options: dict[str, Option] = dict(options or {})

    def __getitem__(self, key: str) -> Option:
        return self._options[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._options)

    def __len__(self) -> int:
        return len(self._options)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{key!r}: ***" for key in self._options) + "}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The generated package as one that can be installed.

    Attributes:
        name: The distribution's name; empty for one that follows from the package.
        version: Its version.
    """

    name: str = ""
    version: str = "0.1.0"


def _nowhere(*path: str | int) -> Position:  # noqa: ARG001
    return Position("<settings>", 1, 1)


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """Everything that can be set, from ``kontrakt.toml`` or ``[tool.kontrakt]`` and the environment.

    Attributes:
        schemas: The folder of the contracts, as written; see :attr:`schemas_folder`.
        pulled: The folder of contracts that were pulled from other teams, as written; see :attr:`pulled_folder`.
        output: The folder that the generator writes, as written; see :attr:`output_folder`.
        style: What generated records are.
        package: The package that everything generated is put into; empty for none.
        distribution: How the generated package is installed; None when it is only imported.
        registry_url: The schema registry's address, or an empty string.
        registry: What else the registry's client is told, by the client's own names.
        bootstrap_servers: The Kafka cluster's address, or an empty string.
        kafka: What else librdkafka is told, by its own names.
        waivers: The file of waivers, as written; see :attr:`waivers_file`.
        baseline: The file of findings that were there already, as written; see :attr:`baseline_file`.
        deprecation_period: How long a field is marked deprecated before it may go.
        lint: The table ``[lint]``; what it says is judged where the rules are known.
        topics: The ``[[topics]]`` tables: contracts of schemas that cannot be edited.
        levels: The compatibility level of subjects that are not to have the one that follows from their topics, by subject.
        dependencies: The ``[[dependencies]]`` tables: contracts of other teams that are pulled.
        file: The file that was read, as the user knows it; empty when there was none.
        folder: The folder of that file: what relative paths start from.
        place: Tells where a key stands in the file: ``place("topics", 3, "owner")``.
    """

    schemas: str = "schemas"
    pulled: str = "pulled"
    output: str = "generated"
    style: Style = "dataclass"
    package: str = ""
    distribution: Distribution | None = None
    registry_url: str = ""
    registry: Options = field(default_factory=Options)
    bootstrap_servers: str = ""
    kafka: Options = field(default_factory=Options)
    waivers: str = WAIVERS
    baseline: str = BASELINE
    deprecation_period: timedelta = timedelta(days=90)
    lint: Mapping[str, Any] = field(default_factory=dict[str, Any])
    topics: tuple[Mapping[str, Any], ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict[str, str])
    dependencies: tuple[Mapping[str, Any], ...] = ()
    file: str = ""
    folder: Path = field(default_factory=Path)
    place: Callable[..., Position] = field(default=_nowhere, compare=False)

    @property
    def schemas_folder(self) -> Path:
        """The folder of the contracts."""
        return self.folder / self.schemas

    @property
    def pulled_folder(self) -> Path:
        """The folder of contracts that were pulled from other teams. It need not be there."""
        return self.folder / self.pulled

    @property
    def output_folder(self) -> Path:
        """The folder that the generator writes."""
        return self.folder / self.output

    @property
    def waivers_file(self) -> Path:
        """The file of waivers. One of another name than :data:`WAIVERS` has to be there."""
        return self.folder / self.waivers

    @property
    def baseline_file(self) -> Path:
        """The file of findings that were there already. One of another name than :data:`BASELINE` has to be there."""
        return self.folder / self.baseline

    @property
    def kafka_config(self) -> dict[str, str]:
        """The configuration for librdkafka: ``kafka`` and ``bootstrap_servers``."""
        config = {key: _text(value) for key, value in self.kafka.items()}
        if self.bootstrap_servers:
            config["bootstrap.servers"] = self.bootstrap_servers
        return config

    @property
    def registry_config(self) -> dict[str, Option]:
        """The configuration for confluent's registry client: ``registry`` and its url."""
        config = dict(self.registry)
        if self.registry_url:
            config["url"] = self.registry_url
        return config

    def __repr__(self) -> str:
        shown = {
            "schemas": repr(self.schemas),
            "pulled": repr(self.pulled),
            "output": repr(self.output),
            "style": repr(self.style),
            "package": repr(self.package),
            "distribution": repr(self.distribution),
            "registry_url": repr(_USER_INFO.sub("//***@", self.registry_url)),
            "registry": repr(self.registry),
            "bootstrap_servers": repr(self.bootstrap_servers),
            "kafka": repr(self.kafka),
            "waivers": repr(self.waivers),
            "baseline": repr(self.baseline),
            "deprecation_period": repr(self.deprecation_period),
            "lint": repr(self.lint),
            "topics": f"<{len(self.topics)}>",
            "levels": f"<{len(self.levels)}>",
            "dependencies": f"<{len(self.dependencies)}>",
            "file": repr(self.file),
        }
        return "Settings(" + ", ".join(f"{name}={value}" for name, value in shown.items()) + ")"


def is_package(name: str) -> bool:
    """Whether Python can import a package of this name."""
    parts = name.split(".")
    return all(part.isidentifier() and part.isascii() and not iskeyword(part) for part in parts)


_USER_INFO: Final = re.compile(r"//[^/@]*@")


def _text(value: Option) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
