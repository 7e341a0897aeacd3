"""datamodel-code-generator, called as a library: from descriptions of models to their source.

A call is quick only in bulk, so all models of a run go through together; a large run is split over processes
(``python -m kontrakt_codegen.datamodel`` reads a job from its standard input and writes its answer to the output).
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from kontrakt.codec.bundle import Style
from kontrakt.collection import no_collection
from kontrakt.errors import GenerateError

Json: TypeAlias = dict[str, Any]

TEMPLATES: Final = Path(__file__).parent / "templates" / "models"
SHARE: Final = 120
"""How many models are worth a process of their own."""
CHUNK: Final = 100
"""How many models go into one call: a model costs the more the more stand beside it."""
QUALIFIED: Final = ("dt.date", "dt.datetime", "dt.time")
"""Types that are written with the name of their module."""


def render(style: Style, models: Sequence[Json], step: Callable[[int], None]) -> list[str]:
    """The source of models.

    Args:
        style: What records are.
        models: What ``models.Models`` says of each.
        step: Told how many more models are done.

    Returns:
        The source of each: the class, and before it what it needs for itself.

    Raises:
        GenerateError: datamodel-code-generator failed.
    """
    workers = min(os.cpu_count() or 1, len(models) // SHARE)
    if workers < 2:
        return _rendered(style, models, step)
    share = -(-len(models) // workers)
    shares = [models[at : at + share] for at in range(0, len(models), share)]

    def apart(one: Sequence[Json]) -> list[str]:
        return _in_process(style, one, step)

    with ThreadPoolExecutor(workers) as pool:
        return [source for sources in pool.map(apart, shares) for source in sources]


def _in_process(style: Style, models: Sequence[Json], step: Callable[[int], None]) -> list[str]:
    """Renders models in a process of their own: there, nothing depends on how this one was started."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-P", "-m", __name__],  # -P: what lies in the current folder is not imported
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError), process.stdin:
            json.dump({"style": style.value, "models": models}, process.stdin)
        for line in process.stdout:
            answer = json.loads(line)
            if "done" in answer:
                step(answer["done"])
            elif "error" in answer:
                raise GenerateError(answer["error"])
            else:
                sources: list[str] = answer["sources"]
                return sources
        ended = process.wait()
        errors.seek(0)
        *_, reason = ["", *errors.read().decode("utf-8", "replace").splitlines()]
    raise GenerateError(f"datamodel-code-generator failed: {reason or f'its process ended with {ended}'}")


def _rendered(style: Style, models: Sequence[Json], step: Callable[[int], None]) -> list[str]:
    sources: list[str] = []
    for at in range(0, len(models), CHUNK):
        chunk = models[at : at + CHUNK]
        sources += _called(style, chunk)
        step(len(chunk))
    return sources


def _called(style: Style, models: Sequence[Json]) -> list[str]:
    """One call of datamodel-code-generator."""
    from datamodel_code_generator import Error, InputFileType, LiteralType, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import PythonVersion

    types = {
        Style.DATACLASS: DataModelType.DataclassesDataclass,
        Style.MSGSPEC: DataModelType.MsgspecStruct,
        Style.PYDANTIC: DataModelType.PydanticV2BaseModel,
        Style.TYPEDDICT: DataModelType.TypingTypedDict,
    }
    keyed = {f"KontraktModel{index}": model for index, model in enumerate(models)}
    data: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    data.update({key: {"model": {**model, "key": key}} for key, model in keyed.items()})
    try:
        text = generate(
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "$defs": {**_qualified(), **{key: model["schema"] for key, model in keyed.items()}},
            },
            input_file_type=InputFileType.JsonSchema,
            output_model_type=types[style],
            target_python_version=PythonVersion.PY_311,
            custom_template_dir=TEMPLATES,
            extra_template_data=data,
            formatters=[],
            disable_timestamp=True,
            enum_field_as_literal=LiteralType.Off,
            keep_model_order=True,
            no_alias=True,
            skip_root_model=True,
            strict_nullable=True,
            use_specialized_enum=True,
            use_standard_collections=True,
            use_union_operator=True,
        )
    except Error as error:
        raise GenerateError(f"datamodel-code-generator failed: {error}") from error
    assert isinstance(text, str)
    sources = _cut(text, keyed.keys())
    missing = [model["name"] for key, model in keyed.items() if key not in sources]
    if missing:
        raise GenerateError(f"datamodel-code-generator gave no model for {', '.join(missing)}")
    return [sources[key] for key in keyed]


def _qualified() -> dict[str, Any]:
    """Definitions of the types that annotations write with a dot."""
    return {
        name: {
            "type": "object",
            "x-python-import": {
                "module": "scope",
                "name": "scope",
                "x-python-type": name,
                "symbols": {name: {"module": "", "qualname": name}},
            },
        }
        for name in QUALIFIED
    }


def _cut(text: str, keys: Collection[str]) -> dict[str, str]:
    """The source of each model by its key. Our templates put the key before each, as a statement of its own."""
    lines = text.splitlines()
    marks = [
        (str(node.value.value), node.lineno)
        for node in ast.parse(text).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value in keys
    ]
    ends = [line - 1 for _, line in marks[1:]] + [len(lines)]
    return {key: "\n".join(lines[start:end]).strip() for (key, start), end in zip(marks, ends, strict=True)}


def _main() -> None:
    """Renders the job on the standard input; answers in lines of JSON."""

    def answer(**said: Any) -> None:
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()

    given = json.load(sys.stdin)
    try:
        with no_collection():
            answer(sources=_rendered(Style(given["style"]), given["models"], lambda count: answer(done=count)))
    except GenerateError as failure:
        answer(error=str(failure))


if __name__ == "__main__":
    _main()
