"""What each real harness needs to run against the fake model: data, and a fresh home to run in.

A harness of a test gets exactly the environment made here. Nothing is inherited, so no key and no
endpoint of the machine can reach it, and its home is an empty folder of the test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tools.setup import path as tool_path
from tools.setup.npm import NODE

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
DUMMY_KEY = "dummy"

Files = Mapping[str, str]


@dataclass(frozen=True)
class HarnessEnv:
    """How to point one harness at the fake model.

    `tool` is its name in `tools.setup`, `args` the arguments under which it speaks `protocol`.
    `env` and `files` are made from the model's base URL; files are relative to the home.
    `fast` harnesses run in `make test`, the others in `make test-harnesses`.
    """

    name: str
    tool: str
    protocol: Literal["claude", "codex", "acp", "pi"]
    api: Literal["anthropic", "responses", "chat", "gemini"]
    env: Callable[[str], dict[str, str]]
    args: tuple[str, ...] = ()
    files: Callable[[str], Files] = field(default=lambda url: {})
    fast: bool = False

    @property
    def program(self) -> Path:
        """The installed program; `SetupError` says how to install it."""
        return tool_path(self.tool)

    def make_home(self, home: Path, model_url: str) -> dict[str, str]:
        """Fill an empty home, and return the whole environment of the harness."""
        for name, text in self.files(model_url).items():
            file = home / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        base = {
            "HOME": str(home),
            "PATH": f"{NODE.path.parent}:{SYSTEM_PATH}",
            "LANG": "C.UTF-8",
            "TMPDIR": str(home),
        }
        return base | self.env(model_url)


def _claude_env(url: str) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": DUMMY_KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "2",
        "DISABLE_AUTOUPDATER": "1",
    }


def _codex_files(url: str) -> Files:
    config = f"""\
model = "gpt-5.5-codex"
model_provider = "fake"

