"""The search for a Java, on machines made of scripts that answer as a Java does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.java import NoJavaError, find_java, installed_javas

if TYPE_CHECKING:
    from pathlib import Path


def install(home: Path, version: str, *, compiler: bool = True) -> Path:
    """Install a script that answers as a Java of this version."""
    answer = f"Property settings:\n    java.home = {home}\n    java.specification.version = {version}\n"
    return install_script(home, f"cat >&2 <<'END'\n{answer}END\n", compiler=compiler)


def install_script(home: Path, script: str, *, compiler: bool = False) -> Path:
    launcher = home / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f"#!/bin/sh\n{script}")
    launcher.chmod(0o755)
    if compiler:
        (home / "bin" / "javac").touch()
    return home


def test_takes_the_lowest_that_satisfies_the_need(tmp_path: Path) -> None:
    for version in ("25", "11", "21", "17"):
        install(tmp_path / f"jvm-{version}", version)
    folders = [f"{tmp_path}/*"]

    assert find_java(17, environ={}, folders=folders).version == 17
    assert find_java(18, environ={}, folders=folders).version == 21
    assert find_java(22, environ={}, folders=folders).home == tmp_path / "jvm-25"


def test_looks_everywhere_and_names_each_java_once(tmp_path: Path) -> None:
    homes = {name: install(tmp_path / name, "17") for name in ("home", "ci", "path", "jvm")}
    environ = {
        "JAVA_HOME": str(homes["home"]),
        "JAVA_HOME_17_X64": str(homes["ci"]),
        "PATH": f"{homes['path'] / 'bin'}:/nowhere",
    }
    (tmp_path / "link").symlink_to(homes["jvm"])

    found = [java.home for java in installed_javas(environ, [f"{tmp_path}/jvm", f"{tmp_path}/l*"])]

    assert found == [homes["home"], homes["ci"], homes["path"], homes["jvm"]]


def test_of_equals_java_home_wins(tmp_path: Path) -> None:
    mine = install(tmp_path / "z-mine", "21")
    install(tmp_path / "a-other", "21")

    assert find_java(17, environ={"JAVA_HOME": str(mine)}, folders=[f"{tmp_path}/*"]).home == mine


def test_a_home_folder_may_be_abbreviated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = install(tmp_path / ".sdkman/candidates/java/21.0.1-tem", "21")

    assert find_java(21, environ={}, folders=["~/.sdkman/candidates/java/*"]).home == home


def test_asks_rather_than_reads_folder_names(tmp_path: Path) -> None:
    install(tmp_path / "java-21", "17")
    old = install(tmp_path / "jre", "1.8")

    found = {java.home: java.version for java in installed_javas({}, [f"{tmp_path}/*"])}

    assert found == {old: 8, tmp_path / "java-21": 17}


@pytest.mark.parametrize(
    "script",
    ["exit 1", "echo 'No Java runtime present'", "echo 'java.specification.version = x' >&2"],
    ids=["fails", "says nothing", "has no version"],
)
def test_passes_over_what_is_no_java(tmp_path: Path, script: str) -> None:
    install_script(tmp_path / "broken", script)
    (tmp_path / "empty").mkdir()
    good = install(tmp_path / "good", "17")

    assert find_java(17, environ={}, folders=[f"{tmp_path}/*"]).home == good


def test_a_jre_does_where_no_compiler_is_asked_for(tmp_path: Path) -> None:
    jre = install(tmp_path / "jre", "17", compiler=False)
    jdk = install(tmp_path / "jdk", "21")

    assert find_java(17, environ={}, folders=[f"{tmp_path}/*"]).home == jre
    assert find_java(17, compiler=True, environ={}, folders=[f"{tmp_path}/*"]).home == jdk


def test_the_error_says_what_there_is(tmp_path: Path) -> None:
    home = install(tmp_path / "jvm", "17")

    with pytest.raises(NoJavaError) as caught:
        find_java(21, environ={}, folders=[f"{tmp_path}/*"])
    assert str(caught.value) == f"needs Java 21 or newer; found 17 in {home}"
    with pytest.raises(NoJavaError, match="found no Java at all"):
        find_java(8, environ={}, folders=[])
