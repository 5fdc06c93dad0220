"""Documents about agents: transcripts, inbox, lists, diffs, comparisons, and links in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Start
from tests.lsp.editor import PLAIN, Editor
from tests.support.athena import Client
from tests.support.wait import until_sync

WORK = """```scenario
say Working.
edit hello.py: print("two") -> print("three")
ask May I stop? | allow-once "Allow", reject-once "Deny"
say Finished.
```"""
VIRTUAL = {**PLAIN, "workspace": {**PLAIN["workspace"], "textDocumentContent": {}}}


def working(editor: Editor, client: Client, status: str = "needsPermission") -> str:
    agent = editor.execute("athena.agent.spawn", prompt=WORK)["id"]
    client.until_status(agent, status)
    return agent


def path_of(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))


def shown(editor: Editor) -> None:
    editor.answers["window/showDocument"] = lambda message: {"success": True}


def test_transcript_in_a_read_only_file(start: Start, client: Client) -> None:
    editor = start(patience=600)
    shown(editor)
    agent = working(editor, client)
    opened = editor.execute("athena.transcript.open")
    asked = editor.until("window/showDocument")
    path = path_of(asked["uri"])
    assert opened == {"uri": asked["uri"], "line": 0, "shown": True}
    assert path.stat().st_mode & 0o777 == 0o400 and path.suffix == ".md"
    text = path.read_text()
    assert "Working." in text and "**Waits for you:** May I stop?" in text
    assert "[hello.py" in text and 'print("three")' in text
    editor.execute("athena.request.allow")
    until_sync(lambda: "Finished." in path.read_text())
    turn = client.agent(agent)["id"]
    assert f"## Turn {turn}" in path.read_text()


def test_turn_in_a_transcript(start: Start, client: Client) -> None:
    editor = start(requests=False)
    shown(editor)
    agent = working(editor, client)
    turn = client.agent(agent)["turnId"]
    opened = editor.execute("athena.transcript.open", agent=agent, turnId=turn)
    assert opened["line"] > 0
    lines = path_of(opened["uri"]).read_text().split("\n")
    assert lines[opened["line"]] == f"## Turn {turn}"
    assert editor.until("window/showDocument")["selection"]["start"]["line"] == opened["line"]


def test_virtual_documents_with_refresh(start: Start, client: Client) -> None:
    editor = start(VIRTUAL, requests=False)
    shown(editor)
    assert editor.announced["workspace"]["textDocumentContent"] == {"schemes": ["athena"]}
    agent = working(editor, client)
    inbox = "athena:/inbox.md"
    assert editor.execute("athena.request.list") == {"uri": inbox, "line": 0, "shown": True}

    def read(uri: str) -> str:
        return editor.call("workspace/textDocumentContent", {"uri": uri})["text"]

    assert (
        agent in read(inbox)
        and "May I stop?" in read(inbox)
        and '"option": "allow-once"' in read(inbox)
    )
    transcript = f"athena:/agent/{agent}/transcript.md"
    assert "Working." in read(transcript)
    editor.execute("athena.request.allow")
    editor.until("workspace/textDocumentContent/refresh", lambda p: p["uri"] == transcript)
    until_sync(lambda: "Finished." in read(transcript))
    assert agent not in read(inbox)


def test_diff_list_and_comparison(start: Start, client: Client) -> None:
    editor = start(VIRTUAL, requests=False)
    shown(editor)
    one, two = working(editor, client), working(editor, client)

    def read(uri: str) -> str:
        return editor.call("workspace/textDocumentContent", {"uri": uri})["text"]

    diff = read(editor.execute("athena.changeset.get", agent=one)["uri"])
    assert diff == (
        "diff --git a/hello.py b/hello.py\n--- a/hello.py\n+++ b/hello.py\n"
        '@@ -2,1 +2,1 @@ print("hello")\n-print("two")\n+print("three")\n'
    ) or diff.endswith('-print("two")\n+print("three")\n')
    agents = read(editor.execute("athena.agent.list")["uri"])
    assert client.agent(one)["name"] in agents and client.agent(two)["name"] in agents
    compared = editor.execute("athena.comparison.get", agents=[one, two])["uri"]
    assert compared == f"athena:/comparison/{one}+{two}.md"
    assert "| changed | 1 files +1 -1 | 1 files +1 -1 |" in read(compared)


def test_links_and_definitions_lead_on(start: Start, client: Client) -> None:
    editor = start(requests=False)
    shown(editor)
    agent = working(editor, client)
    uri = editor.execute("athena.agent.list")["uri"]
    editor.open(path_of(uri))
    links: list[Any] = editor.call("textDocument/documentLink", {"textDocument": {"uri": uri}})
    transcript = next(k for k in links if k["data"].endswith(f"{agent}/transcript.md"))
    assert "target" not in transcript
    target = editor.call("documentLink/resolve", transcript)["target"]
    assert "Working." in path_of(target).read_text()
    place = {"textDocument": {"uri": uri}, "position": transcript["range"]["start"]}
    assert editor.call("textDocument/definition", place)["uri"] == target

    diff = editor.execute("athena.changeset.get", agent=agent)["uri"]
    text = editor.open(path_of(diff)) and path_of(diff).read_text()
    line = next(n for n, s in enumerate(text.split("\n")) if s.startswith('+print("three")'))
    place = {"textDocument": {"uri": diff}, "position": {"line": line, "character": 0}}
    found = editor.call("textDocument/definition", place)
    worktree = client.agent(agent)["workspace"]["path"]
    assert found["uri"] == f"file://{worktree}/hello.py"
    assert found["range"]["start"]["line"] == 1


def test_client_that_shows_no_documents_is_given_the_text(start: Start, client: Client) -> None:
    editor = start({}, requests=False)
    working(editor, client)
    opened = editor.execute("athena.transcript.open")
    assert not opened["shown"] and "Working." in opened["text"]
    assert path_of(opened["uri"]).read_text() == opened["text"]
    editor.until("window/showMessage", lambda p: p["message"].startswith("Written to "))
    assert not editor.all("window/showDocument")


def test_a_turn_of_long_ago_is_found(start: Start, client: Client) -> None:
    editor = start()
    shown(editor)
    agent = editor.execute("athena.agent.spawn", prompt="```scenario\nsay The first words.\n```")
    client.until(agent["id"], "idle")
    much = "repeat 1100:\n    say Line ${count}.\n    think .\n"
    client.call("athena/agent/prompt", agent=agent["id"], text=f"```scenario\n{much}```")
    client.until(agent["id"], "idle", timeout=60)
    first = client.call("athena/transcript/page", agent=agent["id"], after=0)["items"][0]["turnId"]
    last = editor.execute("athena.transcript.open", agent=agent["id"])
    text = path_of(last["uri"]).read_text()
    assert "The first words." not in text and "Line 1100." in text and "[Earlier](" in text
    opened = editor.execute("athena.transcript.open", agent=agent["id"], turnId=first)
    lines = path_of(opened["uri"]).read_text().splitlines()
    assert lines[opened["line"]] == f"## Turn {first}" and "The first words." in lines
    earlier = text.splitlines().index(next(x for x in text.splitlines() if "[Earlier](" in x))
    editor.open(path_of(last["uri"]))
    place = {"line": earlier, "character": 0}
    given = {"textDocument": {"uri": last["uri"]}, "position": place}
    before = editor.call("textDocument/definition", given)["uri"]
    words = path_of(before).read_text()
    assert "Line 600." in words and "Line 601." not in words


@pytest.mark.parametrize(("encoding", "smile"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_links_are_in_the_units_of_the_client(
    start: Start, client: Client, encoding: str, smile: int
) -> None:
    general = {"general": {"positionEncodings": [encoding]}}
    editor = start({**VIRTUAL, **general}, requests=False)
    prompt = '```scenario\nask 😀😀? | allow-once "Allow"\n```'
    agent = editor.execute("athena.agent.spawn", prompt=prompt)["id"]
    client.until_status(agent, "needsPermission")
    uri = f"athena:/agent/{agent}/transcript.md"
    text = editor.call("workspace/textDocumentContent", {"uri": uri})["text"]
    lines = text.split("\n")
    line = next(n for n, words in enumerate(lines) if words.startswith("**Waits for you:**"))
    before = lines[line].index("[inbox]")
    links = editor.call("textDocument/documentLink", {"textDocument": {"uri": uri}})
    (link,) = [k for k in links if k["range"]["start"]["line"] == line]
    assert link["target"] == "athena:/inbox.md"
    assert link["range"]["start"]["character"] == before + 2 * (smile - 1)
    place = {"textDocument": {"uri": uri}, "position": link["range"]["start"]}
    assert editor.call("textDocument/definition", place)["uri"] == "athena:/inbox.md"


def test_links_lead_to_the_line_of_a_turn(start: Start, client: Client) -> None:
    for declared in (VIRTUAL, PLAIN):
        editor = start(declared, requests=False)
        shown(editor)
        agent = working(editor, client)
        turn = client.agent(agent)["turnId"]
        uri = editor.execute("athena.request.list")["uri"]
        links = editor.call("textDocument/documentLink", {"textDocument": {"uri": uri}})
        link = next(k for k in links if k.get("data", "").endswith(f"#{turn}"))
        target = editor.call("documentLink/resolve", link)["target"]
        place, _, line = target.partition("#L")
        text = (
            editor.call("workspace/textDocumentContent", {"uri": place})["text"]
            if declared is VIRTUAL
            else path_of(place).read_text()
        )
        assert text.split("\n")[int(line) - 1] == f"## Turn {turn}"


def test_another_editor_follows_the_links_of_a_file_as_well(start: Start, client: Client) -> None:
    editor, other = start(name="one", requests=False), start(name="other", requests=False)
    shown(editor)
    agent = working(editor, client)
    uri = editor.execute("athena.transcript.open", agent=agent)["uri"]
    until_sync(lambda: other.call("textDocument/documentLink", {"textDocument": {"uri": uri}}))


def test_we_are_asked_in_our_documents_only(start: Start, client: Client) -> None:
    """Where a client registers later what it is told, other files cost it nothing."""
    told = {"dynamicRegistration": True}
    text = {**PLAIN["textDocument"], "documentLink": told, "definition": told}
    for declared, scheme in (
        ({**PLAIN, "textDocument": text}, "file"),
        ({**VIRTUAL, "textDocument": text}, "athena"),
    ):
        editor = start(declared)
        assert "definitionProvider" not in editor.announced
        assert "documentLinkProvider" not in editor.announced
        registered = editor.until("client/registerCapability")["registrations"]
        assert {r["method"] for r in registered} == {
            "textDocument/documentLink",
            "textDocument/definition",
        }
        for registration in registered:
            (selector,) = registration["registerOptions"]["documentSelector"]
            assert selector["scheme"] == scheme
        folder = (
            path_of(editor.execute("athena.agent.list")["uri"]).parent if scheme == "file" else None
        )
        assert folder is None or selector["pattern"] == f"{folder}/*"
    static = start()
    assert static.announced["definitionProvider"] and static.announced["documentLinkProvider"]
    static.call("athena/system/info", {})
    assert not static.all("client/registerCapability")
