"""What a file of settings and the environment may say, and where it is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from kontrakt import settings
from kontrakt.errors import SettingsErrors


@pytest.mark.parametrize(
    ("said", "period"),
    [
        ("90 days", timedelta(days=90)),
        ("1 day", timedelta(days=1)),
        ("2 weeks", timedelta(days=14)),
        ("0 days", timedelta(0)),
    ],
)
def test_a_period(tmp_path: Path, said: str, period: timedelta) -> None:
    (tmp_path / "kontrakt.toml").write_text(f'deprecation_period = "{said}"\n')
    assert settings.read(tmp_path, {}).deprecation_period == period
    assert settings.read(tmp_path, {"KONTRAKT_DEPRECATION_PERIOD": "3 days"}).deprecation_period == timedelta(days=3)


@pytest.mark.parametrize("said", ["90", "90d", "-1 days", "days", "1.5 days", "999999 days", "90 days "])
def test_what_is_no_period(tmp_path: Path, said: str) -> None:
    file = tmp_path / "kontrakt.toml"
    file.write_text(f'style = "msgspec"\n  deprecation_period = "{said}"\n')
    with pytest.raises(SettingsErrors) as raised:
        settings.read(tmp_path, {})
    (problem,) = raised.value.problems
    assert (problem.position.line, problem.position.column) == (2, 3)
    assert "90 days" in problem.hint
    file.write_text("")
    with pytest.raises(SettingsErrors, match="KONTRAKT_DEPRECATION_PERIOD is"):
        settings.read(tmp_path, {"KONTRAKT_DEPRECATION_PERIOD": said})


def test_kafka_options_of_the_environment(tmp_path: Path) -> None:
    found = settings.read(tmp_path, {"KONTRAKT_KAFKA_SASL_PASSWORD": "secret", "KONTRAKT_KAFKA_LOG_LEVEL": "3"})
    assert found.kafka_config == {"sasl.password": "secret", "log_level": "3"}  # the one name with an underscore


def test_files_stand_beside_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kontrakt.toml").write_text('waivers = "checks/waivers.toml"\n')
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    found = settings.read(environ={})
    assert found.waivers_file == Path("../checks/waivers.toml")
    assert found.baseline_file == Path("../kontrakt-baseline.json")


@pytest.mark.parametrize("said", ["1", "0.1.0", "1!2.0", "1.4.0rc1", "2.0.post1.dev3", "1.0+local.1"])
def test_a_version(tmp_path: Path, said: str) -> None:
    (tmp_path / "kontrakt.toml").write_text(f'distribution = {{ version = "{said}" }}\n')
    distribution = settings.read(tmp_path, {}).distribution
    assert distribution is not None
    assert distribution.version == said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[distribution]\nversion = "one"\n', (2, 1)),
        ('[distribution]\nversion = "1.0-final"\n', (2, 1)),
        ('package = "a.class"\n', (1, 1)),
        ('package = "../a"\n', (1, 1)),
    ],
)
def test_what_no_package_can_have(tmp_path: Path, text: str, place: tuple[int, int]) -> None:
    (tmp_path / "kontrakt.toml").write_text(text)
    with pytest.raises(SettingsErrors) as raised:
        settings.read(tmp_path, {})
    (problem,) = raised.value.problems
    assert (problem.position.line, problem.position.column) == place


# Of a tree that is not on disk


def of_tree(start: str, **files: str) -> settings.Settings:
    """The settings of files that stand nowhere; in their names ``__`` is a slash and ``_toml`` the ending."""
    among = {name.replace("__", "/").replace("_toml", ".toml"): text.encode() for name, text in files.items()}
    return settings.read(start, {}, among=among, shown=lambda path: f"main:{path}")


def test_the_nearest_file_of_a_tree() -> None:
    files = {"kontrakt_toml": 'schemas = "a"', "services__shop__pyproject_toml": '[tool.kontrakt]\nschemas = "b"'}
    found = of_tree("services/shop/src", **files)
    assert (found.schemas, found.file) == ("b", "main:services/shop/pyproject.toml")
    assert found.schemas_folder == Path("services/shop/b")
    assert str(found.place("schemas")) == "main:services/shop/pyproject.toml:2:1"
    above = of_tree("services/other", **files)
    assert (above.schemas_folder, above.file) == (Path("a"), "main:kontrakt.toml")
    assert of_tree(".", **files).schemas_folder == Path("a")


def test_a_tree_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kontrakt.toml").write_text('schemas = "on disk"')
    monkeypatch.chdir(tmp_path)
    found = of_tree("a", a__pyproject_toml='[tool.other]\nname = "kontrakt"', b__kontrakt_toml='schemas = "b"')
    assert (found.file, found.schemas) == ("", "schemas")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"kontrakt_toml": "schemas = 7"}, "main:kontrakt.toml:1:1: schemas must be text"),
        ({"kontrakt_toml": "schemas ="}, "main:kontrakt.toml:1:1: this is not TOML"),
        (
            {"kontrakt_toml": "", "pyproject_toml": '[tool.kontrakt]\nschemas = "x"'},
            "main:pyproject.toml:1:1: there are settings here and in kontrakt.toml beside it",
        ),
    ],
)
def test_wrong_settings_of_a_tree(files: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsErrors) as error:
        of_tree(".", **files)
    assert str(error.value).startswith(message)


def test_a_file_of_a_tree_that_is_not_utf_8() -> None:
    with pytest.raises(SettingsErrors, match=r"main:kontrakt\.toml:1:1: the file is not UTF-8"):
        settings.read(".", {}, among={"kontrakt.toml": b"\xff"}, shown=lambda path: f"main:{path}")
