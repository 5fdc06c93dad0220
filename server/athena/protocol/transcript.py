"""Transcripts, requests and events: the parameters and results of reading what happened."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from athena.protocol.agent import AgentView, OpenRequest
from athena.protocol.base import Record, Request
from athena.protocol.capability import Capabilities
from athena.protocol.events import Delta, Event, TurnError
from athena.protocol.items import Item
from athena.protocol.problem import Problem
from athena.protocol.usage import Cost, Usage


class TranscriptItem(Record):
    """An item with its place: `version` and `seq` of the event that began it order the items.

    `truncated`: a long text is cut; `athena/item/get` has the whole. `written`: of an open item,
    the text or the output so far, to which the deltas that follow are added.
    """

    item_id: str
    turn_id: str | None = None
    version: int
    seq: int
    at: int
    ended_at: int | None = None
    open: bool = False
    truncated: bool = False
    written: str | None = None
    item: Item


class TurnView(Record):
    """A turn of an agent."""

    turn_id: str
    run_id: str
    prompt_id: str | None = None
    seq: int
    started_at: int
    ended_at: int | None = None
    stop_reason: str | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    error: TurnError | None = None


class ReadTranscript(Request):
    """Parameters of `athena/transcript/page`.

    Without `before` and `after` the last page; both are an item's `version`, not included itself.
    `types` and `turn_id` filter; `find` keeps items whose text holds it, ignoring case. Of a long
    text that holds it beyond the first 512 characters the page has what stands around it.
    """

    agent: str
    before: int | None = None
    after: int | None = None
    limit: int = Field(default=100, ge=1, le=1000)
    types: list[str] | None = None
    turn_id: str | None = None
    find: str | None = None


class TranscriptPage(Record):
    """Items in order; `before` and `after` lead to the next page at either end, if there is one.

    `cursor` is the log's position at which the page was true: subscribe from there.
    """

    agent_id: str
    items: list[TranscriptItem]
    turns: list[TurnView]
    before: int | None = None
    after: int | None = None
    cursor: int


class LocateItem(Request):
    """Parameters of `athena/transcript/locate`: one of these but `turns` names an item.

    `number` counts all items from 1; `version` means the last item that had begun by then, `at`
    (milliseconds since 1970 UTC) the first that began then or later, `turn_id` the first of a turn,
    `turn` the first of the turn of that number, or of the last turn before it where there is none.
    Without any of them the last item. `turns` goes on from there to where a turn begins: 1 is the
    next one, -1 the one before, which may be that of the item itself. Beyond either end it is the
    first or the last item.
    """

    agent: str
    number: int | None = Field(default=None, ge=1)
    version: int | None = None
    at: int | None = None
    item_id: str | None = None
    turn_id: str | None = None
    turn: int | None = Field(default=None, ge=1)
    turns: int = 0


class ItemPlace(Record):
    """Where an item is: its `number` among the `total` of its agent, and when it began.

    `turnId` and `turn` are the id and the number of the turn that had begun last. A turn that the
    harness began by itself has the number of the one before it.

    `athena/transcript/page` reads around it: up to it `before` the version + 1, and what follows
    `after` the version.
    """

    agent_id: str
    number: int
    total: int
    version: int
    at: int
    turn_id: str | None = None
    turn: int | None = None


class ReadItem(Request):
    """Parameters of `athena/item/get`: an item whole, large payloads included."""

    agent: str
    item_id: str


class Subscribe(Request):
    """Parameters of `athena/event/subscribe`.

    Without `cursor` the answer holds a snapshot of the agents and events follow from there; with
    it, the events after it follow and there is no snapshot. `deltas` asks for text as it is being
    written. `interval_ms` is the least time between two notifications (0: as they come).
    """

    cursor: int | None = Field(default=None, ge=0)
    agents: list[str] | None = None
    kinds: list[str] | None = None
    deltas: bool = False
    interval_ms: int = Field(default=0, ge=0, le=10_000)


class Subscribed(Record):
    """A subscription began at `cursor`."""

    subscription_id: str
    cursor: int
    agents: list[AgentView] | None = None


class Unsubscribe(Request):
    """Parameters of `athena/event/unsubscribe`."""

    subscription_id: str


class ReadEvents(Request):
    """Parameters of `athena/event/list`: events in order after or before a position."""

    after: int | None = Field(default=None, ge=0)
    before: int | None = None
    agent: str | None = None
    kinds: list[str] | None = None
    limit: int = Field(default=200, ge=1, le=2000)


class EventPage(Record):
    """Events in order; `more` when the limit cut the page."""

    events: list[Event]
    cursor: int
    more: bool = False


class EventBatch(Record):
    """Notification `athena/event/batch`: events that followed, and the position after them."""

    subscription_id: str
    cursor: int
    events: list[Event]
    agents: list[AgentView] = []


class EventDelta(Record):
    """Notification `athena/event/delta`: text as it is being written."""

    subscription_id: str
    deltas: list[Delta]


class EventLagged(Record):
    """Notification `athena/event/lagged`: read on from `cursor`; what was between is in the log.

    Sent to a client that did not keep up. It subscribes again, with a snapshot or from a cursor.
    """

    subscription_id: str
    cursor: int
    head: int


class ListRequests(Request):
    """Parameters of `athena/request/list`: the inbox over all agents, or that of one."""

    agent: str | None = None


class RequestList(Record):
    """Open requests, oldest first."""

    requests: list[OpenRequest]
    cursor: int


class AnswerRequest(Request):
    """Parameters of `athena/request/answer`.

    A permission takes `option` (an option's id, its kind, or `allow`/`reject`); an inquiry takes
    `answers`, question id to texts; `cancel` refuses to answer. `edited` replaces the input of
    the tool call where the harness allows it. `remember` makes a rule of the answer: for this
    agent (`session`), or in the rules of the project.
    """

    request_id: str
    option: str | None = None
    answers: dict[str, list[str]] | None = None
    cancel: bool = False
    edited: object | None = None
    note: str | None = None
    remember: Literal["session", "project"] | None = None


class SystemInfo(Record):
    """Who the daemon is, and what is wrong with it. Times in milliseconds since 1970 UTC."""

    name: Literal["athena"] = "athena"
    version: str
    protocol: int
    pid: int
    state_dir: str
    database: str
    started_at: int
    log_state: str = "ok"
    log_reason: str | None = None
    problems: list[Problem] = []
    cursor: int
    agents: int
    connections: int


class Metrics(Record):
    """Counters since the daemon started; sizes in bytes, times in milliseconds."""

    cache: dict[str, float]
    log: dict[str, float]
    daemon: dict[str, float]


class Archetype(Record):
    """A kind of agent, as the settings define it.

    `asks` is what it can be asked of a selection: titles for a menu, and the prompts.
    """

    name: str
    description: str = ""
    prompt: str | None = None
    harness: str | None = None
    model: str | None = None
    mode: str | None = None
    readonly: bool = False
    tools: list[str] | None = None
    stall_seconds: float | None = None
    asks: dict[str, str] = {}
    source: str = "built-in"


class ArchetypeList(Record):
    """Archetypes: those of the project before the user's before the built-in ones."""

    archetypes: list[Archetype]


class ListArchetypes(Request):
    """Parameters of `athena/archetype/list`."""

    project: str | None = None


class HarnessView(Record):
    """A harness that can be chosen, and whether it is there.

    `version` and `capabilities` are those of the installed program, once it was asked
    (`athena harness doctor`) or seen at work. `verified` is the version that Athena's tests ran.
    """

    name: str
    title: str
    protocol: str
    installed: bool
    path: str | None = None
    version: str | None = None
    hint: str | None = None
    source: str = "built-in"
    verified: str | None = None
    capabilities: Capabilities | None = None


class HarnessList(Record):
    """The harnesses known here."""

    harnesses: list[HarnessView]


class ListHarnesses(Request):
    """Parameters of `athena/harness/list`."""

    project: str | None = None


class ExportLog(Request):
    """Parameters of `athena/log/export`: `path` of the file to write, on the daemon's machine."""

    path: str


class Exported(Record):
    """What was written."""

    path: str
    events: int
    bytes: int


class VerifyReport(Record):
    """Whether the database is whole; `problems` in words."""

    ok: bool
    events: int
    problems: list[str]


class BackedUp(Record):
    """A backup was written."""

    path: str
    bytes: int
