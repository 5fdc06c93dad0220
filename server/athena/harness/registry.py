"""Which driver speaks to a harness."""

from __future__ import annotations

from typing import Any

from athena.harness.acp.driver import AcpDriver
from athena.harness.driver import Driver
from athena.harness.rows import Harness


def driver_for(harness: Harness) -> Driver[Any]:
    """The driver of a harness, by the protocol of its row."""
    match harness.protocol:
        case "acp":
            return AcpDriver(harness)
        case "claude" | "codex":
            raise NotImplementedError(harness.protocol)
