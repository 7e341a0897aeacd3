"""Rendering: from contracts to the text of every file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from kontrakt._version import __version__
from kontrakt.avro import Enum, Record
from kontrakt.codec.bundle import Style
from kontrakt.contract import Contracts, Kind, RequestTopics, Topic

from . import datamodel
from .bundle import Contents, by_field, contents, tagged
from .clients import Clients
from .docs import docstring, listed, reads
from .graph import ordered
from .header import MARK, notice
from .models import Models, Names, stamps
from .placement import Module, Placement, referred
from .placement import Path as ModulePath
from .scope import Scope

if TYPE_CHECKING:
    from kontrakt.settings import Settings

    from .run import Progress

TEMPLATES: Final = Path(__file__).parent / "templates" / "modules"

_BASES: Final = {
    Style.DATACLASS: (),
    Style.MSGSPEC: ("msgspec>=0.19",),
    Style.PYDANTIC: ("pydantic>=2.7",),
    Style.TYPEDDICT: (),
}


def render(
    contracts: Contracts, settings: Settings, *, folder: str = "", progress: Progress | None = None
) -> dict[str, str]:
    """The text of every file, by its path in the output, not yet formatted.

    Args:
        contracts: What to generate.
        settings: How.
        folder: The folder of the contracts, as their files' names begin with it: headers name files relative to it.
        progress: Told how far it is.

    Raises:
        GenerateError: datamodel-code-generator failed.
    """
    return _Package(contracts, settings, folder).render(progress or (lambda _done, _total, _what: None))


@dataclass(slots=True)
class _Draft:
    """A module under construction."""

    module: Module
    scope: Scope
    types: list[Record | Enum]
    texts: dict[str, str] = field(default_factory=dict[str, str])
    clients: list[str] = field(default_factory=list[str])


class _Package:
    def __init__(self, contracts: Contracts, settings: Settings, folder: str) -> None:
        self._contracts = contracts
        self._settings = settings
        self._folder = f"{folder.rstrip('/')}/" if folder not in ("", ".") else ""
        self._files = frozenset(contracts.files)
        self._style = Style(settings.style)
        self._placement = Placement(contracts, settings.package)
        self._names = Names(self._style, self._placement.places)
        self._subjects = {subject.name: contracts.documents[subject.document].text for subject in contracts.subjects}
        self._tagged = tagged(contracts) if self._style is Style.TYPEDDICT else frozenset[str]()
        self._stamps = stamps(contracts.topics)

    def render(self, progress: Progress) -> dict[str, str]:
        drafts = [self._draft(module) for module in self._placement.modules.values()]
        self._render_models(drafts, progress)
        files: dict[str, str] = {}
        for draft in drafts:
            files[self._file(draft.module.path)] = self._module(draft)
        for path in sorted(self._placement.packages - self._placement.modules.keys()):
            files["/".join((*path, "__init__.py"))] = self._package(path)
        for root in self._placement.roots:
            files["/".join((*root, MARK))] = self._bundle(root)
            files["/".join((*root, "py.typed"))] = ""
        if self._settings.distribution is not None:
            files["pyproject.toml"] = self._pyproject()
        return dict(sorted(files.items()))

    def _file(self, path: ModulePath) -> str:
        return "/".join((*path, "__init__.py")) if path in self._placement.packages else "/".join(path) + ".py"

    # --- modules ------------------------------------------------------------------------------------------------------

    def _draft(self, module: Module) -> _Draft:
        """A module with everything but its models, which are rendered together."""
        scope = Scope(module, self._placement)
        draft = _Draft(module, scope, _in_order(module))
        clients = Clients(self._style, scope, self._names, self._tagged, self._subjects)
        models = self._models(scope)
        for named in draft.types:
            if isinstance(named, Record) and named.type == "error":
                fields = [models.field(named, one) for one in named.fields]
                draft.texts[named.fullname] = _fill("error.py", error=clients.error(named, fields))
        for name, topic in module.topics.items():
            template = "entity.py" if topic.kind is Kind.ENTITY else "events.py"
            draft.clients.append(_fill(template, client=clients.topic(name, topic)))
        for name, request in module.requests.items():
            client = clients.requests(name, request)
            draft.clients.append(_fill("requests.py", client=client, style=self._style))
        for name, view in module.views.items():
            template = "entity.py" if view.topic.kind is Kind.ENTITY else "events.py"
            draft.clients.append(_fill(template, client=clients.view(name, view)))
        return draft

    def _models(self, scope: Scope) -> Models:
        return Models(self._style, scope, self._names, self._tagged, self._placement.kin, self._stamps)

    def _render_models(self, drafts: Sequence[_Draft], progress: Progress) -> None:
        """Fills in the source of the models of all modules."""
        wanted: list[tuple[_Draft, str]] = []
        described: list[dict[str, Any]] = []
        for draft in drafts:
            models = self._models(draft.scope)
            for named in draft.types:
                if named.fullname not in draft.texts:
                    wanted.append((draft, named.fullname))
                    described.append(models.of(named))
        done = 0

        def step(count: int) -> None:
            nonlocal done
            done += count
            progress(done, len(described), "models")

        for (draft, fullname), source in zip(wanted, datamodel.render(self._style, described, step), strict=True):
            draft.texts[fullname] = source

    def _module(self, draft: _Draft) -> str:
        module, scope = draft.module, draft.scope
        root = module.path in self._placement.roots
        if root:
            scope.uses("kontrakt", "requires")
        everything = {scope.use(name) for name in (*module.exported, *module.types)} | module.classes
        return _fill(
            "module.py",
            header=self._header(_about(module), self._sources(module)),
            imports=scope.imports.blocks(),
            guard=_guard() if root else "",
            exported=sorted(everything) if module.exported else [],
            parts=[*(draft.texts[named.fullname] for named in draft.types), *draft.clients],
        )

    def _package(self, path: ModulePath) -> str:
        root = path in self._placement.roots
        return _fill(
            "module.py",
            header=self._header(f"Contracts of ``{'.'.join(path)}``.", ()),
            imports=[["from kontrakt import requires"]] if root else [],
            guard=_guard() if root else "",
            exported=[],
            parts=[],
        )

    def _header(self, about: str, sources: Iterable[str]) -> str:
        return docstring(f"{about}\n\n{notice(sources)}", indent=0)

    def _sources(self, module: Module) -> list[str]:
        """The files that a module comes from, as its header names them."""
        positions = [named.position for named in module.types.values()]
        positions += [self._contracts.types[name].position for name in module.exported]
        positions += [topic.position for topic in module.topics.values()]
        positions += [topic.position for topic in module.requests.values()]
        return sorted({self._relative(position.file) for position in positions})

    def _relative(self, file: str) -> str:
        """A file's name, the same from wherever the generator is started."""
        if file in self._files:
            return file.removeprefix(self._folder)
        return file.rpartition("/")[2]  # the settings

    # --- what stands beside the modules -------------------------------------------------------------------------------

    def _bundle(self, root: ModulePath) -> str:
        found: Contents = contents(root, self._contracts, self._placement, self._names)
        return _fill(
            "bundle.py",
            header=self._header(f"What the runtime needs to know of ``{'.'.join(root)}``.", ()),
            package=json.dumps(".".join(root)),
            generator=json.dumps(__version__),
            style=self._style,
            documents=[(document, by_field(document.text)) for document in found.documents],
            types=found.types,
            renamed=found.renamed,
            tagged=sorted(self._tagged & found.types.keys()),
        )

    def _pyproject(self) -> str:
        distribution = self._settings.distribution
        assert distribution is not None
        roots = self._placement.roots
        default = "-".join(".".join(root).replace(".", "-").replace("_", "-") for root in roots)
        return _fill(
            "pyproject.toml",
            notice=notice(()),
            name=distribution.name or f"{default}-contracts",
            version=distribution.version,
            description=f"Typed clients for the contracts of {', '.join('.'.join(root) for root in roots)}.",
            dependencies=[_runtime(), *_BASES[self._style]],
            packages=sorted({root[0] for root in roots}),
        )


