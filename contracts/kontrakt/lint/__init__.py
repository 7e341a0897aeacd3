"""Lint: what stands in contracts that are valid, and that their owners or consumers will regret.

:mod:`~kontrakt.lint.run` looks at contracts, :mod:`~kontrakt.lint.rules` says what there is to find,
:mod:`~kontrakt.lint.waivers` reads what a schema lets pass, and :mod:`~kontrakt.lint.fix` repairs what can be repaired with
certainty.
"""
