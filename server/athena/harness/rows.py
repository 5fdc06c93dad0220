"""The one table of harnesses. Adding an ACP agent is adding a row."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from athena.harness.quirks import AcpQuirks


@dataclass(frozen=True, slots=True)
class Harness:
    """A harness that can be run.

    `argv` starts it; its first word is looked up on the PATH of the user's editor. `env` is added
    to the editor's environment. `hint` says how to get it. `version_argv` prints its version.
    `home_variable` names the folder in which it keeps what two of them must not make at once; in a
    new one they start one after the other.
    """

    name: str
    title: str
    protocol: Literal["acp", "claude", "codex"]
    argv: tuple[str, ...]
    hint: str
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    version_argv: tuple[str, ...] | None = None
    home_variable: str | None = None
    quirks: AcpQuirks = field(default_factory=AcpQuirks)
    source: str = "built-in"


HARNESSES: tuple[Harness, ...] = (
    Harness(
        name="scripted",
        title="Scripted (plays a scenario)",
        protocol="acp",
        argv=(sys.executable, "-m", "athena.scripted"),
        hint="It is part of Athena.",
        quirks=AcpQuirks(readonly_mode="plan"),
    ),
    Harness(
        name="claude",
        title="Claude Code",
        protocol="claude",
        argv=("claude",),
        hint="Install it with: npm install -g @anthropic-ai/claude-code; then log in with: claude",
        version_argv=("claude", "--version"),
    ),
    Harness(
        name="codex",
        title="Codex",
        protocol="codex",
        argv=("codex", "app-server"),
        hint="Install it with: npm install -g @openai/codex; then log in with: codex login",
        version_argv=("codex", "--version"),
        home_variable="CODEX_HOME",
    ),
    Harness(
        name="gemini",
        title="Gemini CLI",
        protocol="acp",
        argv=("gemini", "--acp"),
        hint="Install it with: npm install -g @google/gemini-cli; then log in with: gemini",
        version_argv=("gemini", "--version"),
        quirks=AcpQuirks(auth_methods=("gemini-api-key",), readonly_mode="plan", late_replay=True),
    ),
    Harness(
        name="copilot",
        title="GitHub Copilot CLI",
        protocol="acp",
        argv=("copilot", "--acp"),
        hint="Install it with: npm install -g @github/copilot; then log in with: copilot login",
        version_argv=("copilot", "--version"),
        quirks=AcpQuirks(
            readonly_mode="https://agentclientprotocol.com/protocol/session-modes#plan",
            usage_scope="session",
        ),
    ),
    Harness(
        name="opencode",
        title="OpenCode",
        protocol="acp",
        argv=("opencode", "acp"),
        hint="Install it with: npm install -g opencode-ai; then log in with: opencode auth login",
        version_argv=("opencode", "--version"),
        quirks=AcpQuirks(readonly_mode="plan", usage_scope="response"),
    ),
    Harness(
        name="qwen",
        title="Qwen Code",
        protocol="acp",
        argv=("qwen", "--acp"),
        hint="Install it with: npm install -g @qwen-code/qwen-code; then log in with: qwen",
        version_argv=("qwen", "--version"),
        quirks=AcpQuirks(
            readonly_mode="plan",
            late_replay=True,
            silent=("craft/", "qwen/notify/"),
        ),
    ),
    Harness(
        name="claude-acp",
        title="Claude Code over ACP",
        protocol="acp",
        argv=("claude-agent-acp",),
        hint="Install it with: npm install -g @agentclientprotocol/claude-agent-acp",
        quirks=AcpQuirks(readonly_mode="plan", notice_meta="claudeCode"),
    ),
    Harness(
        name="codex-acp",
        title="Codex over ACP",
        protocol="acp",
        argv=("codex-acp",),
        hint="Install it with: npm install -g @agentclientprotocol/codex-acp",
        home_variable="CODEX_HOME",
        quirks=AcpQuirks(readonly_mode="read-only"),
    ),
)

BY_NAME: dict[str, Harness] = {h.name: h for h in HARNESSES}
