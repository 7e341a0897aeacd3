"""Functions that are written as text and compiled once, so that no message pays for looking at a schema.

What is written is plain Python: a function for each record, with a few lines for each field. Nothing in it keeps track of where in a
value it is. When a line fails, the traceback says which line of which function that was, and the program knows which field each
of its lines is about.
"""

from __future__ import annotations

import itertools
import linecache
import re
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from .failures import path_of
from .misfit import shown

Step: TypeAlias = str | Callable[[Mapping[str, Any]], str]
"""A step of a path, such as ``.price``; or what makes it, such as ``[3]``, of the local variables of the line."""

INLINE: Final = 10
"""How deep lines are indented before what is inside gets a function of its own; Python takes 20 loops inside each other."""

_NUMBERS: Final = itertools.count(1)


def index(local: str) -> Step:
    """The step into a list, by the variable that counts."""
    return lambda variables: f"[{variables[local]}]"


def following(local: str) -> Step:
    """The step to the item that a list in a variable gets next."""
    return lambda variables: f"[{len(variables[local])}]"


def key(local: str) -> Step:
    """The step into a dictionary, by the variable that holds the key."""
    return lambda variables: f"[{shown(variables[local])}]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program failed.

    Attributes:
        path: The path of the field, such as ``lines[3].price``.
        variables: The local variables of the innermost of its functions.
        own: Whether a line of its own failed, and not something that it called.
    """

    path: str
    variables: Mapping[str, Any]
    own: bool


class Program:
    """Functions on their way to be compiled.

    Text from a schema enters them through :meth:`name` or as a literal that ``repr`` wrote, and in no other way: a writer's schema comes
    from elsewhere.

    Args:
        title: What it does, for tracebacks.
        parameters: What each function takes.
    """

    def __init__(self, title: str, parameters: str) -> None:
        self._title = title
        self._parameters = parameters
        self._lines: list[str] = []
        self._paths: list[tuple[Step, ...]] = []
        self._path: tuple[Step, ...] = ()
        self._globals: dict[str, Any] = {}
        self._constants: dict[int, str] = {}
        self._names: Counter[str] = Counter()
        self._written: dict[int, str] = {}
        self._to_write: list[Callable[[], None]] = []
        self.level = 0
        """How deep the next line is indented."""

    def name(self, hint: str) -> str:
        """A name that nothing else has; it ends with an underscore, or with one and a number."""
        base = re.sub(r"\W+", "_", hint, flags=re.ASCII).strip("_") or "x"
        base = f"x_{base}" if base[0].isdigit() else base
        self._names[base] += 1
        count = self._names[base]
        return f"{base}_{count if count > 1 else ''}"

    def constant(self, value: object, hint: str) -> str:
        """The name of a value that the functions use."""
        known = self._constants.get(id(value))
        if known is None:
            known = self._constants[id(value)] = self.name(hint)
            self._globals[known] = value  # and so it lives as long as its id is known
        return known

    def once(self, of: object, hint: str, write: Callable[[str], None]) -> str:
        """The name of what is written once, later, and outside of all functions.

        Args:
            of: What it is for; it must live as long as the program is written.
            hint: What to call it.
            write: Writes it, under the name that it is given.
        """
        known = self._written.get(id(of))
        if known is None:
            known = self._written[id(of)] = self.name(hint)
            self._to_write.append(partial(write, known))
        return known

    def function(self, of: object, hint: str, body: Callable[[], None]) -> str:
        """The name of a function, which is written later.

        Args:
            of: What it is for, as in :meth:`once`.
            hint: What to call it.
            body: Writes its lines.
        """

        def write(name: str) -> None:
            with self.block(f"def {name}({self._parameters}):"):
                body()

        return self.once(of, hint, write)

    def line(self, *texts: str) -> None:
        """Write lines."""
        for text in texts:
            self._lines.append("    " * self.level + text)
            self._paths.append(self._path)

    @contextmanager
    def block(self, head: str) -> Generator[None]:
        """Write a line and, indented, those that follow."""
        self.line(head)
        self.level += 1
        yield
        self.level -= 1

    @contextmanager
    def at(self, step: Step) -> Generator[None]:
        """Write lines about a part of the value."""
        outer, self._path = self._path, (*self._path, step)
        yield
        self._path = outer

    def compile(self, entry: str) -> Compiled:
        """Write what is still to be written, and compile it all.

        Args:
            entry: The name of the function to run.
        """
        while self._to_write:
            self._to_write.pop()()
        text = "\n".join([*self._lines, ""])
        file = f"<kontrakt {self._title} {next(_NUMBERS)}>"
        exec(compile(text, file, "exec"), self._globals)  # noqa: S102 - the text is written by this package only
        return Compiled(self._globals[entry], text, file, self._paths)


class Compiled:
    """A program that can run.

    Args:
        run: Its first function.
        text: Its text.
        file: The name of its file, which no other program has.
        paths: For each line the path of what it is about.
    """

    def __init__(self, run: Callable[..., Any], text: str, file: str, paths: Sequence[tuple[Step, ...]]) -> None:
        self.run = run
        self._file = file
        self._paths = paths
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        weakref.finalize(self, linecache.cache.pop, file, None)

    def locate(self, error: BaseException) -> Place:
        """Find out where an error happened.

        Args:
            error: What one of its functions raised.
        """
        steps: list[str] = []
        variables: Mapping[str, Any] = {}
        own = False
        trace = error.__traceback__
        while trace is not None:
            own = trace.tb_frame.f_code.co_filename == self._file
            if own:
                variables = trace.tb_frame.f_locals
                path = self._paths[trace.tb_lineno - 1]
                steps.extend(step if isinstance(step, str) else step(variables) for step in path)
            trace = trace.tb_next
        return Place(path_of(steps), variables, own)
