"""Which driver speaks to a harness."""

from __future__ import annotations

from typing import Any

from athena.harness.capabilities import Detected
from athena.harness.driver import Driver
from athena.harness.rows import Harness


def driver_for(harness: Harness, detected: Detected | None = None) -> Driver[Any]:
    """The driver of a harness, by the protocol of its row. Only the one needed is imported.

    `detected` is what is known of the installed program; without it nothing is refused for the
    program's version.
    """
    known = detected.capabilities if detected is not None else None
    match harness.protocol:
        case "acp":
            from athena.harness.acp.driver import AcpDriver

            return AcpDriver(harness)
        case "claude":
            from athena.harness.claude.driver import ClaudeDriver

            options = detected.options if detected is not None else None
            return ClaudeDriver(harness, options, known)
        case "codex":
            from athena.harness.codex.driver import CodexDriver

            return CodexDriver(harness, known)
        case "pi":
            from athena.harness.pi.driver import PiDriver

            return PiDriver(harness, known)
