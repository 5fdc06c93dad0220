"""Taking hunks into the user's files, problems, and who wrote a line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.lsp.conftest import Start
from tests.lsp.editor import PLAIN, Editor, Json, Refused
from tests.support.athena import Client, make_repository
from tests.support.wait import until_sync

LINES = [f"line {n}" for n in range(1, 21)]
WORK = """```scenario
edit poem.txt: line 3 -> line three
edit poem.txt: line 17 -> line seventeen
write new.txt: brand new
say Done.
usage input=10 output=5 cost=0.25
```"""
ANNOTATED: Json = {
    **PLAIN,
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}},
    },
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository", {"poem.txt": "\n".join(LINES) + "\n"})


def worked(editor: Editor, client: Client, prompt: str = WORK) -> str:
    agent = editor.execute("athena.agent.spawn", prompt=prompt)["id"]
    client.until(agent, "idle")
    return agent


def taking(editor: Editor, uri: str, line: int) -> dict[str, Json]:
    return {
        a["title"].partition(" of ")[0]: a
        for a in editor.actions(uri, line)
        if a["kind"] == "athena.take"
    }


def test_hunk_at_the_cursor_under_unsaved_edits(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start(ANNOTATED)
    agent = worked(editor, client)
    text = "mine\n" + "\n".join(LINES)
    uri = editor.open(repository / "poem.txt", text)
    offered = until_sync(lambda: taking(editor, uri, 3))
    assert offered
    one = offered["Athena: Take the change"]
    (change,) = one["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": 1}
    assert change["edits"] == [
        {
            "range": {"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 0}},
            "newText": "line three\n",
            "annotationId": "athena",
        }
    ]
    assert one["edit"]["changeAnnotations"]["athena"]["label"].startswith("Changed by")
    every = offered["Athena: Take all changes"]
    assert len(every["edit"]["documentChanges"][0]["edits"]) == 2
    editor.run(every)
    files = client.call("athena/changeset/get", agent=agent)["files"]
    assert {f["path"]: f["verdict"] for f in files} == {"poem.txt": "accepted", "new.txt": "open"}
    assert not taking(editor, uri, 10).get("Athena: Take the change")


def test_accepted_hunks_go_into_open_files_as_edits(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start()
    agent = worked(editor, client)
    uri = editor.open(repository / "poem.txt")
    editor.answers["workspace/applyEdit"] = lambda message: {"applied": True}
    editor.execute("athena.review.accept", agent=agent)
    done = editor.execute("athena.review.apply")
    assert done["done"] and sorted(done["files"]) == ["new.txt", "poem.txt"]
    assert done["notes"] == ["Taken into the editor, not saved: poem.txt"]
    asked = editor.until("workspace/applyEdit")
    (change,) = asked["edit"]["documentChanges"]
    assert change["textDocument"]["uri"] == uri
    assert [e["newText"] for e in change["edits"]] == ["line three\n", "line seventeen\n"]
    assert (repository / "new.txt").read_text().strip() == "brand new"
    assert "line 3\n" in (repository / "poem.txt").read_text()
    (fact,) = [e["data"] for e in client.events(agent) if e["kind"] == "changesApplied"]
    assert (fact["what"], sorted(fact["files"])) == ("apply", ["new.txt", "poem.txt"])


def test_the_method_itself_minds_what_is_open(
    start: Start, repository: Path, client: Client
) -> None:
    """A client with views of its own calls no command, but the method."""
    editor = start()
    agent = worked(editor, client)
    editor.open(repository / "poem.txt")
    editor.answers["workspace/applyEdit"] = lambda message: {"applied": True}
    done = editor.call("athena/review/apply", {"agent": agent, "paths": ["poem.txt"]})
    assert done["done"] and done["files"] == ["poem.txt"] and "undo" not in done
    assert len(editor.until("workspace/applyEdit")["edit"]["documentChanges"][0]["edits"]) == 2
    assert "line 3\n" in (repository / "poem.txt").read_text()
    (fact,) = [e["data"] for e in client.events(agent) if e["kind"] == "changesApplied"]
    assert fact["files"] == ["poem.txt"]
    with pytest.raises(Refused, match="paths"):
        editor.call("athena/review/apply", {"agent": agent, "paths": "poem.txt"})


def test_refused_and_conflicting_edits_change_nothing(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start()
    agent = worked(editor, client)
    uri = editor.open(repository / "poem.txt")
    editor.execute("athena.review.accept", agent=agent)
    editor.answers["workspace/applyEdit"] = lambda message: {
        "applied": False,
        "failureReason": "busy",
    }
    with pytest.raises(Refused, match="busy"):
        editor.execute("athena.review.apply", agent=agent)
    assert not (repository / "new.txt").exists()
    changed = "\n".join(LINES).replace("line 3", "line drei") + "\n"
    editor.change(uri, 2, changed)
    done = editor.execute("athena.review.apply", agent=agent)
    assert not done["done"] and done["conflicts"][0]["path"] == "poem.txt"


def test_without_apply_edit_it_goes_to_the_disk(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start({"textDocument": {}})
    agent = worked(editor, client)
    editor.open(repository / "poem.txt")
    editor.execute("athena.review.accept", agent=agent)
    assert editor.execute("athena.review.apply")["done"]
    assert "line three\n" in (repository / "poem.txt").read_text()
    assert not editor.all("workspace/applyEdit")


def test_comments_are_pushed_and_cleared(start: Start, repository: Path, client: Client) -> None:
    editor = start()
    agent = worked(editor, client)
    comment = client.call(
        "athena/review/comment", agent=agent, path="poem.txt", line=3, text="Why?"
    )["commentId"]
    mine = (repository / "poem.txt").as_uri()
    pushed = "textDocument/publishDiagnostics"
    told = editor.until(pushed, lambda p: p["uri"] == mine and p["diagnostics"])
    (problem,) = told["diagnostics"]
    assert problem["message"] == "test: Why?" and problem["source"] == "Athena"
    assert problem["range"]["start"]["line"] == 2
    theirs = Path(client.agent(agent)["workspace"]["path"], "poem.txt").as_uri()
    assert editor.until(pushed, lambda p: p["uri"] == theirs)
    client.call("athena/review/resolve", agent=agent, commentId=comment)
    editor.until(pushed, lambda p: p["uri"] == mine and not p["diagnostics"])


def test_collisions_and_open_hunks_are_pulled(
    start: Start, repository: Path, client: Client
) -> None:
    pulls = {
        **PLAIN,
        "textDocument": {**PLAIN["textDocument"], "diagnostic": {"relatedInformation": True}},
        "workspace": {"diagnostics": {"refreshSupport": True}},
    }
    editor = start(pulls, openHunks=True)
    one = worked(editor, client)
    two = worked(editor, client, WORK.replace("line three", "line drei"))
    until_sync(lambda: client.agent(one)["conflicts"])
    until_sync(lambda: editor.all("workspace/diagnostic/refresh"))
    first, second = (Path(client.agent(a)["workspace"]["path"], "poem.txt") for a in (one, two))

    def pull(path: Path) -> list[Json]:
        params = {"textDocument": {"uri": path.as_uri()}}
        return editor.call("textDocument/diagnostic", params)["items"]

    found = until_sync(lambda: [d for d in pull(first) if d["code"] == "collision"])
    assert found and found[0]["severity"] == 2
    assert found[0]["message"] == f"In conflict with {client.agent(two)['name']}."
    related = found[0]["relatedInformation"][0]["location"]
    assert related["uri"] == second.as_uri() and related["range"]["start"]["line"] == 2
    assert [d["range"]["start"]["line"] for d in pull(first) if d["code"] == "hunk"] == [2, 16]
    assert not editor.all("textDocument/publishDiagnostics")


def hover(editor: Editor, uri: str, line: int) -> str | None:
    params = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
    told = editor.call("textDocument/hover", params)
    return told["contents"]["value"] if told else None


def test_who_wrote_a_line_saved_or_not(start: Start, repository: Path, client: Client) -> None:
    editor = start(inlayHints=True)
    agent = worked(editor, client)
    view = client.agent(agent)
    path = Path(view["workspace"]["path"], "poem.txt")
    uri = editor.open(path)
    told = hover(editor, uri, 2)
    assert told and told.startswith(f"**{view['name']}** (scripted")
    assert "0.25 USD (reported)" in told and "> edit poem.txt" in told
    assert hover(editor, uri, 0) is None
    editor.change(uri, 2, "unsaved\n" + path.read_text())
    assert hover(editor, uri, 2) is None and hover(editor, uri, 3) == told
    go = next(a for a in editor.actions(uri, 3) if a["kind"] == "athena.author")
    assert "turn" in told and go["command"]["arguments"][0]["agent"] == agent
    assert go["command"]["arguments"][0]["turnId"] in told
    shown = editor.execute("athena.line.authors")
    assert [(run["start"], run["end"]) for run in shown["runs"]] == [(4, 4), (18, 18)]
    editor.until("window/showMessage", lambda p: p["message"].startswith("4-4: "))


def test_who_wrote_a_line_after_merge_and_rename(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start()
    agent = worked(editor, client)
    client.call("athena/merge/run", agent=agent)
    subprocess.run(["git", "mv", "poem.txt", "ode.txt"], cwd=repository, check=True)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *identity, "commit", "-qm", "rename"], cwd=repository, check=True)
    uri = editor.open(repository / "ode.txt")
    told = hover(editor, uri, 2)
    assert told and told.startswith(f"**{client.agent(agent)['name']}**")


def test_inlay_hints_only_when_asked_for(start: Start, repository: Path, client: Client) -> None:
    hinting = {**PLAIN, "textDocument": {**PLAIN["textDocument"], "inlayHint": {}}}
    assert "inlayHintProvider" not in start(hinting).announced
    editor = start(hinting, inlayHints=True)
    agent = worked(editor, client)
    path = Path(client.agent(agent)["workspace"]["path"], "poem.txt")
    uri = editor.open(path)
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 20, "character": 0}}
    hints = editor.call("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole})
    assert [(h["position"], h["label"]) for h in hints] == [
        ({"line": 2, "character": 10}, client.agent(agent)["name"]),
        ({"line": 16, "character": 14}, client.agent(agent)["name"]),
    ]


LENSES: Json = {
    "textDocument": {"codeLens": {}},
    "workspace": {"codeLens": {"refreshSupport": True}},
}


def lenses(editor: Editor, uri: str) -> list[tuple[int, str]]:
    found = editor.call("textDocument/codeLens", {"textDocument": {"uri": uri}})
    return [(lens["range"]["start"]["line"], lens["command"]["title"]) for lens in found]


def test_lenses_judge_in_the_agents_tree(start: Start, repository: Path, client: Client) -> None:
    assert "codeLensProvider" not in start(LENSES).announced
    editor = start(LENSES, codeLenses=True)
    agent = worked(editor, client)
    name = client.agent(agent)["name"]
    uri = editor.open(Path(client.agent(agent)["workspace"]["path"], "poem.txt"))
    until_sync(lambda: lenses(editor, uri))
    assert lenses(editor, uri) == [
        (line, title) for line in (2, 16) for title in (f"{name}: +1 −1", "Accept", "Reject")
    ]
    found = editor.call("textDocument/codeLens", {"textDocument": {"uri": uri}})
    before = len(editor.all("workspace/codeLens/refresh"))
    editor.run({"command": found[2]["command"]})
    until_sync(lambda: len(editor.all("workspace/codeLens/refresh")) > before)
    assert (2, f"{name}: +1 −1, rejected") in lenses(editor, uri)
    assert (2, "Reject") not in lenses(editor, uri)


def test_lenses_take_into_the_users_tree(start: Start, repository: Path, client: Client) -> None:
    editor = start(LENSES, codeLenses=True)
    agent = worked(editor, client)
    name = client.agent(agent)["name"]
    uri = editor.open(repository / "poem.txt", "mine\n" + "\n".join(LINES) + "\n")
    until_sync(lambda: lenses(editor, uri))
    take = f"Take +1 −1 of {name}"
    assert lenses(editor, uri) == [(3, take), (17, take)]
    editor.change(uri, 2, "\n".join(LINES).replace("line 17", "line seventeen") + "\n")
    assert lenses(editor, uri) == [(2, f"Take the changes of {name} to this file")]
    editor.change(uri, 3, "\n".join(LINES).replace("line 3", "line drei") + "\n")
    ((line, words),) = lenses(editor, uri)
    assert line == 2 and words.startswith(f"{name} changed lines of this file")


def test_text_is_synchronized_only_where_it_is_needed(start: Start) -> None:
    assert start().announced["textDocumentSync"]["change"] == 2
    off = {
        "actions": False,
        "hover": False,
        "documents": False,
        "diagnostics": False,
    }
    assert start(None, "none", **off).announced["textDocumentSync"] == {
        "openClose": False,
        "change": 0,
        "save": False,
    }
