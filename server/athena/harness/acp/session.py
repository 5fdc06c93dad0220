"""The session: greeting the agent, logging in, and opening the conversation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from athena import __version__
from athena.harness.acp import settings
from athena.harness.acp.content import AUTH_REQUIRED, turn_error
from athena.harness.acp.memory import Agent, Memory, Opening, Pending, Work
from athena.harness.decode import Json, maybe_text, number, obj, objs, text
from athena.harness.driver import Launch
from athena.harness.quirks import AcpQuirks
from athena.protocol import events as e
from athena.protocol.capability import Ability, Capabilities, Choice
from athena.protocol.spec import McpServer

PROTOCOL_VERSION = 1
SYSTEM_PROMPT = "systemPrompt"
"""The session ability, and the parameter, that hands over an archetype's instructions."""


DIRECTORIES = "additionalDirectories"
"""The session ability, and the parameter, that names directories beside the current one."""


def opening_of(launch: Launch) -> Opening:
    """What a launch asks of the session."""
    spec = launch.spec
    return Opening(
        resume=launch.resume,
        fork=launch.fork,
        told=launch.told,
        servers=tuple(_server(one) for one in spec.mcp_servers),
        mode=spec.mode,
        readonly=spec.readonly,
        model=spec.model,
        options=spec.options,
        instructions=spec.instructions,
        also=launch.also,
    )


def _server(server: McpServer) -> dict[str, Any]:
    """An MCP server as ACP writes it: names and values in lists of pairs."""
    if server.type == "stdio":
        return {
            "name": server.name,
            "command": server.command or "",
            "args": server.args,
            "env": _pairs(server.env),
        }
    return {
        "type": server.type,
        "name": server.name,
        "url": server.url or "",
        "headers": _pairs(server.headers),
    }


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def greet(work: Work, quirks: AcpQuirks) -> None:
    """Say who we are and what we can do."""
    files = quirks.offer_files
    work.request(
        Pending("initialize"),
        "initialize",
        {
            "protocolVersion": PROTOCOL_VERSION,
            "clientCapabilities": {
                "fs": {"readTextFile": files, "writeTextFile": files},
                "terminal": quirks.offer_terminals,
                "session": {"configOptions": {"boolean": {}}},
                "elicitation": {"form": {}, "url": {}},
            },
            "clientInfo": {"name": "athena", "title": "Athena", "version": __version__},
        },
    )


def greeted(work: Work, result: Json) -> None:
    """The agent has answered `initialize`: open the session."""
    version = result.get("protocolVersion")
    if version != PROTOCOL_VERSION:
        work.notice(
            f"The agent speaks version {version} of the Agent Client Protocol, and Athena version "
            f"{PROTOCOL_VERSION}. It may not work; look for another version of the agent.",
            "warning",
            "session",
        )
    can = obj(result.get("agentCapabilities"))
    info = obj(result.get("agentInfo"))
    prompts = obj(can.get("promptCapabilities"))
    session = obj(can.get("sessionCapabilities"))
    work.remember(
        agent=Agent(
            name=text(info.get("title")) or text(info.get("name")),
            version=maybe_text(info.get("version")),
            can_load=can.get("loadSession") is True,
            session=tuple(sorted(k for k, v in session.items() if v is not None)),
            images=prompts.get("image") is True,
            embedded=prompts.get("embeddedContext") is True,
            mcp=tuple(sorted(k for k, v in obj(can.get("mcpCapabilities")).items() if v is True)),
            # An extension that the adapters of Codex and Claude Code share.
            steering=obj(obj(result.get("_meta")).get("steering")).get("supported") is True,
            logins=tuple(
                Choice(
                    id=text(one.get("id")),
                    name=text(one.get("name")),
                    description=maybe_text(one.get("description")),
                )
                for one in objs(result.get("authMethods"))
            ),
        )
    )
    for server in _opening(work).servers:
        if not _takes(work.memory.agent, server):
            kind, name = server["type"], server["name"]
            work.notice(f"The agent takes no MCP servers over {kind}: {name}.", "warning", "mcp")
    open_session(work)


