"""What somebody who is away is told of an agent: on the desktop, and by a webhook."""

from __future__ import annotations

from typing import Literal

from athena.protocol.base import Record

Topic = Literal["result", "question", "failure"]


class Alert(Record):
    """A result, a question or a failure. `id` is the same whenever the same one is told again.

    `at` in milliseconds since 1970 UTC. `title` is one line, `text` may be longer; both are without
    what looks like a secret. `event` is the kind of the event behind it.
    """

    id: str
    topic: Topic
    event: str
    at: int
    agent_id: str
    agent_name: str
    harness: str
    project: str
    title: str
    text: str = ""
    turn_id: str | None = None
    request_id: str | None = None
