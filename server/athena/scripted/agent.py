"""The agent's side of ACP v1: its methods, and the turns that play in threads of their own."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from athena.scripted import commands, faults, files, talk
from athena.scripted.announce import initialize_result, session_result, slash_commands
from athena.scripted.flow import TurnEnds, TurnFails
from athena.scripted.peer import Peer, RpcError, as_object
from athena.scripted.play import Cancelled, Play
from athena.scripted.profile import Profile
from athena.scripted.scenario import Scenario, Source, find, in_prompt, parse
from athena.scripted.session import Session, Store, Update
from athena.scripted.source import ScenarioError
from athena.scripted.verbs import Step

# Importing them enters their verbs into the table.
VERB_MODULES = (commands, faults, files, talk)

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, INTERNAL_ERROR, AUTH_REQUIRED, NOT_FOUND = -32602, -32603, -32000, -32002
PAGE = 50
TITLE_LENGTH = 60

Params = dict[str, Any]
LATER = object()


class Agent:
    """The scripted harness: one connection, any number of sessions."""

    def __init__(self, peer: Peer, store: Store, scenario: Scenario | None, pace: float) -> None:
        self.peer = peer
        self.store = store
        self.scenario = scenario
        self.pace = pace
        self.profile = (scenario and scenario.profile) or Profile()
        self.children: set[int] = set()
        self.starting = threading.Lock()
        self.ignored_signals: set[signal.Signals] = set()
        self.ignores_eof = False
        self.deaf = False
        self._client: dict[str, Any] = {}
        self._sessions: dict[str, Session] = {}
        self._logged_in = not self.profile.login
        self._methods: dict[str, Callable[[Params, object], object]] = {
            "initialize": self._initialize,
            "authenticate": self._authenticate,
            "session/new": self._new,
            "session/load": self._load,
            "session/resume": self._resume,
            "session/fork": self._fork,
            "session/list": self._list,
            "session/close": self._close,
            "session/delete": self._delete,
            "session/prompt": self._prompt,
            "session/cancel": self._cancel,
            "session/set_mode": self._set_mode,
            "session/set_model": self._set_model,
            "session/set_config_option": self._set_option,
            "_session/steering": self._steer,
        }

    # The connection.

    def serve(self, source: BinaryIO) -> None:
        """Answer what is read until the end of the input."""
        self._moment("start", None)
        for line in source:
            if self.deaf:
                break
            if line.strip():
                self._hear(line)
        if self.deaf or self.ignores_eof:
            threading.Event().wait()

    def _hear(self, line: bytes) -> None:
        try:
            message = as_object(json.loads(line))
        except ValueError as error:
            self.peer.refuse(None, PARSE_ERROR, f"not JSON: {error}")
            return
        if message is None:
            self.peer.refuse(None, INVALID_REQUEST, "a message is a JSON object")
        elif "method" in message:
            self._answer(message)
        else:
            self.peer.answered(message)

    def _answer(self, message: dict[str, Any]) -> None:
        request_id, method = message.get("id"), message["method"]
        params = as_object(message.get("params") or {})
        try:
            perform = self._methods.get(method)
            if perform is None:
                raise RpcError(METHOD_NOT_FOUND, f"no method {method}", {"method": method})
            if params is None:
                raise RpcError(INVALID_PARAMS, "params must be an object")
            result = perform(params, request_id)
        except Exception as error:  # noqa: BLE001
            # Whatever goes wrong, the client must get its answer.
            if "id" in message:
                self._refuse(request_id, error)
            return
        if "id" in message and result is not LATER:
            self.peer.respond(request_id, result)
            self._after(method, params, as_object(result) or {})

    def _after(self, method: str, params: Params, result: Params) -> None:
        """Announce the slash commands once the client knows the session."""
        opening = ("session/new", "session/fork", "session/load", "session/resume")
        if method in opening and self.profile.commands:
            session = self._sessions[result.get("sessionId") or params["sessionId"]]
            self.send_update(session, slash_commands(self.profile))

    def end(self, number: int, frame: object) -> None:
        """Heed a signal: end the running commands, then die of it, unless told to ignore it."""
        if signal.Signals(number) in self.ignored_signals:
            return
        self.end_children()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def end_children(self) -> None:
        """End the commands that tools are running, and let none begin any more."""
        self.starting.acquire(timeout=1)
        for pid in tuple(self.children):
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    # What the plays need of the connection.

    def client_can(self, *path: str) -> bool:
        """Whether the client announced an ability; an empty object announces it too."""
        value: Any = self._client
        for name in path:
            value = (as_object(value) or {}).get(name)
        return value is not None and value is not False

    def send_update(self, session: Session, update: Update) -> None:
        """Send a session update as it is."""
        self.peer.notify("session/update", {"sessionId": session.id, "update": update})

    def send_usage(self, session: Session) -> None:
        """Tell how full the context is, and what the session has cost so far."""
        if "usage" in self.profile.without or not session.context:
            return
        used, size = session.context
        update: Update = {"sessionUpdate": "usage_update", "used": used, "size": size}
        if session.cost:
            update["cost"] = {"amount": session.cost, "currency": "USD"}
        self.send_update(session, update)

    def tell_later(self, method: str, params: Params) -> None:
        """Send a request whose answer nobody waits for."""
        threading.Thread(
            target=self.peer.request, args=(method, params, lambda: False), daemon=True
        ).start()

    def name_session(self, session: Session, title: str) -> None:
        """Give the session a title and say so."""
        session.title = title
        session.save()
        fields = {"title": title, "updatedAt": session.updated_at}
        self.send_update(session, {"sessionUpdate": "session_info_update", **fields})

    def change_setting(self, session: Session, name: str, value: str) -> None:
        """Change a setting and tell the client in all the ways that its kind has."""
        self._set(session, name, value)
        if name == "mode":
            update = {"sessionUpdate": "current_mode_update", "currentModeId": value}
            self.send_update(session, update)
        if not self.profile.legacy:
            options = session_result(self.profile, session)["configOptions"]
            update = {"sessionUpdate": "config_option_update", "configOptions": options}
            self.send_update(session, update)

    def _set(self, session: Session, name: str, value: object) -> None:
        setting = self.profile.setting(name)
        if setting is None:
            raise RpcError(INVALID_PARAMS, f"no setting '{name}'")
        if value not in [choice.id for choice in setting.choices]:
            known = ", ".join(choice.id for choice in setting.choices)
            raise RpcError(INVALID_PARAMS, f"'{value}' is no {name}; there are: {known}")
        session.values[name] = str(value)
        session.save()

    # ACP methods.

    def _initialize(self, params: Params, request_id: object) -> object:
        self._client = _get(params, "clientCapabilities", dict, {})
        self._moment("initialize", None)
        return initialize_result(self.profile)

    def _authenticate(self, params: Params, request_id: object) -> object:
        if _get(params, "methodId", str) != "scripted-login" or not self.profile.login:
            raise RpcError(INVALID_PARAMS, "no such authentication method")
        self._logged_in = True
        return {}

    def _new(self, params: Params, request_id: object) -> object:
        cwd = self._working_directory(params)
        session = self.store.create(cwd, self.profile)
        self._open(session, params)
        return {"sessionId": session.id, **session_result(self.profile, session)}

    def _load(self, params: Params, request_id: object) -> object:
        session = self._reopen(params, "load")
        for update in session.history():
            self.send_update(session, update)
        self.send_usage(session)
        return session_result(self.profile, session)

    def _resume(self, params: Params, request_id: object) -> object:
        session = self._reopen(params, "resume")
        self.send_usage(session)
        return session_result(self.profile, session)

    def _fork(self, params: Params, request_id: object) -> object:
        self._offered("fork")
        copy = self.store.fork(self._kept(params))
        copy.cwd = self._working_directory(params)
        self._open(copy, params)
        return {"sessionId": copy.id, **session_result(self.profile, copy)}

    def _list(self, params: Params, request_id: object) -> object:
        self._offered("list")
        cwd = _get(params, "cwd", str, None)
        cursor = _get(params, "cursor", str, "0")
        if not cursor.isdecimal():
            raise RpcError(INVALID_PARAMS, "cursor: not one of ours")
        found = [s.info() for s in self.store.all() if cwd is None or s.cwd == cwd]
        end = int(cursor) + PAGE
        page: dict[str, object] = {"sessions": found[int(cursor) : end]}
        return {**page, "nextCursor": str(end)} if end < len(found) else page

    def _close(self, params: Params, request_id: object) -> object:
        self._offered("close")
        session = self._session(params)
        self._stop(session)
        del self._sessions[session.id]
        return {}

    def _delete(self, params: Params, request_id: object) -> object:
        self._offered("delete")
        session = self._kept(params)
        self._sessions.pop(session.id, None)
        self.store.delete(session)
        return {}

    def _cancel(self, params: Params, request_id: object) -> object:
        session = self._session(params)
        self._moment("cancel", session)
        self._stop(session)
        return None

    def _steer(self, params: Params, request_id: object) -> object:
        """Take a prompt into the running turn."""
        self._offered("steering")
        session = self._session(params)
        text, _ = _read_prompt(_get(params, "prompt", list))
        if not session.running:
            return {"outcome": "promptRequired", "reason": "noRunningTurn"}
        session.record(_user_words(text))
        session.steered.append(text)
        self.peer.wake()
        return {"outcome": "injected"}

    def _stop(self, session: Session) -> None:
        session.cancelled = session.running
        self.peer.wake()

    def _set_mode(self, params: Params, request_id: object) -> object:
        session = self._session(params)
        self._set(session, "mode", _get(params, "modeId", str))
        return {}

    def _set_model(self, params: Params, request_id: object) -> object:
        session = self._session(params)
        self._set(session, "model", _get(params, "modelId", str))
        return {}

    def _set_option(self, params: Params, request_id: object) -> object:
        session = self._session(params)
        self._set(session, _get(params, "configId", str), params.get("value"))
        return {"configOptions": session_result(self.profile, session).get("configOptions", [])}

    # Sessions.

    def _working_directory(self, params: Params) -> str:
        if not self._logged_in:
            raise RpcError(AUTH_REQUIRED, "Authentication required")
        cwd = _get(params, "cwd", str)
        if not Path(cwd).is_absolute() or not Path(cwd).is_dir():
            raise RpcError(INVALID_PARAMS, f"cwd: {cwd} is no absolute path of a directory")
        return cwd

    def _open(self, session: Session, params: Params) -> None:
        session.mcp_servers = _get(params, "mcpServers", list, [])
        self._sessions[session.id] = session
        session.save()
        self._moment("session", session)

    def _reopen(self, params: Params, ability: str) -> Session:
        self._offered(ability)
        cwd = self._working_directory(params)
        session = self._kept(params)
        session.cwd = cwd
        self._open(session, params)
        return session

    def _offered(self, ability: str) -> None:
        if ability in self.profile.without:
            raise RpcError(METHOD_NOT_FOUND, f"this agent has no ability '{ability}'")

    def _kept(self, params: Params) -> Session:
        session_id = _get(params, "sessionId", str)
        session = self._sessions.get(session_id) or self.store.open(session_id)
        if session is None:
            raise RpcError(NOT_FOUND, f"no session {session_id}", {"sessionId": session_id})
        return session

    def _session(self, params: Params) -> Session:
        session_id = _get(params, "sessionId", str)
        if session_id not in self._sessions:
            raise RpcError(NOT_FOUND, f"no session {session_id}", {"sessionId": session_id})
        return self._sessions[session_id]

    # Turns.

    def _prompt(self, params: Params, request_id: object) -> object:
        session = self._session(params)
        blocks = _get(params, "prompt", list)
        if session.running:
            raise RpcError(INVALID_REQUEST, "a turn is already running in this session")
        text, attachments = _read_prompt(blocks)
        steps = self._choose(session, text)
        session.turns += 1
        session.running, session.cancelled, session.steered = True, False, []
        session.record(_user_words(text))
        session.save()
        play = Play(self, session, text)
        play.values["attachments"] = attachments
        threading.Thread(
            target=self._turn, args=(play, steps, request_id), name=session.id, daemon=True
        ).start()
        return LATER

    def _choose(self, session: Session, prompt: str) -> list[Step]:
        """The steps of the turn: what the prompt asks for, else what is being played."""
        try:
            if source := in_prompt(prompt, Path(session.cwd)):
                session.chosen, session.chosen_turn = source, 0
            if session.chosen:
                session.chosen_turn += 1
                steps = parse(session.chosen).turn(session.chosen_turn)
                if steps is not None:
                    return steps
            elif self.scenario:
                return self.scenario.turn(session.turns + 1) or self._nothing_left(session)
            return parse(find("default", Path())).turns[1]
        except ScenarioError as error:
            raise RpcError(INVALID_PARAMS, str(error)) from None

    def _nothing_left(self, session: Session) -> list[Step]:
        number = session.turns + 1
        return parse(Source("end", f"say The scenario has no turn {number}.")).turns[1]

    def _turn(self, play: Play, steps: list[Step], request_id: object) -> None:
        session = play.session
        reason = "end_turn"
        failure: Exception | None = None
        try:
            if session.title is None:
                self.name_session(session, _title(play.values["prompt"]))
            play.run(steps)
            for text in session.steered:
                play.stream("agent_message_chunk", f"You said meanwhile: {text}")
        except Cancelled:
            reason = "cancelled"
        except TurnEnds as end:
            reason = end.reason
        except Exception as error:  # noqa: BLE001
            # Whatever goes wrong in a turn, the client must get its answer.
            failure = error
        session.running = False
        session.save()
        if failure:
            self._refuse(request_id, failure)
        else:
            self.peer.respond(request_id, _prompt_result(play, reason))

    def _refuse(self, request_id: object, error: Exception) -> None:
        if isinstance(error, RpcError | TurnFails):
            self.peer.refuse(request_id, error.code, str(error), error.data)
            return
        traceback.print_exception(error, file=sys.stderr)
        self.peer.refuse(request_id, INTERNAL_ERROR, f"{type(error).__name__}: {error}")

    def _moment(self, name: str, session: Session | None) -> None:
        if self.scenario and name in self.scenario.moments:
            Play(self, session).run(self.scenario.moments[name])


def _get(params: Params, name: str, kind: type, *default: Any) -> Any:
    """A parameter of the given type; null and absent are the same, as everywhere in ACP."""
    value = params.get(name)
    if value is None and default:
        return default[0]
    if not isinstance(value, kind):
        raise RpcError(INVALID_PARAMS, f"{name}: must be of type {kind.__name__}")
    return value


def _user_words(text: str) -> Update:
    return {"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": text}}


def _read_prompt(blocks: list[Any]) -> tuple[str, str]:
    """The text of a prompt, and the names of what else it holds."""
    texts: list[str] = []
    others: list[str] = []
    for number, block in enumerate(blocks):
        try:
            match block["type"]:
                case "text":
                    texts.append(str(block["text"]))
                case "resource_link":
                    others.append(str(block["name"]))
                case "resource":
                    others.append(str(block["resource"]["uri"]))
                case _:
                    others.append(str(block["mimeType"]))
        except (KeyError, TypeError) as error:
            raise RpcError(INVALID_PARAMS, f"prompt.{number}: {error!r}") from None
    return "\n".join(texts), ", ".join(others)


def _prompt_result(play: Play, reason: str) -> dict[str, Any]:
    """The answer to `session/prompt`; models are told where other adapters put them, in `_meta`."""
    result: dict[str, Any] = {"stopReason": reason}
    if play.usage:
        result["usage"] = _total(play.usage)
        by_model = [
            {"model": model, "token_count": _total(tokens)}
            for model, tokens in play.used_by_model.items()
            if model
        ]
        if by_model:
            result["_meta"] = {"quota": {"model_usage": by_model}}
    return result


def _total(tokens: dict[str, int]) -> dict[str, int]:
    complete = {"inputTokens": 0, "outputTokens": 0, **tokens}
    return {**complete, "totalTokens": sum(complete.values())}


def _title(prompt: str) -> str:
    """The first line of a prompt that does not only begin or end a scenario."""
    lines = (line.strip() for line in prompt.splitlines())
    first = next((line for line in lines if line and not line.startswith("```")), "Untitled")
    return first[:TITLE_LENGTH]
