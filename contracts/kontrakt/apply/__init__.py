"""Making the registry and the broker as the contracts say: what would change, and doing it.

.. code-block:: python

    from kontrakt.apply import apply, plan

    found = plan(contracts, settings)
    if not found.against:
        results = apply(found, contracts, settings)
"""

from .execute import Outcome, Result, apply
from .plan import plan
from .steps import Against, Drift, FailOn, Obstacle, Only, Plan, Step

__all__ = [
    "Against",
    "Drift",
    "FailOn",
    "Obstacle",
    "Only",
    "Outcome",
    "Plan",
    "Result",
    "Step",
    "apply",
    "plan",
]
