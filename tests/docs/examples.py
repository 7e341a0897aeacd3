"""The examples of README.md, of docs/*.md and of docstrings, as tests.

In Markdown:

- a ``json``, ``toml`` or other block that follows a line with nothing but a file's name, like "`schemas/a.avsc`:", is written
  to that file;
- a ``python`` block runs after those before it. What it prints is shown in the ``text`` block that follows it;
- in a ``console`` block each line that begins with ``$`` is run by a shell, and what it prints is shown below it. A block without
  such a line is not run: it is for the reader's machine. ``^C`` at the end stands for an interruption;
- ``<!-- any order -->`` before what is printed: its lines may come in any order.

In docstrings a block that follows ``::`` is Python, and runs. What is not Python, or cannot run, is a ``.. code-block::``.

tests/docs/compare.py says how what varies is left out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sybil import Document, Example, Region
from sybil.document import PythonDocStringDocument
from sybil.example import NotEvaluated
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from tests.docs.compare import difference
from tests.docs.page import Page

_FENCES: Final = RawFencedCodeBlockLexer(re.compile(r"(?P<language>\w+)[^\n]*\n"))
_FILE: Final = re.compile(r"^`(?P<name>[\w./-]+)`:\n\n\Z", re.MULTILINE)
_ANY_ORDER: Final = re.compile(r"^<!-- any order -->\n+\Z", re.MULTILINE)
_PROMPT: Final = "$ "
_LITERAL: Final = re.compile(
    r"^(?P<indent> *)(?P<before>(?:(?!\.\. )\S.*)?::\n\n)(?P<source>(?:(?P=indent) +\S.*\n|\s*\n)+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page, or an example of a docstring.

    Attributes:
        language: What stands behind its fence.
        source: What stands in it.
        line: The line on which the source starts, counted from that of the fence.
        file: The file that it is written to, or an empty string.
        output: What stands in the ``text`` block that follows, or an empty string; None where nothing is said of what is printed.
        any_order: Whether the lines of output may come in any order.
    """

    language: str
    source: str
    line: int = 1
    file: str = ""
    output: str | None = ""
    any_order: bool = False

    @property
    def commands(self) -> Iterator[tuple[str, str]]:
        """Each command of a console, and what is shown of its output."""
        for part in re.split(rf"^{re.escape(_PROMPT)}", self.source, flags=re.MULTILINE)[1:]:
            command, _, shown = re.sub(r"\\\n\s*", "", part).partition("\n")
            yield command, shown

    @property
    def runs(self) -> bool:
        """Whether it is an example to run."""
        return bool(self.file) or self.language == "python" or (self.language == "console" and any(self.commands))


def markdown(document: Document) -> Iterable[Region]:
    """The examples of a page."""
    text = document.text
    regions = sorted(_FENCES(document), key=lambda region: region.start)
    for region, following in pairwise([*regions, None]):
        assert region is not None
        before, output = text[: region.start], ""
        if following and following.lexemes["language"] == "text":
            between = text[region.end : following.start]
            if not _ANY_ORDER.sub("", between).strip():
                before, output = before + between, str(following.lexemes["source"])
        file = _FILE.search(text, 0, region.start)
        block = Block(
            language=region.lexemes["language"],
            source=str(region.lexemes["source"]),
            file=file["name"] if file else "",
            output=output,
            any_order=_ANY_ORDER.search(before) is not None,
        )
        if block.runs:
            yield Region(region.start, region.end, block, run)


def docstring(document: Document) -> Iterable[Region]:
    """The examples of a docstring."""
    for match in _LITERAL.finditer(document.text):
        block = Block(
            language="python", source=textwrap.dedent(match["source"]), line=match["before"].count("\n"), output=None
        )
        yield Region(match.start(), match.end(), block, run)


def run(example: Example) -> str:
    """Run an example.

    Returns:
        What is wrong with it, or an empty string.
    """
    page: Page = example.namespace["page"]
    block: Block = example.parsed
    if block.file:
        return page.write(block.file, block.source)
    if block.language == "python":
        printed, error = page.python(block.source, example.path, example.line + block.line)
        if block.output is None:  # of a docstring
            return error and f"{error}\nWhat is not Python, or cannot run, is a `.. code-block:: LANGUAGE`."
        if error:
            return error
        return difference(block.output, printed, any_order=block.any_order)
    for command, shown in block.commands:
        if wrong := page.shell(command, shown, any_order=block.any_order):
            return f"$ {command}\n{wrong}"
    return ""


class Docstrings(PythonDocStringDocument):
    """The docstrings of a module. The module itself is imported where its examples run."""

    def import_document(self, example: Example) -> None:
        """Leave it to the examples."""
        self.pop_evaluator(self.import_document)
        raise NotEvaluated
