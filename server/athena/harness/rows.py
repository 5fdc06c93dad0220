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

    `argv` starts it; its first word is looked up on the PATH of the user's editor. `hint` says how
    to get it. `version_argv` prints its version.
    """

    name: str
    title: str
    protocol: Literal["acp", "claude", "codex"]
    argv: tuple[str, ...]
    hint: str
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    version_argv: tuple[str, ...] | None = None
    quirks: AcpQuirks = field(default_factory=AcpQuirks)
    source: str = "built-in"


HARNESSES: tuple[Harness, ...] = (
    Harness(
        name="scripted",
        title="Scripted (plays a scenario)",
        protocol="acp",
        argv=(sys.executable, "-m", "athena.scripted"),
        hint="It is part of Athena.",
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
    ),
)

BY_NAME: dict[str, Harness] = {h.name: h for h in HARNESSES}
