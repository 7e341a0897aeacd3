"""Options that several commands share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kontrakt.errors import KontraktError
from kontrakt.files import shown
from kontrakt.severity import Severity

if TYPE_CHECKING:
    from kontrakt.contract import Contracts
    from kontrakt.settings import Settings

SCHEMAS: Final = click.option(
    "--schemas",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of the contracts.  [default: schemas]",
)

AGAINST: Final = click.option(
    "--against",
    required=True,
    metavar="WHAT",
    help="registry, git:REF (git:REF... is where REF and HEAD parted), or the path of a folder or archive.",
)

FAIL_ON: Final = click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.ERROR.value,
    help="The severity from which findings make the exit code 1.  [default: error]",
)

REGISTRY: Final = click.option(
    "--registry", metavar="URL", help="The schema registry.  [default: KONTRAKT_REGISTRY_URL]"
)


BOOTSTRAP_SERVERS: Final = click.option(
    "--bootstrap-servers", metavar="ADDRESS", help="Kafka's address.  [default: KONTRAKT_BOOTSTRAP_SERVERS]"
)


def settings_with(**given: Any) -> Settings:
    """The settings of this folder; what was given on the command line wins.

    Args:
        given: Settings by name; None for those that were not given.
    """
    from kontrakt import settings

    found = settings.read()
    return replace(found, **{name: value for name, value in given.items() if value is not None})


def needs_registry(settings: Settings) -> None:
    """Sees that a schema registry is set.

    Raises:
        KontraktError: None is.
    """
    if not settings.registry_url:
        raise KontraktError(
            "no schema registry is set; name it with --registry URL, KONTRAKT_REGISTRY_URL or `url` under [registry] "
            "in kontrakt.toml"
        )


def needs_kafka(settings: Settings) -> None:
    """Sees that Kafka's address is set.

    Raises:
        KontraktError: None is.
    """
    if not settings.kafka_config.get("bootstrap.servers"):
        raise KontraktError(
            "no Kafka is set; name it with --bootstrap-servers ADDRESS, KONTRAKT_BOOTSTRAP_SERVERS or `bootstrap_servers` "
            "in kontrakt.toml"
        )


def opened(schemas: Path | None, registry: str | None, *, asks: bool) -> tuple[Settings, Path, Contracts]:
    """The contracts that are to be compared with something: the settings, the folder, and what is own of what stands in it.

    Args:
        schemas: The folder as given on the command line.
        registry: The registry as given on the command line.
        asks: Whether a registry will be asked.

    Raises:
        KontraktError: There is no such folder, or no registry is set.
        ContractErrors: The contracts are not valid (``SchemaErrors`` where it is their Avro).
    """
    from kontrakt.contract import load

    settings = settings_with(registry_url=registry)
    if asks:
        needs_registry(settings)
    folder = schemas_folder(settings, schemas)
    return settings, folder, load(folder, settings, unfit_projections=True).own


def schemas_folder(settings: Settings, given: Path | None) -> Path:
    """The folder of the contracts, as the user knows it. It may be missing where contracts of others were pulled.

    Raises:
        KontraktError: There is no such folder.
    """
    folder = given if given is not None else shown(settings.schemas_folder)
    only_pulled = given is None and not folder.exists() and settings.pulled_folder.is_dir()
    if not folder.is_dir() and not only_pulled:
        what = "is not a folder" if folder.exists() else "does not exist"
        raise KontraktError(
            f"{folder}: the folder of the contracts {what}; name it with --schemas DIR, or as `schemas` in kontrakt.toml"
        )
    return folder
