"""Text that is being written: whoever comes late has all of it, and nothing twice."""

from __future__ import annotations

from pathlib import Path

from athena.app.writing import MOST_REMEMBERED, Writing
from tests.app.playing import spawn
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync


def deltas(writing: Writing) -> list[tuple[str, int, str]]:
    return [(d.item_id, d.offset, d.text) for d in writing.take()]


def test_pieces_join_on_in_the_units_of_lsp() -> None:
    writing = Writing()
    writing.grow("a", "one", "A fox 🦊")
    assert deltas(writing) == [("one", 0, "A fox 🦊")]
    writing.grow("a", "one", "A fox 🦊 ru")
    writing.grow("a", "one", "A fox 🦊 runs.")
    assert deltas(writing) == [("one", 8, " runs.")]
    assert deltas(writing) == []


def test_after_a_drop_the_whole_is_told() -> None:
    writing = Writing()
    writing.grow("a", "one", "One")
    writing.take()
    writing.forget()
    writing.grow("a", "one", "One two")
    assert deltas(writing) == [("one", 0, "One two")]


def test_a_text_that_was_forgotten_is_told_whole() -> None:
    writing = Writing()
    for n in range(MOST_REMEMBERED + 1):
        writing.grow("a", f"{n}", "text")
    writing.take()
    writing.grow("a", "0", "text and more")
    writing.grow("a", "1", "text and more")
    assert deltas(writing) == [("0", 0, "text and more"), ("1", 4, " and more")]


def test_a_late_client_has_what_was_written_before_it_came(athena: Athena, tmp_path: Path) -> None:
    def written(of: Client) -> str:
        items = of.call("athena/transcript/page", agent=agent)["items"]
        return str(items[-1].get("written", "")).strip() if items else ""

    with athena.client() as client:
        text = "say First.\ngate one\nsay Then 🦊 this.\ngate two"
        agent = spawn(client, tmp_path, text)["id"]
        until_sync(lambda: written(client) == "First.")
        (tmp_path / "one").touch()
        until_sync(lambda: written(client) == "Then 🦊 this.")
    athena.kill()
    with athena.client() as later:
        until_sync(lambda: written(later) == "Then 🦊 this.")
        (tmp_path / "two").touch()
        later.until(agent, "idle")
        items = later.call("athena/transcript/page", agent=agent)["items"]
        texts = [i["item"]["text"].strip() for i in items if i["item"]["type"] == "message"]
        assert texts == ["First.", "Then 🦊 this."]
        assert not any(i.get("open") or i.get("written") for i in items)
