"""Telling those who are away: followers of the log with positions of their own.

A position is stored when what lies before it was told, so nothing is lost while the daemon is
away. What was being posted when it was killed is posted again, with the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from abc import ABC, abstractmethod

from athena.app import desktop
from athena.app.context import Context
from athena.app.follow import event_of
from athena.app.tables import NotificationSettings
from athena.app.webhook import NotDelivered, Webhook, webhook_of
from athena.core.alerts import KINDS, alert_of
from athena.core.redact import redacted
from athena.log import LogError, StoredEvent
from athena.protocol import events as e
from athena.protocol.alert import Alert
from athena.protocol.counted import counted
from athena.protocol.errors import AthenaError
from athena.protocol.items import Message
from athena.protocol.problem import Problem

logger = logging.getLogger(__name__)

OFF = -1
"""The position of a follower that the user turned off: turned on, it begins at the head."""

LOOK_SECONDS = 2.0
"""How often the settings are looked at while nothing happens."""

GATHER_SECONDS = 0.2
PAGE = 100
LAST_ITEMS = 50
FAREWELL_SECONDS = 2.0

TRIES = 5
"""After so many failures in a row a webhook has a problem: for half a minute, as settings go."""

FAR = 5000
"""A position is stored at the latest after so many events that were nobody's concern."""

DESKTOP_SECONDS = 600
"""What is older than this is not shown on a desktop any more."""


class Teller(ABC):
    """Follows the log and tells of it in one way."""

    name: str

    def __init__(self, context: Context) -> None:
        self._context = context
        self.leaving = False
        self._settings = NotificationSettings()

    @abstractmethod
    def wanted(self, settings: NotificationSettings) -> bool:
        """Whether the user wants to be told in this way."""

    @abstractmethod
    async def tell(self, alert: Alert) -> None:
        """Tell, as long as it takes."""

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._follow()
            except LogError as error:
                logger.warning("%s waits for the log: %s", self.name, error)
                await asyncio.sleep(LOOK_SECONDS)

    def settings(self) -> NotificationSettings:
        """The settings now; while the file is broken those before, so that no alert is lost."""
        try:
            self._settings = self._context.settings(None).notification
        except AthenaError as error:
            logger.warning("%s", error.message)
        return self._settings

    async def _follow(self) -> None:
        log = self._context.log
        stored = (await log.positions()).get(self.name, OFF)
        position = stored
        while True:
            if not self.wanted(self.settings()):
                self._context.problems.clear(self.name)
                if stored != OFF:
                    stored = position = OFF
                    await log.set_position(self.name, OFF)
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if stored == OFF:
                stored = position = log.head
                await log.set_position(self.name, stored)
            head = await self._head_beyond(position)
            found = await log.read(position, upto=head, limit=PAGE, kinds=KINDS)
            for event in found:
                await self._consider(event)
                stored = position = event.seq
                await log.set_position(self.name, stored)
                if self.leaving:
                    raise asyncio.CancelledError
            if not found:
                position = head
                if position - stored > FAR:
                    stored = position
                    await log.set_position(self.name, stored)

    async def _head_beyond(self, position: int) -> int:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._context.log.wait_beyond(position)
        except TimeoutError:
            return position
        await asyncio.sleep(GATHER_SECONDS)
        return self._context.log.head

    async def _consider(self, event: StoredEvent) -> None:
        alert = await self._alert(event)
        if alert is not None and alert.topic in self.settings().on:
            await self.tell(alert)

    async def _alert(self, stored: StoredEvent) -> Alert | None:
        view = self._context.directory.view(stored.stream)
        event = event_of(stored)
        data = e.parse_event(event.kind, event.data)
        if view is None or (isinstance(data, e.RunEnded) and await self._was_told(stored)):
            return None
        alert = alert_of(view, event.version, event.at, data)
        if alert is None or alert.topic != "result":
            return alert
        words = redacted(await self._last_words(stored, alert.turn_id))
        return alert.model_copy(update={"text": words[:2000]})

    async def _was_told(self, stored: StoredEvent) -> bool:
        """Whether the end of a run only ends a turn whose failure says the same."""
        before = await self._context.log.read_stream_back(
            stored.stream, before_version=stored.version, limit=1
        )
        return bool(before) and before[0].kind == e.TurnEnded.KIND

    async def _last_words(self, stored: StoredEvent, turn_id: str | None) -> str:
        """What the agent said last in the turn."""
        items = await self._context.log.read_stream_back(
            stored.stream,
            before_version=stored.version,
            limit=LAST_ITEMS,
            kinds=[e.ItemCompleted.KIND],
        )
        for item in items:
            data = e.parse_event(item.kind, event_of(item).data)
            if isinstance(data, e.ItemCompleted) and isinstance(data.item, Message):
                return data.item.text if data.turn_id == turn_id else ""
        return ""


