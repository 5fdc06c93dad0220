"""Which projects may name commands to run: the user says so, once for each.

The settings of a project come with a repository that somebody else may have written. Without the
user's word its scripts are told of and not run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from athena.app.caution import cautious
from athena.app.context import Context
from athena.app.settings import Settings, user_file
from athena.app.spawn import project_of
from athena.app.tables import WorkspaceSettings
from athena.app.user import need_user
from athena.border import Connection
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.items import Notice
from athena.protocol.remedies import remedy
from athena.protocol.workspace import Trust, TrustProject
from athena.worktree.errors import ScriptFailed
from athena.worktree.scripts import CURSOR_FILE, Scripts, cursor_scripts

HEAD = (
    "# Projects whose own files may name commands to run "
    f"({remedy('athena.workspace.trust')}), one a line.\n"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The scripts in force for a project. `withheld` are those that it is not trusted to name."""

    setup: tuple[str, ...]
    run: tuple[str, ...]
    teardown: tuple[str, ...]
    withheld: tuple[str, ...]
    seconds: float


def chosen(settings: Settings, project: Path) -> Chosen:
    """The user's scripts, the project's over them where it is trusted. Raises `ScriptFailed`."""
    own = settings.workspace
    cursor = _cursor(project)
    named = _named(settings.project_scripts, cursor)
    if not is_trusted(project):
        return _of(own, (), named if not own.setup else _named(settings.project_scripts, Scripts()))
    return _of(settings.trusted_workspace, cursor.setup, ())


def settings_for(settings: Settings, project: Path) -> tuple[Settings, tuple[str, ...]]:
    """The settings that an agent is made by, and the project's keys that do not count in them."""
    own, theirs = settings.files
    if is_trusted(project):
        return settings, ()
    safe, withheld = cautious(own, theirs)
    return Settings(own, safe), withheld


def withheld_note(keys: tuple[str, ...], project: Path) -> Notice:
    """What a user is told of keys that do not count."""
    trust = remedy("athena.workspace.trust", project=str(project))
    words = (
        f"The project's athena.toml sets {', '.join(keys)}, which may let an agent do more than "
        f"your own settings do, so it was left out. To let it: {trust}"
    )
    return Notice(level="warning", text=words, topic="settings", remedies=[trust])


def _of(found: WorkspaceSettings, fallback: tuple[str, ...], withheld: tuple[str, ...]) -> Chosen:
    return Chosen(
        tuple(found.setup) or fallback,
        tuple(found.run),
        tuple(found.teardown),
        withheld,
        found.script_seconds,
    )


def _named(theirs: WorkspaceSettings, cursor: Scripts) -> tuple[str, ...]:
    """All commands that a project's own files name."""
    return (*(theirs.setup or cursor.setup), *theirs.run, *theirs.teardown)


def _cursor(project: Path) -> Scripts:
    """Those of the project as the user has it: not of a branch that somebody else sent."""
    root = next((p for p in (project, *project.parents) if (p / ".git").exists()), project)
    return cursor_scripts(root)


def trusted_file() -> Path:
    """The file that lists trusted projects, beside the user's settings."""
    return user_file().with_name("trusted-projects")


def is_trusted(project: Path) -> bool:
    """Whether the user trusts a project, or a folder that it lies in."""
    return any(project.is_relative_to(known) for known in _trusted())


def _trusted() -> list[Path]:
    try:
        # Not `splitlines`: a form feed in a name must not make two folders of one.
        lines = trusted_file().read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    return [Path(line) for line in lines if line.startswith("/")]


def _write(projects: list[Path]) -> None:
    path = trusted_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(HEAD + "".join(f"{p}\n" for p in projects), encoding="utf-8")
    temporary.replace(path)


async def trust(context: Context, connection: Connection, asked: TrustProject) -> Trust:
    """Trust a project, take that back, or only tell."""
    if asked.trusted is not None:
        need_user(context, connection)
    project = project_of(asked.project, connection.cwd)
    if "\n" in str(project):
        raise AthenaError(ErrorCode.INVALID_PARAMS, "The path has a line break.", field="project")
    known = _trusted()
    if asked.trusted and not is_trusted(project):
        _write([*known, project])
    elif asked.trusted is False:
        _write([p for p in known if p != project])
    try:
        named = _named(context.settings(project).project_scripts, _cursor(project))
    except ScriptFailed as error:
        raise AthenaError(ErrorCode.INVALID_PARAMS, str(error), file=CURSOR_FILE) from error
    return Trust(
        project=str(project),
        trusted=is_trusted(project),
        commands=list(named),
        file=str(trusted_file()),
    )
