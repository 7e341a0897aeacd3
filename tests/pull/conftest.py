"""The registries that the tests of this folder run on."""

from __future__ import annotations

from tests.registry.conftest import embedded, name, registry, served

__all__ = ["embedded", "name", "registry", "served"]
