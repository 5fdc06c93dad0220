"""The tables of `athena.toml`: every key with its default and what it means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from athena.protocol.alert import Topic
from athena.protocol.remedies import remedy
from athena.worktree.names import BRANCH_FIELDS, LOCATION_FIELDS, unknown_fields

Seconds = Annotated[float, Field(gt=0)]


class Table(BaseModel):
    """A table of the file. What it does not know is refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Defaults(Table):
    """What a new agent gets when nothing else is said."""

    harness: str | None = Field(
        default=None, description="The harness; without it the first one that is installed."
    )
    archetype: str | None = Field(
        default=None, description="The kind of agent; without it `executor`."
    )
    model: str | None = Field(default=None, description="The model, by the harness's own name.")
    mode: str | None = Field(default=None, description="The mode, by the harness's own name.")


class WorkspaceSettings(Table):
    """Where agents work, and what happens there."""

    kind: Literal["new", "none"] = Field(
        default="new",
        description="`new`: a git worktree for each agent. `none`: the project itself.",
    )
    location: str | None = Field(
        default=None,
        description="The folder of a new worktree, with `{parent}`, `{repository}`, `{root}` and "
        "`{name}` in it; without it `{parent}/{repository}.worktrees/{name}`.",
    )
    branch: str = Field(
        default="athena/{name}",
        description="The name of its branch, with `{name}`, `{agent}`, `{base}` and `{date}`.",
    )
    base: str | None = Field(
        default=None,
        description="The branch or commit that it starts from; without it the current one.",
    )
    bring: list[str] = Field(
        default=[],
        description="Ignored files to bring along, written as in `.gitignore`; beside those of "
        "`.worktreeinclude`. On Linux they share blocks with the originals where the file system "
        "can, as XFS and Btrfs do.",
    )
    setup: list[str] = Field(
        default=[],
        description="Shell commands that run in a new worktree, in order, before the harness. "
        "Without them those of `.cursor/worktrees.json`.",
    )
    run: list[str] = Field(
        default=[],
        description=f"Shell commands that {remedy('athena.workspace.run')} starts: a server, a "
        "watcher.",
    )
    teardown: list[str] = Field(
        default=[], description="Shell commands that run in order before a worktree is removed."
    )
    script_seconds: Seconds = Field(
        default=600, description="How long one command of `setup` or `teardown` may take."
    )

    @field_validator("branch", "location")
    @classmethod
    def _template(cls, template: str | None, about: ValidationInfo) -> str | None:
        known = BRANCH_FIELDS if about.field_name == "branch" else LOCATION_FIELDS
        if unknown := unknown_fields(template or "", known):
            fields = ", ".join(f"{{{name}}}" for name in known)
            raise ValueError(f"has the unknown field {unknown[0]}; there are {fields}")
        return template

    ports: int = Field(
        default=10,
        ge=0,
        le=1000,
        description="How many free TCP ports each worktree gets, told in `ATHENA_PORT` (the "
        "first), `ATHENA_PORT_COUNT` and `ATHENA_PORT_LAST`; 0 for none.",
    )


class CheckpointSettings(Table):
    """How long the captured states of agents are kept. Only in your own file. What was captured
    before something was removed or reverted is always kept."""

    keep_newest: int = Field(
        default=400, ge=2, description="Keep so many of each agent, however old; a turn has two."
    )
    keep_newest_archived: int = Field(
        default=2, ge=1, description="The same for an agent that is archived."
    )
    keep_days: float = Field(
        default=30, ge=0, description="Keep all that are younger, however many there are."
    )


class RunSettings(Table):
    """How long what a harness said is kept as it said it, in `runs/` of the state directory. Only
    in your own file. What it meant is in the log, for ever."""

    keep_days: float = Field(
        default=30,
        ge=0,
        description="Forget the lines and the standard error of runs that ended before; the last "
        "run of an agent that is not archived is kept.",
    )


class PermissionSettings(Table):
    """What happens to questions and permission requests that nobody answers."""

    remind_seconds: Seconds | None = Field(
        default=None,
        description="Tell again of an open request after so long, and each time after that.",
    )
    expire_seconds: Seconds | None = Field(
        default=None,
        description="Refuse an open request after so long, so that its agent goes on without; "
        "without it a request waits for ever.",
    )


