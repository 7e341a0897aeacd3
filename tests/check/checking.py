"""Checks of sets of files against each other, as tests write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from kontrakt.check.compare import compare
from kontrakt.check.findings import Finding, Report
from kontrakt.check.past import Past
from kontrakt.check.sources.snapshot import from_files as past_of
from kontrakt.contract import from_files

TODAY: Final = date(2026, 1, 31)


def files(**said: Any) -> dict[str, bytes]:
    """Files by their name without the ending: a protocol where it has messages, otherwise a schema."""
    return {f"{name}.{'avpr' if 'messages' in one else 'avsc'}": json.dumps(one).encode() for name, one in said.items()}


def checked(old: Mapping[str, bytes], new: Mapping[str, bytes], today: date = TODAY) -> Report:
    """The report of a check of one set of files against another."""
    contracts = from_files(new, unfit_projections=True)
    return compare(contracts, past_of("before", old, None, contracts), today=today)


def against(past: Past, new: Mapping[str, bytes], today: date = TODAY) -> Report:
    """The report of a check of files against a past that is made by hand."""
    return compare(from_files(new), past, today=today)


def told(finding: Finding) -> tuple[str, str, str]:
    """A finding as tables have it: the rule, the place, and who breaks: ``old``, ``new``, ``both`` or ``-``."""
    said = {word for who in finding.breaks for word in who.split() if word in ("old", "new")}
    first = {who.removeprefix("the ").partition(" ")[0] for who in finding.breaks} & {"old", "new"}
    return finding.rule, finding.subject_of, "both" if first == {"old", "new"} else "".join(first or said) or "-"
