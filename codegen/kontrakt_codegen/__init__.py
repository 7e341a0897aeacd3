"""The generator: from contracts to typed Python clients.

::

    from pathlib import Path

    from kontrakt.settings import read
    from kontrakt_codegen import run

    result = run(Path("schemas"), Path("generated"), read())
    print(result.summary)

Services never import it; what it generates needs ``kontrakt`` alone.
"""

from .run import Progress, Result, generate, run

__all__ = ["Progress", "Result", "generate", "run"]
