"""Commands on worktrees and branches: what brings work in, back, out, or away."""

from __future__ import annotations

from athena.protocol.command import AGENT, Argument, Command, Source, When

_ANY = When(archived=None)
_MESSAGE = Argument("message", Source.PROMPT, "Commit message")
_DRY_RUN = Argument("dryRun", Source.FLAG, "Only say what would happen")

WORKSPACE_COMMANDS: tuple[Command, ...] = (
    Command(
        id="athena.merge.run",
        word="merge",
        title="Merge Work",
        method="athena/merge/run",
        arguments=(
            AGENT,
            Argument("into", Source.BRANCH, "Into"),
            Argument("how", Source.CHOICE, "How"),
            _MESSAGE,
            _DRY_RUN,
            Argument("resolve", Source.FLAG, "Let the agent resolve conflicts"),
        ),
        when=_ANY,
        icon="git-merge",
        key="g",
        about="Bring an agent's work into a branch: merge, squash or rebase.",
    ),
    Command(
        id="athena.publish.run",
        word="publish",
        title="Publish Work",
        method="athena/publish/run",
        arguments=(
            AGENT,
            Argument("remote", Source.LINE, "Remote"),
            Argument("pullRequest", Source.FLAG, "Open a pull request"),
            Argument("title", Source.LINE, "Title"),
            Argument("body", Source.PROMPT, "Description"),
            Argument("draft", Source.FLAG, "As a draft"),
        ),
        when=_ANY,
        icon="cloud-upload",
        about="Push an agent's branch, and open a pull request.",
    ),
    Command(
        id="athena.revert.run",
        word="revert",
        title="Revert Changes",
        method="athena/revert/run",
        arguments=(
            AGENT,
            Argument("turnId", Source.TURN, "Turn"),
            Argument("paths", Source.CHANGED_FILES, "Files"),
            _DRY_RUN,
        ),
        when=_ANY,
        icon="discard",
        destructive=True,
    ),
    Command(
        id="athena.revert.undo",
        word="undo",
        title="Undo Revert",
        method="athena/revert/undo",
        arguments=(AGENT, Argument("ref", Source.UNDO, "State", required=True)),
        when=_ANY,
        icon="redo",
    ),
    Command(
        id="athena.workspace.list",
        word="workspaces",
        title="Show Workspaces",
        method="athena/workspace/list",
        icon="repo",
        about="Show the worktrees of all agents, and what is not committed or not pushed.",
    ),
    Command(
        id="athena.workspace.commit",
        word="commit",
        title="Commit Work",
        method="athena/workspace/commit",
        arguments=(AGENT, _MESSAGE),
        when=_ANY,
        icon="git-commit",
    ),
    Command(
        id="athena.workspace.remove",
        word="remove",
        title="Remove Worktree",
        method="athena/workspace/remove",
        arguments=(
            AGENT,
            Argument("insist", Source.HAZARDS, "Remove in spite of"),
            Argument("keepBranch", Source.FLAG, "Keep the branch"),
        ),
        when=When(running=False, archived=None),
        icon="trash",
        destructive=True,
    ),
    Command(
        id="athena.workspace.restore",
        word="recover",
        title="Recover Captured Work",
        method="athena/workspace/restore",
        arguments=(
            Argument("ref", Source.RESCUE, "Captured work", required=True),
            Argument("path", Source.DIRECTORY, "Directory"),
        ),
        icon="history",
    ),
    Command(
        id="athena.rescue.list",
        word="rescues",
        title="Show Captured Work",
        method="athena/rescue/list",
        icon="archive",
        about="Show work that was captured before something was removed or reverted.",
    ),
    Command(
        id="athena.checkpoint.list",
        word="checkpoints",
        title="Show Checkpoints",
        method="athena/checkpoint/list",
        arguments=(AGENT,),
        when=_ANY,
        icon="bookmark",
        about="Show the states of an agent's working tree, one at each edge of a turn.",
    ),
    Command(
        id="athena.collision.list",
        word="collisions",
        title="Show Collisions",
        method="athena/collision/list",
        icon="warning",
        about="Show where agents changed the same places of the same files.",
    ),
)
