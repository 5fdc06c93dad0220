"""Settings: `athena.toml` of the user and of the project, and the defaults under both.

A project's file comes with a repository that somebody else may have written, so it cannot name
programs to start: harnesses are only taken from the user's file.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from athena.harness.quirks import AcpQuirks
from athena.harness.rows import HARNESSES, Harness
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import Archetype

FILE_NAME = "athena.toml"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Defaults(_Table):
    """`[defaults]`: what a new agent gets when nothing else is said."""

    harness: str | None = None
    archetype: str | None = None
    model: str | None = None
    mode: str | None = None


class WorkspaceSettings(_Table):
    """`[workspace]`: where worktrees are made and what happens in them.

    `location` may hold `{repository}`, `{project}` and `{agent}`; `branch` may hold `{agent}`,
    `{name}` and `{date}`. Scripts are shell commands; limits in seconds.
    """

    kind: Literal["new", "none"] = "new"
    location: str | None = None
    branch: str = "athena/{name}"
    base: str | None = None
    bring: list[str] = []
    setup: list[str] = []
    run: list[str] = []
    teardown: list[str] = []
    script_seconds: float = 600
    ports: int = 10


class ArchetypeSettings(_Table):
    """`[archetype.NAME]`: a kind of agent.

    `[archetype.NAME.asks]`: what it can be asked of a selection, as `"Title" = "Prompt"`.
    """

    description: str = ""
    prompt: str | None = None
    harness: str | None = None
    model: str | None = None
    mode: str | None = None
    readonly: bool = False
    tools: list[str] | None = None
    stall_seconds: float | None = Field(default=None, gt=0)
    asks: dict[str, str] = {}


class HarnessSettings(_Table):
    """`[harness.NAME]`: an ACP agent of the user's own."""

    command: list[str] = Field(min_length=1)
    title: str | None = None
    env: dict[str, str] = {}
    hint: str = "Its command is in your athena.toml."


class DaemonSettings(_Table):
    """`[daemon]`: limits of the daemon. Sizes in bytes, times in seconds."""

    idle_exit_seconds: float = Field(default=1800, ge=0)
    cache_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    run_idle_seconds: float = Field(default=4 * 3600, ge=0)
    stall_seconds: float = Field(default=300, gt=0)
    stop_grace_seconds: float = Field(default=5, ge=0)


class SettingsFile(_Table):
    """One `athena.toml`."""

    defaults: Defaults = Defaults()
    workspace: WorkspaceSettings = WorkspaceSettings()
    archetype: dict[str, ArchetypeSettings] = {}
    harness: dict[str, HarnessSettings] = {}
    daemon: DaemonSettings = DaemonSettings()


BUILT_IN_ARCHETYPES: dict[str, ArchetypeSettings] = {
    "executor": ArchetypeSettings(
        description="Carries out a task and changes files.",
        asks={
            "Fix": "Fix what is wrong here.",
            "Refactor": "Refactor this without changing what it does.",
        },
    ),
    "planner": ArchetypeSettings(
        description="Reads and plans, changes nothing.",
        readonly=True,
        prompt="Explore the project and write a plan. Do not change any file.",
        asks={"Explain": "Explain what this does and why. Do not change any file."},
    ),
    "reviewer": ArchetypeSettings(
        description="Reviews changes and reports what should be better.",
        readonly=True,
        prompt=(
            "Review the changes on this branch against its base. Report defects with file and "
            "line, worst first. Do not change any file."
        ),
        asks={"Review": "Review this. Do not change any file."},
    ),
    "tester": ArchetypeSettings(
        description="Writes and runs tests.",
        prompt="Write tests for what is asked, run them, and report what they found.",
        asks={"Write tests": "Write tests for this."},
    ),
}


