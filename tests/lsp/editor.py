"""An editor for tests: a real `athena lsp` process, and what a client of it hears and answers.

It fails where the server sends or announces what the client did not declare.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

from tests.lsp.declared import undeclared
from tests.support.athena import Athena
from tests.support.wait import until_sync

Json = dict[str, Any]
Answer = Callable[[Json], Any]
SILENT = object()
"""What an answer returns when the user has not decided yet."""

PLAIN: Json = {
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", ""]}}
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {"relatedInformation": True},
        "documentLink": {},
        "definition": {"linkSupport": True},
    },
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}
"""What an ordinary editor of today declares."""


class Refused(Exception):
    """The server answered with an error."""


class Editor:
    """A client that answers requests of the server by `answers`, method by method."""

    def __init__(
        self,
        athena: Athena,
        folder: Path,
        capabilities: Json | None = None,
        name: str = "editor",
        **options: object,
    ) -> None:
        self.folder = folder
        self.capabilities: Json = PLAIN if capabilities is None else capabilities
        self.undeclared: list[str] = []
        """What the server sent though it was not declared that it may."""
        self.answers: dict[str, Answer] = {}
        self.heard: list[Json] = []
        self.opened: dict[str, str] = {}
        """The documents that are open, and their texts."""
        self._ids = itertools.count(1)
        self._answered: dict[int, Json] = {}
        self._lock = threading.Condition()
        self._process = subprocess.Popen(
            athena.command("lsp"),
            env=athena.environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.result = self.call(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
                "capabilities": self.capabilities,
                "clientInfo": {"name": name},
                "initializationOptions": {"athena": options},
            },
        )
        self.announced: Json = self.result["capabilities"]
        self.notify("initialized", {})

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """Shut down and exit in order."""
        if self._process.poll() is None:
            self.call("shutdown", None)
            self.notify("exit", None)
            assert self._process.wait(10) == 0
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        assert self.undeclared == []

    def kill(self) -> None:
        """End as an editor that crashed."""
        self._process.kill()
        self._process.wait(10)

    def notify(self, method: str, params: object) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def call(self, method: str, params: object, timeout: float = 30) -> Any:
        """The result of a request; `Refused` when it is an error."""
        number = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        with self._lock:
            done = self._lock.wait_for(lambda: number in self._answered, timeout)
            assert done, f"{method} was not answered"
            answer = self._answered.pop(number)
        if "error" in answer:
            raise Refused(answer["error"]["message"])
        return answer["result"]

    def notify_only(self, method: str, params: object) -> None:
        """Send a request, and wait for no answer."""
        number = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    def execute(self, command: str, **argument: object) -> Any:
        """The result of a command with one object as its argument."""
        params = {"command": command, "arguments": [argument] if argument else []}
        return self.call("workspace/executeCommand", params)

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a document, with other text than the file has if one is given."""
        uri = path.as_uri()
        text = path.read_bytes().decode() if text is None else text
        self.opened[uri] = text
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def change(self, uri: str, version: int, text: str) -> None:
        """Replace the text of a document."""
        self.opened[uri] = text
        document = {"uri": uri, "version": version}
        changes = [{"text": text}]
        params = {"textDocument": document, "contentChanges": changes}
        self.notify("textDocument/didChange", params)

    def actions(
        self, uri: str, line: int = 0, end: int | None = None, **context: Any
    ) -> list[Json]:
        """The code actions on whole lines, from 0."""
        stop = {"line": line + 1 if end is None else end, "character": 0}
        params = {
            "textDocument": {"uri": uri},
            "range": {"start": {"line": line, "character": 0}, "end": stop},
            "context": {"diagnostics": [], **context},
        }
        return self.call("textDocument/codeAction", params)

    def run(self, action: Json) -> Any:
        """What an editor does with a code action's command."""
        return self.call(
            "workspace/executeCommand",
            {k: action["command"][k] for k in ("command", "arguments")},
        )

    def all(self, method: str) -> list[Json]:
        """The parameters of what was heard of a method."""
        with self._lock:
            return [m.get("params") for m in self.heard if m.get("method") == method]

    def until(self, method: str, fits: Callable[[Any], bool] = bool, timeout: float = 20) -> Any:
        """Wait until something of a method was heard that fits."""

        def found() -> Any:
            return next((p for p in self.all(method) if fits(p)), None)

        return until_sync(found, timeout, f"{method} came: {[m.get('method') for m in self.heard]}")

    def respond(self, message: Json, result: object) -> None:
        """Answer a request of the server that was left open."""
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _send(self, message: Json) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        for message in _messages(self._process):
            self.undeclared += undeclared(self.capabilities, message)
            if "method" in message and "id" in message:
                answer = self.answers.get(message["method"], _none)
                result = answer(message)
                if result is not SILENT:
                    reply = {"error": result} if isinstance(result, Error) else {"result": result}
                    self._send({"jsonrpc": "2.0", "id": message["id"], **reply})
            with self._lock:
                if "method" in message:
                    self.heard.append(message)
                elif "id" in message:
                    self._answered[message["id"]] = message
                self._lock.notify_all()


class Error(dict[str, Any]):
    """An answer that is an error."""


def no_such_method(message: Json) -> Error:
    """What clients answer that do not know a method."""
    return Error(code=-32601, message=f"no {message['method']}")


def choose(title: str) -> Answer:
    """The user presses the button of that title."""
    return lambda message: next(
        a for a in message["params"]["actions"] if a["title"].startswith(title)
    )


def _none(message: Json) -> None:
    return None


def _messages(process: subprocess.Popen[bytes]) -> Iterable[Json]:
    stream = process.stdout
    assert stream
    while line := stream.readline():
        length = int(line.partition(b":")[2])
        assert stream.readline() == b"\r\n"
        yield cast("Json", json.loads(stream.read(length)))
