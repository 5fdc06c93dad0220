"""Models and thinking levels, as pi lists them."""

from __future__ import annotations

from athena.harness.decode import Json, amount, maybe_number, obj, objs, text, texts
from athena.harness.pi.memory import Model, Work
from athena.protocol import events as e
from athena.protocol.capability import Choice, Option

THINKING = "thinking"
LEVELS = ("off", "minimal", "low", "medium", "high", "xhigh")
"""The words of the protocol; which of them a model has, it says itself."""

EXTENDED = "xhigh"
NO_API = "unknown"
"""The API of what stands for a model where pi has none."""


def model_of(value: Json) -> Model | None:
    """A model; `None` where there is none."""
    name = text(value.get("id"))
    if not name or value.get("api") == NO_API:
        return None
    return Model(
        name=f"{text(value.get('provider'))}/{name}",
        title=text(value.get("name")) or name,
        levels=_levels(value),
        sees="image" in texts(value.get("input")),
        is_priced=any(amount(one) for one in obj(value.get("cost")).values()),
        window=maybe_number(value.get("contextWindow")),
    )


def models_of(values: object) -> tuple[Model, ...]:
    return tuple(model for one in objs(values) if (model := model_of(one)))


def _levels(value: Json) -> tuple[str, ...]:
    """A model that thinks has all levels but those that it maps to nothing, and the highest one
    only where it maps it."""
    if value.get("reasoning") is not True:
        return ()
    given = obj(value.get("thinkingLevelMap"))
    return tuple(
        level
        for level in LEVELS
        if (given[level] is not None if level in given else level != EXTENDED)
    )


def level_choices(model: Model | None) -> list[Choice]:
    return [Choice(id=level, name=level) for level in model.levels] if model is not None else []


def options(work: Work) -> list[Option]:
    """The option that the session's model offers."""
    choices = level_choices(work.memory.model)
    if not choices:
        return []
    level = work.memory.level
    return [
        Option(
            id=THINKING,
            name="Thinking",
            category="thought_level",
            current=level,
            choices=choices,
        )
    ]


def heard(work: Work, model: Model | None, level: str | None) -> None:
    """Take the model and the level as pi says they are; said on only where they changed."""
    before, offered = work.memory.model, options(work)
    work.remember(model=model or before, level=level or work.memory.level)
    if work.memory.session is None:
        return
    if model is not None and before is not None and model.name != before.name:
        work.events.append(e.ModelChanged(model=model.name))
    now = options(work)
    if now != offered:
        work.events.append(e.OptionsChanged(options=now))


def named(work: Work, name: str) -> Model | None:
    """The model that is meant: by provider and id, or by its id alone."""
    known = work.memory.models or ()
    exact = [model for model in known if model.name == name]
    loose = [model for model in known if model.name.partition("/")[2] == name]
    return next(iter([*exact, *loose]), None)
