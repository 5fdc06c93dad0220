"""The settings of a thread: modes, sandbox and approval policies, model, effort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from athena.harness.codex.memory import Work
from athena.harness.decode import Json, maybe_text, obj, text, texts
from athena.harness.driver import Launch
from athena.harness.takes import Takes, read
from athena.protocol import events as e
from athena.protocol.capability import Choice, Option
from athena.protocol.spec import AgentSpec, McpServer


@dataclass(frozen=True, slots=True)
class Mode:
    """A sandbox and an approval policy under one name."""

    name: str
    description: str
    approval: str
    sandbox: str
    policy: str


MODES: Mapping[str, Mode] = {
    "read-only": Mode(
        "Read only", "Reads files; asks for anything else", "on-request", "read-only", "readOnly"
    ),
    "auto": Mode(
        "Auto",
        "Reads, edits and runs commands in the workspace; asks for anything outside of it",
        "on-request",
        "workspace-write",
        "workspaceWrite",
    ),
    "full-access": Mode(
        "Full access",
        "Does everything without asking",
        "never",
        "danger-full-access",
        "dangerFullAccess",
    ),
}
"""The presets that Codex's own interface offers, by the same names."""

POLICIES: Sequence[str] = ("approvalPolicy", "sandbox")
"""The options that a mode stands for."""

CUSTOM = "custom"
"""The mode of a session whose policies are none of the presets."""

EFFORT = "effort"

THREAD_OPTIONS: Mapping[str, Takes] = {
    "approvalPolicy": Takes.TEXT,
    "approvalsReviewer": Takes.TEXT,
    "baseInstructions": Takes.TEXT,
    "ephemeral": Takes.FLAG,
    "modelProvider": Takes.TEXT,
    "permissions": Takes.TEXT,
    "personality": Takes.TEXT,
    "runtimeWorkspaceRoots": Takes.TEXTS,
    "sandbox": Takes.TEXT,
    "serviceTier": Takes.TEXT,
}
"""Options of a spawn that are fields of `thread/start`, and what they take."""

TURN_OPTIONS: Mapping[str, Takes] = {
    EFFORT: Takes.TEXT,
    "outputSchema": Takes.OBJECT,
    "summary": Takes.TEXT,
}
"""Options of a spawn that are fields of `turn/start`, and what they take."""

CONFIG = "config"
"""The option that holds overrides of the user's `config.toml`, as an object."""

OPTIONS: Mapping[str, Takes] = {**THREAD_OPTIONS, **TURN_OPTIONS, CONFIG: Takes.OBJECT}


WORKSPACE_WRITE = "sandbox_workspace_write"
"""The table of `config.toml` that says where commands may write."""


def mode_choices() -> list[Choice]:
    return [
        Choice(id=name, name=mode.name, description=mode.description)
        for name, mode in MODES.items()
    ]


def check_options(launch: Launch) -> None:
    """Refuse options that make no sense: `ValueError` names the first."""
    for name, value in launch.spec.options.items():
        takes = OPTIONS.get(name)
        if takes is None:
            raise ValueError(f"Codex has no option {name!r}. There are: {', '.join(OPTIONS)}.")
        if _given(name, value) is None:
            raise ValueError(f"Codex's option {name!r} takes {takes}, not {value!r}.")
    mode = launch.spec.mode
    if mode is not None and mode not in (*MODES, CUSTOM):
        raise ValueError(f"Codex has no mode {mode!r}. There are: {', '.join(MODES)}.")


def _given(name: str, value: object) -> object:
    """An option's value as Codex takes it; `None` for one that it does not take."""
    if name == "approvalPolicy" and (granular := read(Takes.OBJECT, value)) is not None:
        # Asking for some kinds of requests only (`AskForApproval`).
        return granular
    return read(OPTIONS[name], value)


