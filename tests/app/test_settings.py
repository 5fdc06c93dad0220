"""What the settings files may say, and what `docs/settings.md` says of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from athena.app import settings
from athena.app.tables import OWN_ONLY, SettingsFile
from athena.harness.rows import BY_NAME
from athena.protocol.errors import AthenaError

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "user" / "athena.toml"
    path.parent.mkdir()
    monkeypatch.setenv("ATHENA_CONFIG", str(path))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


def test_the_page_has_every_key() -> None:
    text = PAGE.read_text()
    sections = dict(re.findall(r"### `\[(\w+)[^`]*\]`\n(.*?)(?=\n### |\Z)", text, re.DOTALL))
    assert list(sections) == list(SettingsFile.model_fields)
    for name, field in SettingsFile.model_fields.items():
        shape = getattr(field.annotation, "__args__", [None, field.annotation])[1]
        assert issubclass(shape, BaseModel)
        assert re.findall(r"^\| `(\w+)` \|", sections[name], re.M) == list(shape.model_fields)


def test_the_example_of_the_page_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    read = SettingsFile.model_validate(tomllib.loads(example))
    assert read.notification.webhook and read.workspace.setup == ["npm ci"]


def test_the_project_goes_before_the_user_key_by_key(user: Path, project: Path) -> None:
    user.write_text("[workspace]\nports = 3\nbring = ['.env']\n[permission]\nremind_seconds = 9\n")
    (project / "athena.toml").write_text(
        "[workspace]\nports = 5\nsetup = ['make']\n[permission]\nexpire_seconds = 7\n"
    )
    found = settings.load(project)
    assert (found.workspace.ports, found.workspace.bring) == (5, [".env"])
    assert (found.permission.remind_seconds, found.permission.expire_seconds) == (9, 7)
    assert found.workspace.setup == [] and found.trusted_workspace.setup == ["make"]


@pytest.mark.parametrize("table", OWN_ONLY)
def test_some_tables_are_the_users_alone(user: Path, project: Path, table: str) -> None:
    own = {"harness": "[harness.mine]\ncommand = ['x']\n", "notification": "[notification]\n"}
    text = own.get(table, f"[{table}]\n")
    user.write_text(text)
    settings.load(None)
    (project / "athena.toml").write_text(text)
    with pytest.raises(AthenaError, match=rf"\[{table}\].*Move it to {re.escape(str(user))}"):
        settings.load(project)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[workspace]\nport = 3\n", "workspace.port"),
        ("[workspace]\nports = -1\n", "workspace.ports"),
        ("[permission]\nexpire_seconds = 0\n", "permission.expire_seconds"),
        ("[notification]\nwebhook = 'ftp://x'\n", "notification.webhook"),
        ("[notification]\non = ['all']\n", "notification.on"),
        ("[workspace\n", "athena.toml"),
    ],
)
def test_a_mistake_names_file_and_key(user: Path, text: str, words: str) -> None:
    user.write_text(text)
    with pytest.raises(AthenaError) as found:
        settings.load(None)
    assert words in found.value.message and str(user) in found.value.message


def test_a_known_harness_in_another_place(user: Path) -> None:
    user.write_text(
        "[harness.gemini]\ncommand = ['/opt/gemini', '--acp']\nenv = { A = 'b' }\n"
        "[harness.claude]\ncommand = ['npx', 'claude']\n"
    )
    found = settings.load(None).harnesses()
    gemini, claude = found["gemini"], found["claude"]
    assert (gemini.argv, gemini.env) == (("/opt/gemini", "--acp"), {"A": "b"})
    assert gemini.version_argv == ("/opt/gemini", "--version")
    assert gemini.quirks == BY_NAME["gemini"].quirks
    assert (claude.protocol, claude.version_argv) == ("claude", None)


def test_quirks_of_an_own_harness(user: Path) -> None:
    user.write_text("[harness.mine]\ncommand = ['mine']\nlogin = ['key']\nreadonly_mode = 'ask'\n")
    found = settings.load(None).harness("mine")
    assert (found.quirks.auth_methods, found.quirks.readonly_mode) == (("key",), "ask")
