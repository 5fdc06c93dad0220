"""Each initialization option turns off one thing, and leaves the others as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.conftest import Start
from tests.lsp.editor import SILENT, Editor, Refused
from tests.support.athena import Client

ASKS = '```scenario\nask May I? | allow-once "Allow", reject-once "Deny"\nsay Finished.\n```'
HEARD = {
    "requests": {"window/showMessageRequest"},
    "progress": {"window/workDoneProgress/create", "$/progress"},
    "messages": {"window/showMessage"},
    "commands": {"athena.agent.list"},
}
"""What an editor gets of each option."""


def got(editor: Editor) -> set[str]:
    """What an editor was sent without asking for it, and the commands that it was announced."""
    heard = {m["method"] for m in editor.heard if "method" in m}
    return heard | set(editor.announced["executeCommandProvider"]["commands"])


@pytest.mark.parametrize("option", HEARD)
def test_each_option_turns_off_its_own_and_nothing_else(
    option: str, start: Start, repository: Path, client: Client
) -> None:
    plain = start(name="plain", patience=0)
    other = start(name="other", patience=0, **{option: False})
    for editor in (plain, other):
        editor.answers["window/showMessageRequest"] = lambda message: SILENT
    agent = client.call("athena/agent/spawn", prompt=ASKS, project=str(repository))["id"]
    for editor in (plain, other):
        for method in ("window/showMessageRequest", "window/workDoneProgress/create"):
            if method not in HEARD[option] or editor is plain:
                editor.until(method)
    request = client.until(agent, "needsPermission")["requests"][0]["requestId"]
    client.call("athena/request/answer", requestId=request, option="allow-once")
    client.until(agent, "idle")
    for editor in (plain, other):
        if option != "messages" or editor is plain:
            editor.until("window/showMessage", lambda p: "is done" in p["message"])
        if option != "progress" or editor is plain:
            editor.until("$/progress", lambda p: p["value"]["kind"] == "end")
    everything = set[str]().union(*HEARD.values())
    assert got(plain) & everything == everything
    assert got(other) & everything == everything - HEARD[option]


def test_what_a_client_of_its_own_interface_asks_for(start: Start, client: Client) -> None:
    """All four off, as our clients have it: the connection is silent, and the methods are there."""
    plain = start(name="plain", patience=0)
    own = start(name="own", commands=False, requests=False, progress=False, messages=False)
    plain.answers["window/showMessageRequest"] = lambda message: SILENT
    agent = own.call("athena/agent/spawn", {"prompt": ASKS, "project": str(own.folder)})["id"]
    plain.until("window/showMessageRequest")
    request = client.until(agent, "needsPermission")["requests"][0]["requestId"]
    own.call("athena/request/answer", {"requestId": request, "option": "reject-once"})
    plain.until("window/showMessage", lambda p: "is done" in p["message"])
    unasked = [m["method"] for m in own.heard if m["method"].startswith(("window/", "$/"))]
    assert unasked == []
    with pytest.raises(Refused):
        own.execute("athena.agent.list")
