"""Contracts: what a folder of schemas declares about topics.

::

    from kontrakt.contract import load

    contracts = load("schemas")
    for topic in contracts.topics:
        print(topic.name, topic.kind, topic.owner)
"""

from .headers import Header, HeaderType
from .load import from_files, load, salvage
from .topic import (
    CLEANUP,
    CLEANUP_OF,
    Contracts,
    Document,
    Key,
    KeyFormat,
    Kind,
    Operation,
    Projection,
    RequestTopics,
    Subject,
    SubjectStrategy,
    Topic,
    stamped_type,
    value_subject,
)

__all__ = [
    "CLEANUP",
    "CLEANUP_OF",
    "Contracts",
    "Document",
    "Header",
    "HeaderType",
    "Key",
    "KeyFormat",
    "Kind",
    "Operation",
    "Projection",
    "RequestTopics",
    "Subject",
    "SubjectStrategy",
    "Topic",
    "from_files",
    "load",
    "salvage",
    "stamped_type",
    "value_subject",
]
