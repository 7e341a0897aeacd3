"""The table ``[lint]`` of the settings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from kontrakt.editor import settings_schema
from kontrakt.errors import SettingsErrors
from kontrakt.lint.options import Options, options
from kontrakt.lint.rules import RULES
from kontrakt.settings import read
from kontrakt.severity import Severity

SETTINGS: Any = jsonschema.Draft7Validator(settings_schema())


def of(text: str, folder: Path) -> Options:
    (folder / "kontrakt.toml").write_text(text)
    return options(read(folder, {}), RULES)


def test_what_is_set(tmp_path: Path) -> None:
    assert of("", tmp_path) == Options()
    text = (
        'lint = {field_names = "camelCase", most_fields = 9, rules = {soft-delete = "off", money-as-float = "error"}}'
    )
    severities = {"soft-delete": None, "money-as-float": Severity.ERROR}
    assert of(text, tmp_path) == Options(field_names="camelCase", most_fields=9, severities=severities)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lint = 1", "1:1: lint must be a table, not a number"),
        ("[lint]\nmost_felds = 1", "2:1: 'most_felds' is not a setting of [lint] (did you mean 'most_fields'?)"),
        ('[lint]\nfield_names = "snake"', "2:1: field_names cannot be 'snake' (did you mean 'snake_case'?)"),
        ("[lint]\nfield_names = []", "2:1: field_names cannot be a list"),
        ("[lint]\nmost_fields = 0", "2:1: most_fields must be a whole number from 1"),
        ("[lint]\nmost_fields = true", "2:1: most_fields must be a whole number from 1"),
        ("[lint]\nrules = []", "2:1: rules must be a table, not a list"),
        ('[lint.rules]\nsoft-delte = "off"', "2:1: lint has no rule 'soft-delte' (did you mean 'soft-delete'?)"),
        ('[lint.rules]\nfield-removed = "off"', "2:1: lint has no rule 'field-removed'"),
        ('[lint.rules]\nsoft-delete = "of"', "2:1: soft-delete cannot be 'of' (one of off, error, warning, info)"),
        ("[lint.rules]\nsoft-delete = false", "2:1: soft-delete cannot be false"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsErrors) as caught:
        of(text, tmp_path)
    assert said in str(caught.value)
    assert not SETTINGS.is_valid(tomllib.loads(text))