def open_session(work: Work) -> None:
    """Begin, go on with or copy a conversation, as far as the agent can."""
    opening, agent = _opening(work), work.memory.agent
    if opening.resume is None:
        _new(work)
    elif opening.fork and "fork" in agent.session:
        _reopen(work, "fork", opening.resume)
    elif opening.fork:
        told = "is told" if work.memory.preface else "does not remember"
        work.notice(
            f"{agent.name or 'The agent'} cannot copy a session; a new one began and {told} what "
            "was said before.",
            "info",
            "session",
        )
        _new(work)
    elif "resume" in agent.session:
        _reopen(work, "resume", opening.resume)
    elif agent.can_load:
        work.remember(history="loading")
        _reopen(work, "load", opening.resume)
    else:
        _lost(work, "it cannot go on with earlier sessions")


def _opening(work: Work) -> Opening:
    return work.memory.opening or Opening()


def _parameters(work: Work) -> Json:
    opening = _opening(work)
    servers = [one for one in opening.servers if _takes(work.memory.agent, one)]
    parameters: Json = {"cwd": work.memory.cwd, "mcpServers": servers}
    if opening.instructions and SYSTEM_PROMPT in work.memory.agent.session:
        content = [{"type": "text", "text": opening.instructions}]
        parameters[SYSTEM_PROMPT] = {"mode": "append", "content": content}
    if opening.also and DIRECTORIES in work.memory.agent.session:
        parameters[DIRECTORIES] = list(opening.also)
    return parameters


def _takes(agent: Agent, server: dict[str, Any]) -> bool:
    """Every agent takes MCP servers on standard streams, the others only if it says so."""
    return "type" not in server or server["type"] in agent.mcp


def _new(work: Work) -> None:
    work.request(Pending("new"), "session/new", _parameters(work))


def _reopen(work: Work, kind: Any, session_id: str) -> None:
    parameters = {"sessionId": session_id, **_parameters(work)}
    work.request(Pending(kind, session_id), f"session/{kind}", parameters)


def _lost(work: Work, reason: str) -> None:
    """The conversation cannot be restored: say so, and begin another one."""
    name = work.memory.agent.name or "The agent"
    told = "is told" if work.memory.preface else "does not remember"
    work.notice(
        f"{name} did not restore its session ({reason}); it began a new one and {told} what was "
        "said before.",
        "warning",
        "session",
    )
    session_id = _opening(work).resume or ""
    work.events.append(
        e.SessionLost(run_id=work.ledger.run_id, session_id=session_id, error=reason)
    )
    work.remember(history=None, opening=replace(_opening(work), resume=None))
    _new(work)


def refused(work: Work, pending: Pending, error: Json, quirks: AcpQuirks) -> None:
    """A step on the way to the session failed."""
    message = turn_error(error).message
    opening, agent = _opening(work), work.memory.agent
    if pending.kind == "initialize":
        _give_up(work, f"The agent refused to start: {message}")
    elif number(error.get("code")) == AUTH_REQUIRED or pending.kind == "authenticate":
        _log_in(work, quirks, message)
    elif pending.kind == "new":
        _give_up(work, f"The agent opened no session: {message}")
    elif opening.instructions and SYSTEM_PROMPT in agent.session and pending.kind != "fork":
        # Not every state of a session lets its instructions be set again: the session counts more.
        work.remember(opening=replace(opening, instructions=None))
        open_session(work)
    elif pending.kind == "resume" and agent.can_load and opening.resume:
        work.remember(history="loading")
        _reopen(work, "load", opening.resume)
    else:
        _lost(work, message)


