"""What becomes of the report of a check or of lint: waivers and baseline applied, shown, written to files, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kontrakt.errors import SettingsErrors
from kontrakt.files import shown
from kontrakt.settings.model import BASELINE, WAIVERS

from .failures import FINDINGS

if TYPE_CHECKING:
    from kontrakt.check.findings import Report
    from kontrakt.check.waivers import Waiver
    from kontrakt.settings import Settings

FORMATS: Final = ("text", "json", "github", "gitlab", "junit", "sarif", "markdown")
"""As :data:`kontrakt.check.reports.FORMATS`, which ``--help`` need not load."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def written_to(formats: Sequence[str]) -> Callable[..., tuple[tuple[str, Path], ...]]:
    """Reads what an option says that may be given several times: ``FORMAT=FILE``.

    Args:
        formats: The formats that there are.
    """

    def outputs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
        found: list[tuple[str, Path]] = []
        for value in values:
            name, equals, file = value.partition("=")
            if name not in formats or not equals or not file:
                raise click.BadParameter(f"{value!r} is not FORMAT=FILE, with one of {', '.join(formats)}", ctx, param)
            found.append((name, Path(file)))
        return tuple(found)

    return outputs


def _json_schema(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from kontrakt.check.reports.json import schema

        click.echo(schema(), nl=False)
        ctx.exit()


WAIVERS_OPTION: Final = click.option(
    "--waivers", type=click.Path(path_type=Path), metavar="FILE", help=f"The file of waivers.  [default: {WAIVERS}]"
)
BASELINE_OPTION: Final = click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"The file of findings that were there already.  [default: {BASELINE}]",
)
_OPTIONS: Final = (
    click.option(
        "--format", "form", type=click.Choice(FORMATS), default="text", help="How to print it.  [default: text]"
    ),
    click.option(
        "--output",
        "outputs",
        metavar="FORMAT=FILE",
        multiple=True,
        callback=written_to(FORMATS),
        help="Write the report to a file too, such as sarif=kontrakt.sarif. May be given several times.",
    ),
    click.option(
        "--comment",
        metavar="KEY",
        default="default",
        help="What tells the comment in markdown from those of other checks on a pull request.",
    ),
    WAIVERS_OPTION,
    BASELINE_OPTION,
    click.option(
        "--write-baseline", is_flag=True, help="Write what is found to the baseline: it no longer lets a check fail."
    ),
    click.option("--quiet", "-q", is_flag=True, help="Print the report only where the check fails."),
    click.option(
        "--json-schema",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_json_schema,
        help="Print the JSON Schema of the format json.",
    ),
)


def reporting(command: _Command) -> _Command:
    """Gives a command the options of :func:`deliver`, which are passed on to it as they arrive."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def waivers_for(command: str, settings: Settings, given: Path | None) -> tuple[Waiver, ...]:
    """The waivers of the findings of a command; check and lint share the file.

    Args:
        command: ``check`` or ``lint``.
        settings: The settings.
        given: The file of waivers, where the command line names one.

    Raises:
        SettingsErrors: The file is wrong.
    """
    from kontrakt.check import waivers as waived

    known = waived.read(
        given or shown(settings.waivers_file), required=given is not None or settings.waivers != WAIVERS
    )
    others = _of_others(command)
    return tuple(waiver for waiver in known if waiver.rule not in others)


def _of_others(command: str) -> Collection[str]:
    """The rules whose findings another command makes."""
    from kontrakt.check.rules import RULES as CHECKED
    from kontrakt.check.rules.waivers import WaiverExpired, WaiverUnused
    from kontrakt.lint.rules import RULES as LINTED

    return (LINTED if command == "check" else CHECKED).keys() - {WaiverExpired.id, WaiverUnused.id}


def deliver(
    report: Report,
    settings: Settings,
    *,
    form: str,
    outputs: tuple[tuple[str, Path], ...],
    comment: str,
    waivers: Path | None,
    baseline: Path | None,
    write_baseline: bool,
    quiet: bool,
) -> None:
    """Applies waivers and baseline to a report, prints it, writes it to files, and exits with 1 when the check fails.

    Args:
        report: The report.
        settings: The settings.
        form: The format that is printed.
        outputs: More formats, and the files for them.
        comment: What tells the comment of this check from others.
        waivers: The file of waivers, where the command line names one.
        baseline: The file of the baseline, where the command line names one.
        write_baseline: Write the baseline instead, and do not fail.
        quiet: Print only where the check fails.
    """
    from kontrakt.check.reports import View, render, repository, wants_color
    from kontrakt.check.rules import RULES as CHECKED
    from kontrakt.lint.rules import RULES as LINTED

    if write_baseline:
        _write_baseline(_waived(report, settings, waivers), baseline or shown(settings.baseline_file))
        return
    report = let_pass(report, settings, waivers, baseline)
    here = Path.cwd()
    view = View(root=repository(here), folder=str(here), comment=comment, rules={**CHECKED, **LINTED})
    for name, path in outputs:
        path.write_text(render(name, report, view), encoding="utf-8", newline="\n")
    if report.failed or not quiet:
        said = render(form, report, replace(view, color=wants_color(sys.stdout, os.environ)))
        click.echo(said.encode(sys.stdout.encoding or "utf-8", "backslashreplace"), nl=False)
    if report.failed:
        sys.exit(FINDINGS)


def let_pass(report: Report, settings: Settings, waivers: Path | None = None, baseline: Path | None = None) -> Report:
    """A report in which everything is waived that waivers and baseline let pass.

    Args:
        report: The report.
        settings: The settings.
        waivers: The file of waivers, where the command line names one.
        baseline: The file of the baseline, where the command line names one.
    """
    from kontrakt.check import baseline as baselines

    file = baseline or shown(settings.baseline_file)
    named = baseline is not None or settings.baseline != BASELINE
    report = _waived(report, settings, waivers)
    others = _of_others(report.command)
    entries = baselines.read(file, required=named)
    mine = {fingerprint for fingerprint, entry in entries.items() if entry.get("rule") not in others}
    return baselines.applied(report, mine, file.as_posix())


def _waived(report: Report, settings: Settings, given: Path | None) -> Report:
    from kontrakt.check import waivers as waived

    return waived.applied(report, waivers_for(report.command, settings, given), datetime.now(UTC).date())


def _write_baseline(report: Report, file: Path) -> None:
    """Writes what is open to a baseline; what another command wrote there stays."""
    from kontrakt.check import baseline as baselines

    entries: Mapping[str, Mapping[str, Any]] = {}
    with suppress(SettingsErrors):  # a file that is wrong is replaced
        entries = baselines.read(file)
    others = _of_others(report.command)
    kept = [entry for entry in entries.values() if entry.get("rule") in others]
    file.write_text(baselines.written(report, kept), encoding="utf-8", newline="\n")
    count = len(baselines.read(file))
    click.echo(f"{file}: {count} finding{'' if count == 1 else 's'}")
