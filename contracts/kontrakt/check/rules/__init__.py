"""The rules: one small class each, listed by id in :data:`RULES`.

.. code-block:: text

    fields       added, removed, renamed
    types        changed, widened, narrowed; enums, unions, fixed
    defaults     what a default takes the place of
    safety       compatible, and what is read may still be wrong
    keys         what messages are ordered and compacted by
    topics       kinds, owners, partitions, settings, what travels on a topic
    headers      what stands beside the values
    operations   of request topics
    projections  what consumers read
    history      what was promised, and what a registry says
    pulled       contracts of other teams
    waivers      the file of waivers itself
"""

from __future__ import annotations

from . import defaults, fields, headers, history, keys, operations, projections, safety, topics, types
from .pulled import DependencyBehind
from .rule import Rule
from .waivers import WaiverExpired, WaiverUnused

_ALL: tuple[type[Rule], ...] = (
    *fields.RULES,
    *types.RULES,
    *defaults.RULES,
    *safety.RULES,
    *keys.RULES,
    keys.KeySchemaChanged,
    *topics.RULES,
    *headers.RULES,
    *operations.RULES,
    *projections.RULES,
    *history.RULES,
    DependencyBehind,
    WaiverExpired,
    WaiverUnused,
)
RULES: dict[str, type[Rule]] = {rule.id: rule for rule in sorted(_ALL, key=lambda rule: rule.id)}
"""Every rule by its id, sorted."""

__all__ = ["RULES", "Rule"]
