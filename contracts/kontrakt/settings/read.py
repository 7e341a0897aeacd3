"""Finds, reads and checks the settings."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, get_args

from kontrakt.errors import Position, Problem, SettingsErrors

from .file import File, decoded, described, instead, text_of
from .model import BASELINE, WAIVERS, Distribution, Option, Options, Settings, Style, is_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

OWN_FILE: Final = "kontrakt.toml"
SHARED_FILE: Final = "pyproject.toml"
ENVIRONMENT: Final = "KONTRAKT_"

_NUMBERS: Final = frozenset(  # what confluent's registry client refuses as text, which is all that a variable can hold
    ("cache.capacity", "cache.latest.ttl.sec", "max.retries", "retries.max.wait.ms", "retries.wait.ms", "timeout")
)
_UNDOTTED: Final = frozenset(("log_level",))  # librdkafka writes every other name with dots
PERIOD: Final = re.compile(r"([0-9]{1,5}) (day|week)s?")
_VERSION: Final = re.compile(  # the canonical form of the version specifiers of Python packages
    r"([1-9][0-9]*!)?[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.post[0-9]+)?(\.dev[0-9]+)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?"
)
_DISTRIBUTION: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def read(
    start: str | Path = ".",
    environ: Mapping[str, str] | None = None,
    *,
    among: Mapping[str, bytes] | None = None,
    shown: Callable[[str], str] = str,
) -> Settings:
    """Read the settings.

    ``kontrakt.toml``, or ``[tool.kontrakt]`` in ``pyproject.toml``, is looked for in a folder and those above it; the nearest
    one counts. Without one, everything has its default. Each key has an environment variable that wins over the file:
    ``KONTRAKT_REGISTRY_URL``, ``KONTRAKT_BOOTSTRAP_SERVERS``, ``KONTRAKT_STYLE``, ...; those of ``[kafka]`` and
    ``[registry]`` are written with ``_`` for ``.``: ``KONTRAKT_KAFKA_SASL_PASSWORD`` sets ``sasl.password``. An empty
    variable counts as not set.

    Args:
        start: The folder to start from.
        environ: The environment; the process's own by default.
        among: The files of a tree that is not on disk, such as an earlier state of this one, by their path from its root.
            ``start`` is then a path in it, and so is the folder of the settings.
        shown: What the user knows such a path as.

    Raises:
        SettingsErrors: The file or a variable is wrong; every problem is listed.
    """
    file = _find(_on_disk(Path(start)) if among is None else _in_tree(PurePosixPath(start), among, shown))
    return _Reader(file, os.environ if environ is None else environ).settings()


_Found: TypeAlias = "tuple[Path, str, str]"
"""A file of settings: its path, what the user knows it as where it is not on disk, and its text."""


def _on_disk(start: Path) -> Iterator[list[_Found]]:
    """The files of settings in a folder and in each above it."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        texts = ((path, text_of(path)) for path in (candidate / OWN_FILE, candidate / SHARED_FILE))
        yield [(path, "", text) for path, text in texts if text is not None]


def _in_tree(start: PurePosixPath, files: Mapping[str, bytes], shown: Callable[[str], str]) -> Iterator[list[_Found]]:
    """As :func:`_on_disk`, for a tree that is not on disk."""
    for candidate in (start, *start.parents):
        names = ((candidate / name).as_posix() for name in (OWN_FILE, SHARED_FILE))
        yield [(Path(name), shown(name), decoded(files[name], shown(name))) for name in names if name in files]


def _find(folders: Iterable[list[_Found]]) -> File:
    for found in folders:
        files: list[File] = []
        for path, name, text in found:
            if path.name == OWN_FILE:
                files.append(File(path, text, name=name))
            elif "kontrakt" in text:  # a file that is none of ours is not judged
                shared = File(path, text, ("tool", "kontrakt"), name=name)
                if shared.table and files:
                    raise SettingsErrors(
                        [
                            Problem(
                                shared.place(),
                                f"there are settings here and in {OWN_FILE} beside it",
                                f"move those of [tool.kontrakt] to {OWN_FILE}",
                            )
                        ]
                    )
                files.extend([shared] if shared.table else [])
        if files:
            return files[0]
    return File()


