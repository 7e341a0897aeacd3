"""Kafka underneath the generated clients."""
