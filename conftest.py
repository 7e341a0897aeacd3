"""The examples of README.md, of docs/ and of docstrings are tests; tests/docs/examples.py says how they are written."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import kontrakt
import pytest
from hypothesis import HealthCheck, settings
from kontrakt.contract import load
from kontrakt.registry import register
from sybil import Sybil
from sybil.sybil import SybilCollection

from tests.docs.examples import Docstrings, docstring, markdown
from tests.docs.page import ROOT, Page, copy_example, environment_for

IN_THE_EXAMPLE: Final = {"README.md", "ci.md", "commands.md", "pulling.md", "waivers.md"}
"""Pages whose reader stands in a checkout. Those of the others stand in an empty folder."""

PRELUDE: Final = """
from {module} import *
import kontrakt
from kontrakt.contract import load
from kontrakt.settings import read
from shop.customers import Customer, Customers
from shop.order_events import OrderEvents

settings = read()
contracts = load("schemas", settings)
customer = Customer(customer_id="c-1", email="ada@example.org")
old_schema = {{"type": "record", "name": "shop.customer.Customer", "fields": [
    {{"name": "customer_id", "type": "string"}}, {{"name": "email", "type": "string"}}]}}
old_data = b"\\x06c-1\\x1eada@example.org"
bus = kontrakt.connect()
"""
"""What the examples of docstrings take for granted."""

SOURCES: Final = (ROOT / "contracts", ROOT / "codegen")

# A shell lets what it starts in the background ignore Ctrl-C, and so would the programs that tests send it to.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that has other work to do makes no property wrong.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

pytest_collect_file = SybilCollection(
    [
        Sybil([markdown], patterns=["README.md", "docs/*.md"], excludes=["templates/README.md"], fixtures=["page"]),
        *(
            Sybil([docstring], path=str(source), pattern="*.py", fixtures=["page"], document_types={".py": Docstrings})
            for source in SOURCES
        ),
    ]
).pytest()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed or logged may hold half of a surrogate pair, which cannot be sent from one process to another."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def shop_parts() -> Iterator[dict[str, str]]:
    """A broker and a registry that know the example shop, as environment variables."""
    contracts = load(ROOT / "schemas")
    with kontrakt.embedded() as bus:
        register(contracts, bus.registry)
        bus.create_topics(*contracts.topic_names)
        yield bus.environment


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Where the examples of a page, or of a module's docstrings, run."""
    path: Path = request.path
    folder = tmp_path_factory.mktemp(path.stem)
    of_module = path.suffix == ".py"
    if of_module or path.name in IN_THE_EXAMPLE:
        copy_example(folder)
    parts: dict[str, str] = request.getfixturevalue("shop_parts") if of_module else {}
    page = Page(folder=folder, environment=environment_for(folder, parts))
    try:
        if of_module:
            source = next(root for root in SOURCES if path.is_relative_to(root))
            module = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
            _, error = page.python(PRELUDE.format(module=module), "<prelude>", 1)
            assert not error, error
        yield page
    finally:
        page.close()
