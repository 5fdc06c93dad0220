"""Which driver speaks to a harness."""

from __future__ import annotations

from typing import Any

from athena.harness.driver import Driver
from athena.harness.rows import Harness


def driver_for(harness: Harness) -> Driver[Any]:
    """The driver of a harness, by the protocol of its row. Only the one needed is imported."""
    match harness.protocol:
        case "acp":
            from athena.harness.acp.driver import AcpDriver

            return AcpDriver(harness)
        case "claude":
            from athena.harness.claude.driver import ClaudeDriver

            return ClaudeDriver(harness)
        case "codex":
            from athena.harness.codex.driver import CodexDriver

            return CodexDriver(harness)
