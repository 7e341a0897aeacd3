"""A schema registry in memory, for tests, demos and development, with Confluent's REST API on a local port.

Everything is gone when it stops. It holds Avro only, and judges it with :mod:`kontrakt.avro.compatibility`.
"""

from .server import EmbeddedRegistry

__all__ = ["EmbeddedRegistry"]
