"""Apache Kafka as one KRaft node: broker and controller in one process."""

from __future__ import annotations

import base64
import shutil
import subprocess
import uuid
from typing import TYPE_CHECKING, Final, Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.real.errors import ServerError
from tests.real.server import HOST, JavaServer, server_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.real.java import Java

_PROBE_SECONDS = 2.0
_FORMAT_SECONDS = 60


class Kafka(Protocol):
    """A broker that tests may use: one started here, or one that was already running."""

    @property
    def bootstrap_servers(self) -> str:
        """What clients take as `bootstrap.servers`."""
        ...


class RunningKafka:
    """A broker that somebody else started and will stop."""

    def __init__(self, bootstrap_servers: str, patience: float = 30) -> None:
        """Check that it answers.

        Args:
            bootstrap_servers: Where it is.
            patience: For so many seconds it may stay silent.

        Raises:
            ServerError: It does not.
        """
        self.bootstrap_servers: Final = bootstrap_servers
        if _cluster_id(bootstrap_servers, patience) is None:
            raise ServerError(f"no Kafka answers at {bootstrap_servers}")


class KafkaServer(JavaServer):
    """A broker of our own, that tests may kill, pause and restart."""

    name = "kafka"
    _port_count = 2

    def __init__(
        self,
        libraries: Path,
        java: Java,
        settings: Mapping[str, str] | None = None,
        *,
        joining: KafkaServer | None = None,
        clients: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the broker without starting it.

        Args:
            libraries: The folder with its jars.
            java: What to run it with.
            settings: Broker settings beside, or instead of, those set here.
            joining: The first broker of the cluster, which runs already and is its controller; this one becomes its second.
            clients: What a client must know beside the address, such as its credentials, to see whether it is ready.
        """
        super().__init__(java)
        self._libraries = libraries
        self._settings = dict(settings or {})
        self._joining = joining
        self._clients = dict(clients or {})
        own = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._cluster_id: str = joining._cluster_id if joining is not None else own

    @property
    def bootstrap_servers(self) -> str:
        """What clients take as `bootstrap.servers`."""
        if not self._ports:
            raise ServerError("kafka has not been started")
        return f"{HOST}:{self._ports[0]}"

    def lose_disk(self) -> None:
        """Remove all its data, as when its disk is replaced; it must not run. It starts as an empty member of its cluster.

        Raises:
            ServerError: It runs, or its storage cannot be made anew.
        """
        if self.alive:
            raise ServerError("a broker that runs keeps its disk")
        shutil.rmtree(self._data)
        self._format()

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _roles(self) -> dict[str, str]:
        """Who it is in its cluster."""
        client_port, controller_port = self._ports
        here = f"PLAINTEXT://{HOST}:{client_port}"
        if self._joining is None:
            return {
                "process.roles": "broker,controller",
                "node.id": "1",
                "controller.quorum.voters": f"1@{HOST}:{controller_port}",
                "listeners": f"{here},CONTROLLER://{HOST}:{controller_port}",
            }
        _, first = self._joining._ports
        return {
            "process.roles": "broker",
            "node.id": "2",
            "controller.quorum.voters": f"1@{HOST}:{first}",
            "listeners": here,
        }

    def _prepare(self) -> None:
        settings = self._roles() | {
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self._data),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "share.coordinator.state.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            # A killed broker cannot come back before its session has ended, 9 s by default.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            # Topics come and go by the hundred; each would preallocate 10 MB of index a partition.
            "log.index.size.max.bytes": "65536",
        }
        settings |= self._settings
        lines = (f"{key}={value}\n" for key, value in settings.items())
        self._properties.write_text("".join(lines), encoding="utf-8")
        self._format()

    def _format(self) -> None:
        # In one word, because an id may begin with a dash.
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", f"--cluster-id={self._cluster_id}"]
        try:
            subprocess.run(
                [
                    str(self._java.executable),
                    *self._classpath("-Xmx128m"),
                    *tool,
                    "-c",
                    str(self._properties),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=server_environment(),
                timeout=_FORMAT_SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError("kafka's storage tool does not end") from error
        except subprocess.CalledProcessError as error:
            raise ServerError("kafka cannot format its storage", str(error.stdout)) from error

    def _classpath(self, memory: str) -> list[str]:
        return [memory, "-Dorg.slf4j.simpleLogger.showDateTime=true", "-cp", f"{self._libraries}/*"]

    def _arguments(self) -> list[str]:
        return [*self._classpath("-Xmx512m"), "kafka.Kafka", str(self._properties)]

    def _is_ready(self) -> bool:
        return _cluster_id(self.bootstrap_servers, _PROBE_SECONDS, self._clients) == self._cluster_id


def _cluster_id(bootstrap_servers: str, seconds: float, more: Mapping[str, str] | None = None) -> str | None:
    """Ask a broker for its cluster's id; None when it does not answer or takes no work yet."""
    client = AdminClient(
        {
            "bootstrap.servers": bootstrap_servers,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 200,
            "log_level": 0,
            **(more or {}),
        }
    )
    try:
        metadata = client.list_topics(timeout=seconds)
    except KafkaException:
        return None
    return metadata.cluster_id if metadata.brokers else None
