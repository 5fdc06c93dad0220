"""The answers in which the harness says what it can do."""

from __future__ import annotations

from typing import Any

from athena.scripted.profile import Profile, Setting
from athena.scripted.session import Session

PROTOCOL_VERSION = 1


def initialize_result(profile: Profile) -> dict[str, Any]:
    """The answer to `initialize`."""
    can = {name: name not in profile.without for name in ("load", "images", "resources")}
    in_session = ("list", "resume", "close", "fork", "delete")
    login = {"id": "scripted-login", "name": "Log in", "description": "Always works"}
    return {
        "protocolVersion": PROTOCOL_VERSION,
        "agentInfo": {"name": profile.name, "title": profile.title, "version": profile.version},
        "agentCapabilities": {
            "loadSession": can["load"],
            "promptCapabilities": {
                "image": can["images"],
                "audio": False,
                "embeddedContext": can["resources"],
            },
            "mcpCapabilities": {"http": True, "sse": True},
            "sessionCapabilities": {name: {} for name in in_session if name not in profile.without},
        },
        "authMethods": [login] if profile.login else [],
        # An extension that the ACP adapters of Codex and Claude Code share.
        "_meta": {"steering": {"supported": "steering" not in profile.without}},
    }


def session_result(profile: Profile, session: Session) -> dict[str, Any]:
    """The modes, models and options of a session, as `session/new` and the others answer them."""
    result: dict[str, Any] = {}
    mode, model = profile.setting("mode"), profile.setting("model")
    if mode:
        result["modes"] = {
            "currentModeId": session.values["mode"],
            "availableModes": _choices(mode, "id"),
        }
    if profile.legacy and model:
        result["models"] = {
            "currentModelId": session.values["model"],
            "availableModels": _choices(model, "modelId"),
        }
    if not profile.legacy:
        result["configOptions"] = [_option(setting, session) for setting in profile.settings]
    return result


def _option(setting: Setting, session: Session) -> dict[str, Any]:
    option = {
        "type": "select",
        "id": setting.id,
        "name": setting.name,
        "currentValue": session.values[setting.id],
        "options": _choices(setting, "value"),
    }
    return {**option, "category": setting.category} if setting.category else option


def slash_commands(profile: Profile) -> dict[str, Any]:
    """The update that announces the slash commands."""
    commands: list[dict[str, Any]] = []
    for command in profile.commands:
        shown: dict[str, Any] = {"name": command.name, "description": command.description}
        if command.hint:
            shown["input"] = {"hint": command.hint}
        commands.append(shown)
    return {"sessionUpdate": "available_commands_update", "availableCommands": commands}


def _choices(setting: Setting, key: str) -> list[dict[str, str]]:
    choices: list[dict[str, str]] = []
    for choice in setting.choices:
        shown = {key: choice.id, "name": choice.name}
        if choice.description:
            shown["description"] = choice.description
        choices.append(shown)
    return choices
