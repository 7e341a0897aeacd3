"""kontrakt: declare your Kafka topics in Avro; check them, register them, and generate typed clients.

::

    from kontrakt import avro
    from kontrakt.contract import load
    from kontrakt.registry import Registry, register
"""

from ._version import __version__

__all__ = ["__version__"]
