"""Which files a repository of contracts begins with, and what they say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from kontrakt._version import __version__
from kontrakt.avro.names import is_fullname
from kontrakt.editor import contracts_schema, settings_schema
from kontrakt.errors import KontraktError

CI: Final = ("github", "gitlab", "none")
"""Whose build pipelines there are files for."""
_OWNER: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*")
_NO_NOUN: Final = frozenset(("service", "svc", "app", "api", "team", "contracts"))
"""Ends of a service's name that say nothing of what it is about."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """What the first files are about.

    Attributes:
        owner: The service that owns the topics.
        namespace: The namespace of the records, and what the topics' names begin with.
        requests: Whether there is a protocol too.
        ci: Whose build pipelines there are files for: one of :data:`CI`.

    Raises:
        KontraktError: The owner or the namespace cannot be called so.
    """

    owner: str
    namespace: str
    requests: bool = False
    ci: str = "none"

    def __post_init__(self) -> None:
        if not _OWNER.fullmatch(self.owner):
            raise KontraktError(
                f"{self.owner!r} is not the name of a service: letters and digits, joined by hyphens, such as customer-service"
            )
        if not is_fullname(self.namespace):
            raise KontraktError(f"{self.namespace!r} is not a namespace: names joined by dots, such as shop.customer")

    @property
    def words(self) -> tuple[str, ...]:
        """What the service is about, by its name: ``customer-service`` is about a customer."""
        words = [word.lower() for word in re.split(r"[-_.]", self.owner)]
        while len(words) > 1 and words[-1] in _NO_NOUN:
            words.pop()
        return tuple(words)


def owner_of(folder: str) -> str:
    """The name of a service that a folder of some name may belong to."""
    words = re.findall(r"[A-Za-z0-9]+", folder)
    return "-".join(words).lower().lstrip("0123456789-") or "my-service"


def namespace_of(owner: str) -> str:
    """A namespace that fits an owner: what the service is about."""
    return "_".join(Start(owner=owner, namespace="a").words)


def first_files(start: Start) -> dict[str, str]:
    """The files, by their path from the folder of the repository; ``.gitignore`` holds lines that have to be in it.

    Args:
        start: What they are about.
    """
    words = start.words
    snake = "_".join(words)
    wanted = {
        "kontrakt.toml": "kontrakt.toml",
        f"schemas/{snake}.avsc": "entity.avsc",
        f"schemas/{snake}_renamed.avsc": "event.avsc",
        "schemas/README.md": "README.md",
        ".gitignore": "gitignore",
        ".pre-commit-config.yaml": "pre-commit.yaml",
        ".vscode/settings.json": "vscode.json",
    }
    if start.requests:
        wanted[f"schemas/{snake}_commands.avpr"] = "requests.avpr"
    if start.ci == "github":
        wanted |= {".github/workflows/contracts.yml": "github.yml", ".github/kontrakt-comment.sh": "github-comment.sh"}
    elif start.ci == "gitlab":
        wanted |= {".gitlab-ci.yml": "gitlab.yml"}
    values = _values(start)
    found = {path: _filled(template, values) for path, template in wanted.items()}
    for name, schema in (("contracts", contracts_schema()), ("settings", settings_schema())):
        found[f".vscode/{name}.schema.json"] = json.dumps(schema, indent=2) + "\n"
    return dict(sorted(found.items()))


def _values(start: Start) -> dict[str, object]:
    words = start.words
    *first, last = words
    plural = (*first, _plural(last))
    article = "an" if words[0][0] in "aeiou" else "a"
    return {
        "owner": start.owner,
        "namespace": start.namespace,
        "requests": start.requests,
        "version": __version__,
        "noun": f"{article} {' '.join(words)}",
        "snake": "_".join(words),
        "kebab": "-".join(words),
        "pascal": _pascal(words),
        "plural": "-".join(plural),
        "plural_module": "_".join(plural),
        "plural_pascal": _pascal(plural),
    }


def _pascal(words: tuple[str, ...]) -> str:
    return "".join(word[0].upper() + word[1:] for word in words)


def _plural(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"


def _filled(template: str, values: dict[str, object]) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701, what is filled in is a name, and no page is made of it
    )
    text = files(__package__ or "").joinpath("templates", template).read_text(encoding="utf-8")
    return environment.from_string(text).render(values)
