"""What a driver remembers of a session whatever its protocol, and the draft of one step.

A `Ledger` is part of a driver's memory and is never changed. A `Draft` lives for one step: it
collects events, deltas and frames, and holds the ledger as it will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from athena.harness.decode import Json, encode
from athena.harness.driver import Effect, Step, TextDelta
from athena.protocol import events as e
from athena.protocol.items import Item, ItemStatus, Message, Notice, Plan, Reasoning, ToolCall
from athena.protocol.items import Unrecognized as UnrecognizedItem
from athena.protocol.request import Inquiry, Outcome, Permission

RAW_LIMIT = 64_000
"""How many characters of a frame that was not understood are shown; the spool has all of them."""

OUTPUT_LIMIT = 64_000
"""How many characters of a tool's output are told while it runs; the completed item has more."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that is not finished. `open_items` of a ledger has it by the harness's own name.

    `output` is what a tool has printed so far.
    """

    item_id: str
    item: Item
    turn_id: str | None = None
    output: str = ""

    @property
    def written(self) -> str:
        """The text so far of something that is being written."""
        return self.item.text if isinstance(self.item, Message | Reasoning) else self.output


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """A request that waits for the user. `own_name` is the harness's name of it.

    One that `outlives` its turn comes from work that goes on after the turn.
    """

    own_name: str
    outlives: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """Numbers given out, the open turn, and what is open in it.

    `turn_id` is Athena's name of the open turn. `requests` has the open requests by Athena's
    names. `given_up` are the items of the last turn that were closed before the harness said how
    they ended, so that it can still say so.
    """

    run_id: str
    item_count: int = 0
    request_count: int = 0
    turn_count: int = 0
    turn_id: str | None = None
    open_items: Mapping[str, OpenItem] = field(default_factory=dict[str, OpenItem])
    requests: Mapping[str, OpenAsk] = field(default_factory=dict[str, OpenAsk])
    given_up: Mapping[str, OpenItem] = field(default_factory=dict[str, OpenItem])

    def written(self) -> dict[str, str]:
        """The text so far of the open items that have some, by item id."""
        return {i.item_id: i.written for i in self.open_items.values() if i.written}


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the memory of each driver has; the rest is its own. Mappings are replaced, never
    changed."""

    ledger: Ledger


M = TypeVar("M", bound=Remembered)


