"""The rules of an agent's life, as stories."""

from __future__ import annotations

import pytest

from tests.core.story import squeezed, tell

STORIES = {
    "a turn from beginning to end": """
        spawn               | starting: making the workspace  | MakeWorkspace
        prompt p1           | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session             | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        tool "read a file"  | working: read a file
        ask "run tests?"    | needsPermission: run tests?
        answer              | working: read a file
        end                 | idle
    """,
    "in a repository each turn is captured at both edges": """
        spawn                    | starting: making the workspace  | MakeWorkspace
        workspace /w /repo       | starting: starting the harness  | StartRun a.r1 None False
        run                      | starting: waiting for the harness
        prompt p1                | starting: waiting for the harness
        session                  | working: next prompt            | TakeCheckpoint a.t1 start
        checkpoint a.t1 start    | working: next prompt            | StartTurn a.t1 p1
        turn                     | working
        prompt p2                | working
        end                      | working: capturing what changed | TakeCheckpoint a.t1 end
        checkpoint a.t1 end      | working: next prompt            | TakeCheckpoint a.t2 start
        checkpoint a.t2 start    | working: next prompt            | StartTurn a.t2 p2
    """,
    "a question waits for an answer": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session             | idle
        prompt p1           | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        question "Which?"   | needsInput: Which?
    """,
    "steering where the harness cannot: interrupt, then go on with it first": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session             | idle
        prompt p1           | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        prompt p2           | working
        prompt p3 steer     | working                         | InterruptTurn athena
        interrupt           | working: interrupting
        end cancelled       | working: next prompt            | StartTurn a.t2 p3
    """,
    "stopping ends the turn, then the run": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session             | idle
        prompt p1           | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        stop                | working: stopping               | InterruptTurn athena
        interrupt           | working: stopping
        end cancelled       | working: stopping               | CloseRun
        gone stopped 0      | interrupted: the turn was interrupted
    """,
    "killing does not wait for the turn": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        kill                | working: stopping               | KillRun
        gone killed         | dead: killed
        resume              | starting: starting the harness  | StartRun a.r2 None False
    """,
    "stopped before it ever ran": """
        spawn               | starting: making the workspace  | MakeWorkspace
        stop                | done: stopped before it started
    """,
    "a harness that does not start is not started again by itself": """
        spawn                         | starting: making the workspace | MakeWorkspace
        prompt p1                     | starting: making the workspace | MakeWorkspace
        workspace /w                  | starting: starting the harness | StartRun a.r1 None False
        run                           | starting: waiting for the harness
        gone failed "" "no such file" | failed: no such file
        resume                        | starting: starting the harness | StartRun a.r2 None False
    """,
    "a harness that will never take prompts is ended": """
        spawn                         | starting: making the workspace | MakeWorkspace
        workspace /w                  | starting: starting the harness | StartRun a.r1 None False
        run                           | starting: waiting for the harness
        given-up "log in first"       | starting: waiting for the harness | KillRun
        gone failed "" "log in first" | failed: log in first
        prompt p1                     | starting: starting the harness | StartRun a.r2 None False
    """,
    "a crash in a turn; the next prompt resumes the session": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session s9          | idle
        prompt p1           | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        end failed gone     | failed: gone
        gone exited 3       | dead: the harness ended with exit code 3
        prompt p2           | starting: starting the harness  | StartRun a.r2 s9 True
    """,
    "after a reboot a waiting prompt goes on, an idle agent waits to be needed": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session s9          | idle
        gone lost           | interrupted: its process is gone; resume to go on
        resume              | starting: starting the harness  | StartRun a.r2 s9 False
    """,
    "moving to another harness takes the conversation along": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session s9          | idle
        prompt p1           | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        end                 | idle
        move other          | idle                            | CloseRun
        gone stopped 0      | starting: starting the harness  | StartRun a.r2 None True
    """,
    "no workspace, no run, until it is resumed": """
        spawn               | starting: making the workspace  | MakeWorkspace
        no-workspace "full" | failed: full
        resume              | starting: making the workspace  | MakeWorkspace
    """,
    "a stalled agent recovers": """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session             | idle
        prompt p1           | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        stall               | working: stalled
        recover             | working
    """,
    "an event of a newer version changes nothing": """
        spawn               | starting: making the workspace  | MakeWorkspace
        newer               | starting: making the workspace  | MakeWorkspace
    """,
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_story(story: str) -> None:
    assert tell(story) == squeezed(story)


def test_a_harness_that_can_steer_gets_the_prompt_at_once() -> None:
    story = """
        spawn               | starting: making the workspace  | MakeWorkspace
        workspace /w        | starting: starting the harness  | StartRun a.r1 None False
        run                 | starting: waiting for the harness
        session             | idle
        prompt p1           | working: next prompt            | StartTurn a.t1 p1
        turn                | working
        prompt p2 steer     | working                         | SteerTurn p2
        steered p2          | working
    """
    assert tell(story, can_steer=True) == squeezed(story)
