"""Kafka and schema registries as they really are, for tests: fetched once, started here, never orphaned.

`tests.real.plugin` holds the pytest fixtures; `python -m tests.real` fetches everything ahead of
time and starts the servers by hand.
"""
