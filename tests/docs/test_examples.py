"""The examples of the documentation fail when what they show is not what happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Document
from sybil.example import SybilFailure

from tests.docs.compare import difference
from tests.docs.examples import Docstrings, docstring, markdown
from tests.docs.page import Page, environment_for


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Page]:
    page = Page(folder=tmp_path, environment=environment_for(tmp_path))
    yield page
    page.close()


def evaluate(document: Document, page: Page) -> int:
    """Run the examples of a document; how many there are."""
    examples = list(document.examples())
    document.namespace["page"] = page
    for example in examples:
        example.evaluate()
    return len(examples)


def of_page(text: str) -> Document:
    document = Document(text, "page.md")
    for region in markdown(document):
        document.add(region)
    return document


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\nc\n", False),
        ("a\nb", "a\n", False),
        ("a", "a\nb\n", False),
        ("", "a\n", False),
        ("a", "", False),
        ("at 127.0.0.1:80 in 0.3 s", "at 127.0.0.1:41234 in 12 s", True),
        ("at 127.0.0.1:80 in 0.3 s", "at 127.0.0.2:80 in 0.3 s", False),
        ("1 passed in 0.30s", "1 passed in 12.00s", True),
        ("1 passed in 0.30s", "2 passed in 0.30s", False),
        ("since 2026-03-01T12:00:00Z", "since 2027-04-02 13:00:01.5+01:00", True),
        ("id ...!", "id 17!", True),
        ("id ...!", "id 17?", False),
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("a\n...\nz", "a\nz", True),
        ("a\n...\nz", "a\nb\nc", False),
        ("a\n...\nm\n...\nz", "a\nb\nm\nc\nz", True),
        ("a\n...\nm\n...\nz", "a\nb\nz", False),
        ("...", "", True),
    ],
)
def test_what_is_compared(shown: str, printed: str, same: bool) -> None:
    assert (difference(shown, printed) == "") is same


def test_lines_in_any_order() -> None:
    assert difference("a\nb\nb", "b\na\nb", any_order=True) == ""
    assert difference("a\nb", "b\na") != ""
    assert difference("a\nb\nb", "b\na\na", any_order=True) != ""


PYTHON = """
```python
x = 2
```

Words.

```python
print(x + 1)
print("end")
```

{mark}

```text
{shown}
```
"""


def test_python_runs_and_its_output_is_compared(place: Page) -> None:
    assert evaluate(of_page(PYTHON.format(mark="", shown="3\nend")), place) == 2


@pytest.mark.parametrize("shown", ["4\nend", "3", "end\n3"])
def test_a_changed_output_of_python_fails(place: Page, shown: str) -> None:
    with pytest.raises(SybilFailure, match="what is printed is not what is shown"):
        evaluate(of_page(PYTHON.format(mark="", shown=shown)), place)


def test_python_may_print_in_any_order_where_the_page_says_so(place: Page) -> None:
    assert evaluate(of_page(PYTHON.format(mark="<!-- any order -->", shown="end\n3")), place) == 2


def test_output_behind_other_words_belongs_to_nothing(place: Page) -> None:
    with pytest.raises(SybilFailure):
        evaluate(of_page(PYTHON.format(mark="Words.", shown="3\nend")), place)


def test_an_exception_fails_at_its_line(place: Page) -> None:
    with pytest.raises(SybilFailure, match=r'page.md", line 5, in <module>\n(.*\n)*ZeroDivisionError'):
        evaluate(of_page("\n\n```python\nx = 1\nx / 0\n```\n"), place)


def test_a_warning_fails(place: Page) -> None:
    with pytest.raises(SybilFailure, match="DeprecationWarning"):
        evaluate(of_page('```python\nimport warnings\nwarnings.warn("old", DeprecationWarning)\n```\n'), place)


def test_a_process_that_ends_fails(place: Page) -> None:
    with pytest.raises(SybilFailure, match="the process ended"):
        evaluate(of_page("```python\nimport os\nos._exit(3)\n```\n"), place)


CONSOLE = """
`folder/a.txt`:

```json
{"a": 1}
```

```console
$ cat folder/a.txt
{"a": 1}
$ cat nowhere \\
    2>/dev/null
$ echo $?
%s
```
"""


def test_commands_run_in_the_folder_of_the_page(place: Page) -> None:
    assert evaluate(of_page(CONSOLE % 1), place) == 2


def test_a_changed_output_of_a_command_fails(place: Page) -> None:
    with pytest.raises(SybilFailure, match=r"\$ echo \$\?\nwhat is printed"):
        evaluate(of_page(CONSOLE % 0), place)


def test_kontrakt_itself_runs(place: Page) -> None:
    page = "```console\n$ kontrakt lint\nerror: schemas: the folder of the contracts does not exist; ...\n```\n"
    assert evaluate(of_page(page), place) == 1


def test_a_command_is_interrupted_when_it_has_printed_what_is_shown(place: Page) -> None:
    assert evaluate(of_page("```console\n$ echo started; sleep 1000\nstarted\n^C\n```\n"), place) == 1


def test_a_command_that_does_not_end_fails(place: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.page.PATIENCE", 0.5)
    with pytest.raises(SybilFailure, match="did not end"):
        evaluate(of_page("```console\n$ echo started; sleep 1000\nstarted\n```\n"), place)


def test_a_console_without_a_prompt_is_for_the_readers_machine() -> None:
    assert not list(of_page("```console\nmake demo\n```\n").examples())


def test_a_file_stays_in_the_folder(place: Page) -> None:
    with pytest.raises(SybilFailure, match="outside"):
        evaluate(of_page("`../a.txt`:\n\n```json\n{}\n```\n"), place)


DOCSTRING = '''
"""A module.

::

    x = 1

A picture:

.. code-block:: text

    ├── x
"""

class A:
    """A class::

        assert x == {expected}
    """
'''


def of_module(text: str, folder: Path) -> Document:
    module = folder / "module.py"
    module.write_text(text)
    return Docstrings.parse(str(module), docstring)


def test_examples_of_docstrings_run(place: Page) -> None:
    assert evaluate(of_module(DOCSTRING.format(expected=1), place.folder), place) == 2


def test_a_wrong_example_of_a_docstring_fails(place: Page) -> None:
    with pytest.raises(SybilFailure, match=r'module.py", line 18, in <module>\n(.*\n)*AssertionError'):
        evaluate(of_module(DOCSTRING.format(expected=2), place.folder), place)


def test_what_is_not_python_is_said_to_be_a_code_block(place: Page) -> None:
    with pytest.raises(SybilFailure, match="code-block"):
        evaluate(of_module('"""A.\n\n::\n\n    ├── x\n"""\n', place.folder), place)
