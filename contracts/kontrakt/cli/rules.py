"""``kontrakt rules``."""

from __future__ import annotations

from difflib import get_close_matches

import click

from kontrakt.errors import KontraktError


@click.command(name="rules")
@click.argument("rule", required=False)
def command(rule: str | None) -> None:
    """List what check and lint can find, or explain one RULE.

    An explanation says what the rule finds, whom that breaks and why, shows Avro before and after, and what to do instead.
    """
    from kontrakt.check.reports.pages import explained
    from kontrakt.check.rules import RULES as CHECKED
    from kontrakt.lint.rules import RULES as LINTED

    rules = {**CHECKED, **LINTED}
    if rule is None:
        widest = max(map(len, rules))
        for one in sorted(rules.values(), key=lambda one: one.id):
            click.echo(f"{one.id.ljust(widest)}  {one.command.ljust(5)}  {one.severity.value.ljust(7)}  {one.title}")
    elif rule in rules:
        click.echo(explained(rules[rule]), nl=False)
    else:
        near = get_close_matches(rule, rules, n=1)
        meant = f"did you mean {near[0]}?" if near else "list them with: kontrakt rules"
        raise KontraktError(f"there is no rule {rule}; {meant}")
