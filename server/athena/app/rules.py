"""The files that permission rules are in: the user's own, never the repository's.

A repository that somebody else wrote must not be able to allow itself anything, so the rules of a
project are kept beside the user's settings, in a file named after the project.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from athena.app import mistakes
from athena.app.settings import user_file
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.rule import Rule

FIELDS = ("decision", "tool", "name", "path", "command", "host", "harness", "note")

HEAD = """# Permission rules of Athena. The first rule that fits answers a request.
# decision: allow, reject or ask; tool: read, edit, execute, fetch, …; path, command, host: globs.
"""


class GivenRule(Rule):
    """A rule of a file. A key that is none would leave a condition out, so it is refused."""

    model_config = ConfigDict(extra="forbid")


class RulesFile(BaseModel):
    """One file of rules."""

    model_config = ConfigDict(extra="forbid")

    rule: list[GivenRule] = []


def user_rules_file() -> Path:
    """The rules that hold in all projects."""
    return user_file().with_name("rules.toml")


def project_rules_file(project: Path) -> Path:
    """The rules of one project."""
    digest = hashlib.sha256(str(project).encode()).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", project.name) or "root"
    return user_file().parent / "rules" / f"{name}-{digest}.toml"


def load(project: Path | None) -> list[Rule]:
    """The rules in force, those of the project first."""
    own = [r.model_copy(update={"source": "user"}) for r in read(user_rules_file())]
    if project is None:
        return own
    theirs = read(project_rules_file(project))
    return [r.model_copy(update={"source": "project"}) for r in theirs] + own


def read(path: Path) -> list[Rule]:
    """The rules of one file; a file that is not there has none."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        return [*RulesFile.model_validate(tomllib.loads(text)).rule]
    except FileNotFoundError:
        return []
    except OSError as error:
        words = f"{path}: {error}"
    except ValueError as error:
        words = mistakes.of_file(path, text, error, RulesFile)
    raise AthenaError(ErrorCode.INVALID_PARAMS, words, field="rules")


def write(path: Path, rules: list[Rule], title: str) -> None:
    """Write a file of rules whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = HEAD + f"# {title}\n" + "".join(_table(rule) for rule in rules)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _table(rule: Rule) -> str:
    given = {name: getattr(rule, name) for name in FIELDS}
    lines = [f"{name} = {_quoted(str(value))}" for name, value in given.items() if value]
    return "\n[[rule]]\n" + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    shown = (escapes.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
    return '"' + "".join(shown) + '"'
