"""Settings from ``kontrakt.toml`` or ``[tool.kontrakt]``, and from the environment, which wins.

Reading them imports nothing but the standard library: services do it when they start.
"""

from .model import Distribution, Options, Settings, Style, is_package
from .read import OWN_FILE, SHARED_FILE, read

__all__ = ["OWN_FILE", "SHARED_FILE", "Distribution", "Options", "Settings", "Style", "is_package", "read"]
