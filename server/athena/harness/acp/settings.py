"""Modes, models and options: as the agent tells them, and changing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from athena.harness.acp.memory import Pending, Settings, Work
from athena.harness.decode import Json, maybe_text, obj, objs, text
from athena.harness.takes import Takes, read
from athena.protocol import events as e
from athena.protocol.capability import Choice, Option

MODE, MODEL = "mode", "model"
THOUGHT_LEVEL = "thought_level"


def read_settings(known: Settings, result: Json) -> Settings:
    """What an answer or update says of the settings (`modes`, `models`, `configOptions`)."""
    found = known
    if modes := obj(result.get("modes")):
        found = replace(
            found,
            mode=maybe_text(modes.get("currentModeId")),
            modes=_choices(objs(modes.get("availableModes")), "id"),
            modes_api=True,
        )
    if models := obj(result.get("models")):
        found = replace(
            found,
            model=maybe_text(models.get("currentModelId")),
            models=_choices(objs(models.get("availableModels")), "modelId"),
            models_api=True,
        )
    if "configOptions" in result:
        listed = objs(result.get("configOptions"))
        options = tuple(_option(one) for one in listed if one.get("id"))
        found = _from_options(replace(found, options=options))
    return found


def _choices(values: Sequence[Json], key: str) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            id=text(one.get(key)),
            name=text(one.get("name")) or text(one.get(key)),
            description=maybe_text(one.get("description")),
        )
        for one in values
        if text(one.get(key))
    )


def _option(value: Json) -> Option:
    current = value.get("currentValue")
    listed = objs(value.get("options"))
    # Choices may be in groups (`SessionConfigSelectGroup`).
    flat = [one for entry in listed for one in (objs(entry.get("options")) or [entry])]
    return Option(
        id=text(value.get("id")),
        name=text(value.get("name")) or text(value.get("id")),
        category=maybe_text(value.get("category")),
        current=current if isinstance(current, str | bool) else None,
        choices=list(_choices(flat, "value")),
    )


def _from_options(found: Settings) -> Settings:
    """Modes and models that are told as options."""
    mode, model = option_of(found, MODE), option_of(found, MODEL)
    if mode and isinstance(mode.current, str):
        found = replace(found, mode=mode.current, modes=tuple(mode.choices))
    if model and isinstance(model.current, str):
        found = replace(found, model=model.current, models=tuple(model.choices))
    return found


def option_of(settings: Settings, category: str) -> Option | None:
    """The option of a category, or the one of that name."""
    options = settings.options
    by_category = (one for one in options if one.category == category)
    by_name = (one for one in options if one.id == category)
    return next(by_category, None) or next(by_name, None)


def apply(work: Work, found: Settings) -> None:
    """Take over settings; what changed is recorded once the session is open."""
    known = work.memory.settings
    work.remember(settings=found)
    if not work.memory.opened:
        return
    if found.mode and found.mode != known.mode:
        same = _same_option(found, MODE)
        work.events.append(e.ModeChanged(mode=found.mode, replaces=same))
    if found.model and found.model != known.model:
        same = _same_option(found, MODEL)
        work.events.append(e.ModelChanged(model=found.model, replaces=same))
    if found.options != known.options:
        work.events.append(e.OptionsChanged(options=list(found.options)))


def _same_option(found: Settings, category: str) -> list[str] | None:
    """The option by which some agents let the same be chosen."""
    option = option_of(found, category)
    return [option.id] if option is not None else None


def set_mode(work: Work, mode: str) -> None:
    """Ask for another mode, in the way that the agent knows."""
    settings = work.memory.settings
    option = option_of(settings, MODE)
    if option is not None and not settings.modes_api:
        set_option(work, option.id, mode)
    else:
        work.ask_session(Pending("mode", mode), "session/set_mode", modeId=mode)


def set_model(work: Work, model: str) -> None:
    """Ask for another model, in the way that the agent knows."""
    settings = work.memory.settings
    option = option_of(settings, MODEL)
    if option is not None:
        set_option(work, option.id, model)
    elif settings.models_api:
        work.ask_session(Pending("model", model), "session/set_model", modelId=model)
    else:
        work.notice("This agent does not let its model be chosen.", "warning", "model")


def set_option(work: Work, option_id: str, value: str | bool) -> None:
    """Ask for another value of an option; a text may stand for true or false."""
    option = next((one for one in work.memory.settings.options if one.id == option_id), None)
    if option is not None and isinstance(option.current, bool):
        flag = read(Takes.FLAG, value)
        value = flag if isinstance(flag, bool) else value
    typed = {"type": "boolean"} if isinstance(value, bool) else {}
    work.ask_session(
        Pending("option", f"{option_id} = {value}"),
        "session/set_config_option",
        configId=option_id,
        value=value,
        **typed,
    )


def confirmed(work: Work, pending: Pending, result: Json) -> None:
    """A change of a setting was carried out."""
    found = read_settings(work.memory.settings, result)
    if pending.kind == "mode":
        found = replace(found, mode=pending.value)
    elif pending.kind == "model":
        found = replace(found, model=pending.value)
    apply(work, found)


def refused(work: Work, pending: Pending, message: str) -> None:
    """A change of a setting was not carried out."""
    what = "option" if pending.kind == "option" else pending.kind
    work.notice(f"The {what} {pending.value} was refused: {message}", "warning", what)
