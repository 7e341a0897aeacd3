"""What all tests share: the real parts as fixtures."""

from __future__ import annotations

pytest_plugins = ["tests.real.plugin"]
