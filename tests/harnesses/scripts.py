"""Scripts that use tools of one harness by name."""

from __future__ import annotations

from tests.support.fakemodel.script import Call, Run, Say, Script

QUESTION = {
    "questions": [
        {
            "question": "Which way?",
            "header": "Way",
            "multiSelect": False,
            "options": [
                {"label": "Left", "description": "To the river"},
                {"label": "Right", "description": "To the hill"},
            ],
        }
    ]
}

CLAUDE: dict[str, Script] = {
    "ask": [[Call("AskUserQuestion", QUESTION, force=True)], [Say("Thank you.")]],
    "exit-plan": [
        [Call("ExitPlanMode", {"plan": "1. Do it."}, force=True)],
        [Say("The plan is over.")],
    ],
    "claude-mcp": [[Call("mcp__t__ping", {"x": "1"}, force=True)], [Say("Pinged.")]],
    "todo": [
        [
            Call(
                "TodoWrite",
                {
                    "todos": [
                        {"content": "One", "status": "completed", "activeForm": "Doing one"},
                        {"content": "Two", "status": "in_progress", "activeForm": "Doing two"},
                    ]
                },
                force=True,
            )
        ],
        [Say("Noted.")],
    ],
    "foreground": [
        [
            Call(
                "Task",
                {
                    "description": "Look around",
                    "prompt": "[[fake:run cwd={cwd} tag={tag}]]",
                    "subagent_type": "general-purpose",
                    "run_in_background": False,
                },
                force=True,
            )
        ],
        [Say("The subagent is done.")],
    ],
    "background": [
        [
            Call(
                "Task",
                {
                    "description": "Look around",
                    "prompt": "[[fake:run cwd={cwd} tag={tag}]]",
                    "subagent_type": "general-purpose",
                    "run_in_background": True,
                },
                force=True,
            )
        ],
        [Say("It runs in the background.")],
        [Say("The background task has ended.")],
    ],
    "background-command": [
        [
            Call(
                "Bash",
                {
                    "command": "cat {cwd}/fifo",
                    "description": "Wait",
                    "run_in_background": True,
                },
            )
        ],
        [Say("It runs in the background.")],
        [Say("The command has ended.")],
    ],
}

CLAUDE["structured"] = [[Call("StructuredOutput", {"n": 7})], [Say("ok")]]

CODEX: dict[str, Script] = {
    "yielding": [
        [Call("exec_command", {"cmd": "cat {cwd}/fifo", "yield_time_ms": 250})],
        [Say("It goes on.")],
    ],
    "codex-mcp": [
        [Call("ping", {"x": "1"}, force=True, namespace="mcp__t")],
        [Say("Pinged.")],
    ],
    "plan": [
        [
            Call(
                "update_plan",
                {
                    "plan": [
                        {"step": "One", "status": "completed"},
                        {"step": "Two", "status": "in_progress"},
                    ]
                },
            )
        ],
        [Run("true")],
        [Say("Planned.")],
    ],
}
