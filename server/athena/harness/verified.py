"""The versions that Athena's tests ran last; another version is reported, never refused."""

from __future__ import annotations

from collections.abc import Mapping

VERIFIED: Mapping[str, str] = {
    "claude": "2.1.328",
    "claude-acp": "0.101.0",
    "codex": "0.163.0",
    "codex-acp": "2.6.0",
    "copilot": "1.0.102",
    "gemini": "0.61.0",
    "opencode": "1.18.33",
    "pi": "0.73.1",
    "qwen": "0.24.4",
}
