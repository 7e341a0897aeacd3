"""Functions that are written as text and compiled once, so that no message pays for looking at a schema.

What is written is plain Python: one function a record, array, map or union, made of expressions. A traceback shows its lines,
and :attr:`Program.source` is all of it.

A program exists in two forms made by the same code. The fast one keeps no trace of where it is. When it fails, the traced one
runs over the same value and fails at the same place, and that error carries the path of the field.
"""

from __future__ import annotations

import itertools
import linecache
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS: Final = itertools.count(1)


class Misfit(Exception):
    """A value, or a part of one, that does not fit.

    Attributes:
        message: What is wrong.
        steps: Where it is, from the innermost step: ``.price``, ``[3]``, ``.lines``.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.steps: list[str] = []

    @property
    def path(self) -> str:
        """Where it is, such as ``lines[3].price``."""
        return "".join(reversed(self.steps)).removeprefix(".")


class TooDeep(Misfit):
    """Records inside records without an end."""


def traced(step: str, part: Callable[[], Any]) -> Any:
    """Convert a part of a value; an error says that it happened there."""
    try:
        return part()
    except Misfit as error:
        error.steps.append(step)
        raise
    except (RecursionError, MemoryError):
        raise
    except Exception as error:
        misfit = Misfit(f"{type(error).__name__}: {error}")
        misfit.steps.append(step)
        raise misfit from error


def shown(value: object) -> str:
    """A value in a message: short, and without running code of its class, which may fail."""
    if type(value) is int and abs(value) >= 10**40:
        return "a number of more than 40 digits"
    if type(value) not in (int, str, bytes, float, bool):
        return kind_of(value)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def kind_of(value: object) -> str:
    """The type of a value, as a message names it."""
    return "None" if value is None else type(value).__name__


class Program:
    """Functions on their way to be compiled.

    Args:
        title: What it converts; the name of its file in tracebacks.
        trace: Whether its errors carry paths.
        deep: Whether it counts how deep it is.
    """

    def __init__(self, title: str, *, trace: bool, deep: bool) -> None:
        self.trace = trace
        self.deep = deep
        self.file = f"<kontrakt {title} {next(_NUMBERS)}{' traced' if trace else ''}>"
        self._functions: list[str] = []
        self._globals: dict[str, Any] = {"traced": traced} if trace else {}
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()

    @property
    def source(self) -> str:
        """The text."""
        return "\n\n\n".join(self._functions) + "\n"

    def name(self, hint: str) -> str:
        """A name that nothing else has; it ends with an underscore or a digit."""
        base = re.sub(r"\W+", "_", hint, flags=re.ASCII).strip("_") or "x"
        base = f"_{base}" if base[0].isdigit() else base
        numbered = (f"{base}_{n}" if n else f"{base}_" for n in itertools.count())
        name = next(name for name in numbered if name not in self._taken)
        self._taken.add(name)
        return name

    def constant(self, value: object, hint: str) -> str:
        """The name of a value that the functions use."""
        known = self._names.get(id(value))
        if known is None:
            known = self._names[id(value)] = self.name(hint)
            self._globals[known] = value  # and so it lives as long as its id is known
        return known

    def function(self, name: str, lines: list[str]) -> None:
        """Add a function of one value."""
        parameters = "value, depth=0" if self.deep else "value"
        self._functions.append("\n    ".join([f"def {name}({parameters}):", *lines]))

    def call(self, name: str, argument: str, *, deeper: bool = False) -> str:
        """Write a call of such a function."""
        depth = (", depth + 1" if deeper else ", depth") if self.deep else ""
        return f"{name}({argument}{depth})"

    def bound(self, value: str) -> tuple[str, str]:
        """A variable that holds the value of an expression, and the expression that sets it."""
        if value.isidentifier():
            return value, value
        name = self.name("x")
        return name, f"({name} := {value})"

    def at(self, step: str, part: str) -> str:
        """Write the conversion of a part.

        Args:
            step: An expression for the step that leads to it.
            part: The expression that converts it.
        """
        return f"traced({step}, lambda: {part})" if self.trace else part

    def compile(self, entry: str) -> Callable[[Any], Any]:
        """Compile it.

        Args:
            entry: The name of the function to return.
        """
        text = self.source
        linecache.cache[self.file] = (len(text), None, text.splitlines(keepends=True), self.file)
        exec(compile(text, self.file, "exec"), self._globals)  # noqa: S102 - the text is written by this package only
        function: Callable[[Any], Any] = self._globals[entry]
        return function
