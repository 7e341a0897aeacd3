"""Builds the codec in C, ``kontrakt.codec._native``, where there is a compiler; without one the package has the codec in Python alone.

hatchling runs this for every wheel and editable installation. ``KONTRAKT_PURE=1`` leaves the extension out.

    python hatch_build.py [FOLDER [SOURCE ...]]

builds it in place, or into a folder, with more sources where they are named, and fails where that is not possible.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT: Final = Path(__file__).parent
PLACE: Final = Path("kontrakt/codec")
"""The folder of the extension in a wheel."""
OPTIONS: Final = {True: ["/O2", "/std:c11"], False: ["-O3", "-std=c11", "-fvisibility=hidden"]}
"""For the compiler of Windows, and for all others."""


def why_not() -> str:
    """Why this Python has no use for the extension, or an empty string."""
    if os.environ.get("KONTRAKT_PURE", "") not in ("", "0"):
        return "KONTRAKT_PURE is set"
    if sys.implementation.name != "cpython":
        return f"{sys.implementation.name} has no use for it"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this Python has no global lock"
    return ""


def compile_extension(folder: Path, *more: str) -> Path:
    """Compile the extension.

    Args:
        folder: Where it goes.
        more: Sources beside those of the codec.

    Returns:
        Its file.

    Raises:
        Exception: It could not be compiled.
    """
    setuptools: Any = importlib.import_module("setuptools")  # it has no types of its own
    sources = sorted(map(str, (ROOT / "native").glob("*.c")))
    extension = setuptools.Extension("_native", [*sources, *more], extra_compile_args=OPTIONS[os.name == "nt"])
    with tempfile.TemporaryDirectory() as temporary:
        command = setuptools.Distribution({"name": "kontrakt", "ext_modules": [extension]}).get_command_obj("build_ext")
        command.build_lib, command.build_temp = str(Path(temporary) / "lib"), temporary
        command.ensure_finalized()
        command.run()
        (built,) = map(Path, command.get_outputs())
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / built.name
        made.unlink(missing_ok=True)  # a process that has loaded it keeps it
        return Path(shutil.move(built, made))


class NativeCodecHook(BuildHookInterface[Any]):
    """Adds the extension to a wheel, or puts it beside the sources of an editable installation."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the extension, before the wheel is put together."""
        reason = why_not()
        if reason:
            self.app.display_info(f"kontrakt is built without its codec in C: {reason}")
            return
        editable = version == "editable"
        try:
            built = compile_extension(ROOT / "contracts" / PLACE if editable else self._folder)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a compiler lacks, the package works without
            self.app.display_warning(
                f"kontrakt is built without its codec in C, which encodes and decodes many times faster: {error}"
            )
            return
        build_data["infer_tag"] = True
        build_data["pure_python"] = False
        if not editable:
            build_data["force_include"][str(built)] = (PLACE / built.name).as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's
        """Take away what was compiled for a wheel that now has it."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        return Path(self.directory) / "native"


if __name__ == "__main__":
    _, place, *others = (*sys.argv, *([] if sys.argv[1:] else [str(ROOT / "contracts" / PLACE)]))
    print(compile_extension(Path(place), *others))  # noqa: T201
