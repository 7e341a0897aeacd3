"""Requests to ``/contexts/:.context:/...``: what a client asks whose address ends in a context, and knows no contexts itself.

Source: https://docs.confluent.io/platform/current/schema-registry/schema-linking-cp.html, "Specify a context".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from kontrakt.registry.contexts import context_named, qualified

from . import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES_SUBJECT_AT: Final = {"subjects": 1, "config": 1, "mode": 1, "compatibility": 2}
"""Which part of a path is a subject, by the first one."""


def without_prefix(segments: Sequence[str], query: Mapping[str, str]) -> tuple[Sequence[str], Mapping[str, str]]:
    """The request that one to a context means.

    Args:
        segments: The parts of the path, not decoded.
        query: The parameters.

    Returns:
        Parts and parameters that name the context where they name subjects; what was given where there is no prefix.

    Raises:
        ApiError: No context can be called so.
    """
    if len(segments) < 2 or segments[0] != "contexts":
        return segments, query
    try:
        context = context_named(unquote(segments[1]))
    except ValueError as error:
        raise errors.bad_request(str(error)) from None
    rest = list(segments[2:])
    at = _NAMES_SUBJECT_AT.get(rest[0], 0) if rest else 0
    if at and len(rest) > at:
        rest[at] = quote(qualified(unquote(rest[at]), context), safe="")
    elif rest in (["config"], ["mode"]):
        rest += [qualified("", context)] * (context != ".")
    elif rest in (["subjects"], ["schemas"]):
        query = {**query, "subjectPrefix": qualified(query.get("subjectPrefix", ""), context)}
    elif rest[:2] == ["schemas", "ids"]:
        query = {**query, "subject": qualified(query.get("subject", ""), context)}
    return rest, query
