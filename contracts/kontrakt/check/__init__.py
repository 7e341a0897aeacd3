"""The check: does a change of contracts break anyone, who, where, why, and what to do instead.

:mod:`~kontrakt.check.past` says what came before, :mod:`~kontrakt.check.findings` what a check finds,
:mod:`~kontrakt.check.rules` what there is to find.
"""
