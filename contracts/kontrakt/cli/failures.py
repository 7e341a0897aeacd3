"""From an exception to what the user reads, and to the exit code."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import click

from kontrakt.errors import ContractErrors, KontraktError, ProblemsError, SchemaErrors

FINDINGS: Final = 1
FAILED: Final = 2


@contextmanager
def reported() -> Generator[None]:
    """Prints what a command raises: the problems of files one a line, any other error of kontrakt as one message.

    Wrong schemas and contracts are findings (exit code 1); everything else means that the tool could not work (2).
    """
    try:
        yield
    except ProblemsError as error:
        show_problems(error)
        sys.exit(FINDINGS if isinstance(error, SchemaErrors | ContractErrors) else FAILED)
    except KontraktError as error:
        click.echo(f"{click.style('error', fg='red', bold=True)}: {error}", err=True)
        sys.exit(FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"{click.style('error', fg='red', bold=True)}: {where}{error.strerror or error}", err=True)
        sys.exit(FAILED)


def show_problems(error: ProblemsError) -> None:
    """Prints every problem, ``file:line:column`` first so that editors and terminals can jump there."""
    for problem in error.problems:
        click.echo(f"{click.style(str(problem.position), bold=True)}: {problem.message}", err=True)
        if problem.hint:
            click.echo(f"    {problem.hint}", err=True)
    count = len(error.problems)
    click.echo(f"\n{count} problem{'s' if count > 1 else ''}", err=True)
