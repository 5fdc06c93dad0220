"""Which function answers which method. A test holds it equal to the table of methods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from athena.app import agent, archetype, event, harness, log, request, rule, system, transcript
from athena.app.context import Context
from athena.border import Connection
from athena.protocol.base import Record

Handler = Callable[[Context, Connection, Any], Awaitable[Record]]

HANDLERS: dict[str, Handler] = {
    "athena/system/info": system.info,
    "athena/system/metrics": system.metrics,
    "athena/agent/spawn": agent.spawn,
    "athena/agent/list": agent.list_,
    "athena/agent/get": agent.get,
    "athena/agent/prompt": agent.prompt,
    "athena/agent/steer": agent.steer,
    "athena/agent/withdraw": agent.withdraw,
    "athena/agent/interrupt": agent.interrupt,
    "athena/agent/stop": agent.stop,
    "athena/agent/kill": agent.kill,
    "athena/agent/resume": agent.resume,
    "athena/agent/rename": agent.rename,
    "athena/agent/archive": agent.archive,
    "athena/agent/restore": agent.restore,
    "athena/agent/setMode": agent.set_mode,
    "athena/agent/setModel": agent.set_model,
    "athena/agent/setOption": agent.set_option,
    "athena/agent/move": agent.move,
    "athena/agent/logs": agent.logs,
    "athena/transcript/page": transcript.page,
    "athena/item/get": transcript.item,
    "athena/event/subscribe": event.subscribe,
    "athena/event/unsubscribe": event.unsubscribe,
    "athena/event/list": event.list_,
    "athena/request/list": request.list_,
    "athena/request/answer": request.answer,
    "athena/rule/list": rule.list_,
    "athena/rule/add": rule.add,
    "athena/rule/remove": rule.remove,
    "athena/archetype/list": archetype.list_,
    "athena/harness/list": harness.list_,
    "athena/log/export": log.export,
    "athena/log/verify": log.verify,
    "athena/log/backup": log.backup,
}
