"""What a server may send and announce, by what its client declared (LSP 3.18). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ALWAYS = None
SENT: dict[str, str | None] = {
    "$/cancelRequest": ALWAYS,
    "$/progress": "window.workDoneProgress",
    "client/registerCapability": ALWAYS,
    "textDocument/publishDiagnostics": "textDocument.publishDiagnostics",
    "window/showDocument": "window.showDocument.support",
    "window/showMessage": ALWAYS,
    "window/showMessageRequest": ALWAYS,
    "window/workDoneProgress/create": "window.workDoneProgress",
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/diagnostic/refresh": "workspace.diagnostics.refreshSupport",
    "workspace/inlayHint/refresh": "workspace.inlayHint.refreshSupport",
    "workspace/textDocumentContent/refresh": "workspace.textDocumentContent",
}
"""What each message of a server needs; a method that is not here may not be sent."""

ANNOUNCED: dict[str, str] = {
    "codeActionProvider": "textDocument.codeAction",
    "codeLensProvider": "textDocument.codeLens",
    "definitionProvider": "textDocument.definition",
    "diagnosticProvider": "textDocument.diagnostic",
    "documentLinkProvider": "textDocument.documentLink",
    "hoverProvider": "textDocument.hover",
    "inlayHintProvider": "textDocument.inlayHint",
}
"""What each capability of a server needs."""

MEMBERS: dict[str, tuple[str, ...]] = {
    "annotationId": ("workspace.workspaceEdit.changeAnnotationSupport",),
    "changeAnnotations": ("workspace.workspaceEdit.changeAnnotationSupport",),
    "documentChanges": ("workspace.workspaceEdit.documentChanges",),
    "relatedInformation": (
        "textDocument.publishDiagnostics.relatedInformation",
        "textDocument.diagnostic.relatedInformation",
    ),
}
"""Members of messages, and what each needs one of."""


def recorded() -> dict[str, Json]:
    """The capabilities of real editors, as pytest-lsp and we recorded them, by a name."""
    theirs = {
        Path(each.name).stem: json.loads(each.read_text())["capabilities"]
        for each in files("pytest_lsp.clients").iterdir()
        if each.name.endswith(".json")
    }
    here = Path(__file__).with_name("capabilities")
    return theirs | {each.stem: json.loads(each.read_text()) for each in here.glob("*.json")}


def declares(capabilities: Json, path: str) -> bool:
    """Whether a client declared something, be it as `true` or as an object."""
    value: Any = capabilities
    for step in path.split("."):
        if not isinstance(value, dict) or value.get(step) in (None, False):
            return False
        value = value[step]
    return True


def undeclared(capabilities: Json, message: Json) -> Iterator[str]:
    """What of a message of the server its client did not declare."""
    method = message.get("method")
    if method is not None:
        need = SENT.get(method, f"nothing lets {method} be sent")
        if need is not ALWAYS and not declares(capabilities, need):
            yield f"{method} without {need}"
    if method == "client/registerCapability":
        for each in message["params"]["registrations"]:
            need = f"{each['method'].replace('/', '.')}.dynamicRegistration"
            if not declares(capabilities, need):
                yield f"{each['method']} is registered without {need}"
    announced = (message.get("result") or {}) if method is None else {}
    if isinstance(announced, dict) and "capabilities" in announced:
        yield from _announced(capabilities, announced["capabilities"])
    yield from _members(capabilities, message)


def _announced(capabilities: Json, announced: Json) -> Iterator[str]:
    for name, need in ANNOUNCED.items():
        if announced.get(name) not in (None, False) and not declares(capabilities, need):
            yield f"{name} without {need}"
    encoding = announced.get("positionEncoding")
    known = capabilities.get("general", {}).get("positionEncodings", ["utf-16"])
    if encoding is not None and encoding not in known:
        yield f"positionEncoding {encoding}"


def _members(capabilities: Json, value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _members(capabilities, each)
    elif isinstance(value, dict):
        for name, member in value.items():
            needs = MEMBERS.get(name, ())
            if needs and not any(declares(capabilities, need) for need in needs):
                yield f"{name} without {' or '.join(needs)}"
            yield from _members(capabilities, member)
