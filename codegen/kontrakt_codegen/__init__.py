"""The generator: from contracts to typed Python packages. Never imported by a service."""