class DesktopTeller(Teller):
    """Shows alerts on the desktop, if they are fresh."""

    name = "notify.desktop"
    _said = ""

    def wanted(self, settings: NotificationSettings) -> bool:
        return settings.desktop

    async def tell(self, alert: Alert) -> None:
        if self._context.clock() - alert.at > DESKTOP_SECONDS * 1000:
            return
        problem = await desktop.show(alert)
        if problem is not None and problem != self._said:
            self._said = problem
            logger.warning("nothing was shown on the desktop: %s", problem)


class WebhookTeller(Teller):
    """Posts alerts, in order, each until it is taken or too old.

    Failures that go on are a problem (`athena.app.problems`) until the next alert is taken.
    """

    name = "notify.webhook"
    _failures = 0

    def wanted(self, settings: NotificationSettings) -> bool:
        return settings.webhook is not None

    async def tell(self, alert: Alert) -> None:
        body = json.dumps(alert.wire(), ensure_ascii=False).encode()
        tries = 0
        while True:
            settings = self.settings()
            try:
                webhook = webhook_of(settings)
                if webhook is None:
                    self._works()
                    return
                await self._post(webhook, alert.id, body)
                self._works()
                return
            except NotDelivered as failure:
                age = (self._context.clock() - alert.at) / 1000
                is_lost = age > settings.give_up_seconds
                await self._fails(failure, is_lost)
                if is_lost:
                    logger.error("gave up on alert %s: %s", alert.id, failure)
                    return
                pause = min(settings.retry_seconds * 2**tries, settings.retry_most_seconds)
                pause = min(max(pause, failure.wait), max(settings.retry_most_seconds, pause))
                logger.warning("alert %s waits for %g s: %s", alert.id, pause, failure)
                tries = min(tries + 1, 30)
                await asyncio.sleep(pause)

    def _works(self) -> None:
        self._failures = 0
        self._context.problems.clear(self.name)

    async def _fails(self, failure: NotDelivered, is_lost: bool) -> None:
        self._failures += 1
        known = self._context.problems.get(self.name)
        if known is None and not is_lost and self._failures < TRIES:
            return
        lost = (known.lost if known else 0) + is_lost
        left_out = f" {counted(lost, 'alert')} could not be posted in time." if lost else ""
        problem = Problem(
            name=self.name,
            words=f"The webhook of [notification] fails: {failure}.{left_out}",
            hint="Mend it, or its settings: alerts that wait are posted then.",
            lost=lost,
            since=known.since if known else self._context.clock(),
        )
        await self._context.problems.set(problem)

    async def _post(self, webhook: Webhook, alert_id: str, body: bytes) -> None:
        """Post. When the daemon stops, what is on its way may arrive, so as not to go twice."""
        at = self._context.clock() // 1000
        posting = asyncio.create_task(webhook.post(alert_id, at, body))
        try:
            await asyncio.shield(posting)
        except asyncio.CancelledError:
            await asyncio.wait({posting}, timeout=FAREWELL_SECONDS)
            if not posting.done() or posting.exception() is not None:
                raise
            self.leaving = True