[model_providers.fake]
name = "fake"
base_url = "{url}/v1"
env_key = "FAKE_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
"""
    return {".codex/config.toml": config}


def _gemini_files(url: str) -> Files:
    # By itself it tries ten times, with half a minute between the last ones.
    return {".gemini/settings.json": json.dumps({"general": {"maxAttempts": 2}})}


def _opencode_files(url: str) -> Files:
    model = {
        "name": "fake",
        "attachment": True,
        "limit": {"context": 200_000, "output": 8192},
        "modalities": {"input": ["text", "image"], "output": ["text"]},
    }
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "fake",
        "options": {"baseURL": f"{url}/v1", "apiKey": DUMMY_KEY},
        "models": {"fake": model},
    }
    permission = {"edit": "ask", "bash": "ask"}
    config = {"model": "fake/fake", "provider": {"fake": provider}, "permission": permission}
    return {".config/opencode/opencode.json": json.dumps(config, indent=2)}


def _qwen_files(url: str) -> Files:
    settings = {"security": {"auth": {"selectedType": "openai"}}}
    return {".qwen/settings.json": json.dumps(settings, indent=2)}


PI_GATE = """\
// pi asks nothing by itself: what it may do is for its extensions.
export default function (pi) {
	pi.on("tool_call", async (event, ctx) => {
		if (!["bash", "edit", "write"].includes(event.toolName)) return;
		const what = event.input.command ?? event.input.path;
		const allowed = await ctx.ui.confirm(`Allow ${event.toolName}?`, what);
		if (!allowed) return { block: true, reason: "The user said no." };
	});
	pi.registerCommand("ask", {
		description: "Ask the user, then the model",
		handler: async (args, ctx) => {
			const way = await ctx.ui.select("Which way?", ["Left", "Right"]);
			const name = await ctx.ui.input("A name?", "any");
			ctx.ui.setStatus("gate", "asked");
			ctx.ui.notify(`${way}, ${name}`, "warning");
			pi.setSessionName(`To the ${way}`);
			pi.sendMessage({ customType: "gate", content: "On the way.", display: true });
			pi.sendUserMessage(args);
		},
	});
	pi.registerCommand("fresh", { handler: async (args, ctx) => { await ctx.newSession(); } });
	pi.registerCommand("fail", { handler: async () => { throw new Error("out of ink"); } });
}
"""
"""An extension that asks before anything is changed, and brings commands."""


def _pi_model(name: str, **more: object) -> dict[str, object]:
    return {
        "id": name,
        "name": name,
        "contextWindow": 200_000,
        "maxTokens": 8192,
        "input": ["text", "image"],
        **more,
    }


def _pi_files(url: str) -> Files:
    provider = {
        "baseUrl": f"{url}/v1",
        "api": "openai-completions",
        "apiKey": DUMMY_KEY,
        "models": [
            _pi_model(
                "fake",
                reasoning=True,
                thinkingLevelMap={"minimal": None},
                cost={"input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite": 3.75},
            ),
            _pi_model("fake-plain"),
        ],
    }
    # By itself it waits longer and longer, and compacts only what is long.
    settings = {
        "defaultProvider": "fake",
        "defaultModel": "fake",
        "retry": {"maxRetries": 2, "baseDelayMs": 50, "provider": {"maxRetries": 0}},
        "compaction": {"keepRecentTokens": 1},
    }
    return {
        ".pi/agent/extensions/gate.ts": PI_GATE,
        ".pi/agent/prompts/plan.md": "---\ndescription: Plan\n---\nPlan $@ [[fake:hello]]\n",
        ".pi/agent/models.json": json.dumps({"providers": {"fake": provider}}, indent=2),
        ".pi/agent/settings.json": json.dumps(settings, indent=2),
    }


HARNESS_ENVS: Mapping[str, HarnessEnv] = {
    row.name: row
    for row in (
        HarnessEnv(
            name="claude",
            tool="claude",
            protocol="claude",
            api="anthropic",
            env=_claude_env,
            fast=True,
        ),
        HarnessEnv(
            name="codex",
            tool="codex",
            protocol="codex",
            api="responses",
            env=lambda url: {"FAKE_KEY": DUMMY_KEY, "RUST_LOG": "error"},
            args=("app-server",),
            files=_codex_files,
            fast=True,
        ),
        HarnessEnv(
            name="gemini",
            tool="gemini",
            protocol="acp",
            api="gemini",
            env=lambda url: {
                "GEMINI_API_KEY": DUMMY_KEY,
                "GOOGLE_GEMINI_BASE_URL": url,
                "GEMINI_CLI_TRUST_WORKSPACE": "true",
            },
            args=("--acp", "-m", "gemini-2.5-pro"),
            files=_gemini_files,
            fast=True,
        ),
        HarnessEnv(
            name="copilot",
            tool="copilot",
            protocol="acp",
            api="chat",
            env=lambda url: {
                "COPILOT_OFFLINE": "true",
                "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
                "COPILOT_PROVIDER_API_KEY": DUMMY_KEY,
                "COPILOT_MODEL": "fake",
                "COPILOT_AUTO_UPDATE": "false",
            },
            args=("--acp",),
            fast=True,
        ),
        HarnessEnv(
            name="opencode",
            tool="opencode",
            protocol="acp",
            api="chat",
            env=lambda url: {
                "OPENCODE_DISABLE_MODELS_FETCH": "1",
                "OPENCODE_DISABLE_AUTOUPDATE": "1",
                "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            },
            args=("acp",),
            files=_opencode_files,
        ),
        HarnessEnv(
            name="qwen",
            tool="qwen",
            protocol="acp",
            api="chat",
            env=lambda url: {
                "OPENAI_API_KEY": DUMMY_KEY,
                "OPENAI_BASE_URL": f"{url}/v1",
                "OPENAI_MODEL": "fake",
            },
            args=("--acp",),
            files=_qwen_files,
        ),
        HarnessEnv(
            name="claude-acp",
            tool="claude-acp",
            protocol="acp",
            api="anthropic",
            env=_claude_env,
        ),
        HarnessEnv(
            name="codex-acp",
            tool="codex-acp",
            protocol="acp",
            api="responses",
            env=lambda url: {
                "FAKE_KEY": DUMMY_KEY,
                "OPENAI_API_KEY": DUMMY_KEY,
                "CODEX_API_KEY": DUMMY_KEY,
            },
            files=_codex_files,
        ),
        HarnessEnv(
            name="pi",
            tool="pi",
            protocol="pi",
            api="chat",
            env=lambda url: {"PI_OFFLINE": "1"},
            args=("--mode", "rpc"),
            files=_pi_files,
            fast=True,
        ),
    )
}