class Settings:
    """The settings in force for one project."""

    def __init__(self, user: SettingsFile, project: SettingsFile) -> None:
        self._user = user
        self._project = project
        self.daemon = user.daemon

    @property
    def defaults(self) -> Defaults:
        """The project's defaults over the user's."""
        given = self._user.defaults.model_dump(exclude_none=True)
        return Defaults(**{**given, **self._project.defaults.model_dump(exclude_none=True)})

    @property
    def workspace(self) -> WorkspaceSettings:
        """The project's workspace settings over the user's, key by key."""
        given = self._user.workspace.model_dump(exclude_unset=True)
        return WorkspaceSettings(
            **{**given, **self._project.workspace.model_dump(exclude_unset=True)}
        )

    def archetypes(self) -> list[Archetype]:
        """All archetypes, each name once, the nearest definition first."""
        found: dict[str, Archetype] = {}
        for source, table in (
            ("project", self._project.archetype),
            ("user", self._user.archetype),
            ("built-in", BUILT_IN_ARCHETYPES),
        ):
            for name, a in table.items():
                found.setdefault(name, Archetype(name=name, source=source, **a.model_dump()))
        return list(found.values())

    def archetype(self, name: str) -> Archetype:
        """The archetype called `name`; `AthenaError` with the known ones otherwise."""
        known = {a.name: a for a in self.archetypes()}
        if name not in known:
            raise AthenaError(
                ErrorCode.NOT_FOUND,
                f"There is no archetype {name!r}. Known: {', '.join(sorted(known))}.",
                candidates=sorted(known),
            )
        return known[name]

    def harnesses(self) -> dict[str, Harness]:
        """All harnesses by name; the user's own go before the built-in ones."""
        found = {h.name: h for h in HARNESSES}
        for name, h in self._user.harness.items():
            row = found.get(name)
            found[name] = Harness(
                name=name,
                title=h.title or (row.title if row else name),
                protocol=row.protocol if row else "acp",
                argv=tuple(h.command),
                hint=h.hint,
                env=h.env,
                quirks=row.quirks if row else AcpQuirks(),
                source="user",
            )
        return found

    def harness(self, name: str) -> Harness:
        """The harness called `name`; `AthenaError` with the known ones otherwise."""
        known = self.harnesses()
        if name not in known:
            raise AthenaError(
                ErrorCode.NOT_FOUND,
                f"There is no harness {name!r}. Known: {', '.join(sorted(known))}.",
                candidates=sorted(known),
            )
        return known[name]


def user_file() -> Path:
    """Where the user's settings are: `$ATHENA_CONFIG`, or the platform's place for them."""
    given = os.environ.get("ATHENA_CONFIG")
    return Path(given) if given else platformdirs.user_config_path("athena") / FILE_NAME


def project_file(project: Path) -> Path:
    """Where a project's settings are."""
    return project / FILE_NAME


def load(project: Path | None) -> Settings:
    """The settings for a project, read anew each time: a file that was edited counts at once."""
    own = read_file(user_file())
    apart = project is not None and project_file(project) != user_file()
    theirs = read_file(project_file(project)) if project and apart else SettingsFile()
    if theirs.harness:
        assert project is not None
        raise AthenaError(
            ErrorCode.REFUSED,
            f"{project_file(project)} defines a harness. A project cannot name programs to start: "
            f"move [harness.{next(iter(theirs.harness))}] to {user_file()}.",
            reason="project harness",
        )
    return Settings(own, theirs)


def read_file(path: Path) -> SettingsFile:
    """One settings file; a file that is not there is an empty one. Read again when it changed."""
    try:
        stat = path.stat()
    except OSError:
        _read.pop(path, None)
        return SettingsFile()
    signature = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    known = _read.get(path)
    if known is None or known[0] != signature:
        known = _read[path] = (signature, _parsed(path))
    return known[1]


_read: dict[Path, tuple[tuple[int, int, int], SettingsFile]] = {}
"""The files read last, with what tells whether they changed since."""


def _parsed(path: Path) -> SettingsFile:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return SettingsFile.model_validate(table)
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise _broken(path, f"{key}: {first['msg']}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(path, str(error)) from error


def _broken(path: Path, why: str) -> AthenaError:
    return AthenaError(ErrorCode.INVALID_PARAMS, f"{path}: {why}", field="settings")
