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
    protocol: Literal["acp", "claude", "codex", "pi"]
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
            failure=r"Error: (\d{3} .*|Failed to get response from the AI model.*)",
            retry=r"Info: (Request failed due to a transient API error.*)",
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
        quirks=AcpQuirks(
            readonly_mode="read-only",
            failure=r'(\{"error": *\{.*\}|exceeded retry limit, .*|unexpected status \d{3} .*'
            r"|stream disconnected before completion.*)",
        ),
    ),
    Harness(
        name="pi",
        title="pi",
        protocol="pi",
        argv=("pi", "--mode", "rpc"),
        hint="Install it with: npm install -g @mariozechner/pi-coding-agent; then log in with: pi",
        version_argv=("pi", "--version"),
    ),
    # From here on: agents whose command line is documented by their makers, and which Athena's
    # tests have not run. None of them is taken unasked (`verified`).
    Harness(
        name="amp",
        title="Amp",
        protocol="acp",
        argv=("amp-acp",),
        hint="Get it from https://github.com/tao12345666333/amp-acp; log in with: amp login",
    ),
    Harness(
        name="auggie",
        title="Auggie CLI",
        protocol="acp",
        argv=("auggie", "--acp"),
        hint="Install it with: npm install -g @augmentcode/auggie; then log in with: auggie login",
        env={"AUGMENT_DISABLE_AUTO_UPDATE": "1"},
        version_argv=("auggie", "--version"),
    ),
    Harness(
        name="cline",
        title="Cline",
        protocol="acp",
        argv=("cline", "--acp"),
        hint="Install it with: npm install -g cline; then log in with: cline auth",
        version_argv=("cline", "--version"),
    ),
    Harness(
        name="cursor",
        title="Cursor",
        protocol="acp",
        argv=("cursor-agent", "acp"),
        hint="Get it from https://cursor.com/cli; then log in with: cursor-agent login",
        version_argv=("cursor-agent", "--version"),
    ),
    Harness(
        name="droid",
        title="Factory Droid",
        protocol="acp",
        argv=("droid", "exec", "--output-format", "acp-daemon"),
        hint="Install it with: npm install -g droid; then log in with: droid",
        env={"DROID_DISABLE_AUTO_UPDATE": "true", "FACTORY_DROID_AUTO_UPDATE_ENABLED": "false"},
        version_argv=("droid", "--version"),
    ),
    Harness(
        name="goose",
        title="goose",
        protocol="acp",
        argv=("goose", "acp"),
        hint="Get it from https://block.github.io/goose; then set it up with: goose configure",
        version_argv=("goose", "--version"),
    ),
    Harness(
        name="grok",
        title="Grok Build",
        protocol="acp",
        argv=("grok", "agent", "stdio"),
        hint="Install it with: npm install -g @xai-official/grok; then log in with: grok",
        version_argv=("grok", "--version"),
    ),
    Harness(
        name="junie",
        title="Junie",
        protocol="acp",
        argv=("junie", "--acp=true"),
        hint="Get it from https://junie.jetbrains.com; then log in with: junie",
        version_argv=("junie", "--version"),
    ),
    Harness(
        name="kilo",
        title="Kilo",
        protocol="acp",
        argv=("kilo", "acp"),
        hint="Install it with: npm install -g @kilocode/cli; then log in with: kilo auth login",
        version_argv=("kilo", "--version"),
    ),
    Harness(
        name="kimi",
        title="Kimi CLI",
        protocol="acp",
        argv=("kimi", "acp"),
        hint="Install it with: uv tool install kimi-cli; then log in with: kimi login",
        version_argv=("kimi", "--version"),
    ),
    Harness(
        name="kiro",
        title="Kiro CLI",
        protocol="acp",
        argv=("kiro-cli", "acp"),
        hint="Get it from https://kiro.dev/cli; then log in with: kiro-cli login",
        version_argv=("kiro-cli", "--version"),
    ),
    Harness(
        name="pi-acp",
        title="pi over ACP",
        protocol="acp",
        argv=("pi-acp",),
        hint="Install it with: npm install -g @mariozechner/pi-coding-agent pi-acp; then log in "
        "with: pi",
    ),
    Harness(
        name="qoder",
        title="Qoder CLI",
        protocol="acp",
        argv=("qodercli", "--acp"),
        hint="Install it with: npm install -g @qoder-ai/qodercli; then log in with: qodercli",
        version_argv=("qodercli", "--version"),
    ),
    Harness(
        name="stakpak",
        title="Stakpak",
        protocol="acp",
        argv=("stakpak", "acp"),
        hint="Get it from https://github.com/stakpak/agent; then log in with: stakpak",
        version_argv=("stakpak", "--version"),
    ),
    Harness(
        name="vibe",
        title="Mistral Vibe",
        protocol="acp",
        argv=("vibe-acp",),
        hint="Install it with: uv tool install mistral-vibe; then log in with: vibe --setup",
        version_argv=("vibe-acp", "--version"),
    ),
)

BY_NAME: dict[str, Harness] = {h.name: h for h in HARNESSES}
