"""Contracts from elsewhere: single ones of other teams as read-only dependencies, and whole registries to begin with."""
