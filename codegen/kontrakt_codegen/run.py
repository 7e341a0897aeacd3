"""A run: from a folder of schemas to a folder of generated code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kontrakt.collection import no_collection
from kontrakt.errors import GenerateError
from kontrakt.files import SUFFIXES, project_files
from kontrakt.settings import is_package

from . import manifest
from .manifest import Manifest, checksum

if TYPE_CHECKING:
    from kontrakt.contract import Contracts
    from kontrakt.settings import Settings

Progress = Callable[[int, int, str], None]
"""Called with how much is done, of how much, and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run did, or, when it only checked, would do.

    Attributes:
        written: The files that are new or different, sorted.
        removed: The files of contracts that are gone, sorted.
        unchanged: How many files are as they were.
        others: The folders of packages that the last run put into this output under another ``package``; they are left.
        diffs: When it only checked: a unified diff for each file that is written or removed.
    """

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    others: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether what was there was not what the contracts say."""
        return bool(self.written or self.removed)

    @property
    def summary(self) -> str:
        """What it did, in a few words."""
        counts = {"written": len(self.written), "removed": len(self.removed), "unchanged": self.unchanged}
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing to generate"


def run(
    schemas: Path, output: Path, settings: Settings, *, check: bool = False, progress: Progress | None = None
) -> Result:
    """Generates code for the contracts of a folder.

    When neither the schemas nor the settings nor the output changed since the last run, nothing is even loaded.

    Args:
        schemas: The folder of the contracts.
        output: The folder that receives the packages.
        settings: How they look.
        check: Write nothing; tell what would change.
        progress: Told how far a long run is.

    Raises:
        SchemaErrors: The Avro is not valid.
        ContractErrors: The contracts are not valid.
        GenerateError: There is nothing to generate, the package has an impossible name, or a file that the generator did not
            write is in the way; nothing was written.
        OSError: A file cannot be read or written.
    """
    files, foreign = project_files(schemas, settings.pulled_folder)
    if not files:
        raise GenerateError(
            f"{schemas}: no {' or '.join(SUFFIXES)} file is in this folder, so nothing can be generated"
        )
    known = Manifest.read(output)
    now = _manifest(schemas, files, settings)
    if known.same_inputs(now) and _intact(output, known):
        return Result(unchanged=len(known.outputs))
    from kontrakt.contract import from_files

    contracts = from_files(files, settings, foreign=foreign)
    return _write(contracts, settings, output, now, folder=schemas.as_posix(), check=check, progress=progress)


def generate(contracts: Contracts, settings: Settings, output: Path, *, progress: Progress | None = None) -> Result:
    """Generates code for contracts that are loaded.

    Args:
        contracts: The contracts.
        settings: How the code looks.
        output: The folder that receives the packages.
        progress: Told how far a long run is.

    Raises:
        GenerateError: A file that the generator did not write is in the way; nothing was written.
        OSError: A file cannot be read or written.
    """
    folder = settings.schemas_folder.as_posix()
    return _write(contracts, settings, output, Manifest(), folder=folder, check=False, progress=progress)


def _write(
    contracts: Contracts,
    settings: Settings,
    output: Path,
    now: Manifest,
    *,
    folder: str,
    check: bool,
    progress: Progress | None,
) -> Result:
    _check_package(settings.package)
    from .formatting import formatted
    from .output import apply, changes, diffs, packages
    from .render import render

    with no_collection():
        files = formatted(render(contracts, settings, folder=folder, progress=progress))
    known = Manifest.read(output)
    found = changes(output, files, known if known.package == settings.package else Manifest())
    shown = tuple(diffs(output, found)) if check else ()
    if not check:
        kept = {name: (output / name).read_bytes() for name in found.unchanged}
        now = replace(now, outputs={name: checksum(data) for name, data in {**files, **kept}.items()})
        old = output / manifest.NAME
        apply(output, found, now.text if not old.is_file() or old.read_bytes() != now.text.encode() else "")
    return Result(
        written=tuple(sorted(found.written)),
        removed=tuple(found.removed),
        unchanged=len(found.unchanged),
        others=tuple(sorted(packages(known.outputs) - packages(files))) if known.package != settings.package else (),
        diffs=shown,
    )


def _check_package(name: str) -> None:
    """Sees that what is generated can be imported.

    Raises:
        GenerateError: The package that everything is put into cannot be, or would hide another.
    """
    from .naming import package

    top = name.partition(".")[0]
    if name and not is_package(name):
        raise GenerateError(
            f"{name!r} is not the name of a package; write it as Python imports it, such as acme.contracts"
        )
    if package(top) != top:
        raise GenerateError(f"the package {name} would hide Python's or the runtime's own {top}; choose another name")


def _manifest(schemas: Path, files: Mapping[str, bytes], settings: Settings) -> Manifest:
    prefix = f"{schemas.as_posix()}/"
    return Manifest(
        generator=manifest.generator(),
        settings=manifest.fingerprint(settings),
        package=settings.package,
        inputs={name.removeprefix(prefix): checksum(data) for name, data in files.items()},
    )


def _intact(output: Path, known: Manifest) -> bool:
    """Whether every file is still what the last run wrote."""
    try:
        return all(checksum((output / name).read_bytes()) == sum_ for name, sum_ in known.outputs.items())
    except OSError:
        return False
