"""A remedy is a command with its arguments, and the same as one types it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy
from athena.protocol.remedy import Remedy


@dataclass(frozen=True)
class Agent:
    id: str = "kq3v7xw2"
    name: str = "painter"


PAINTER = Agent()


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (remedy("athena.agent.list"), "ls"),
        (remedy("athena.agent.stop", PAINTER), "agent stop painter"),
        (remedy("athena.agent.stop", Agent(name="my painter")), "agent stop 'my painter'"),
        (remedy("athena.agent.prompt", PAINTER), "prompt painter …"),
        (remedy("athena.session.adopt", PAINTER), "session adopt painter"),
        (remedy("athena.checkpoint.list"), "workspace checkpoints …"),
        (remedy("athena.workspace.restore", PAINTER), "workspace restore painter"),
        (remedy("athena.workspace.restore"), "workspace restore …"),
        (remedy("athena.workspace.trust", project="/a b"), "workspace trust --project '/a b'"),
        (
            remedy("athena.workspace.remove", PAINTER, insist=["dirty", "unpushed"]),
            "workspace remove painter --insist dirty --insist unpushed",
        ),
        (remedy("athena.merge.run", PAINTER, dryRun=True), "merge painter --dry-run"),
        (remedy("athena.merge.run", PAINTER, dryRun=False), "merge painter"),
        (remedy("athena.revert.undo", PAINTER, ref="refs/x"), "undo painter refs/x"),
    ],
)
def test_a_command_line(made: Remedy, line: str) -> None:
    assert made.command_line == f"athena {line}"
    assert str(made) == f"`athena {line}`"


def test_programs_are_told_the_id_of_the_agent() -> None:
    help_ = remedy("athena.session.adopt", PAINTER, worktree=True)
    error = AthenaError(ErrorCode.WRONG_STATE, f"Adopt it: {help_}.", remedies=[help_], why="x")
    assert error.data == {
        "why": "x",
        "remedies": [
            {
                "command": "athena.session.adopt",
                "title": "Adopt Imported Session",
                "arguments": {"session": "kq3v7xw2", "worktree": True},
                "commandLine": "athena session adopt painter --worktree",
            }
        ],
    }


def test_an_error_without_a_command_has_no_remedies() -> None:
    assert AthenaError(ErrorCode.CONFLICT, "Somebody was first.").data == {}
