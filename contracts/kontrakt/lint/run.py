"""Looks at contracts with every rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from kontrakt.check.findings import Finding, Report, merged
from kontrakt.collection import no_collection
from kontrakt.contract import Contracts

from .options import Options
from .rules import RULES
from .waivers import SchemaWaivers
from .world import World


def lint(contracts: Contracts, files: Mapping[str, bytes], options: Options | None = None) -> Report:
    """Find what the rules of lint say of contracts.

    Args:
        contracts: The contracts. Those that were pulled from other teams are left out.
        files: The bytes of each file that they come from, by its path: what stands there lets findings pass.
        options: What is set for lint.

    Returns:
        The report, with what the schemas waive applied.
    """
    chosen = options or Options()
    own = contracts.own
    off = {rule for rule, severity in chosen.severities.items() if severity is None}
    mine = {file: data for file, data in files.items() if file not in own.foreign}
    with no_collection():
        waivers = SchemaWaivers(mine, RULES)
        waivers.found = [waiver for waiver in waivers.found if waiver.rule not in off]
        judged = _with(chosen, waivers.applied(_found(World(own, chosen))))
        findings = merged(sorted(judged, key=lambda finding: bool(finding.waived)))  # one that is open is not hidden
    return Report(against="", findings=findings, topics=tuple(sorted(own.topic_names)), subjects=len(own.subjects))


def _with(options: Options, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings with the severities that are set; those of rules that are switched off are left out."""
    for finding in findings:
        severity = options.severities.get(finding.rule, finding.severity)
        if severity is not None:
            yield replace(finding, severity=severity) if severity is not finding.severity else finding


def _found(world: World) -> Iterator[Finding]:
    for rule in RULES.values():
        if world.options.severities.get(rule.id, rule.severity) is not None:
            yield from rule.look(world)
