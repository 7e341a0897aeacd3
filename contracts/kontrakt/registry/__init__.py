"""The schema registry: a client, registering, and an embedded registry for tests and development.

::

    from kontrakt.registry import Registry, register

    with Registry(settings.registry_config) as registry:
        register(contracts, registry)
        registry.writer_schema(7)
"""

from .client import Registry
from .documents import Document, Reference, Registered, SchemaVersion, Verdict
from .registering import Progress, publish, register

__all__ = [
    "Document",
    "Progress",
    "Reference",
    "Registered",
    "Registry",
    "SchemaVersion",
    "Verdict",
    "publish",
    "register",
]