class _Reader:
    """Reads each key once: from the file, and from its variable, which wins."""

    def __init__(self, file: File, environ: Mapping[str, str]) -> None:
        self._file = file
        self._environ = environ
        self._problems: list[Problem] = []
        self._known: list[str] = []
        self._table: dict[str, Any] = {}
        if isinstance(file.table, dict):
            self._table = cast("dict[str, Any]", file.table)
        else:
            self._wrong((), "a table", file.table)

    def settings(self) -> Settings:
        """All settings.

        Raises:
            SettingsErrors: Something is wrong.
        """
        url, registry = self._registry()
        servers, kafka = self._kafka()
        settings = Settings(
            schemas=self._text("schemas", "schemas"),
            pulled=self._text("pulled", "pulled"),
            output=self._text("output", "generated"),
            style=self._style(),
            package=self._package(),
            distribution=self._distribution(),
            registry_url=url,
            registry=registry,
            bootstrap_servers=servers,
            kafka=kafka,
            waivers=self._text("waivers", WAIVERS),
            baseline=self._text("baseline", BASELINE),
            deprecation_period=self._period("deprecation_period", 90),
            lint=self._lint(),
            topics=self._tables("topics"),
            levels={name: str(level) for name, level in self._options("levels", environ={}).items()},
            dependencies=self._tables("dependencies"),
            file=self._file.shown,
            folder=self._file.folder,
            place=self._file.place,
        )
        self._unknown((), self._table, self._known)
        if self._problems:
            raise SettingsErrors(self._problems)
        return settings

    # --- the keys -----------------------------------------------------------------------------------------------------

    def _style(self) -> Style:
        return cast("Style", self._text("style", "dataclass", allowed=get_args(Style)))

    def _package(self) -> str:
        package = self._text("package", "")
        if package and not is_package(package):
            self._problem(("package",), f"{package!r} is not the name of a package", "write it as Python imports it")
        return package

    def _distribution(self) -> Distribution | None:
        value = self._raw("distribution")
        table: dict[str, Any] = {}
        if isinstance(value, dict):
            table = cast("dict[str, Any]", value)
            self._unknown(("distribution",), table, ("name", "version"))
        elif not isinstance(value, bool | None):
            self._wrong(("distribution",), "true, false or a table", value)
        wanted = value is True or isinstance(value, dict)
        if switch := self._variable("distribution"):
            wanted = switch.lower() == "true"
            if switch.lower() not in ("true", "false"):
                self._variable_problem("distribution", f"is {switch!r}", "set it to true or false")
        if not wanted:
            return None
        texts: dict[str, str] = {}
        for key, default in (("name", ""), ("version", "0.1.0")):
            texts[key] = self._checked_text(("distribution", key), table.get(key), default)
        if texts["name"] and not _DISTRIBUTION.fullmatch(texts["name"]):
            self._problem(("distribution", "name"), f"{texts['name']!r} cannot be the name of a distribution")
        if not _VERSION.fullmatch(texts["version"]):
            self._problem(
                ("distribution", "version"), f"{texts['version']!r} is not a version", "such as 1.4.0 or 2.0.0rc1"
            )
        return Distribution(**texts)

    def _registry(self) -> tuple[str, Options]:
        options = self._options("registry", numbers=_NUMBERS)
        url = options.pop("url", "")
        if not isinstance(url, str):
            self._wrong(("registry", "url"), "text", url)
            url = ""
        return url, Options(options)

    def _kafka(self) -> tuple[str, Options]:
        in_table = "bootstrap.servers" in self._options("kafka", environ={})
        options = self._options("kafka", report=False)
        servers = str(options.pop("bootstrap.servers", ""))
        stated = self._raw("bootstrap_servers")
        if stated is not None and in_table:
            self._problem(
                ("bootstrap_servers",),
                "the servers are set here and as bootstrap.servers in [kafka]",
                "keep one of the two",
            )
        return self._checked_text(("bootstrap_servers",), stated, servers), Options(options)

    def _period(self, key: str, default: int) -> timedelta:
        said = self._text(key, f"{default} days")
        found = PERIOD.fullmatch(said)
        if found is None:
            hint = 'write it in days or weeks, such as "90 days"'
            if self._variable(key):
                self._variable_problem(key, f"is {said!r}", hint)
            else:
                self._problem((key,), f"{said!r} is not a period", hint)
            return timedelta(days=default)
        return int(found[1]) * timedelta(**{f"{found[2]}s": 1})

    def _lint(self) -> Mapping[str, Any]:
        value = self._raw("lint")
        if isinstance(value, dict | None):
            return cast("dict[str, Any]", value or {})
        self._wrong(("lint",), "a table", value)
        return {}

    def _tables(self, key: str) -> tuple[Mapping[str, Any], ...]:
        value = self._raw(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong((key,), f"[[{key}]] tables", value)
            return ()
        tables: list[Mapping[str, Any]] = []
        for number, table in enumerate(cast("list[object]", value)):
            if isinstance(table, dict):
                tables.append(cast("dict[str, Any]", table))
            else:
                self._wrong((key, number), "a table", table)
        return tuple(tables)

    # --- how they are read --------------------------------------------------------------------------------------------

    def _raw(self, key: str) -> Any:
        self._known.append(key)
        return self._table.get(key)

    def _text(self, key: str, default: str, allowed: tuple[str, ...] = ()) -> str:
        return self._checked_text((key,), self._raw(key), default, allowed)

    def _checked_text(self, path: tuple[str, ...], value: Any, default: str, allowed: tuple[str, ...] = ()) -> str:
        if value is not None and not isinstance(value, str):
            self._wrong(path, "text", value)
            value = None
        elif value is not None and allowed and value not in allowed:
            self._problem(path, f"{path[-1]} cannot be {value!r}", instead(value, allowed))
            value = None
        name = ".".join(path)
        variable = self._variable(name)
        if variable and allowed and variable not in allowed:
            self._variable_problem(name, f"cannot be {variable!r}", instead(variable, allowed))
            variable = ""
        return variable or value or default

    def _options(
        self,
        key: str,
        *,
        numbers: frozenset[str] = frozenset(),
        environ: Mapping[str, str] | None = None,
        report: bool = True,
    ) -> dict[str, Option]:
        table = self._raw(key)
        options: dict[str, Option] = {}
        pending: list[tuple[tuple[str, ...], Any]] = [((), table if table is not None else {})]
        while pending:
            path, value = pending.pop(0)
            if isinstance(value, dict):
                pending.extend(((*path, k), v) for k, v in cast("dict[str, Any]", value).items())
            elif path and isinstance(value, str | int | float):
                options[".".join(path)] = value
            elif report:
                self._wrong((key, *path), "text, a number or true or false" if path else "a table", value)
        prefix = f"{ENVIRONMENT}{key.upper()}_"
        variables = self._environ if environ is None else environ
        for name in list(variables):  # another thread may take one away meanwhile
            text = variables.get(name)
            if text and name.startswith(prefix) and name != prefix:
                word = name.removeprefix(prefix).lower()
                option = word if word in _UNDOTTED else word.replace("_", ".")
                options[option] = _number(text) if option in numbers else text
        return options

    def _variable(self, name: str) -> str:
        return self._environ.get(_variable_name(name), "")

    # --- what is wrong ------------------------------------------------------------------------------------------------

    def _unknown(self, path: tuple[str, ...], table: Mapping[str, Any], known: Iterable[str]) -> None:
        where = f" of [{'.'.join(path)}]" if path else ""
        for key in table:
            if key not in known:
                self._problem((*path, key), f"{key!r} is not a setting{where}", instead(key, sorted(set(known))))

    def _wrong(self, path: tuple[str | int, ...], wanted: str, value: Any) -> None:
        name = ".".join(str(step) for step in path) or "tool.kontrakt"
        self._problem(path, f"{name} must be {wanted}, not {described(value)}")

    def _problem(self, path: tuple[str | int, ...], message: str, hint: str = "") -> None:
        self._problems.append(Problem(self._file.place(*path), message, hint))

    def _variable_problem(self, key: str, message: str, hint: str) -> None:
        self._problems.append(Problem(Position("<environment>", 1, 1), f"{_variable_name(key)} {message}", hint))


def _variable_name(key: str) -> str:
    return ENVIRONMENT + key.upper().replace(".", "_")


def _number(text: str) -> Option:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
