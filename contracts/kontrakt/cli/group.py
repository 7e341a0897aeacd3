"""The group of commands. It knows their names and a line about each; their modules load when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from kontrakt._version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: Final[Mapping[str, str]] = {
    "init": "Begin a repository of contracts.",
    "generate": "Write typed Python clients for the contracts.",
    "lint": "Show what is wrong with the contracts, and what their owners or consumers will regret.",
    "check": "Say whom a change of the contracts breaks, where, why, and what to do instead.",
    "diff": "Tell in words what changed in the contracts.",
    "rules": "List what check and lint can find, or explain one RULE.",
    "plan": "Show what would make the registry and the broker as the contracts say.",
    "apply": "Make the registry and the broker as the contracts say.",
    "pull": "Bring contracts of other teams as the lock file has them, or begin with an existing registry.",
    "relay": "Send what waits in an outbox, until it is told to stop.",
    "outbox": "Look at messages of an outbox that cannot be sent, have them tried again, and remove them.",
    "dead-letters": "Look at messages that were put aside, and send them again.",
    "dev": "Hold an embedded broker and registry open on local ports.",
    "demo": "Show all three kinds of topic at work, on the embedded parts.",
    "schema": "Print the JSON Schema of contracts, or of kontrakt.toml, for editors.",
}


class Commands(click.Group):
    """A group whose commands are modules of this package, named like the command."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, from its module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"kontrakt.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without loading one of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; a misspelt one is answered with the nearest known one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command and turns errors into messages and exit codes."""
        from .failures import reported

        with reported():
            return super().invoke(ctx)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 findings, 2 the tool could not do its work.",
)
@click.version_option(__version__, prog_name="kontrakt")
def kontrakt() -> None:
    """Declare your topics in Avro; get typed clients, and pull requests that cannot break a consumer."""
