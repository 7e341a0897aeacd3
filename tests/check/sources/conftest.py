"""The registries that sources are tested on: the same as the client's."""

from __future__ import annotations

from tests.registry.conftest import embedded, name, registry, served

__all__ = ["embedded", "name", "registry", "served"]
