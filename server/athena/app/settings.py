"""Settings: `athena.toml` of the user and of the project, and the defaults under both.

A project's file comes with a repository that somebody else may have written, so it cannot name
programs to start, nor somebody to be told: such tables are only taken from the user's file, and
scripts of a project only run when the user trusts it (`athena.app.trust`).
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs

from athena.app import mistakes
from athena.app.tables import (
    OWN_ONLY,
    ArchetypeSettings,
    DaemonSettings,
    Defaults,
    HarnessSettings,
    PermissionSettings,
    SettingsFile,
    WorkspaceSettings,
)
from athena.harness.rows import HARNESSES, Harness
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import Archetype

FILE_NAME = "athena.toml"

SCRIPTS = ("setup", "run", "teardown")

WHY_OWN = {
    "harness": "A project cannot name programs to start.",
    "checkpoint": "A project cannot have captured work forgotten.",
    "notification": "A project cannot have itself told what agents do.",
    "daemon": "A project cannot set the limits of the daemon.",
}


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
        self.files = (user, project)
        self.daemon = user.daemon
        self.notification = user.notification
        self.checkpoint = user.checkpoint
        self.run = user.run

    @property
    def defaults(self) -> Defaults:
        """The project's defaults over the user's."""
        given = self._user.defaults.model_dump(exclude_none=True)
        return Defaults(**{**given, **self._project.defaults.model_dump(exclude_none=True)})

    @property
    def workspace(self) -> WorkspaceSettings:
        """The project's workspace settings over the user's, key by key; scripts are the user's."""
        theirs = self._project.workspace.model_dump(exclude_unset=True, exclude=set(SCRIPTS))
        return self._workspace(theirs)

    @property
    def trusted_workspace(self) -> WorkspaceSettings:
        """The same with the scripts of the project, for a project that the user trusts."""
        return self._workspace(self._project.workspace.model_dump(exclude_unset=True))

    def _workspace(self, theirs: dict[str, Any]) -> WorkspaceSettings:
        return WorkspaceSettings(
            **{**self._user.workspace.model_dump(exclude_unset=True), **theirs}
        )

    @property
    def project_scripts(self) -> WorkspaceSettings:
        """The workspace settings of the project's own file, for the scripts in it."""
        return self._project.workspace

    @property
    def permission(self) -> PermissionSettings:
        """The project's settings for what nobody answers over the user's, key by key."""
        given = self._user.permission.model_dump(exclude_unset=True)
        theirs = self._project.permission.model_dump(exclude_unset=True)
        return PermissionSettings(**{**given, **theirs})

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
            found[name] = _own_harness(name, h, found.get(name))
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

    def unknown_names(self) -> list[str]:
        """Harnesses and archetypes that the files name and nobody defines, in words."""
        defaults, archetypes = self.defaults, self.archetypes()
        kinds, programs = {a.name for a in archetypes}, set(self.harnesses())
        said = [
            ("[defaults] `archetype`", defaults.archetype, kinds),
            ("[defaults] `harness`", defaults.harness, programs),
            *((f"[archetype.{a.name}] `harness`", a.harness, programs) for a in archetypes),
        ]
        return [
            f"{where} is {name!r}, which is none of {', '.join(sorted(known))}."
            for where, name, known in said
            if name is not None and name not in known
        ]


def _own_harness(name: str, given: HarnessSettings, row: Harness | None) -> Harness:
    """A harness of the user's settings; one that is known keeps what they do not say."""
    argv = tuple(given.command)
    known = row or Harness(name=name, title=name, protocol="acp", argv=argv, hint="")
    quirks = known.quirks
    if given.login:
        quirks = replace(quirks, auth_methods=tuple(given.login))
    if given.readonly_mode is not None:
        quirks = replace(quirks, readonly_mode=given.readonly_mode)
    version = known.version_argv
    if version is not None:
        # The same program in another place tells its version as before; another command may not.
        version = (argv[0], *version[1:]) if argv[1:] == known.argv[1:] else None
    return replace(
        known,
        title=given.title or known.title,
        argv=argv,
        hint=given.hint,
        env={**known.env, **given.env},
        version_argv=version,
        quirks=quirks,
        source="user",
    )


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
    for table in OWN_ONLY:
        if table in theirs.model_fields_set:
            assert project is not None
            raise AthenaError(
                ErrorCode.REFUSED,
                f"{project_file(project)} has a table [{table}]. {WHY_OWN[table]} "
                f"Move it to {user_file()}.",
                reason=f"project {table}",
            )
    return Settings(own, theirs)


def harness_of_run(name: str) -> Harness:
    """The harness under which a run was started, also when the settings have it no more, or have a
    mistake in them.

    All that are not built in are ACP agents like any other, so the run can still be driven.
    """
    try:
        found = load(None).harnesses()
    except AthenaError:
        found = {h.name: h for h in HARNESSES}
    gone = f"There is no harness {name!r} in {user_file()} any more."
    return found.get(name) or Harness(
        name=name, title=name, protocol="acp", argv=(name,), hint=gone, source="user"
    )


def limits() -> DaemonSettings:
    """The limits of the daemon. While the user's file is broken, those that it had last.

    A mistake in the file is told to whoever asks for something that needs it; agents at work go on.
    """
    known = _read.get(user_file())
    try:
        return read_file(user_file()).daemon
    except AthenaError:
        return known[1].daemon if known is not None else DaemonSettings()


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
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        return SettingsFile.model_validate(tomllib.loads(text))
    except OSError as error:
        words = f"{path}: {error}"
    except ValueError as error:
        words = mistakes.of_file(path, text, error, SettingsFile)
    raise AthenaError(ErrorCode.INVALID_PARAMS, words, field="settings")
