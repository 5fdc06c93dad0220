"""What editors show in one line: pure texts about agents, requests and costs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from athena.protocol.agent import OpenRequest
from athena.protocol.events import RequestClosed
from athena.protocol.request import Inquiry, Outcome, Permission
from athena.protocol.usage import Cost

LINE = 120


def first_line(text: str, length: int = LINE) -> str:
    """The first line of a text that is not empty, cut where it is long."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def choices(names: list[str]) -> list[str]:
    """Titles for buttons: clients answer with the title, so each must be another one."""
    seen: Counter[str] = Counter()
    titles: list[str] = []
    for name in names:
        seen[name] += 1
        titles.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return titles


def request_words(request: OpenRequest) -> str:
    """What is asked, in one line."""
    body = request.request
    words = body.title if isinstance(body, Permission) else body.questions[0].text
    return first_line(words)


def asked_words(request: OpenRequest) -> str:
    """That something is asked, and how to answer where there is no dialog."""
    words = f"{request.agent_name} asks: {request_words(request)}"
    if isinstance(request.request, Inquiry):
        return f"{words} Select an answer and choose the code action, or see the inbox."
    return f"{words} Answer with a code action (Athena: Allow …), or from the inbox."


def answered_words(request: OpenRequest, closed: RequestClosed) -> str:
    """How a request ended, for those who were asked as well."""
    words = f"{request.agent_name}: {request_words(request)}"
    body = request.request
    if closed.outcome is Outcome.SELECTED and isinstance(body, Permission):
        name = next((o.name for o in body.options if o.id == closed.option_id), closed.option_id)
        return f"{words} {name} ({closed.by})"
    if closed.outcome is Outcome.ANSWERED and closed.answers:
        given = ", ".join(a for texts in closed.answers.values() for a in texts)
        return f"{words} {first_line(given)} ({closed.by})"
    return f"{words} {closed.outcome.value} ({closed.by})"


def cost_words(cost: Cost | None) -> str:
    """An amount with where it comes from; empty when nothing is known."""
    if cost is None:
        return ""
    amount = f"{cost.amount:.4f}".rstrip("0")
    whole, _, cents = amount.partition(".")
    return f"{whole}.{cents.ljust(2, '0')} {cost.currency} ({cost.source.value})"


def time_words(milliseconds: int) -> str:
    """A moment, in the time zone of the daemon."""
    return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
