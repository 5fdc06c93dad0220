"""The HTTP server: four model APIs and the control API on one loopback port."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.fakemodel.control import control_routes
from tests.support.fakemodel.dialects import DIALECTS, Dialect
from tests.support.fakemodel.dialects.base import Reply
from tests.support.fakemodel.plan import Plan, fitted, plan
from tests.support.fakemodel.record import Request
from tests.support.fakemodel.script import (
    Call,
    Cut,
    Edit,
    Fail,
    Gate,
    Pace,
    Read,
    Round,
    Run,
    Say,
    Think,
    Tokens,
    Write,
    to_json,
)
from tests.support.fakemodel.state import State
from tests.support.fakemodel.tools import Tools, to_call

CHUNK_LENGTH = 12
MAX_BODY_BYTES = 256 << 20
CHARACTERS_PER_TOKEN = 4
RETRYABLE = (429, 503, 529)


class CutError(Exception):
    """The script drops the connection here."""


def build_app(state: State, dump: Path | None = None) -> web.Application:
    """The application; `dump` is a folder that gets every request body as a numbered file."""
    server = Server(state, dump)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes(control_routes(state))
    app.router.add_post("/{prefix:.*}messages/count_tokens", server.count)
    app.router.add_post("/{prefix:.*}messages", server.messages)
    app.router.add_post("/{prefix:.*}responses", server.responses)
    app.router.add_post("/{prefix:.*}chat/completions", server.chat)
    app.router.add_post("/{prefix:.*}models/{model:[^/:]+}:{verb}", server.gemini)
    app.router.add_get("/{prefix:.*}models", server.models)
    app.router.add_route("*", "/{path:.*}", server.unknown)
    return app


class Server:
    """The handlers of the model APIs."""

    def __init__(self, state: State, dump: Path | None) -> None:
        self.state = state
        self.dump = dump

    async def messages(self, http: web.Request) -> web.StreamResponse:
        body = await self._body(http)
        return await self._answer(http, "anthropic", body, bool(body.get("stream")))

    async def responses(self, http: web.Request) -> web.StreamResponse:
        body = await self._body(http)
        return await self._answer(http, "responses", body, bool(body.get("stream")))

    async def chat(self, http: web.Request) -> web.StreamResponse:
        body = await self._body(http)
        return await self._answer(http, "chat", body, bool(body.get("stream")))

    async def gemini(self, http: web.Request) -> web.StreamResponse:
        verb = http.match_info["verb"]
        if verb == "countTokens":
            return await self.count(http)
        body = {"model": http.match_info["model"], **await self._body(http)}
        return await self._answer(http, "gemini", body, verb == "streamGenerateContent")

    async def count(self, http: web.Request) -> web.StreamResponse:
        body = await self._body(http)
        record = self.state.begin(http, api="count")
        record.status, record.done = 200, True
        counted = _tokens(json.dumps(body))
        return web.json_response({"input_tokens": counted, "totalTokens": counted})

    async def models(self, http: web.Request) -> web.StreamResponse:
        record = self.state.begin(http, api="models")
        record.status, record.done = 200, True
        if "v1beta" in http.path:
            verbs = ["generateContent", "countTokens"]
            model = {"name": "models/fake", "supportedGenerationMethods": verbs}
            return web.json_response({"models": [model]})
        return web.json_response({"object": "list", "has_more": False, "data": [MODEL]})

    async def unknown(self, http: web.Request) -> web.StreamResponse:
        """Anything else is recorded, so that a test can see what a harness tried to reach."""
        record = self.state.begin(http)
        record.done = True
        record.status = 200 if http.method == "HEAD" else 404
        message = f"the fake model has no {http.method} {http.path}"
        error = {"error": {"type": "not_found_error", "message": message}}
        return web.json_response(error, status=record.status)

    async def _body(self, http: web.Request) -> dict[str, Any]:
        raw = await http.read()
        if self.dump:
            (self.dump / f"{self.state.count + 1:04d}.json").write_bytes(raw)
        body: Any = json.loads(raw or b"{}")
        if not isinstance(body, dict):
            raise web.HTTPBadRequest(text="the body must be a JSON object")
        return body

    async def _answer(
        self, http: web.Request, api: str, body: dict[str, Any], stream: bool
    ) -> web.StreamResponse:
        dialect = DIALECTS[api]
        record = self.state.begin(http, api=api, stream=stream, model=str(body.get("model", "")))
        began = time.monotonic()
        try:
            tools = {tool.name: tool for tool in dialect.tools(body)}
            chosen = plan(self.state.scripts, dialect.turns(body))
            actions = fitted(chosen.actions, bool(tools), dialect.schema(body))
            _note(record, chosen, tools, dialect.images(body))
            if error := self._failure(dialect, chosen, actions, record):
                return error
            reply = dialect.reply(record.model, record.number)
            _count(reply, record, body, actions)
            record.status = 200
            return await self._play(http, reply, self._steps(reply, actions, tools, record), record)
        except asyncio.CancelledError:
            record.aborted = True
            raise
        finally:
            record.done = True
            record.ms = round((time.monotonic() - began) * 1000, 1)

    def _failure(
        self, dialect: Dialect, chosen: Plan, actions: Round, record: Request
    ) -> web.Response | None:
        fail = next((action for action in actions if isinstance(action, Fail)), None)
        if fail is None or not self.state.still_fails(chosen, fail):
            return None
        record.status = fail.status
        headers = {"retry-after": "0"} if fail.status in RETRYABLE else {}
        message = fail.message or f"fake error {fail.status}"
        error = dialect.error(fail.status, message)
        return web.json_response(error, status=fail.status, headers=headers)

    async def _play(
        self, http: web.Request, reply: Reply, steps: AsyncIterator[bytes], record: Request
    ) -> web.StreamResponse:
        request_id = {"request-id": f"req_{reply.stem}"}
        response: web.StreamResponse | None = None
        if record.stream:
            response = web.StreamResponse(headers=request_id)
            response.content_type = "text/event-stream"
            await response.prepare(http)
        try:
            async for part in steps:
                if response is not None and part:
                    await response.write(part)
        except CutError:
            record.cut = True
            if http.transport:
                http.transport.abort()
            return response or web.Response()
        if response is None:
            return web.json_response(reply.whole(), headers=request_id)
        await response.write_eof()
        return response

    async def _steps(
        self, reply: Reply, actions: Round, tools: Tools, record: Request
    ) -> AsyncIterator[bytes]:
        pace = 0.0
        yield reply.start()
        for action in actions:
            match action:
                case Say(text) | Think(text):
                    async for part in _speak(reply, action, text, pace):
                        yield part
                case Read() | Edit() | Write() | Run() | Call():
                    call = to_call(action, tools)
                    if call is None:
                        note = f"(no tool here for {action.kind})"
                        async for part in _speak(reply, Say(note), note, pace):
                            yield part
                    else:
                        record.calls.append(call.name)
                        yield reply.call(call)
                case Pace(ms):
                    pace = ms / 1000
                case Gate(name):
                    await self.state.pass_gate(name)
                case Cut():
                    raise CutError
                case Tokens() | Fail():
                    pass
        yield reply.finish()


async def _speak(reply: Reply, action: Say | Think, text: str, pace: float) -> AsyncIterator[bytes]:
    kind = "say" if isinstance(action, Say) else "think"
    yield reply.open(kind)
    for at in range(0, len(text), CHUNK_LENGTH):
        yield reply.chunk(kind, text[at : at + CHUNK_LENGTH])
        if pace:
            await asyncio.sleep(pace)
    yield reply.close(kind, text)


def _note(record: Request, chosen: Plan, tools: Tools, images: int) -> None:
    if chosen.marker is not None:
        record.script = chosen.marker.name
        record.values = dict(chosen.marker.values)
    record.round, record.tools, record.images = chosen.round, sorted(tools), images


def _count(reply: Reply, record: Request, body: dict[str, Any], actions: Round) -> None:
    reply.usage.input = _tokens(json.dumps(body))
    reply.usage.output = _tokens(json.dumps(to_json([actions])))
    for action in actions:
        if isinstance(action, Tokens):
            reply.usage.override(action)
    record.prompt_tokens, record.output_tokens = reply.usage.prompt, reply.usage.output


def _tokens(text: str) -> int:
    return max(1, -(-len(text) // CHARACTERS_PER_TOKEN))


MODEL = {
    "id": "fake",
    "object": "model",
    "type": "model",
    "display_name": "Fake",
    "created": 0,
    "created_at": "2026-01-01T00:00:00Z",
    "owned_by": "fake",
}