def _log_in(work: Work, quirks: AcpQuirks, message: str) -> None:
    opening, offered = _opening(work), work.memory.agent.logins
    wanted = (name for name in quirks.auth_methods if name in [one.id for one in offered])
    method = next(wanted, None)
    if method and not opening.tried_login:
        work.remember(opening=replace(opening, tried_login=True))
        work.request(Pending("authenticate", method), "authenticate", {"methodId": method})
        return
    ways = "; ".join(one.description or one.name for one in offered) or "see its documentation"
    _give_up(work, f"The agent wants a login ({message}). Ways to log in: {ways}.", "login")


def _give_up(work: Work, words: str, topic: str = "session") -> None:
    """There will be no session: say why, and let the process be ended."""
    work.notice(words, "error", topic)
    work.events.append(e.RunGivenUp(run_id=work.ledger.run_id, error=words))


def opened(work: Work, pending: Pending, result: Json, quirks: AcpQuirks) -> None:
    """The agent has a session: make the wished settings, then it takes prompts."""
    session_id = maybe_text(result.get("sessionId")) or pending.value
    if not session_id:
        _give_up(work, "The agent opened a session without a name.")
        return
    late = pending.kind == "load" and quirks.late_replay
    if pending.kind != "new":
        # The conversation is there, so the text that would stand for it is not needed.
        told = _opening(work).told
        work.remember(preface=(told,) if told else ())
    if pending.kind != "new" or SYSTEM_PROMPT in work.memory.agent.session:
        work.remember(opening=replace(_opening(work), instructions=None))
    work.remember(
        session_id=session_id,
        settings=settings.read_settings(work.memory.settings, result),
        history="late" if late else None,
        # How much an earlier run has cost is known only once the agent says so.
        cost=0.0 if pending.kind == "new" else work.memory.cost,
    )
    _make_wishes(work, quirks)
    ready(work)


def _make_wishes(work: Work, quirks: AcpQuirks) -> None:
    opening, found = _opening(work), work.memory.settings
    mode = opening.mode
    if mode is None and opening.readonly:
        mode = quirks.readonly_mode
        if mode not in [one.id for one in found.modes]:
            work.notice("This agent has no mode in which it only reads.", "warning", "mode")
            mode = None
    if mode and mode != found.mode:
        settings.set_mode(work, mode)
    if opening.model and opening.model != found.model:
        settings.set_model(work, opening.model)
    for name, value in opening.options.items():
        if name not in [one.id for one in found.options]:
            work.notice(f"This agent has no option {name!r}.", "warning", "option")
        elif isinstance(value, str | bool):
            settings.set_option(work, name, value)
        else:
            words = f"The option {name!r} takes a text, or true or false, not {value!r}."
            work.notice(words, "warning", "option")


def ready(work: Work) -> None:
    """Open the session to prompts once nothing of its beginning is waited for."""
    memory = work.memory
    if memory.opened or memory.session_id is None or memory.pending:
        return
    opening = _opening(work)
    work.remember(opened=True, opening=None)
    if opening.instructions:
        work.remember(preface=(opening.instructions, *memory.preface))
    work.events.append(
        e.SessionOpened(
            run_id=work.ledger.run_id,
            session_id=memory.session_id,
            model=memory.settings.model,
            mode=memory.settings.mode,
            capabilities=capabilities(memory),
        )
    )


def capabilities(memory: Memory) -> Capabilities:
    """What the agent can do, as it declared it. The rest is not known until it is seen."""
    agent, found = memory.agent, memory.settings
    thinking = settings.option_of(found, settings.THOUGHT_LEVEL)

    def ability(yes: bool) -> Ability:
        return Ability.YES if yes else Ability.NO

    return Capabilities(
        version=agent.version,
        resume=ability("resume" in agent.session or agent.can_load),
        load=ability(agent.can_load),
        fork=ability("fork" in agent.session),
        steer=ability(agent.steering),
        interrupt=Ability.YES,
        images=ability(agent.images),
        embedded_context=ability(agent.embedded),
        mcp=Ability.YES,
        output_schema=Ability.NO,
        modes=list(found.modes),
        models=list(found.models),
        thinking_levels=thinking.choices if thinking else [],
        commands=list(memory.commands),
        options=list(found.options),
    )
