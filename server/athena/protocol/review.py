"""Changesets, verdicts, comments, reverting, merging, publishing, and who wrote a line."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from athena.protocol.base import Record, Request
from athena.protocol.remedy import Remedy
from athena.protocol.usage import Cost

Scope = Literal["turn", "agent", "base"]
Verdict = Literal["accepted", "rejected", "open"]


class ChangesetRef(Request):
    """Which changeset is meant.

    `turn`: what one turn changed (the last one without `turn_id`). `agent`: all that its turns
    changed, without what others wrote in between. `base`: the workspace now, uncommitted work
    included, against the commit it started from. `repository` names one of the other repositories
    in which the agent has a worktree.
    """

    agent: str
    repository: str | None = None
    scope: Scope = "base"
    turn_id: str | None = None


class ReadChangeset(ChangesetRef):
    """Parameters of `athena/changeset/get`. With `details` the first so many files come with their
    hunks and comments, as `athena/changeset/file` tells them one by one; beyond 16 MB of lines they
    are `large`."""

    details: int = Field(default=0, ge=0)


class ChangedFile(Record):
    """A file of a changeset. `additions` and `deletions` are null for binary files.

    `verdict` is that of the file as a whole, or the one that all its hunks have.
    """

    path: str
    old_path: str | None = None
    status: Literal["added", "modified", "deleted", "renamed", "copied", "typeChanged"]
    binary: bool = False
    additions: int | None = None
    deletions: int | None = None
    old_mode: str | None = None
    new_mode: str | None = None
    file_id: str
    verdict: Verdict = "open"
    hunks: int | None = None
    comments: int = 0


class ReadChangedFile(ChangesetRef):
    """Parameters of `athena/changeset/file`."""

    path: str


class HunkView(Record):
    """A run of changed lines, without context.

    `hunk_id` stays the same while other hunks come and go. Starts count from 1; where a count is 0
    its start names the line before. `removed` and `added` are lines without their ends.
    """

    hunk_id: str
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    section: str = ""
    removed: list[str] = []
    added: list[str] = []
    verdict: Verdict = "open"


class CommentView(Record):
    """A comment on a line of a changeset; `line` counts from 1 in the new file (0: the file)."""

    comment_id: str
    agent_id: str
    repository: str | None = None
    path: str
    line: int
    end_line: int | None = None
    text: str
    by: str
    at: int
    turn_id: str | None = None
    state: Literal["pending", "sent", "resolved"] = "pending"


class ChangedFileDetail(ChangedFile):
    """A file with its hunks and comments. `large`: the hunks' lines are left out."""

    large: bool = False
    hunk_list: list[HunkView] = []
    comment_list: list[CommentView] = []


class ChangesetView(Record):
    """A changeset: `old_tree` and `new_tree` are the git trees it lies between."""

    agent_id: str
    scope: Scope
    turn_id: str | None = None
    old_tree: str
    new_tree: str
    files: list[ChangedFile]
    details: list[ChangedFileDetail] | None = None
    additions: int
    deletions: int


class ReadChangedText(ReadChangedFile):
    """Parameters of `athena/changeset/text`: one side of a changed file."""

    side: Literal["old", "new"]


class ChangedText(Record):
    """The text of one side; `exists` is false where there is no file, `binary` where no text."""

    path: str
    exists: bool
    binary: bool = False
    text: str = ""


class GiveVerdict(ChangesetRef):
    """Parameters of `athena/review/verdict`: on hunks, or on files as a whole."""

    verdict: Verdict
    path: str | None = None
    hunk_ids: list[str] | None = None


class AddComment(Request):
    """Parameters of `athena/review/comment`. `send`: as a prompt to the agent, at once."""

    agent: str
    repository: str | None = None
    path: str
    line: int = Field(default=0, ge=0)
    end_line: int | None = None
    text: str = Field(min_length=1)
    turn_id: str | None = None
    send: bool = False


class CommentRef(Request):
    """Parameters of `athena/review/resolve`: a comment that is done with."""

    agent: str
    comment_id: str


class ListComments(Request):
    """Parameters of `athena/review/listComments`; without an agent, of all."""

    agent: str | None = None
    path: str | None = None


class CommentList(Record):
    """Comments, oldest first."""

    comments: list[CommentView]


class SendComments(Request):
    """Parameters of `athena/review/send`: the pending comments become one prompt."""

    agent: str
    text: str | None = None


class EditedFile(Request):
    """A file of the project whose text an editor edited: the whole text before and after."""

    path: str
    before: str
    after: str


class ApplyReview(Request):
    """Parameters of `athena/review/apply`: put accepted hunks into a target.

    `target`: the project's own working tree, or a branch. `hunk_ids` and `paths` choose; without
    them all that is accepted. `edited` and `texts` are files whose changes an editor has put into
    its own text: they are recorded, and not written; with `texts` also who wrote which line.
    `dry_run` only says what would happen.
    """

    agent: str
    repository: str | None = None
    scope: Scope = "base"
    turn_id: str | None = None
    target: str = "project"
    paths: list[str] | None = None
    hunk_ids: list[str] | None = None
    edited: list[str] | None = None
    texts: list[EditedFile] | None = None
    dry_run: bool = False


class ReadEdits(ReadChangedFile):
    """Parameters of `athena/review/edits`: a changed file as edits of an editor's own text.

    `text` is the file as the editor has it, saved or not. Without `hunk_ids` all hunks that are not
    rejected.
    """

    text: str
    hunk_ids: list[str] | None = None


