"""The text in the editor as the server has it: places, line ends, encodings, and odd addresses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.lsp.conftest import Start
from tests.lsp.editor import PLAIN, Editor, Json
from tests.support.athena import Client, make_repository
from tests.support.wait import until_sync

ODD_NAMES = ["a file.txt", "c#.txt", "semi;colon.txt", "what?.txt", "100%25.txt", "größe 😀.txt"]


def worked(editor: Editor, client: Client, prompt: str) -> str:
    agent = editor.execute("athena.agent.spawn", prompt=f"```scenario\n{prompt}```")["id"]
    client.until(agent, "idle")
    return agent


def edit(editor: Editor, uri: str, version: int, *changes: tuple[int, int, int, int, str]) -> None:
    """Edits of a document as editors send them: first line and unit, last line and unit, text."""
    told = [
        {
            "range": {"start": {"line": a, "character": b}, "end": {"line": c, "character": d}},
            "text": text,
        }
        for a, b, c, d, text in changes
    ]
    params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": told}
    editor.notify("textDocument/didChange", params)


def hover(editor: Editor, uri: str, line: int) -> str | None:
    place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
    told = editor.call("textDocument/hover", place)
    return told["contents"]["value"] if told else None


def selected(editor: Editor, uri: str, start: tuple[int, int], end: tuple[int, int]) -> str:
    """What the server takes a selection to be: the prompt of the action that does it."""
    places = [{"line": line, "character": unit} for line, unit in (start, end)]
    params = {
        "textDocument": {"uri": uri},
        "range": dict(zip(("start", "end"), places, strict=True)),
        "context": {"diagnostics": []},
    }
    found = editor.call("textDocument/codeAction", params)
    return next(
        a["command"]["arguments"][0]["prompt"]
        for a in found
        if a["title"].startswith("Athena: Do what is selected")
    )


@pytest.mark.parametrize("name", ODD_NAMES)
def test_files_with_odd_names(start: Start, tmp_path: Path, client: Client, name: str) -> None:
    """Unsaved text is known, authors are found, and edits name the document as the client does."""
    folder = make_repository(tmp_path / f"in {name}", {name: "one\ntwo\nthree\n"})
    with start.inside(folder) as editor:
        agent = worked(editor, client, f"edit {name}: two -> zwei\n")
        assert client.agent(agent)["project"] == str(folder)
        theirs = editor.open(Path(client.agent(agent)["workspace"]["path"], name))
        edit(editor, theirs, 2, (0, 0, 0, 0, "not saved\n"))
        assert hover(editor, theirs, 1) is None
        told = hover(editor, theirs, 2)
        assert told and client.agent(agent)["name"] in told
        mine = editor.open(folder / name)
        edit(editor, mine, 2, (0, 0, 0, 0, "mine\n"))
        take = until_sync(
            lambda: next(
                (a for a in editor.actions(mine) if a["title"].startswith("Athena: Take all")),
                None,
            )
        )
        assert take
        (change,) = take["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": mine, "version": 2}
        assert change["edits"][0]["range"]["start"]["line"] == 2
        editor.answers["workspace/applyEdit"] = lambda message: {"applied": True}
        editor.execute("athena.review.apply", agent=agent, paths=[name])
        asked = editor.until("workspace/applyEdit")
        assert asked["edit"]["documentChanges"][0]["textDocument"] == {"uri": mine, "version": 2}


def test_only_line_feeds_end_lines(start: Start, tmp_path: Path, client: Client) -> None:
    """Form feeds, and what else Python takes for line ends, are characters in a line."""
    text = "one\f\n\x0b two\nthree \u2028 \x85 \x1c\nfour\n"
    folder = make_repository(tmp_path / "feeds", {"feeds.txt": text})
    with start.inside(folder) as editor:
        agent = worked(editor, client, "edit feeds.txt: four -> vier\n")
        uri = editor.open(Path(client.agent(agent)["workspace"]["path"], "feeds.txt"))
        assert hover(editor, uri, 3)
        edit(editor, uri, 2, (3, 0, 3, 0, "new\n"))
        assert hover(editor, uri, 3) is None and hover(editor, uri, 4)
        assert selected(editor, uri, (3, 0), (4, 0)) == "new"
        assert selected(editor, uri, (2, 0), (2, 5)) == "three"


@pytest.mark.parametrize(("encoding", "smile"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_places_in_the_units_of_the_client(
    start: Start, tmp_path: Path, client: Client, encoding: str, smile: int
) -> None:
    folder = make_repository(tmp_path / "units", {"units.txt": "😀 one\n😀 two\n"})
    declared: Json = {
        **PLAIN,
        "general": {"positionEncodings": [encoding]},
        "textDocument": {**PLAIN["textDocument"], "inlayHint": {}},
    }
    with start.inside(folder, declared, inlayHints=True) as editor:
        assert editor.announced["positionEncoding"] == encoding
        agent = worked(editor, client, "edit units.txt: 😀 two -> 😀😀 zwei\n")
        name = client.agent(agent)["name"]
        uri = editor.open(Path(client.agent(agent)["workspace"]["path"], "units.txt"))
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
        (hint,) = editor.call(
            "textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole}
        )
        assert hint["position"] == {"line": 1, "character": 2 * smile + 5}
        assert selected(editor, uri, (0, smile + 1), (0, smile + 4)) == "one"
        edit(editor, uri, 2, (0, smile + 1, 0, smile + 4, "😀 eins"))
        assert selected(editor, uri, (0, 2 * smile + 2), (0, 2 * smile + 6)) == "eins"
        assert hover(editor, uri, 1) and name in str(hover(editor, uri, 1))


def test_a_selection_beyond_the_last_line_without_an_end(start: Start, tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "end", {"end.txt": "one\nläst"})
    with start.inside(folder) as editor:
        uri = editor.open(folder / "end.txt")
        assert selected(editor, uri, (1, 0), (1, 99)) == "läst"
        assert selected(editor, uri, (1, 0), (2, 0)) == "läst"


def test_files_with_carriage_returns(start: Start, tmp_path: Path, client: Client) -> None:
    """Edits have the line ends of the text that they change, which some editors show as plain."""
    folder = make_repository(tmp_path / "crlf", {"crlf.txt": "one\r\ntwo\r\nthree\r\n"})
    with start.inside(folder) as editor:
        agent = worked(editor, client, "edit crlf.txt: two -> zwei\n")
        mine = folder / "crlf.txt"

        def taken() -> Json | None:
            found = editor.actions(mine.as_uri())
            return next((a for a in found if a["title"].startswith("Athena: Take all")), None)

        def ends_of(open_as: str | None, new: str) -> None:
            if open_as is not None:
                editor.open(mine, open_as)
            take = until_sync(taken)
            assert take
            (change,) = take["edit"]["documentChanges"]
            (made,) = change["edits"]
            assert made["newText"] == new
            assert (made["range"]["start"]["line"], made["range"]["end"]["line"]) == (1, 2)

        ends_of(None, "zwei\r\n")
        ends_of("one\r\ntwo\r\nthree\r\n", "zwei\r\n")
        ends_of("one\ntwo\nthree\n", "zwei\n")
        ends_of("one\ntwo\r\nthree\r\n", "zwei\r\n")
        uri = editor.open(Path(client.agent(agent)["workspace"]["path"], "crlf.txt"))
        edit(editor, uri, 2, (0, 3, 1, 0, "\r\nnew\r\n"))
        assert hover(editor, uri, 1) is None and hover(editor, uri, 2)


def test_a_folder_that_is_reached_through_a_link(
    start: Start, tmp_path: Path, client: Client
) -> None:
    """The user's way to a folder may be another than the agents'; the files are the same."""
    folder = make_repository(tmp_path / "real", {"poem.txt": "one\ntwo\n"})
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    with start.inside(linked) as editor:
        prompt = 'edit poem.txt: two -> zwei\nask May I? | allow-once "Allow", reject-once "No"\n'
        agent = client.call(
            "athena/agent/spawn", prompt=f"```scenario\n{prompt}```", project=str(folder)
        )["id"]
        editor.until("window/workDoneProgress/create")
        editor.until("window/showMessageRequest")
        uri = editor.open(linked / "poem.txt")
        titles = [a["title"] for a in editor.actions(uri)]
        assert [t for t in titles if t.startswith("Athena: Take all")], titles
        editor.execute("athena.request.allow")
        client.until(agent, "idle")
        client.call("athena/merge/run", agent=agent)
        editor.change(uri, 2, "unsaved\none\nzwei\n")
        told = hover(editor, uri, 2)
        assert told and client.agent(agent)["name"] in told
        assert (
            subprocess.run(["git", "-C", str(folder), "status", "-s"], check=True).returncode == 0
        )
