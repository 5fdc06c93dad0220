"""What a user command is made of. The table of all is `athena.protocol.commands`."""

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
    BRANCH = "branch"
    CHANGED_FILE = "changedFile"
    CHANGED_FILES = "changedFiles"
    CHOICE = "choice"
    COMMENT = "comment"
    DIRECTORY = "directory"
    DOCUMENT = "document"
    DOCUMENT_TEXT = "documentText"
    FILE = "file"
    FIRST_LINE = "firstLine"
    FLAG = "flag"
    HARNESS = "harness"
    HAZARDS = "hazards"
    HUNKS = "hunks"
    LAST_LINE = "lastLine"
    LINE = "line"
    MODE = "mode"
    MODEL = "model"
    OPTION = "option"
    OPTION_VALUE = "optionValue"
    PERMISSION_OPTION = "permissionOption"
    PROMPT = "prompt"
    QUEUED_PROMPT = "queuedPrompt"
    REPOSITORY = "repository"
    REQUEST = "request"
    RESCUE = "rescue"
    RULE = "rule"
    RULE_INDEX = "ruleIndex"
    SELECTION = "selection"
    SESSION = "session"
    TURN = "turn"
    UNDO = "undo"
    WORKSPACE = "workspace"


OFFERS: dict[Source, str] = {
    Source.AGENT: "An agent: the one in view, else a choice.",
    Source.AGENTS: "Two to four agents.",
    Source.ANSWERS: "Texts for each question of a request, by the question's id.",
    Source.ARCHETYPE: "A choice of `athena/archetype/list`.",
    Source.BRANCH: "A branch of the agent's repository.",
    Source.CHANGED_FILE: "A file of a changeset, relative to the workspace: the one in view.",
    Source.CHANGED_FILES: "Files of a changeset, relative to the workspace.",
    Source.CHOICE: "One of the argument's `choices`.",
    Source.COMMENT: "A comment: the one in view, else a choice of `athena/review/listComments`.",
    Source.DIRECTORY: "A directory: the workspace folder, else a choice.",
    Source.DOCUMENT: "The absolute path of the file in view.",
    Source.DOCUMENT_TEXT: "The text of the file in view, where it is not saved.",
    Source.FILE: "A file to write.",
    Source.FIRST_LINE: "The first line of the selection, else that of the cursor; from 1.",
    Source.FLAG: "Yes or no.",
    Source.HARNESS: "A choice of `athena/harness/list`, installed ones first.",
    Source.HAZARDS: "Names of the hazards that the refusal told, when the user insists.",
    Source.HUNKS: "The hunks at the cursor or in the selection; none in a list of files.",
    Source.LAST_LINE: "The last line of the selection; from 1.",
    Source.LINE: "One line of text.",
    Source.MODE: "A choice of the agent's `capabilities.modes`.",
    Source.MODEL: "A choice of the agent's `capabilities.models`, or a name.",
    Source.OPTION: "A choice of the agent's `capabilities.options`.",
    Source.OPTION_VALUE: "A choice of the option, or on and off.",
    Source.PERMISSION_OPTION: "A choice of the request's own options.",
    Source.PROMPT: "Text of several lines, with files to mention.",
    Source.QUEUED_PROMPT: "A choice of the agent's `queue`.",
    Source.REPOSITORY: "Where the agent has several repositories: the one in view, else a choice.",
    Source.REQUEST: "An open request: the one in view, else the oldest.",
    Source.RESCUE: "A choice of `athena/rescue/list`.",
    Source.RULE: "A `Rule`: filled in from a permission request, or by hand.",
    Source.RULE_INDEX: "A choice of `athena/rule/list`, by its place.",
    Source.SELECTION: "What is selected, as content: a link to its lines.",
    Source.SESSION: "A choice of `athena/session/list`: one that is new or has changed.",
    Source.TURN: "A turn of the agent: the one in view, else the last.",
    Source.UNDO: "The `undo` of a result: the last one, else a choice.",
    Source.WORKSPACE: "A `WorkspaceSpec`: a new worktree, in further repositories too; an existing "
    "directory; or none.",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: `name` is a parameter of the method, `title` the label in a dialog.

    A client asks for a `required` one that it cannot take from where the user is; the others it
    may leave away. One that is `instead_of` another is never asked for, nor taken from where the
    user is; where it is given, the other is not asked for either.
    """

    name: str
    source: Source
    title: str
    required: bool = False
    instead_of: str | None = None


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

    `word` is its short name where commands are typed (`:Athena spawn`), `verb` what is typed into a
    shell after `athena`, None where nothing there does it. `preset` are parameters that it always
    sends. `icon` is a codicon's name. `key` is the letter that follows a client's own prefix
    (`<Leader>a` in Neovim). A `destructive` command asks first. `when` is None where no agent is
    needed.
    """

    id: str
    word: str
    verb: str | None = None
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


AGENT = Argument("agent", Source.AGENT, "Agent", required=True)
REPOSITORY = Argument("repository", Source.REPOSITORY, "Repository")
TEXT = Argument("text", Source.PROMPT, "Prompt", required=True)
