"""Putting parts together: from the name of a server to one that is ready to start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.real.apicurio import ApicurioServer
from tests.real.errors import PartMissingError
from tests.real.kafka import KafkaServer
from tests.real.parts import APICURIO_2, APICURIO_3, KAFKA, PARTS, Part, fetch, java_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.real.java import Java

_STARTING_JARS = {APICURIO_3: "quarkus-run.jar", APICURIO_2: "*-runner.jar"}


@dataclass(frozen=True)
class JavaLibraries:
    """Jars for programs that tests write in Java.

    Attributes:
        java: What to run them with.
        folder: Where the jars are.
    """

    java: Java
    folder: Path

    @property
    def classpath(self) -> str:
        """What Java takes as `-cp`."""
        return f"{self.folder}/*"


def libraries(part: Part) -> JavaLibraries:
    """Return a part's jars with a Java to run them.

    Raises:
        PartMissingError: They cannot be had here.
    """
    return JavaLibraries(java_for(part), fetch(part))


def kafka(
    settings: Mapping[str, str] | None = None,
    *,
    joining: KafkaServer | None = None,
    clients: Mapping[str, str] | None = None,
) -> KafkaServer:
    """Return a broker that has not been started.

    Args:
        settings: Broker settings beside, or instead of, the usual ones.
        joining: The first broker of its cluster, where it is to be the second.
        clients: What a client must know beside the address to see whether it is ready.

    Raises:
        PartMissingError: It cannot be had here.
    """
    found = libraries(KAFKA)
    return KafkaServer(found.folder, found.java, settings, joining=joining, clients=clients)


def apicurio(generation: Literal[2, 3]) -> ApicurioServer:
    """Return a registry that has not been started.

    Args:
        generation: Which of the two that people run.

    Raises:
        PartMissingError: It cannot be had here.
    """
    part = PARTS[f"apicurio{generation}"]
    found = libraries(part)
    jars = sorted(found.folder.rglob(_STARTING_JARS[part]))
    if len(jars) != 1:
        raise PartMissingError(
            part.label,
            f"its archive has {len(jars)} files {_STARTING_JARS[part]} where one is expected",
            f"look at {found.folder}, and remove its parent folder to have it fetched again",
        )
    return ApicurioServer(part.key, jars[0], found.java)
