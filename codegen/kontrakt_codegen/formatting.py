"""Formatting: one run of ruff over everything that is about to be written."""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

from kontrakt.errors import GenerateError

from .docs import WIDTH


def formatted(files: Mapping[str, str]) -> dict[str, bytes]:
    """The files as they are written: Python is formatted and known to compile, everything is UTF-8 with LF.

    Args:
        files: The text of each file by its path.

    Raises:
        GenerateError: A file is not valid Python, which is a mistake of the generator.
    """
    result = {path: f"{text.rstrip()}\n".encode() if text else b"" for path, text in files.items()}
    python = [path for path in files if path.endswith(".py")]
    if not python:
        return result
    with tempfile.TemporaryDirectory(prefix="kontrakt-") as place:
        for index, path in enumerate(python):
            Path(place, f"{index}.py").write_bytes(result[path])
        _ruff(place)
        for index, path in enumerate(python):
            result[path] = Path(place, f"{index}.py").read_bytes()
            _compiled(path, result[path])
    return result


def _ruff(place: str) -> None:
    from ruff import find_ruff_bin  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]

    command = [os.fspath(find_ruff_bin()), "format", "--isolated", "--no-cache", "--quiet"]
    options = ["--config", "format.line-ending='lf'", f"--line-length={WIDTH}", "--target-version=py311", "."]
    done = subprocess.run(  # noqa: S603  the formatter that we depend on
        [*command, *options], cwd=place, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise GenerateError(f"ruff could not format what was generated: {done.stderr.strip()}")


def _compiled(path: str, source: bytes) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise GenerateError(f"{path}: what was generated is not valid Python: {error}") from error
