"""How the documentation is built: ``make docs``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / name) for name in ("contracts", "codegen", "generated")]

from kontrakt._version import __version__  # noqa: E402
from kontrakt.check.reports.pages import page  # noqa: E402
from kontrakt.check.rules import RULES as CHECKED  # noqa: E402
from kontrakt.editor import contracts_schema, settings_schema  # noqa: E402
from kontrakt.lint.rules import RULES as LINTED  # noqa: E402

project = "kontrakt"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["conftest.py"]
html_theme = "furo"
html_title = f"kontrakt {__version__}"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["ref.python"]  # attributes of one name in several classes
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Names of the standard library and of type parameters, which autodoc turns into links that lead nowhere here.
nitpick_ignore_regex = [("py:.*", r".*")]


def setup(app: Sphinx) -> None:
    """Writes what is not checked in, so that none of it can be stale."""
    app.connect("builder-inited", write_rules)
    app.connect("build-finished", write_schemas)


def write_schemas(app: Sphinx, _error: Exception | None) -> None:
    """Publishes the JSON Schemas for editors beside the pages."""
    for name, schema in (("contracts", contracts_schema()), ("settings", settings_schema())):
        (Path(app.outdir) / f"{name}.schema.json").write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")


def write_rules(app: Sphinx) -> None:
    """Writes a page for each rule of check and lint before the pages are read."""
    root = Path(app.srcdir) / "rules"
    for stray in root.glob("*.md"):  # where they were written before there were two kinds
        stray.unlink()
    for command, rules in (("check", CHECKED), ("lint", LINTED)):
        folder = root / command
        folder.mkdir(parents=True, exist_ok=True)
        pages = {f"{rule.id}.md": page(rule) for rule in rules.values()}
        for gone in {path.name for path in folder.iterdir()} - set(pages):
            (folder / gone).unlink()
        for name, text in pages.items():
            path = folder / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
