"""Making a new agent out of what a client asks for and what the settings say."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Container, Mapping
from pathlib import Path

from athena.app.environment import concealed
from athena.app.settings import Settings
from athena.harness.identity import find
from athena.harness.rows import Harness
from athena.protocol.agent import AgentView, SpawnAgent
from athena.protocol.content import ContentBlock, TextContent, plain_text
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy
from athena.protocol.spec import AgentSpec, WorkspaceSpec
from athena.protocol.transcript import Archetype
from athena.worktree.paths import to_wire

ID_LENGTH = 8
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
NAME_WORDS = 4
DEFAULT_ARCHETYPE = "executor"


def agent_id(command_id: str | None) -> str:
    """A new id; the same one for the same command, so that sending it again makes no second."""
    if command_id is None:
        return "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))
    digest = hashlib.sha256(command_id.encode()).digest()
    return "".join(ALPHABET[b % len(ALPHABET)] for b in digest[:ID_LENGTH])


def content_of(text: str | None, content: list[ContentBlock] | None) -> list[ContentBlock]:
    """A prompt from its two forms: the text, then what is attached to it."""
    return [*([TextContent(text=text)] if text else []), *(content or [])]


def project_of(asked: str | None, cwd: str) -> Path:
    """The project's directory: what was asked for, or where the client is."""
    project = Path(cwd, Path(asked).expanduser()) if asked else Path(cwd)
    if not project.is_dir():
        raise AthenaError(ErrorCode.NOT_FOUND, f"{project} is no directory.", field="project")
    return _tellable(project.resolve(), "project")


def placed(wanted: WorkspaceSpec, cwd: str) -> WorkspaceSpec:
    """The spec with its paths made absolute: they are said from where the client is."""
    if wanted.also and wanted.kind != "new":
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            "Other repositories go with new worktrees only.",
            field="workspace.also",
        )
    path = _folder(wanted.path, cwd, "workspace.path") if wanted.path is not None else None
    also = [_folder(other, cwd, "workspace.also") for other in wanted.also or []]
    return wanted.model_copy(update={"path": path, "also": also or None})


def _folder(given: str, cwd: str, field: str) -> str:
    path = Path(cwd, Path(given).expanduser()).resolve()
    if not path.is_dir():
        raise AthenaError(ErrorCode.NOT_FOUND, f"{path} is no directory.", field=field)
    return str(_tellable(path, field))


def _tellable(path: Path, field: str) -> Path:
    """The path, if editors and harnesses can be told it: JSON has no bytes that are no UTF-8."""
    if (shown := to_wire(str(path))) != str(path):
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            f"The name of the folder {shown} is no UTF-8, which agents need; rename it.",
            field=field,
        )
    return path


def workspace_of(host: AgentView) -> WorkspaceSpec:
    """The workspace of another agent, to work in as well."""
    if host.workspace is None:
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{host.name} has no workspace to work in yet, or no more.",
            field="workspace.agent",
        )
    return WorkspaceSpec(kind="existing", path=host.workspace.cwd, agent=host.id)


def name_of(asked: SpawnAgent, content: list[ContentBlock], taken: Container[str]) -> str:
    """The agent's name: as asked, or from the first words of its prompt; never one in use."""
    if asked.name is not None:
        if not asked.name.strip():
            raise AthenaError(ErrorCode.INVALID_PARAMS, "The name is empty.", field="name")
        base = asked.name.strip()
    else:
        words = re.findall(r"[a-z0-9]+", plain_text(content).lower())[:NAME_WORDS]
        base = "-".join(words)[:40] or asked.archetype or "agent"
    name, n = base, 1
    while name in taken:
        n += 1
        name = f"{base}-{n}"
    return name


def spec_of(
    asked: SpawnAgent, settings: Settings, project: Path, name: str, harness: str
) -> AgentSpec:
    """The whole spec: what was asked, over the archetype, over the settings."""
    archetype = _archetype(asked, settings)
    defaults = settings.defaults
    workspace = asked.workspace or WorkspaceSpec(kind=settings.workspace.kind)
    if workspace.kind == "existing" and not workspace.path:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            "An existing workspace needs its path.",
            field="workspace.path",
        )
    return AgentSpec(
        name=name,
        harness=harness,
        archetype=archetype.name,
        model=asked.model or archetype.model or defaults.model,
        mode=asked.mode or archetype.mode or defaults.mode,
        readonly=archetype.readonly,
        project=str(project),
        workspace=workspace,
        parent_id=asked.parent_id,
        instructions=archetype.prompt,
        allowed_tools=archetype.tools,
        mcp_servers=[concealed(one) for one in asked.mcp_servers],
        options=asked.options,
        stall_seconds=archetype.stall_seconds,
    )


def harness_of(asked: SpawnAgent, settings: Settings, fallback: str | None) -> str:
    """The harness: as asked, of the archetype, of the settings, or the one that is installed."""
    archetype = _archetype(asked, settings)
    name = asked.harness or archetype.harness or settings.defaults.harness or fallback
    if name is None:
        how = remedy("athena.harness.list")
        raise AthenaError(
            ErrorCode.HARNESS_UNAVAILABLE,
            f"No harness is installed here. Install one ({how} says how), or name one: "
            "`scripted` is always there, and needs no key.",
            remedies=[how],
        )
    return settings.harness(name).name


def check_startable(spec: AgentSpec, harness: Harness, environment: Mapping[str, str]) -> None:
    """Refuse an agent that cannot start: without its program, or a worktree without a repository.

    What takes longer to find out makes the agent fail later, in words of its own.
    """
    named = os.sep not in harness.argv[0] or Path(harness.argv[0]).is_absolute()
    if named and find(harness, {**environment, **harness.env}) is None:
        where = "on the PATH" if os.sep not in harness.argv[0] else "there, or no program"
        raise AthenaError(
            ErrorCode.HARNESS_UNAVAILABLE,
            f"{harness.title} cannot start: `{harness.argv[0]}` is not {where}. {harness.hint}",
            field="harness",
        )
    project = Path(spec.project)
    if spec.workspace.kind == "new" and not _may_be_repository(project):
        raise AthenaError(
            ErrorCode.GIT_FAILED,
            f"{project} is not in a git repository, so there can be no worktree. Run `git init` "
            "and make a commit there, choose a folder of a repository, or let the agent work in "
            "the folder itself (`--worktree none`).",
            field="project",
        )


def _may_be_repository(project: Path) -> bool:
    """Whether git could find a repository from here; a bare one is the folder itself."""
    return any((p / ".git").exists() or (p / "HEAD").is_file() for p in (project, *project.parents))


def _archetype(asked: SpawnAgent, settings: Settings) -> Archetype:
    return settings.archetype(asked.archetype or settings.defaults.archetype or DEFAULT_ARCHETYPE)
