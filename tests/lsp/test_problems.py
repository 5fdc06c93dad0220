"""Diagnostics: pulled for a document or the workspace, or pushed; each at its place."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.lsp.conftest import Start
from tests.lsp.editor import PLAIN, Editor, Json
from tests.support.athena import Client, make_repository
from tests.support.wait import until_sync

LINES = [f"line {n}" for n in range(1, 21)]
WORK = """```scenario
run sed -i 3p poem.txt
edit poem.txt: line 17 -> line seventeen
```"""
PULLS: Json = {
    **PLAIN,
    "textDocument": {**PLAIN["textDocument"], "diagnostic": {"relatedInformation": True}},
    "workspace": {"diagnostics": {"refreshSupport": True}},
}
PUSHED = "textDocument/publishDiagnostics"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository", {"poem.txt": "\n".join(LINES) + "\n"})


def worked(editor: Editor, client: Client, prompt: str = WORK) -> str:
    agent = editor.execute("athena.agent.spawn", prompt=prompt)["id"]
    client.until(agent, "idle")
    return agent


def tree(client: Client, agent: str) -> Path:
    return Path(client.agent(agent)["workspace"]["path"])


def comment(client: Client, agent: str, line: int, text: str = "Why?") -> str:
    told = client.call("athena/review/comment", agent=agent, path="poem.txt", line=line, text=text)
    return told["commentId"]


def pull(editor: Editor, path: Path, had: str | None = None) -> Json:
    params: Json = {"textDocument": {"uri": path.as_uri()}}
    if had is not None:
        params["previousResultId"] = had
    return editor.call("textDocument/diagnostic", params)


def pull_all(editor: Editor, had: dict[str, str]) -> dict[str, Json]:
    known = [{"uri": uri, "value": value} for uri, value in had.items()]
    told = editor.call("workspace/diagnostic", {"previousResultIds": known})
    return {item["uri"]: item for item in told["items"]}


def test_a_comment_is_where_its_line_is_in_each_tree(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start(PULLS)
    agent = worked(editor, client)
    text = (tree(client, agent) / "poem.txt").read_text().split("\n")
    line = text.index("line seventeen")
    assert line == 17
    comment(client, agent, line + 1)
    until_sync(lambda: pull(editor, repository / "poem.txt")["items"])
    (there,) = pull(editor, tree(client, agent) / "poem.txt")["items"]
    (here,) = pull(editor, repository / "poem.txt")["items"]
    assert there["range"]["start"]["line"] == line
    assert here["range"]["start"]["line"] == 16


def test_the_same_is_not_sent_twice(start: Start, repository: Path, client: Client) -> None:
    editor = start(PULLS)
    agent = worked(editor, client)
    mine = repository / "poem.txt"
    before = pull(editor, mine)
    assert before["kind"] == "full" and before["items"] == []
    assert pull(editor, mine, before["resultId"]) == {
        "kind": "unchanged",
        "resultId": before["resultId"],
    }
    comment(client, agent, 1)
    until_sync(lambda: pull(editor, mine)["items"])
    until_sync(lambda: editor.all("workspace/diagnostic/refresh"))
    after = pull(editor, mine, before["resultId"])
    assert after["kind"] == "full" and len(after["items"]) == 1


def test_the_workspace_is_told_of_files_that_are_not_open(
    start: Start, repository: Path, client: Client
) -> None:
    """The first answer comes at once, the next one when there is something to tell."""
    editor = start(PULLS)
    assert editor.announced["diagnosticProvider"]["workspaceDiagnostics"]
    agent = worked(editor, client)
    assert pull_all(editor, {}) == {}
    answers: list[dict[str, Json]] = []
    waiting = threading.Thread(target=lambda: answers.append(pull_all(editor, {})))
    waiting.start()
    assert client.agent(agent)["comments"] == 0 and not answers
    made = comment(client, agent, 1)
    waiting.join(20)
    (told,) = answers
    both = {(root / "poem.txt").as_uri() for root in (repository, tree(client, agent))}
    assert set(told) == both
    assert all(item["items"][0]["message"] == "test: Why?" for item in told.values())
    client.call("athena/review/resolve", agent=agent, commentId=made)
    cleared = pull_all(editor, {uri: item["resultId"] for uri, item in told.items()})
    assert {uri: item["items"] for uri, item in cleared.items()} == {uri: [] for uri in both}


def test_an_editor_can_go_while_it_waits_for_problems(start: Start) -> None:
    editor = start(PULLS)
    pull_all(editor, {})
    editor.notify_only("workspace/diagnostic", {"previousResultIds": []})
    editor.close()


def test_only_files_that_changed_are_pushed_again(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start()
    agent = worked(editor, client)
    comment(client, agent, 1)
    mine = (repository / "poem.txt").as_uri()
    editor.until(PUSHED, lambda p: p["uri"] == mine)
    client.call("athena/review/comment", agent=agent, path="other.txt", line=1, text="And?")
    other = (repository / "other.txt").as_uri()
    editor.until(PUSHED, lambda p: p["uri"] == other)
    assert len([p for p in editor.all(PUSHED) if p["uri"] == mine]) == 1


def test_problems_are_collected_once_for_many_key_strokes(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start(PULLS, openHunks=True)
    agent = worked(editor, client)
    path = tree(client, agent) / "poem.txt"
    text = path.read_text()

    def lines() -> list[int]:
        return [d["range"]["start"]["line"] for d in pull(editor, path)["items"]]

    def is_kept() -> bool:
        """News of the turn may come late, and in between."""
        shown = lines()
        path.write_text("nothing of it\n")
        again = lines()
        path.write_text(text)
        return shown != [] and again == shown

    until_sync(is_kept)