def _in_order(module: Module) -> list[Record | Enum]:
    """The types of a module: as their files have them, but each after those that it needs."""
    types = {name: named for name, named in module.types.items() if isinstance(named, Record | Enum)}
    written = sorted(types.values(), key=lambda named: (named.position, named.fullname))
    edges = {named.fullname: [name for name in referred(named) if name != named.fullname] for named in written}
    enums: Iterator[str] = (named.fullname for named in written if isinstance(named, Enum))
    known = frozenset(enums)
    edges = {name: sorted(needed, key=lambda one: one not in known) for name, needed in edges.items()}
    return [types[name] for name in ordered(edges)]


def _about(module: Module) -> str:
    """The first sentence of a module."""
    topics: list[Topic | RequestTopics] = [*module.topics.values(), *module.requests.values()]
    if len(topics) == 1:
        return _about_topic(topics[0])
    if topics:
        return f"Topics {listed(f'``{topic.name}``' for topic in topics)}."
    if module.views:
        views = module.views.values()
        consumers = (projection.consumer for view in views for projection in view.projections)
        return reads(consumers, (view.topic.name for view in views))
    if module.path[-1].startswith("_"):
        return "Types that refer to each other in a circle."
    return f"Types of ``{module.name}``."


def _about_topic(topic: Topic | RequestTopics) -> str:
    match topic.kind:
        case Kind.ENTITY:
            return f"Entity topic ``{topic.name}``."
        case Kind.EVENT:
            return f"Event topic ``{topic.name}``."
        case Kind.REQUEST:
            return f"Request topics ``{topic.name}.requests`` and ``{topic.name}.responses``."


def _guard() -> str:
    """The statement that refuses a runtime that generated code does not fit."""
    return f"requires({json.dumps(__version__)}, __name__)"


def _runtime() -> str:
    """The runtime that generated code fits, as a requirement: the series of the generator (see ``kontrakt.requires``)."""
    major, minor = (int(part) for part in __version__.split(".")[:2])
    return f"kontrakt>={__version__},<{major + 1}" if major else f"kontrakt>={__version__},<0.{minor + 1}"


# --- templates --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(  # noqa: S701  Python is rendered, not HTML
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )
    environment.filters["literal"] = _literal
    environment.filters["literals"] = _literals
    environment.filters["toml"] = json.dumps
    return environment


def _fill(template: str, **values: Any) -> str:
    """Fills in a template."""
    return _environment().get_template(f"{template}.jinja").render(**values)


def _literal(text: str) -> str:
    """A string literal that any file can hold."""
    return repr(text) if text.isprintable() else ascii(text)


def _literals(texts: Sequence[str]) -> str:
    """The literal of a tuple of strings."""
    return f"({', '.join(map(_literal, texts))}{',' if len(texts) == 1 else ''})"
