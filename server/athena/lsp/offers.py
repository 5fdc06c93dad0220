"""Open requests as dialogs: to the editor in use first, and the first answer counts.

A dialog that is dismissed decides nothing: the request stays in the inbox and among the code
actions, and is not pushed again while it is open. When a request is closed, by whomever, the
dialogs that still show it are cancelled.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.protocol import ClientRefused
from athena.lsp.wording import answered_words, asked_words, choices
from athena.protocol.agent import AgentView, OpenRequest
from athena.protocol.errors import AthenaError
from athena.protocol.events import Event, RequestClosed
from athena.protocol.request import Inquiry, Permission, Question

if TYPE_CHECKING:
    from athena.lsp.desk import Desk
    from athena.lsp.editor import Editor

NOTICE_SECONDS = 3.0
PATIENCE_SECONDS = 15.0
"""How long the editor in use is alone with a request before the others are asked as well."""


class Offer:
    """One open request and the dialogs that show it."""

    def __init__(self, request: OpenRequest) -> None:
        self.request = request
        self.dialogs: dict[str, asyncio.Task[None]] = {}
        self.shown: set[str] = set()
        """The editors that showed it, in whatever way."""
        self.free = asyncio.Event()
        """Set when somebody else should be asked now."""
        self.dismissed = False
        self.answered_by: str | None = None


class Offers:
    """Offers every open request to the editors, and takes it back when it is closed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[str, Offer] = {}

    def take_back(self, events: list[Event]) -> None:
        """Take note of requests that were closed."""
        for event in events:
            if event.kind == RequestClosed.KIND:
                closed = RequestClosed.model_validate(event.data)
                self._close(closed, self._open.pop(closed.request_id, None))

    def hear(self, agents: list[AgentView]) -> None:
        """Offer what is open now, and nothing else."""
        for agent in agents:
            live = {r.request_id for r in agent.requests}
            for known in [k for k in self._open if k.startswith(f"{agent.id}.")]:
                if known not in live:
                    self._cancel(self._open.pop(known))
            for request in agent.requests:
                self._offer(request)

    def again(self) -> None:
        """Somebody came: what was dismissed may be offered to them."""
        for offer in self._open.values():
            offer.dismissed = False

    async def without(self, editor: Editor) -> None:
        """An editor is gone: whom it was asked, another one is now."""
        for offer in self._open.values():
            offer.shown.discard(editor.connection.id)
            if dialog := offer.dialogs.pop(editor.connection.id, None):
                dialog.cancel()
                await asyncio.gather(dialog, return_exceptions=True)
                offer.free.set()

    def _offer(self, request: OpenRequest) -> None:
        offer = self._open.setdefault(request.request_id, Offer(request))
        if offer.dismissed:
            return
        waiting = [e for e in self._audience(request) if e.connection.id not in offer.dialogs]
        for editor in waiting:
            first = not offer.dialogs
            work = self._ask(offer, editor, first=first)
            offer.dialogs[editor.connection.id] = editor.start(work)

    def _audience(self, request: OpenRequest) -> list[Editor]:
        """Who may be asked, the editor in use first; those elsewhere only if nobody is here."""
        willing = [e for e in self._desk.editors.values() if e.wants("requests")]
        agent = self._desk.agents.get(request.agent_id)
        here = [e for e in willing if agent is not None and e.concerns(agent)]
        return sorted(here or willing, key=lambda e: e.active_at, reverse=True)

    async def _ask(self, offer: Offer, editor: Editor, *, first: bool) -> None:
        if not first:
            patience = editor.seconds("patience", PATIENCE_SECONDS)
            try:
                await asyncio.wait_for(offer.free.wait(), patience)
            except TimeoutError:
                if offer.dismissed:
                    return
        offer.shown.add(editor.connection.id)
        request = offer.request
        is_sure = editor.has_answered or not editor.can_ask or not _can_be_shown(request)
        notice = None if is_sure else editor.start(_notice(offer, editor))
        try:
            answer = await self._dialog(editor, request) if editor.can_ask else None
        except (ClientRefused, ValueError):
            editor.can_ask = False
            answer = None
        except ConnectionError:
            return
        finally:
            if notice is not None:
                notice.cancel()
        if not editor.can_ask or not _can_be_shown(request):
            editor.tell(t.MessageType.Warning, asked_words(request))
            offer.free.set()
        elif answer is None:
            offer.dismissed = True
        else:
            offer.answered_by = editor.connection.id
            await _give(editor, request, answer)

    async def _dialog(self, editor: Editor, request: OpenRequest) -> dict[str, object] | None:
        """The parameters of the answer; None when a dialog was dismissed."""
        body = request.request
        if isinstance(body, Permission):
            titles = choices([o.name for o in body.options])
            chosen = await _choose(editor, f"{request.agent_name}: {body.title}", titles)
            return None if chosen is None else {"option": body.options[chosen].id}
        answers: dict[str, list[str]] = {}
        for question in body.questions:
            if not question.choices:
                return None
            labels = [c.label for c in question.choices]
            words = f"{request.agent_name}: {_question_words(question)}"
            chosen = await _choose(editor, words, choices(labels))
            if chosen is None:
                return None
            answers[question.id] = [labels[chosen]]
        return {"answers": answers}

    def _close(self, closed: RequestClosed, offer: Offer | None) -> None:
        if offer is None:
            return
        for name in offer.shown:
            editor = self._desk.editors.get(name)
            if editor is not None and name != offer.answered_by:
                editor.tell(t.MessageType.Info, answered_words(offer.request, closed))
        self._cancel(offer)

    def _cancel(self, offer: Offer) -> None:
        for dialog in offer.dialogs.values():
            dialog.cancel()


async def _choose(editor: Editor, words: str, titles: list[str]) -> int | None:
    params = t.ShowMessageRequestParams(
        t.MessageType.Warning, words, [t.MessageActionItem(title) for title in titles]
    )
    chosen = await editor.ask(t.WINDOW_SHOW_MESSAGE_REQUEST, params)
    editor.has_answered = True
    title = chosen.title if isinstance(chosen, t.MessageActionItem) else None
    return titles.index(title) if title in titles else None


async def _notice(offer: Offer, editor: Editor) -> None:
    """Tell it in a message as well, where it is not known that dialogs are shown at all."""
    await asyncio.sleep(NOTICE_SECONDS)
    editor.tell(t.MessageType.Warning, asked_words(offer.request))


async def _give(editor: Editor, request: OpenRequest, answer: dict[str, object]) -> None:
    """Give the answer. Once sent it is not taken back, though its dialog is cancelled by it."""
    params = {"requestId": request.request_id, **answer}
    work = editor.core.dispatch(editor.connection, "athena/request/answer", params)
    try:
        await asyncio.shield(asyncio.ensure_future(work))
    except AthenaError as error:
        editor.tell(t.MessageType.Info, error.message)


def _can_be_shown(request: OpenRequest) -> bool:
    """A dialog has buttons and nothing to write in."""
    body = request.request
    return isinstance(body, Permission) or _all_have_choices(body)


def _all_have_choices(inquiry: Inquiry) -> bool:
    return all(q.choices for q in inquiry.questions)


def _question_words(question: Question) -> str:
    lines = [question.text]
    lines += [f"- {c.label}: {c.description}" for c in question.choices if c.description]
    return "\n".join(lines)