class Draft(Generic[M]):
    """The outcome of one step while it is being made."""

    def __init__(self, memory: M) -> None:
        self.memory = memory
        self.ledger = memory.ledger
        self.events: list[e.EventData] = []
        self.deltas: list[TextDelta] = []
        self.sends: list[bytes] = []
        self.effects: list[Effect] = []

    def remember(self, **changes: Any) -> None:
        """Replace fields of the memory."""
        self.memory = replace(self.memory, **changes)

    def send(self, message: Json) -> None:
        """Send one message."""
        self.sends.append(encode(message))

    def step(self) -> Step[M]:
        """What the step comes to."""
        return Step(
            memory=replace(self.memory, ledger=self.ledger),
            events=tuple(self.events),
            deltas=tuple(self.deltas),
            sends=tuple(self.sends),
            effects=tuple(self.effects),
        )

    # Items.

    def new_item_id(self) -> str:
        """The next item's name."""
        count = self.ledger.item_count + 1
        self.ledger = replace(self.ledger, item_count=count)
        return f"{self.ledger.run_id}.{count}"

    def find(self, key: str) -> OpenItem | None:
        """The open item that the harness calls `key`."""
        return self.ledger.open_items.get(key)

    def start(self, key: str, item: Item) -> str:
        """Begin an item, which the harness calls `key`."""
        opened = OpenItem(self.new_item_id(), item, self.ledger.turn_id)
        self._keep(key, opened)
        self.events.append(e.ItemStarted(item_id=opened.item_id, turn_id=opened.turn_id, item=item))
        return opened.item_id

    def append(self, key: str, text: str) -> None:
        """Add text to an open message or reasoning: ephemeral, until the item is completed."""
        opened = self.find(key)
        if opened is None or not text or not isinstance(opened.item, Message | Reasoning):
            return
        longer = opened.item.model_copy(update={"text": opened.item.text + text})
        self._keep(key, replace(opened, item=longer))
        self.deltas.append(TextDelta(opened.item_id, text, longer.text))

    def print(self, key: str, text: str) -> None:
        """Add to what an open tool call has printed: ephemeral, and limited."""
        opened = self.find(key)
        if opened is None or not text or len(opened.output) >= OUTPUT_LIMIT:
            return
        longer = replace(opened, output=opened.output + text)
        self._keep(key, longer)
        self.deltas.append(TextDelta(opened.item_id, text, longer.output))

    def update(self, key: str, item: Item) -> None:
        """Replace what is known of an open item; nothing is recorded if nothing changed."""
        opened = self.find(key)
        if opened is None:
            return
        changes = _changes(opened.item, item)
        if changes:
            self._keep(key, replace(opened, item=item))
            self.events.append(e.ItemUpdated(item_id=opened.item_id, changes=changes))

    def complete(self, key: str, item: Item | None = None) -> str | None:
        """Finish an item as `item`, or as it stands; its name, or `None` where none is known."""
        opened = self.find(key) or self.ledger.given_up.get(key)
        if opened is None:
            return None
        self._forget(key)
        done = item if item is not None else opened.item
        self.events.append(
            e.ItemCompleted(item_id=opened.item_id, turn_id=opened.turn_id, item=done)
        )
        return opened.item_id

    def add(self, item: Item) -> str:
        """An item that is finished as soon as it is there."""
        item_id = self.new_item_id()
        turn_id = self.ledger.turn_id
        self.events.append(e.ItemCompleted(item_id=item_id, turn_id=turn_id, item=item))
        return item_id

    def plan(self, plan: Plan) -> None:
        """The plan is now this one; a turn has one plan, which is replaced whole."""
        if self.find(PLAN) is None:
            self.start(PLAN, plan)
        else:
            self.update(PLAN, plan)

    def notice(
        self,
        text: str,
        level: Literal["info", "warning", "error"] = "info",
        topic: str | None = None,
    ) -> None:
        """Something worth showing that nobody said."""
        self.add(Notice(level=level, text=text, topic=topic))

    def unrecognized(self, reason: str, raw: str) -> None:
        """Something that was not understood: kept and shown."""
        self.add(UnrecognizedItem(reason=reason, raw=raw[:RAW_LIMIT]))

    def replace_open(self, open_items: Mapping[str, OpenItem]) -> None:
        """Know the open items by other names."""
        self.ledger = replace(self.ledger, open_items=open_items)

    def _keep(self, key: str, opened: OpenItem) -> None:
        self.ledger = replace(self.ledger, open_items={**self.ledger.open_items, key: opened})

    def _forget(self, key: str) -> None:
        left = {k: v for k, v in self.ledger.open_items.items() if k != key}
        self.ledger = replace(self.ledger, open_items=left)

    # Turns.

    def begin_turn(self, turn_id: str) -> None:
        """A turn for a prompt begins; the shell has recorded it."""
        self.ledger = replace(self.ledger, turn_id=turn_id)

    def begin_own_turn(self, origin: Literal["prompt", "harness"] = "harness") -> None:
        """A turn begins that the shell did not start: by itself, or by a prompt given elsewhere."""
        count = self.ledger.turn_count + 1
        run_id = self.ledger.run_id
        turn_id = f"{run_id}.t{count}"
        self.ledger = replace(self.ledger, turn_id=turn_id, turn_count=count)
        self.events.append(e.TurnStarted(turn_id=turn_id, run_id=run_id, origin=origin))

    def end_turn(self, ended: e.TurnEnded) -> None:
        """Record a turn's end, after what was open in it was closed."""
        self.settle(cancelled=ended.stop_reason == "cancelled")
        self.ledger = replace(self.ledger, turn_id=None)
        self.events.append(ended)

    def settle(self, cancelled: bool) -> None:
        """Complete the open items of the open turn, and void its requests.

        Work that goes on after its turn is left open, unless the turn was cancelled.
        """
        for ask in list(self.ledger.requests.values()):
            if cancelled or not ask.outlives:
                self.void_request(ask.own_name)
        turn_id = self.ledger.turn_id
        left: dict[str, OpenItem] = {}
        for key, opened in self.ledger.open_items.items():
            if opened.turn_id == turn_id and (cancelled or not key.startswith(BACKGROUND)):
                left[key] = opened
                self.complete(key, given_up(opened.item, cancelled))
        self.ledger = replace(self.ledger, given_up=left)

    def settle_all(self) -> None:
        """The process is gone: complete every open item, and void every request."""
        self.void_requests()
        for key, opened in self.ledger.open_items.items():
            self.complete(key, given_up(opened.item, cancelled=False))

    # Requests.

    def open_request(
        self,
        own_name: str,
        request: Permission | Inquiry,
        item_id: str | None,
        outlives: bool = False,
    ) -> None:
        """The harness asks, under `own_name`, and waits."""
        count = self.ledger.request_count + 1
        request_id = f"{self.ledger.run_id}.r{count}"
        requests = {**self.ledger.requests, request_id: OpenAsk(own_name, outlives)}
        self.ledger = replace(self.ledger, request_count=count, requests=requests)
        self.events.append(
            e.RequestOpened(
                request_id=request_id,
                turn_id=self.ledger.turn_id,
                item_id=item_id,
                request=request,
            )
        )

    def take_request(self, request_id: str) -> str | None:
        """The harness's own name of an open request, which is answered now."""
        ask = self.ledger.requests.get(request_id)
        left = {k: v for k, v in self.ledger.requests.items() if k != request_id}
        self.ledger = replace(self.ledger, requests=left)
        return ask.own_name if ask is not None else None

    def void_request(self, own_name: str, note: str | None = None) -> None:
        """The harness waits no longer for the answer to `own_name`."""
        for request_id, ask in self.ledger.requests.items():
            if ask.own_name == own_name:
                self.take_request(request_id)
                self.events.append(
                    e.RequestClosed(
                        request_id=request_id, outcome=Outcome.CANCELLED, by="harness", note=note
                    )
                )

    def void_requests(self) -> None:
        """No request is waited for any longer."""
        for ask in list(self.ledger.requests.values()):
            self.void_request(ask.own_name)


PLAN = "plan"
BACKGROUND = "background:"
"""Items whose harness name begins so are work that goes on after its turn."""


def given_up(item: Item, cancelled: bool) -> Item:
    """How an item stands when its end will never be heard of."""
    if isinstance(item, ToolCall) and item.status in (ItemStatus.PENDING, ItemStatus.IN_PROGRESS):
        status = ItemStatus.CANCELLED if cancelled else ItemStatus.FAILED
        return item.model_copy(update={"status": status})
    return item


def _changes(old: Item, new: Item) -> dict[str, Any]:
    before, after = (one.model_dump(mode="json", by_alias=True) for one in (old, new))
    return {key: value for key, value in after.items() if before.get(key) != value}