def thread_params(launch: Launch) -> Json:
    """The parameters of `thread/start`, `thread/resume` and `thread/fork` for a spawn."""
    spec = launch.spec
    params: Json = {"cwd": launch.cwd}
    name = spec.mode or ("read-only" if spec.readonly else None)
    if name is not None and name in MODES:
        params |= {"approvalPolicy": MODES[name].approval, "sandbox": MODES[name].sandbox}
    if spec.model:
        params["model"] = spec.model
    if spec.instructions:
        params["developerInstructions"] = spec.instructions
    params |= _chosen(spec, THREAD_OPTIONS)
    config = obj(_chosen(spec, (CONFIG,)).get(CONFIG))
    if spec.mcp_servers:
        servers = {server.name: _mcp_server(server) for server in spec.mcp_servers}
        config["mcp_servers"] = {**obj(config.get("mcp_servers")), **servers}
    if launch.also:
        sandbox = obj(config.get(WORKSPACE_WRITE))
        roots = [*texts(sandbox.get("writable_roots")), *launch.also]
        config[WORKSPACE_WRITE] = {**sandbox, "writable_roots": roots}
    if config:
        params["config"] = config
    return params


def turn_params(launch: Launch) -> Json:
    """The parameters that each `turn/start` gets besides the prompt."""
    return _chosen(launch.spec, TURN_OPTIONS)


def _chosen(spec: AgentSpec, names: Iterable[str]) -> Json:
    return {name: _given(name, spec.options[name]) for name in names if name in spec.options}


def _mcp_server(server: McpServer) -> Json:
    if server.type == "stdio":
        return {"command": server.command or "", "args": server.args, "env": server.env}
    return {"url": server.url or "", "http_headers": server.headers}


def mode_settings(name: str, thread: Json) -> Json:
    """The fields of `thread/settings/update` that set a mode; `thread` are those of its start."""
    mode = MODES[name]
    policy: Json = {"type": mode.policy}
    if mode.policy == "workspaceWrite":
        policy |= {
            "writableRoots": obj(obj(thread.get(CONFIG)).get(WORKSPACE_WRITE)).get(
                "writable_roots", []
            ),
            "networkAccess": False,
            "excludeTmpdirEnvVar": False,
            "excludeSlashTmp": False,
        }
    elif mode.policy == "readOnly":
        policy["networkAccess"] = False
    return {"approvalPolicy": mode.approval, "sandboxPolicy": policy}


def heard(work: Work, settings: Json, policy_key: str = "sandboxPolicy") -> None:
    """Take the thread's settings as Codex says they are; said on only where they changed."""
    was_open = work.memory.is_open
    model = maybe_text(settings.get("model"))
    if model and model != work.memory.model:
        work.remember(model=model)
        if was_open:
            work.events.append(e.ModelChanged(model=model))
    mode = _mode_of(settings.get("approvalPolicy"), obj(settings.get(policy_key)))
    if mode != work.memory.mode:
        work.remember(mode=mode)
        if was_open:
            replaces = list(POLICIES) if mode in MODES else None
            work.events.append(e.ModeChanged(mode=mode, replaces=replaces))
    effort = maybe_text(settings.get("effort")) or maybe_text(settings.get("reasoningEffort"))
    work.remember(effort=effort)
    options = effort_options(work)
    if was_open and options != work.memory.options:
        work.remember(options=options)
        work.events.append(e.OptionsChanged(options=list(options)))


def _mode_of(approval: object, policy: Json) -> str:
    for name, mode in MODES.items():
        if approval == mode.approval and text(policy.get("type")) == mode.policy:
            return name
    return CUSTOM


def effort_options(work: Work) -> tuple[Option, ...]:
    """The option that the session's model offers."""
    levels = work.memory.efforts.get(work.memory.model or "") or []
    if not levels:
        return ()
    effort = Option(
        id=EFFORT,
        name="Reasoning effort",
        category="thought_level",
        current=work.memory.effort,
        choices=levels,
    )
    return (effort,)
