"""What a harness can do, as far as the events of its sessions prove it."""

from __future__ import annotations

from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol.capability import Ability, Capabilities
from athena.protocol.content import ImageContent
from athena.protocol.items import Notice, UserMessage
from athena.protocol.request import Permission


def proved(data: e.EventData) -> dict[str, Ability]:
    """The abilities that an event shows by itself, by their fields in `Capabilities`."""
    match data:
        case e.RequestOpened(request=Permission()):
            return {"permissions": Ability.YES}
        case e.PromptSteered():
            return {"steer": Ability.YES}
        case e.UsageReported() | e.TurnEnded():
            found: dict[str, Ability] = {}
            if data.usage is not None:
                found["usage"] = Ability.YES
            if data.cost is not None:
                found["cost"] = Ability.YES
            if isinstance(data, e.TurnEnded) and data.stop_reason == "cancelled":
                found["interrupt"] = Ability.YES
            return found
        case _:
            return {}


def shown(state: AgentState, data: e.EventData) -> dict[str, Ability]:
    """The abilities that an event shows of the agent's harness, given what was before."""
    found = proved(data)
    run, turn = state.run, state.turn
    if isinstance(data, e.SessionOpened) and run is not None and run.resume is not None:
        if run.resume == data.session_id:
            found["resume"] = Ability.YES
        elif run.fork and data.capabilities.fork is Ability.UNKNOWN:
            # One that cannot copy a session says so, and opens a new one.
            found["fork"] = Ability.YES
    saw = turn is not None and turn.has_image
    if saw and isinstance(data, e.TurnEnded) and data.stop_reason == "endTurn":
        found["images"] = Ability.YES
    return found


def with_shown(known: Capabilities, found: dict[str, Ability]) -> Capabilities:
    """What is known, with what was shown; the same object where that was known."""
    news = {name: ability for name, ability in found.items() if getattr(known, name) != ability}
    return known.model_copy(update=news) if news else known


def merged(before: Capabilities, now: Capabilities) -> Capabilities:
    """What is said now, with what is known from before where nothing is said now."""
    changes = {
        name: getattr(before, name)
        for name in Capabilities.model_fields
        if getattr(now, name) in (None, Ability.UNKNOWN, [])
    }
    return now.model_copy(update=changes)


def has_image(data: e.EventData) -> bool:
    """Whether an event is a prompt with a picture."""
    return (
        isinstance(data, e.ItemCompleted)
        and isinstance(data.item, UserMessage)
        and any(isinstance(block, ImageContent) for block in data.item.content)
    )


def drift(state: AgentState, opened: e.SessionOpened) -> Notice | None:
    """A word on the harness's version, where it is another one than in the agent's last session."""
    run, before, now = state.run, state.capabilities.version, opened.capabilities.version
    same = run is not None and run.harness == state.session_harness
    if not same or before is None or now is None or before == now:
        return None
    words = f"{state.spec.harness} is version {now} now; it was {before} in the session before."
    return Notice(text=words, topic="version")
