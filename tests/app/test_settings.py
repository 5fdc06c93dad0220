"""What the settings files may say, and what `docs/settings.md` says of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from athena.app import settings
from athena.app.rules import RulesFile
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


def test_the_examples_of_the_page_are_some() -> None:
    example, rules = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    read = SettingsFile.model_validate(tomllib.loads(example))
    assert read.notification.webhook and read.workspace.setup == ["npm ci"]
    assert len(RulesFile.model_validate(tomllib.loads(rules)).rule) == 2


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
        ("[workspace]\nport = 3\n", "2: [workspace] has no key `port`. Did you mean `ports`?"),
        ("workspace.port = 3\n", "1: [workspace] has no key `port`. Did you mean `ports`?"),
        ("# one\n\n[defaul]\nmode = 'x'\n", "3: There is no table [defaul]. Did you mean"),
        ("color = 1\n", "1: There is no table [color]. There are: defaults, workspace,"),
        (
            "[archetype.'a b']\nprompt = 'x'\nread_only = true\n",
            "3: [archetype.a b] has no key `read_only`. Did you mean `readonly`?",
        ),
        ("[defaults]\nzzz = 1\n", "2: [defaults] has no key `zzz`. It has: harness, archetype"),
        ("[harness.mine]\ntitle = 'x'\n", "1: [harness.mine] needs `command`."),
        (
            "[workspace]\nsetup = ['a']\nports = -1\n",
            "3: [workspace] `ports` must be greater than or equal to 0, not -1.",
        ),
        (
            "[permission]\nexpire_seconds = 0\n",
            "2: [permission] `expire_seconds` must be greater than 0, not 0.",
        ),
        (
            "[workspace]\nkind = 'nwe'\n",
            "2: [workspace] `kind` must be 'new' or 'none', not 'nwe'.",
        ),
        ("[notification]\nwebhook = 'ftp://x'\n", "2: [notification] `webhook` must match ^http"),
        ("[notification]\non = ['all']\n", "2: [notification] `on` must be 'result', "),
        ("[defaults]\nmode = auto\n", "2: Invalid value at column 8. Text is written in quotes."),
        ("[workspace]\nbranch = 'x/{nam}'\n", "2: [workspace] `branch` has the unknown field"),
        ("[workspace]\nlocation = '{nam}'\n", "2: [workspace] `location` has the unknown field"),
        ("[workspace\n", "1: "),
        (
            f"[archetype.a]\nprompt = '''\n{'-' * 80}\n'''\nzzz = 1\n",
            "5: [archetype.a] has no key `zzz`.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(
    user: Path, text: str, words: str
) -> None:
    user.write_text(text)
    with pytest.raises(AthenaError) as found:
        settings.load(None)
    assert found.value.message.startswith(f"{user}:{words}")


def test_names_that_nobody_defines_are_found(user: Path) -> None:
    user.write_text(
        "[defaults]\nharness = 'claud'\narchetype = 'docs'\n"
        "[archetype.docs]\nharness = 'mine'\n[harness.other]\ncommand = ['x']\n"
    )
    default, own = settings.load(None).unknown_names()
    assert default.startswith("[defaults] `harness` is 'claud', which is none of ")
    assert own.startswith("[archetype.docs] `harness` is 'mine'") and "other" in own


def test_all_mistakes_are_told_at_once_and_no_secret(user: Path) -> None:
    user.write_text("[defaults]\nmodell = 'x'\n[notification]\nsecret = 4711\ndesktop = 'maybe'\n")
    with pytest.raises(AthenaError) as found:
        settings.load(None)
    assert [line.split(":")[1] for line in found.value.message.splitlines()] == ["2", "4", "5"]
    assert "4711" not in found.value.message


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
