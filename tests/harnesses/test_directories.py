"""How harnesses with a protocol of their own are told of directories beside the current one."""

from __future__ import annotations

from itertools import pairwise

from athena.harness.claude.driver import ClaudeDriver
from athena.harness.codex.settings import mode_settings, thread_params
from athena.harness.driver import Launch
from athena.harness.rows import HARNESSES
from athena.protocol.spec import AgentSpec


def launch(harness: str, **options: object) -> Launch:
    spec = AgentSpec(name="a", harness=harness, project="/repo", options=options)
    return Launch("R", spec, "/repo", also=("/other", "/third"))


def test_claude_code_is_told_on_its_command_line() -> None:
    (row,) = [one for one in HARNESSES if one.name == "claude"]
    argv = ClaudeDriver(row).command(launch("claude", **{"add-dir": ["/mine"]})).argv
    told = [after for word, after in pairwise(argv) if word == "--add-dir"]
    assert told == ["/mine", "/other", "/third"]


def test_codex_may_write_there_in_whatever_mode() -> None:
    config = {"sandbox_workspace_write": {"writable_roots": ["/mine"], "network_access": True}}
    params = thread_params(launch("codex", config=config))
    roots = ["/mine", "/other", "/third"]
    assert params["config"]["sandbox_workspace_write"] == {
        "writable_roots": roots,
        "network_access": True,
    }
    later = [mode_settings(mode, params)["sandboxPolicy"] for mode in ("auto", "read-only")]
    assert [policy.get("writableRoots") for policy in later] == [roots, None]
