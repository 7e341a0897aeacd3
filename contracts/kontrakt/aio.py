"""The same clients for asyncio: give generated topics a bus of this module.

.. code-block:: python

    async with kontrakt.aio.connect() as bus, Customers.producer(bus) as customers:
        await customers.put(Customer(customer_id="c-1", email="a@b.c"))
"""

from __future__ import annotations

from .kafka.aio.bus import AsyncBus, connect, embedded

__all__ = ["AsyncBus", "connect", "embedded"]
