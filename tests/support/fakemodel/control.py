"""The control API, under `/_fake/`, that a test steers the server with."""

from __future__ import annotations

from aiohttp import web

from tests.support.fakemodel.script import from_json
from tests.support.fakemodel.state import State


def control_routes(state: State) -> list[web.RouteDef]:
    control = Control(state)
    return [
        web.get("/_fake/state", control.show),
        web.get("/_fake/requests", control.requests),
        web.put("/_fake/gates/{name}", control.open_gate),
        web.delete("/_fake/gates/{name}", control.close_gate),
        web.put("/_fake/scripts/{name}", control.put_script),
    ]


class Control:
    def __init__(self, state: State) -> None:
        self.state = state

    async def show(self, _: web.Request) -> web.Response:
        """How many requests there were, and how many streams wait at each gate."""
        waiting = {name: count for name, count in self.state.waiting.items() if count}
        return web.json_response({"requests": self.state.count, "waiting": waiting})

    async def requests(self, http: web.Request) -> web.Response:
        """Every request, oldest first; `?tag=T` keeps those whose marker says `tag=T`."""
        tag = http.query.get("tag")
        kept = [one for one in self.state.requests if tag in (None, one.values.get("tag"))]
        return web.json_response([one.to_json() for one in kept])

    async def open_gate(self, http: web.Request) -> web.Response:
        self.state.gate(http.match_info["name"]).set()
        return web.Response(status=204)

    async def close_gate(self, http: web.Request) -> web.Response:
        self.state.gate(http.match_info["name"]).clear()
        return web.Response(status=204)

    async def put_script(self, http: web.Request) -> web.Response:
        try:
            self.state.scripts[http.match_info["name"]] = from_json(await http.json())
        except (ValueError, TypeError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.Response(status=204)
