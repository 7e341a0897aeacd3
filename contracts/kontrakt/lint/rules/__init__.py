"""The rules of lint: one small class each, listed by id in :data:`RULES`.

.. code-block:: text

    docs      what a name alone does not tell
    naming    types, fields, symbols, operations, namespaces
    types     what a number, a text or a union leaves open
    keys      what orders, partitions and compacts messages
    topics    names, owners, levels, settings
    entities  the current state of something
    events    what happened, when, and which of two is the same
    requests  operations and their errors
    waivers   what a schema lets pass
"""

from __future__ import annotations

from typing import Final

from . import docs, entities, events, keys, naming, requests, topics, types, waivers
from .rule import LintRule

_ALL: Final = (
    *docs.RULES,
    *naming.RULES,
    *types.RULES,
    *keys.RULES,
    *topics.RULES,
    *entities.RULES,
    *events.RULES,
    *requests.RULES,
    *waivers.RULES,
)
RULES: Final[dict[str, type[LintRule]]] = {rule.id: rule for rule in sorted(_ALL, key=lambda rule: rule.id)}
"""Every rule of lint by its id, sorted."""

__all__ = ["RULES", "LintRule"]
