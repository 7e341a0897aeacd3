"""The manifest: what a run read and wrote, so that the next one knows quickly whether anything changed.

It lies in a folder ``.kontrakt`` of the output that git ignores, and may be missing. Everything that decides what is written is in
it as a checksum: the schemas, the settings and the generator's own source. This module imports nothing of the
generator, so an unchanged run costs no more than reading the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from kontrakt import errors
from kontrakt._version import __version__

if TYPE_CHECKING:
    from kontrakt.settings import Settings

FOLDER: Final = ".kontrakt"
"""The folder of an output that is the generator's own business."""
NAME: Final = f"{FOLDER}/manifest.json"
"""The manifest, by its path in the output."""
_SOURCE: Final = Path(__file__).parent
_SOURCES: Final = (
    _SOURCE,
    _SOURCE / "templates",
    Path(errors.__file__).parent / "avro",
    Path(errors.__file__).parent / "contract",
)
"""The folders whose files decide what is generated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run read and wrote.

    Attributes:
        generator: What wrote it: its version and the checksum of its source.
        settings: The checksum of the settings that matter.
        package: The setting ``package``: two of them may share an output.
        inputs: The checksum of each schema file, by its path in the folder of the contracts.
        outputs: The checksum of each file written, by its path in the output.
    """

    generator: Mapping[str, str] = field(default_factory=dict[str, str])
    settings: str = ""
    package: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def read(cls, output: Path) -> Self:
        """The manifest of an output; an empty one where there is none, or none that can be read."""
        try:
            data: Any = json.loads((output / NAME).read_bytes())
            return cls(
                generator=_texts(data["generator"]),
                settings=str(data["settings"]),
                package=str(data["package"]),
                inputs=_texts(data["inputs"]),
                outputs=_texts(data["outputs"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    @property
    def text(self) -> str:
        """The manifest as it is written."""
        data = {
            "generator": dict(sorted(self.generator.items())),
            "settings": self.settings,
            "package": self.package,
            "inputs": dict(sorted(self.inputs.items())),
            "outputs": dict(sorted(self.outputs.items())),
        }
        return json.dumps(data, indent=2) + "\n"

    def same_inputs(self, other: Manifest) -> bool:
        """Whether both were made of the same schemas, with the same settings, by the same generator."""
        return (self.generator, self.settings, self.inputs) == (other.generator, other.settings, other.inputs)


def checksum(data: bytes) -> str:
    """The checksum of a file."""
    return hashlib.sha256(data).hexdigest()


def generator() -> dict[str, str]:
    """The version of the generator, and the checksum of its source: while it is worked on, the version stands still."""
    source = hashlib.sha256()
    for folder in _SOURCES:
        deep = folder != _SOURCE  # what else lies beside the generator's modules has no say
        for path in sorted(folder.rglob("*") if deep else folder.glob("*.py")):
            if path.suffix in (".py", ".jinja", ".jinja2"):
                source.update(path.read_bytes())
    return {"kontrakt": __version__, "source": source.hexdigest()}


def fingerprint(settings: Settings) -> str:
    """The checksum of the settings that decide what is generated."""
    distribution = settings.distribution
    said = {
        "style": settings.style,
        "package": settings.package,
        "distribution": [distribution.name, distribution.version] if distribution else None,
        "topics": [dict(table) for table in settings.topics],
        "file": Path(settings.file).name if settings.topics else "",  # headers name it
    }
    return checksum(json.dumps(said, sort_keys=True, default=str).encode())


def _texts(value: Any) -> dict[str, str]:
    return {str(key): str(item) for key, item in value.items()}
