"""What a user command is made of. The table of them is `athena.protocol.commands`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from athena.protocol.agent import Status
from athena.protocol.methods import BY_NAME, Method


class Source(StrEnum):
    """What a client offers for an argument; `OFFERS` says it in words."""

    AGENT = "agent"
    AGENTS = "agents"
    ANSWERS = "answers"
    ARCHETYPE = "archetype"
    DIRECTORY = "directory"
    FILE = "file"
    HARNESS = "harness"
    LINE = "line"
    MODE = "mode"
    MODEL = "model"
    OPTION = "option"
    OPTION_VALUE = "optionValue"
    PERMISSION_OPTION = "permissionOption"
    PROMPT = "prompt"
    QUEUED_PROMPT = "queuedPrompt"
    REQUEST = "request"
    SELECTION = "selection"
    WORKSPACE = "workspace"


OFFERS: dict[Source, str] = {
    Source.AGENT: "An agent: the one in view, else a choice.",
    Source.AGENTS: "Two to four agents.",
    Source.ANSWERS: "An answer to each question of a request.",
    Source.ARCHETYPE: "A choice of `athena/archetype/list`.",
    Source.DIRECTORY: "A directory: the workspace folder, else a choice.",
    Source.FILE: "A file to write.",
    Source.HARNESS: "A choice of `athena/harness/list`, installed ones first.",
    Source.LINE: "One line of text.",
    Source.MODE: "A choice of the agent's `capabilities.modes`.",
    Source.MODEL: "A choice of the agent's `capabilities.models`, or a name.",
    Source.OPTION: "A choice of the agent's `capabilities.options`.",
    Source.OPTION_VALUE: "A choice of the option, or on and off.",
    Source.PERMISSION_OPTION: "A choice of the request's own options.",
    Source.PROMPT: "Text of several lines, with files to mention.",
    Source.QUEUED_PROMPT: "A choice of the agent's `queue`.",
    Source.REQUEST: "An open request: the one in view, else the oldest.",
    Source.SELECTION: "What is selected, as content: a link to its lines.",
    Source.WORKSPACE: "A `WorkspaceSpec`: a new worktree, an existing directory, or none.",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: `name` is a parameter of the method, `title` the label in a dialog.

    A client asks for a `required` one that it cannot take from where the user is; the others it
    may leave away.
    """

    name: str
    source: Source
    title: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """The agents for which a command makes sense; what is None or empty does not matter."""

    statuses: tuple[Status, ...] = ()
    running: bool | None = None
    archived: bool | None = False

    def fits(self, status: Status, *, running: bool, archived: bool) -> bool:
        """Whether an agent is such a one. `running`: it has a process (`AgentView.runId`)."""
        return (
            (not self.statuses or status in self.statuses)
            and self.running in (None, running)
            and self.archived in (None, archived)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A user command.

    `word` is its short name where commands are typed (`:Athena spawn`). `preset` are parameters
    that it always sends. `icon` is a codicon's name. `key` is the letter that follows a client's
    own prefix (`<Leader>a` in Neovim). A `destructive` command asks first. `when` is None where
    no agent is needed.
    """

    id: str
    word: str
    title: str
    method: str | None
    arguments: tuple[Argument, ...] = ()
    preset: Mapping[str, object] = field(default_factory=dict[str, object])
    when: When | None = None
    icon: str
    key: str | None = None
    destructive: bool = False
    about: str = ""

    @property
    def category(self) -> str:
        """The noun of the id, for menus: `Agent`."""
        return self.id.split(".")[1].capitalize()

    @property
    def summary(self) -> str:
        """What it does: the method's summary, unless the command says more."""
        return self.about or (self.target.summary if self.target else "")

    @property
    def target(self) -> Method | None:
        """The method that it calls."""
        return BY_NAME[self.method] if self.method else None
