"""The asyncio form of the clients: only what differs from the blocking one, which does the work.

Encoding, decoding, policies, offsets, rebalances and the correlation of answers are the blocking code's. A consumer and a service have
one thread each in which it runs; handlers run on the event loop. Producers hand messages to librdkafka on the loop itself, since that
does not block, and what blocks (schemas that are looked up for the first time, a full queue) happens in a thread.

confluent-kafka's own asyncio classes (``confluent_kafka.aio``) are not used, for reasons that ``tests/kafka/aio/test_why.py`` holds:
its producer refuses headers, and a call of its consumer that is cancelled loses the message that it was about to return.
"""
