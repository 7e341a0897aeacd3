"""What ``[[dependencies]]`` of the settings say: which contracts of other teams are pulled, and from where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kontrakt.avro.shapes import is_array
from kontrakt.contract.declaration import WORDS, Reader
from kontrakt.contract.hints import nearest
from kontrakt.errors import Problem, SettingsErrors
from kontrakt.registry.failures import without_secrets

if TYPE_CHECKING:
    from kontrakt.contract.declaration import At
    from kontrakt.settings import Settings

_SOURCES: Final = ("registry", "git", "folder")
_OWN: Final = ("name", "topics", *_SOURCES)
_OF_GIT: Final = ("ref", "path")
OF_TOPICS: Final = tuple(word for word in WORDS if word not in ("name", "timeout", "guessed"))
"""What a declaration of topics whose schemas come from a registry may say."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a dependency may be called: it becomes a folder."""


@dataclass(frozen=True, kw_only=True)
class FromRegistry:
    """Topics whose schemas stand in a schema registry.

    Attributes:
        url: Its address; empty for the registry of the settings.
        said: What is declared of the topics, by the words of a declaration.
    """

    url: str = ""
    said: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class FromGit:
    """The contracts of a git repository.

    Attributes:
        url: What ``git fetch`` takes: an address or a path.
        ref: A branch, a tag or a whole commit id.
        path: The folder of the contracts in it; empty for what the settings there say.
    """

    url: str
    ref: str = "HEAD"
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class FromFolder:
    """The contracts of a folder or an archive.

    Attributes:
        path: Its path, from the folder of the settings.
    """

    path: str


Source: TypeAlias = "FromRegistry | FromGit | FromFolder"


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """Contracts of another team.

    Attributes:
        name: What it is called here; its files stand in a folder of this name.
        topics: The topics that are wanted, of requests the name that both begin with; empty for all that the source owns.
        source: Where they come from.
        at: Tells where a word of it stands in the settings.
    """

    name: str
    topics: tuple[str, ...]
    source: Source
    at: At = field(compare=False)

    @property
    def wanted(self) -> dict[str, Any]:
        """What makes it what it is, for the lock file, without credentials: where this changes, what is locked counts no more."""
        match self.source:
            case FromRegistry(url=url):
                source = {"registry": without_secrets(url) or True}
            case FromGit(url=url, ref=ref, path=path):
                source = {"git": without_secrets(url), "ref": ref, "path": path}
            case FromFolder(path=path):
                source = {"folder": path}
        return source | {"topics": sorted(self.topics)}


def dependencies(settings: Settings) -> tuple[Dependency, ...]:
    """The dependencies that the settings declare, by name.

    Raises:
        SettingsErrors: One is declared wrongly; every problem is listed.
    """
    problems: list[Problem] = []
    found: dict[str, Dependency] = {}
    for index, table in enumerate(settings.dependencies):
        at = partial(settings.place, "dependencies", index)
        one = _Table(table, at, problems).dependency()
        if one is None:
            continue
        if one.name in found:
            problems.append(Problem(at("name"), f"there is a dependency {one.name} already", "give it another name"))
        found[one.name] = one
    if problems:
        raise SettingsErrors(problems)
    return tuple(found[name] for name in sorted(found))


class _Table:
    """One table."""

    def __init__(self, table: Mapping[str, Any], at: At, problems: list[Problem]) -> None:
        self._table = table
        self._at = at
        self._problems = problems

    def dependency(self) -> Dependency | None:
        """What it says; None where it says too little to go on."""
        sources = [word for word in _SOURCES if word in self._table]
        name = self._text("name")
        if not NAME.fullmatch(name):
            hint = "letters, digits, dots, underscores and hyphens: it becomes a folder"
            self._problem("name", "a dependency needs a name" if not name else f"{name!r} is no name for it", hint)
        if len(sources) != 1:
            self._problem("", "a dependency comes from one place", f"one of {', '.join(_SOURCES)}")
            return None
        known = (*_OWN, *(OF_TOPICS if sources == ["registry"] else _OF_GIT if sources == ["git"] else ()))
        for word in self._table:
            if word not in known:
                self._problem(word, f'a dependency from a {sources[0]} has no "{word}"', nearest(word, known))
        topics = self._topics()
        if sources == ["registry"] and not topics:
            self._problem("topics", "a registry does not know topics", 'name them: topics = ["shop.customers"]')
        source = self._source(sources[0], topics)
        return Dependency(name=name, topics=topics, source=source, at=self._at)

    def _source(self, kind: str, topics: tuple[str, ...]) -> Source:
        if kind == "git":
            return FromGit(url=self._text("git"), ref=self._text("ref") or "HEAD", path=self._text("path"))
        if kind == "folder":
            return FromFolder(path=self._text("folder"))
        said = {word: self._table[word] for word in OF_TOPICS if word in self._table}
        if topics:  # what is said of them is judged here, where it stands
            whole = {"kind": "event", "key": None, "owner": "-", **said, "name": list(topics)}
            places = {"name": "topics"}
            Reader(self._problems).topic(whole, "", lambda *path: self._at(*(places.get(str(p), p) for p in path)))
        url = self._table["registry"]
        if url is not True and not isinstance(url, str):
            self._problem("registry", '"registry" must be true, for the one of the settings, or an address')
        return FromRegistry(url="" if url is True else str(url), said=said)

    def _topics(self) -> tuple[str, ...]:
        said = self._table.get("topics", [])
        if not is_array(said) or not all(isinstance(one, str) for one in said):
            self._problem("topics", '"topics" must be a list of names', 'such as ["shop.customers"]')
            return ()
        return tuple(map(str, said))

    def _text(self, word: str) -> str:
        said = self._table.get(word, "")
        if not isinstance(said, str) or (word in self._table and not said.strip()):
            self._problem(word, f'"{word}" must be a text that is not empty')
            return ""
        return said.strip()

    def _problem(self, word: str, message: str, hint: str = "") -> None:
        self._problems.append(Problem(self._at(word) if word else self._at(), message, hint))
