"""``kontrakt generate`` as a user and a pipeline run it."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kontrakt.cli import progress

from tests.contract import large

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from kontrakt.cli import main; main()", "generate"]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("contracts", "codegen"))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], cwd=folder, env=ENV, capture_output=True, text=True, check=False)


def said(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return done.returncode, done.stdout, done.stderr


def test_it_says_what_it_did(folder: Path) -> None:
    assert said(run(folder)) == (0, "generated: 11 written\n", "")
    assert said(run(folder)) == (0, "generated: 11 unchanged\n", "")
    (folder / "schemas" / "customer.avsc").unlink()
    (folder / "schemas" / "projections" / "billing_customer.avsc").unlink()
    assert said(run(folder)) == (0, "generated: 1 written, 2 removed, 8 unchanged\n", "")
    assert said(run(folder, "--style", "msgspec", "--quiet")) == (0, "", "")


def test_a_check_finds_what_is_stale(folder: Path) -> None:
    assert run(folder).returncode == 0
    assert said(run(folder, "--check")) == (0, "generated: 11 unchanged\n", "")
    file = folder / "schemas" / "types" / "address.avsc"
    file.write_text(file.read_text().replace("A postal address.", "Where post goes."))
    code, out, error = said(run(folder, "--check"))
    assert code == 1
    assert error == "\ngenerated is stale: 2 written, 9 unchanged. Run: kontrakt generate\n"
    assert out.startswith("--- a/shop/_kontrakt.py\n+++ b/shop/_kontrakt.py\n@@ ")
    assert '\n-    """A postal address."""\n+    """Where post goes."""\n' in out
    assert said(run(folder, "--check", "--quiet"))[0] == 1


@pytest.mark.parametrize("place", ["inside/deep", "../outside", "absolute", "."])
def test_the_output_may_stand_anywhere(folder: Path, tmp_path_factory: pytest.TempPathFactory, place: str) -> None:
    here = folder / "here"
    here.mkdir()
    (folder / "schemas").rename(here / "schemas")
    given = str(tmp_path_factory.mktemp("absolute") / "new") if place == "absolute" else place
    assert said(run(here, "--output", given)) == (0, f"{given}: 11 written\n", "")
    assert (here / given / "shop" / "orders.py").is_file()


def test_settings_of_the_file_and_of_the_command_line(folder: Path) -> None:
    (folder / "kontrakt.toml").write_text('output = "src"\npackage = "acme.contracts"\nstyle = "pydantic"\n')
    deep = folder / "deep"
    deep.mkdir()
    assert run(deep).returncode == 0  # from a folder below: paths start where the file stands
    assert "(BaseModel)" in (folder / "src" / "acme" / "contracts" / "shop" / "orders.py").read_text()
    done = run(folder, "--style", "typeddict", "--package", "other")
    assert done.returncode == 0
    assert "(TypedDict)" in (folder / "src" / "other" / "shop" / "orders.py").read_text()
    assert "src/acme/contracts: left as it is" in done.stdout
    assert (folder / "src" / "acme" / "contracts" / "shop" / "orders.py").exists()


def test_findings_and_failures_have_codes_of_their_own(folder: Path) -> None:
    (folder / "schemas" / "bad.avsc").write_text('{"type": "strng"}')
    code, out, error = said(run(folder))
    assert (code, out) == (1, "")
    assert error.startswith("schemas/bad.avsc:1:10: ")
    assert not (folder / "generated").exists()
    (folder / "schemas" / "bad.avsc").unlink()
    (folder / "generated").write_text("mine")
    code, out, error = said(run(folder))
    assert (code, out) == (2, "")
    assert error.startswith("error: generated: not written by kontrakt")
    for output in ("/proc/kontrakt", "/dev/null/kontrakt"):
        code, out, error = said(run(folder, "--output", output))
        assert (code, out) == (2, "")
        assert error.startswith("error: /")
        assert "Traceback" not in error


def test_a_long_run_in_a_pipeline_prints_one_line(tmp_path: Path) -> None:
    large.write(tmp_path, large.contracts(300))
    assert said(run(tmp_path)) == (0, "generated: 304 written\n", "")


def test_a_long_run_on_a_terminal_shows_how_far_it_is(tmp_path: Path) -> None:
    """A line that is rewritten, and gone at the end."""
    large.write(tmp_path, large.contracts(300))
    ours, theirs = pty.openpty()
    patience = "from kontrakt.cli import main, progress; progress.SILENT = progress.PAUSE = 0.0; main()"
    command = [sys.executable, "-c", patience, "generate"]
    with subprocess.Popen(command, cwd=tmp_path, env=ENV, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = b""
        try:
            while read := os.read(ours, 4096):
                shown += read
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(ours)
        assert process.stdout is not None
        assert process.stdout.read() == "generated: 304 written\n"
    lines = shown.decode().split("\r\x1b[K")
    assert lines[0] == ""
    assert lines[-2:] == ["models 630/630", ""]
    assert all(line.startswith("models ") for line in lines[1:-1])


def test_progress_is_silent_for_a_moment_and_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        written = ""

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> None:
            self.written += text

        def flush(self) -> None:
            pass

    terminal, clock = Terminal(), iter([0.0, 0.5, 1.5, 1.55, 2.0, 0.0, 9.0])
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with progress.Progress() as shown:
        for done in range(1, 5):
            shown(done, 4 if done < 4 else 0, "models")
    assert terminal.written == "\r\x1b[Kmodels 2/4\r\x1b[Kmodels 4\r\x1b[K"
    terminal.written = ""
    with progress.Progress(quiet=True) as shown:
        shown(1, 4, "models")
    assert terminal.written == ""
