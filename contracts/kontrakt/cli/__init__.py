"""The command line: one module a command, imported when that command runs.

Exit codes: 0 fine, 1 findings (the files under study are wrong, stale or break someone), 2 the tool could not do its work.
"""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Runs ``kontrakt``."""
    try:
        from .group import kontrakt
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write(
            "kontrakt: the commands need packages that the base install leaves out; "
            "install them with: pip install 'kontrakt[codegen]'\n"
        )
        sys.exit(2)
    gc.disable()  # what a command makes stays until it ends; one that waits for hours turns the collector on again
    try:
        kontrakt()
    finally:
        gc.freeze()  # nor does Python look through it at the end
