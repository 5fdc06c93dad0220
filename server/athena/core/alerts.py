"""Which events somebody who is away should hear of, and in which words."""

from __future__ import annotations

from athena.core.redact import redacted
from athena.protocol import events as e
from athena.protocol.agent import AgentView
from athena.protocol.alert import Alert, Topic
from athena.protocol.request import Inquiry, RequestBody
from athena.protocol.session import made_outside

KINDS = tuple(
    event.KIND
    for event in (
        e.TurnEnded,
        e.RunEnded,
        e.RequestOpened,
        e.RequestReminded,
        e.WorkspaceFailed,
        e.AgentStalled,
    )
)

TITLE_LENGTH = 120
TEXT_LENGTH = 2000


def alert_of(view: AgentView, version: int, at: int, data: e.EventData) -> Alert | None:
    """The alert of an event, given how its agent is now. None for what is nobody's concern.

    A question that was answered meanwhile is none any more, and a turn after which others wait is
    no result yet.
    """
    found = _words(view, data)
    if found is None:
        return None
    topic, title, text = found
    return Alert(
        id=f"{view.id}.{version}",
        topic=topic,
        event=data.KIND,
        at=at,
        agent_id=view.id,
        agent_name=view.name,
        harness=view.harness,
        project=view.project,
        title=_cut(f"{view.name} {title}".replace("\n", " "), TITLE_LENGTH),
        text=_cut(text, TEXT_LENGTH),
        turn_id=getattr(data, "turn_id", None),
        request_id=getattr(data, "request_id", None),
    )


def _words(view: AgentView, data: e.EventData) -> tuple[Topic, str, str] | None:
    match data:
        case e.TurnEnded() if made_outside(data.turn_id):
            return None
        case e.TurnEnded(stop_reason="failed"):
            return "failure", "failed", data.error.message if data.error else ""
        case e.TurnEnded(stop_reason="cancelled"):
            return None
        case e.TurnEnded():
            return None if view.queue else ("result", "is done", "")
        case e.RunEnded(reason="failed" | "lost"):
            return "failure", "lost its harness", data.error or ""
        case e.RunEnded(reason="exited") if data.code != 0:
            return "failure", "lost its harness", data.error or f"exit code {data.code}"
        case e.WorkspaceFailed():
            return "failure", "has no workspace", data.error
        case e.AgentStalled():
            return "failure", "is stalled", f"Nothing was heard of it for {data.seconds:g} s."
        case e.RequestOpened() | e.RequestReminded():
            for opened in view.requests:
                if opened.request_id == data.request_id:
                    again = isinstance(data, e.RequestReminded)
                    return _question(opened.request, "still asks" if again else "asks")
            return None
        case _:
            return None


def _question(request: RequestBody, verb: str) -> tuple[Topic, str, str]:
    if isinstance(request, Inquiry):
        return "question", f"{verb} you", "\n".join(q.text for q in request.questions)
    return "question", f"{verb} for permission", request.title


def _cut(text: str, most: int) -> str:
    """Cut after secrets were taken out: the half of one is not known as such."""
    clean = redacted(text).strip()
    return clean if len(clean) <= most else clean[: most - 1] + "…"
