"""The real coding-agent harnesses that tests run against the fake model, pinned.

`harnesses` are those of `make test`: the native protocols, and the two ACP agents that start
fastest. `all-harnesses` has the others too (`make test-harnesses`).
"""

from __future__ import annotations

from tools.setup.npm import NpmTool
from tools.setup.pypi import WheelTool
from tools.setup.tool import Tool

FAST: tuple[Tool, ...] = (
    WheelTool(
        name="codex",
        version="0.163.0",
        package="openai-codex-cli-bin",
        program="codex_cli_bin/bin/codex",
        says=r"0\.163\.0",
    ),
    NpmTool(
        name="claude",
        version="2.1.328",
        package="@anthropic-ai/claude-code",
        command="claude",
        native=True,
        build=("@anthropic-ai/claude-code",),
        says=r"^2\.1\.328",
    ),
    NpmTool(
        name="gemini",
        version="0.61.0",
        package="@google/gemini-cli",
        command="gemini",
        says=r"^0\.61\.0",
    ),
    NpmTool(
        name="copilot",
        version="1.0.102",
        package="@github/copilot",
        command="copilot",
        says=r"1\.0\.102",
    ),
    NpmTool(
        name="pi",
        version="0.73.1",
        package="@mariozechner/pi-coding-agent",
        command="pi",
        says=r"^0\.73\.1",
    ),
)

SLOW: tuple[Tool, ...] = (
    NpmTool(
        name="opencode",
        version="1.18.33",
        package="opencode-ai",
        command="opencode",
        native=True,
        build=("opencode-ai",),
        says=r"^1\.18\.33",
    ),
    NpmTool(
        name="claude-acp",
        version="0.101.0",
        package="@agentclientprotocol/claude-agent-acp",
        command="claude-agent-acp",
        check=(),
    ),
    NpmTool(
        name="codex-acp",
        version="2.6.0",
        package="@agentclientprotocol/codex-acp",
        command="codex-acp",
        check=(),
    ),
    NpmTool(
        name="qwen",
        version="0.24.4",
        package="@qwen-code/qwen-code",
        command="qwen",
        says=r"^0\.24\.4",
    ),
)

HARNESSES = FAST + SLOW