class LineEdit(Record):
    """`lines` lines from `start` on (from 1) become `text`; with none it is put before `start`."""

    start: int
    lines: int
    text: str


class FileConflict(Record):
    """Where something does not fit: `start` and `end` are lines of the target, from 1."""

    path: str
    reason: str
    start: int | None = None
    end: int | None = None
    ours: list[str] = []
    theirs: list[str] = []


class FileEdits(Record):
    """What is to be edited, in order; with conflicts there are no edits."""

    path: str
    edits: list[LineEdit] = []
    conflicts: list[FileConflict] = []


class Applied(Record):
    """What was done. With conflicts nothing was changed. `undo` is the ref of the state before.

    `remedies` are the commands that `notes` name.
    """

    done: bool
    files: list[str] = []
    conflicts: list[FileConflict] = []
    commit: str | None = None
    branch: str | None = None
    undo: str | None = None
    notes: list[str] = []
    remedies: list[Remedy] = []


class RevertWork(Request):
    """Parameters of `athena/revert/run`: undo what a turn, or the agent, changed.

    What others wrote since, and untracked files, stay as they are. `dry_run` is the preview.
    """

    agent: str
    repository: str | None = None
    turn_id: str | None = None
    paths: list[str] | None = None
    dry_run: bool = False


class UndoRevert(Request):
    """Parameters of `athena/revert/undo`: back to the state that `undo` of a result names.

    Without `ref` the last that was applied, reverted or merged, or a merge that is being resolved.
    What was edited since stays. A merge is undone while its branch is where the merge left it, and
    was not pushed.
    """

    agent: str
    repository: str | None = None
    ref: str | None = None


class MergeWork(Request):
    """Parameters of `athena/merge/run`: bring the agent's work into a branch.

    Uncommitted work is committed first, with `message` and trailers that name agent and turn.
    `into` is a branch, by default the one that the project has checked out. `dry_run` predicts the
    conflicts. `resolve` hands them to the agent as a prompt. `hooks` false: the repository's hooks
    have no say in the commits.
    """

    agent: str
    repository: str | None = None
    into: str | None = None
    how: Literal["merge", "squash", "rebase"] = "merge"
    message: str | None = None
    dry_run: bool = False
    resolve: bool = False
    hooks: bool = True


class CommitWork(Request):
    """Parameters of `athena/workspace/commit`. `hooks` false: the hooks have no say in it."""

    agent: str
    repository: str | None = None
    message: str | None = None
    hooks: bool = True


class PublishWork(Request):
    """Parameters of `athena/publish/run`: push the branch, and open a pull request.

    `into` is the branch that the request is for, by default the one that the project has checked
    out. `forge` says what the remote is where its address does not tell. `force` overwrites the
    remote branch while it is where it was last seen. `hooks` false: the hooks have no say.
    """

    agent: str
    repository: str | None = None
    remote: str | None = None
    pull_request: bool = False
    into: str | None = None
    forge: Literal["github", "gitlab"] | None = None
    title: str | None = None
    body: str | None = None
    draft: bool = False
    force: bool = False
    hooks: bool = True


class Published(Record):
    """Where it is now; `url` of the pull request. `notes` say what was not possible, and why.

    `remedies` are the commands that they name.
    """

    branch: str
    remote: str
    commit: str | None = None
    url: str | None = None
    notes: list[str] = []
    remedies: list[Remedy] = []


class ReadAuthors(Request):
    """Parameters of `athena/line/authors`: who wrote the lines of a file.

    `path` is absolute. `text` is the file as the editor has it, when it is not saved. Lines count
    from 1, both ends included; without them the whole file.
    """

    path: str
    start: int | None = Field(default=None, ge=1)
    end: int | None = Field(default=None, ge=1)
    text: str | None = None


class LineAuthors(Record):
    """A run of lines written in the same turn of the same agent."""

    start: int
    end: int
    agent_id: str
    agent_name: str
    turn_id: str
    harness: str
    model: str | None = None
    prompt: str
    at: int
    cost: Cost | None = None
    item_id: str | None = None


class FileAuthors(Record):
    """Who wrote a file; lines that no agent wrote are not in any run."""

    path: str
    runs: list[LineAuthors]


class CompareAgents(Request):
    """Parameters of `athena/comparison/get`: two to four agents side by side."""

    agents: list[str] = Field(min_length=2, max_length=4)


class ComparedAgent(Record):
    """One column of a comparison. Times in milliseconds.

    `test_runs` counts the commands that run tests by their words; `last_test` is the last of them
    that ended, and `tests_passed` whether it ended well.
    """

    agent_id: str
    name: str
    harness: str
    model: str | None = None
    status: str
    turns: int
    tool_calls: int
    commands: int
    failed_commands: int
    test_runs: int = 0
    last_test: str | None = None
    tests_passed: bool | None = None
    duration_ms: int
    input_tokens: int
    output_tokens: int
    cost: Cost | None = None
    files: int
    additions: int
    deletions: int
    last_message: str = ""


class SharedFile(Record):
    """A file that several agents changed in another repository of theirs, by its name there."""

    repository: str
    path: str


class Comparison(Record):
    """Agents side by side, and the files that several of them changed.

    `shared_files` are those of their own repository, `shared_elsewhere` those of their others.
    """

    agents: list[ComparedAgent]
    shared_files: list[str]
    shared_elsewhere: list[SharedFile] = []


class DiffAgents(Request):
    """Parameters of `athena/comparison/text`: a file as one agent has it now."""

    agent: str
    repository: str | None = None
    path: str