class NotificationSettings(Table):
    """Who else is told of what agents do. Only in your own file: a project cannot listen in."""

    on: list[Topic] = Field(
        default=["result", "question", "failure"],
        description="`result`: an agent is done. `question`: one waits for you. `failure`: a turn, "
        "a workspace or a harness failed.",
    )
    desktop: bool = Field(
        default=False,
        description="Show it on the desktop (`notify-send` on Linux, `osascript` on macOS).",
    )
    webhook: str | None = Field(
        default=None,
        pattern=r"^https?://",
        repr=False,
        description="An `http(s)` address to which each is posted as JSON.",
    )
    secret: str | None = Field(
        default=None,
        repr=False,
        description="The key that signs what is posted (Standard Webhooks: the header "
        "`webhook-signature`); `whsec_…` or any text.",
    )
    secret_file: str | None = Field(
        default=None, description="A file that holds the key, for those who share their settings."
    )
    retry_seconds: Seconds = Field(
        default=1,
        description="The first pause after a failure; each one after it is twice as long.",
    )
    retry_most_seconds: Seconds = Field(default=300, description="The longest pause.")
    give_up_seconds: Seconds = Field(
        default=86400, description="What could not be posted for so long is left out."
    )


class ArchetypeSettings(Table):
    """A kind of agent, called NAME."""

    description: str = Field(default="", description="One line for lists.")
    prompt: str | None = Field(default=None, description="Instructions that each such agent gets.")
    harness: str | None = Field(default=None, description="The harness that it runs under.")
    model: str | None = Field(default=None, description="The model, by the harness's own name.")
    mode: str | None = Field(default=None, description="The mode, by the harness's own name.")
    readonly: bool = Field(default=False, description="Whether it may only read.")
    tools: list[str] | None = Field(
        default=None,
        description="The built-in tools that it is given, by the harness's own names; a harness "
        "whose tools cannot be restricted says so.",
    )
    stall_seconds: Seconds | None = Field(
        default=None, description="When silence counts as a stall; without it that of `[daemon]`."
    )
    asks: dict[str, str] = Field(
        default={},
        description='What it can be asked of a selection in an editor, as `"Title" = "Prompt"`.',
    )


class HarnessSettings(Table):
    """An ACP agent of your own, called NAME, or another command for a known one. Only in your own
    file: a project cannot name programs to start."""

    command: list[str] = Field(min_length=1, description="The program and its arguments.")
    title: str | None = Field(default=None, description="Its name for people.")
    env: dict[str, str] = Field(
        default={}, description="Variables that are added to its environment."
    )
    hint: str = Field(
        default="Its command is in your athena.toml.",
        description="What to say when it is not found.",
    )
    login: list[str] = Field(
        default=[],
        description="What to log in with when it refuses a session: names of its ways to log in.",
    )
    readonly_mode: str | None = Field(
        default=None, description="The mode in which it only reads, for archetypes that only read."
    )


class DaemonSettings(Table):
    """Limits of the daemon. Only in your own file. Sizes in bytes."""

    idle_exit_seconds: float = Field(
        default=1800, ge=0, description="End after so long without a client and an agent at work."
    )
    cache_bytes: int = Field(
        default=64 * 1024 * 1024, ge=0, description="Memory for the states of agents."
    )
    run_idle_seconds: float = Field(
        default=4 * 3600,
        ge=0,
        description="End a harness that is idle, and that no daemon watches.",
    )
    stall_seconds: Seconds = Field(
        default=300,
        description="When silence of a working harness that uses no CPU counts as a stall.",
    )
    stop_grace_seconds: float = Field(
        default=5, ge=0, description="How long a harness may take to end in order."
    )


class SettingsFile(Table):
    """One `athena.toml`."""

    defaults: Defaults = Defaults()
    workspace: WorkspaceSettings = WorkspaceSettings()
    checkpoint: CheckpointSettings = CheckpointSettings()
    run: RunSettings = RunSettings()
    permission: PermissionSettings = PermissionSettings()
    notification: NotificationSettings = NotificationSettings()
    archetype: dict[str, ArchetypeSettings] = {}
    harness: dict[str, HarnessSettings] = {}
    daemon: DaemonSettings = DaemonSettings()


OWN_ONLY = ("harness", "checkpoint", "notification", "daemon")
"""Tables that count only in the user's own file."""
