"""The session: how it opens, and its settings."""

from __future__ import annotations

from athena.harness.claude.memory import Pending, Work
from athena.harness.decode import Json, maybe_text, obj, objs, text, texts
from athena.protocol import events as e
from athena.protocol.capability import Ability, Capabilities, Choice, Option, SlashCommand

EFFORT = "effort"
DEFAULT_MODEL = "default"


def opened(work: Work, response: Json, known: Capabilities) -> None:
    """`initialize` was answered (`SDKControlInitializeResponse`): prompts may come.

    `known` is what the detection found in the program itself.
    """
    models = objs(response.get("models"))
    model = work.memory.model or DEFAULT_MODEL
    resolved = {text(one.get("value")): text(one.get("resolvedModel")) for one in models}
    if work.memory.resumed:
        # The conversation is there, so the text that would stand for it is not needed.
        work.remember(primer=work.memory.told)
    work.remember(
        opened=True,
        version=maybe_text(response.get("claude_code_version")),
        mode=maybe_text(response.get("current_permission_mode")) or work.memory.mode,
        model=resolved.get(model) or work.memory.model,
        resolved=resolved,
        efforts={text(one.get("value")): _efforts(one) for one in models},
    )
    work.remember(options=_options(work, model))
    _check_login(work, obj(response.get("account")))
    work.events.append(
        e.SessionOpened(
            run_id=work.ledger.run_id,
            session_id=work.memory.session_id,
            model=work.memory.model,
            mode=work.memory.mode,
            capabilities=known.model_copy(
                update={
                    "version": work.memory.version or known.version,
                    "interrupt": Ability.YES,
                    "permissions": Ability.YES,
                    "images": Ability.YES,
                    "embedded_context": Ability.YES,
                    "steer": Ability.YES,
                    "usage": Ability.YES,
                    "cost": Ability.YES,
                    "models": [_choice(one) for one in models],
                    "thinking_levels": work.memory.efforts.get(model, []),
                    "commands": commands(response.get("commands")),
                    "options": list(work.memory.options),
                }
            ),
        )
    )


def _check_login(work: Work, account: Json) -> None:
    """Say so now when there is no credential at all, and not when the first prompt fails."""
    sources = (account.get("tokenSource"), account.get("apiKeySource"))
    if account.get("apiProvider") == "firstParty" and sources in (("none", "none"), ("none", None)):
        words = "Claude Code is not logged in: run claude and /login, or set ANTHROPIC_API_KEY."
        work.notice(words, "warning", "authentication")


def _choice(model: Json) -> Choice:
    return Choice(
        id=text(model.get("value")),
        name=text(model.get("displayName")) or text(model.get("value")),
        description=maybe_text(model.get("description")),
    )


def _efforts(model: Json) -> list[Choice]:
    return [Choice(id=one, name=one) for one in texts(model.get("supportedEffortLevels"))]


def _options(work: Work, model: str) -> tuple[Option, ...]:
    levels = work.memory.efforts.get(model) or []
    if not levels:
        return ()
    return (Option(id=EFFORT, name="Effort", category="thought_level", choices=levels),)


def commands(value: object) -> list[SlashCommand]:
    """Slash commands as Claude Code lists them."""
    return [
        SlashCommand(
            name=text(one.get("name")),
            description=text(one.get("description")),
            hint=maybe_text(one.get("argumentHint")),
        )
        for one in objs(value)
        if one.get("name")
    ]


def changed_model(work: Work, model: str) -> None:
    """The session's model is `model`; said only where it was another before."""
    if model and model != work.memory.model:
        work.remember(model=model)
        work.events.append(e.ModelChanged(model=model))


def changed_mode(work: Work, mode: str) -> None:
    """The session's permission mode is `mode`; said only where it was another before."""
    if mode and mode != work.memory.mode:
        work.remember(mode=mode)
        work.events.append(e.ModeChanged(mode=mode))


def control_response(work: Work, frame: Json, known: Capabilities) -> None:
    """The answer to a control request of ours."""
    response = obj(frame.get("response"))
    request_id = text(response.get("request_id"))
    pending = work.memory.pending.get(request_id)
    if pending is None:
        # An echo of an answer of ours, or of a request that an earlier life of Athena sent.
        return
    left = {key: value for key, value in work.memory.pending.items() if key != request_id}
    work.remember(pending=left)
    if response.get("subtype") == "success":
        _succeeded(work, pending, obj(response.get("response")), known)
    else:
        _failed(work, pending, text(response.get("error")))


def _succeeded(work: Work, pending: Pending, response: Json, known: Capabilities) -> None:
    match pending.kind:
        case "initialize":
            opened(work, response, known)
        case "model":
            changed_model(work, text(response.get("model")) or pending.value)
            work.remember(options=_options(work, pending.value))
            work.events.append(e.OptionsChanged(options=list(work.memory.options)))
        case "mode":
            changed_mode(work, text(response.get("mode")) or pending.value)
        case "option":
            _chosen(work, pending.value)
        case "interrupt":
            _dropped(work, texts(response.get("cancelled")))
        case "mcp":
            for server, error in obj(response.get("errors")).items():
                work.notice(f"MCP server {server}: {error}", "warning", "mcp")


def _dropped(work: Work, cancelled: list[str]) -> None:
    steered = work.memory.steered
    work.remember(steered=tuple(one for one in steered if one not in cancelled))
    if len(work.memory.steered) < len(steered):
        work.notice("A steered prompt had not reached the model and was dropped.", "warning")


WORDS = {
    "initialize": "start a session",
    "mcp": "start the MCP servers",
    "interrupt": "interrupt the turn",
    "model": "change the model",
    "mode": "change the mode",
    "option": "change the option",
}


def _failed(work: Work, pending: Pending, error: str) -> None:
    words = f"Claude Code could not {WORDS[pending.kind]}: {error}"
    work.notice(words, "error", pending.kind)
    if pending.kind == "initialize":
        work.events.append(e.RunGivenUp(run_id=work.ledger.run_id, error=words))


def _chosen(work: Work, value: str) -> None:
    chosen = tuple(
        one.model_copy(update={"current": value}) if one.id == EFFORT else one
        for one in work.memory.options
    )
    work.remember(options=chosen)
    work.events.append(e.OptionsChanged(options=list(chosen)))
