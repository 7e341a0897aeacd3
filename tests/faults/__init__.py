"""A cluster, a registry, producers and consumers, and everything that goes wrong while messages travel.

`python -m tests.faults --messages 1000000` runs it long; the test beside runs it short.
"""
