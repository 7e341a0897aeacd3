"""What all tests share: the real parts as fixtures, and pytest under test."""

from __future__ import annotations

pytest_plugins = ["tests.real.plugin", "pytester"]
