"""Asking, watching and answering agents through standard LSP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lsp.conftest import Start
from tests.lsp.editor import PLAIN, SILENT, choose, no_such_method
from tests.support.athena import Client
from tests.support.wait import until_sync

PERMIT = """```scenario
permit run echo done | allow-once "Allow", reject-once "Deny"
on success:
    say Allowed.
otherwise:
    say Not allowed.
```
"""
QUESTION = """```scenario
question Which color? | red, blue
say You chose ${answer}.
```
"""
ASK = "window/showMessageRequest"
LITERAL = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}


def test_actions_come_from_the_archetypes(start: Start, repository: Path) -> None:
    (repository / "athena.toml").write_text('[archetype.poet.asks]\n"Rhyme" = "Make it rhyme."\n')
    editor = start()
    uri = editor.open(repository / "hello.py")
    problem = {
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}},
        "message": "no greeting",
        "source": "lint",
    }
    actions = editor.actions(uri, diagnostics=[problem])
    assert [a["title"] for a in actions] == [
        "Athena: Rhyme",
        "Athena: Fix",
        "Athena: Refactor",
        "Athena: Explain",
        "Athena: Review",
        "Athena: Write tests",
        'Athena: Do what is selected: print("hello")',
    ]
    fix = actions[1]
    assert fix["kind"] == "quickfix" and fix["diagnostics"] == [problem] and "tags" not in fix
    assert fix["command"]["arguments"] == [
        {
            "prompt": "Fix what is wrong here. (hello.py:1)\n\nThe editor reports:\n"
            "- hello.py:1: no greeting [lint]",
            "content": [
                {
                    "type": "resource_link",
                    "uri": uri,
                    "name": "hello.py",
                    "line": 1,
                    "endLine": 1,
                }
            ],
            "archetype": "executor",
            "project": str(repository),
        }
    ]
    assert actions[3]["command"]["arguments"][0]["workspace"] == {"kind": "none"}
    assert editor.actions(uri, triggerKind=2) == []
    assert {a["kind"] for a in editor.actions(uri, only=["athena"])} == {"athena"}
    assert editor.actions(uri, only=["source"]) == []


def test_what_a_model_writes_is_tagged_where_the_client_knows_tags(
    start: Start, repository: Path
) -> None:
    known = {"textDocument": {"codeAction": {**LITERAL, "tagSupport": {"valueSet": [1]}}}}
    editor = start(known)
    uri = editor.open(repository / "hello.py")
    assert all(a["tags"] == [1] for a in editor.actions(uri))
    bare = start({"textDocument": {"codeAction": {}}})
    actions = bare.actions(bare.open(repository / "hello.py"))
    assert actions and all(isinstance(a["command"], str) for a in actions)


def test_unsaved_text_goes_along(start: Start, repository: Path) -> None:
    editor = start()
    uri = editor.open(repository / "hello.py", "# not saved\n")
    action = editor.actions(uri)[-1]
    link, text = action["command"]["arguments"][0]["content"]
    assert link["type"] == "resource_link"
    assert text == {"type": "resource", "uri": uri, "text": "# not saved\n"}


def test_ask_watch_and_answer(start: Start, repository: Path, client: Client) -> None:
    editor = start()
    editor.answers[ASK] = choose("Allow")
    uri = editor.open(repository / "hello.py", PERMIT)
    action = editor.actions(uri, 0, PERMIT.count("\n"))[-1]
    agent = editor.run(action)
    begun = editor.until("$/progress", lambda p: p["value"]["kind"] == "begin")
    assert begun["value"]["title"] == f"{agent['name']} (scripted)"
    assert begun["value"]["cancellable"]
    asked = editor.until(ASK)
    assert asked["message"].startswith(agent["name"]) and "echo done" in asked["message"]
    assert [a["title"] for a in asked["actions"]] == ["Allow", "Deny"]
    ended = editor.until("$/progress", lambda p: p["value"]["kind"] == "end")
    assert ended["token"] == begun["token"]
    told = editor.until("window/showMessage", lambda p: "is done" in p["message"])
    assert told["message"] == f"{agent['name']} is done: Allowed."


def test_cancelled_progress_interrupts(start: Start, repository: Path, client: Client) -> None:
    editor = start()
    agent = editor.execute("athena.agent.spawn", prompt="```scenario\nwait 1m\n```")
    begun = editor.until("$/progress", lambda p: p["value"]["kind"] == "begin")
    editor.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    editor.until("$/progress", lambda p: p["value"]["kind"] == "end")
    editor.until("window/showMessage", lambda p: p["message"].endswith("was interrupted."))
    assert client.agent(agent["id"])["turns"] == 1


def test_dismissed_is_undecided(start: Start, repository: Path, client: Client) -> None:
    editor = start()
    agent = editor.execute("athena.agent.spawn", prompt=PERMIT)["id"]
    editor.until(ASK)
    uri = editor.open(repository / "hello.py")
    offered = [a for a in editor.actions(uri) if a["kind"] == "athena.answer"]
    assert [a["title"].partition(" (")[0] for a in offered] == ["Athena: Allow", "Athena: Deny"]
    assert client.agent(agent)["status"] == "needsPermission"
    later = start()
    later.answers[ASK] = lambda message: SILENT
    later.close()
    editor.run(offered[0])
    client.until(agent, "idle")
    assert len(editor.all(ASK)) == 1


def test_question_with_choices(start: Start, client: Client) -> None:
    editor = start()
    editor.answers[ASK] = choose("blue")
    agent = editor.execute("athena.agent.spawn", prompt=QUESTION)
    told = editor.until("window/showMessage", lambda p: "is done" in p["message"])
    assert told["message"] == f"{agent['name']} is done: You chose blue."


def test_a_question_is_answered_by_what_is_selected(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start()
    prompt = "```scenario\nquestion Which name?\nsay You chose ${answer}.\n```"
    agent = editor.execute("athena.agent.spawn", prompt=prompt)["id"]
    told = editor.until("window/showMessage", lambda p: "Which name?" in p["message"])
    assert "Select an answer" in told["message"] and not editor.all(ASK)
    uri = editor.open(repository / "hello.py", "Anna Blume\nsomething else\n")
    offered = [a for a in editor.actions(uri, 0) if a["kind"] == "athena.answer"]
    (answer,) = [a for a in offered if "Answer what is selected: Anna Blume" in a["title"]]
    assert any(a["title"] == "Athena: Inbox" for a in editor.actions(uri, 0))
    editor.run(answer)
    client.until(agent, "idle")
    editor.until("window/showMessage", lambda p: "You chose Anna Blume." in p["message"])


def test_an_agent_that_is_there_is_told_more(
    start: Start, repository: Path, client: Client
) -> None:
    editor = start()
    agent = editor.execute("athena.agent.spawn", prompt="```scenario\nsay Hello.\n```")
    client.until(agent["id"], "idle")
    more = "```scenario\nsay More.\n```\n"
    uri = editor.open(repository / "hello.py", more)

    def offered() -> Any:
        found = editor.actions(uri, 0, 3)
        return [a for a in found if a["title"].startswith(f"Athena: Tell {agent['name']} ")]

    found = until_sync(offered)
    assert found
    editor.run(found[0])
    editor.until("window/showMessage", lambda p: "is done: More." in p["message"])
    assert client.agent(agent["id"])["turns"] == 2


def test_first_answer_wins_and_the_other_dialog_is_cancelled(
    start: Start, repository: Path, client: Client
) -> None:
    one, two = start(name="one", patience=0), start(name="two", patience=0)
    one.answers[ASK] = two.answers[ASK] = lambda message: SILENT
    agent = one.execute("athena.agent.spawn", prompt=PERMIT)["id"]
    one.until(ASK)
    two.until(ASK)
    question = next(m for m in two.heard if m.get("method") == ASK)
    two.respond(question, {"title": "Deny"})
    shown = next(m for m in one.heard if m.get("method") == ASK)
    one.until("$/cancelRequest", lambda p: p["id"] == shown["id"])
    one.until("window/showMessage", lambda p: p["message"].endswith("Deny (two)"))
    one.respond(shown, {"title": "Allow"})
    client.until(agent, "idle")
    closed = [e for e in client.events(agent) if e["kind"] == "requestClosed"]
    assert [(e["data"]["optionId"], e["data"]["by"]) for e in closed] == [("reject-once", "two")]


def test_messages_come_in_the_order_of_what_happened(
    start: Start, repository: Path, client: Client
) -> None:
    """Some editors show only the last one, so a result must not be covered by an earlier answer."""
    one, two = start(name="one", patience=0), start(name="two", patience=0)
    one.answers[ASK], two.answers[ASK] = choose("Allow"), lambda message: SILENT
    agent = client.call("athena/agent/spawn", prompt=PERMIT, project=str(repository))["name"]
    two.until("window/showMessage", lambda p: "is done" in p["message"])
    two.until("window/showMessage", lambda p: p["message"].endswith("Allow (one)"))
    answered, done = two.all("window/showMessage")
    assert answered["message"].endswith("Allow (one)")
    assert done["message"] == f"{agent} is done: Allowed."


def test_the_editor_in_use_is_asked_first(start: Start, repository: Path, client: Client) -> None:
    idle, used = start(name="idle", patience=600), start(name="used", patience=600)
    idle.answers[ASK] = used.answers[ASK] = lambda message: SILENT
    for editor in (idle, used):
        # What is answered has been heard: the later one is the one in use.
        editor.open(repository / "hello.py")
        editor.actions((repository / "hello.py").as_uri())
    agent = client.call("athena/agent/spawn", prompt=PERMIT, project=str(repository))["id"]
    used.until(ASK)
    assert idle.all(ASK) == []
    used.kill()
    idle.until(ASK)
    idle.execute("athena.request.reject")
    client.until(agent, "idle")


def test_client_without_dialogs_is_told(start: Start, repository: Path, client: Client) -> None:
    editor = start()
    editor.answers[ASK] = no_such_method
    agent = editor.execute("athena.agent.spawn", prompt=PERMIT)["id"]
    editor.until("window/showMessage", lambda p: "code action" in p["message"])
    editor.execute("athena.request.allow")
    client.until(agent, "idle")


def test_a_client_that_drops_dialogs_is_told(
    start: Start, repository: Path, client: Client
) -> None:
    """It did not say that it shows them, and has not answered one: it may show none."""
    dropping = start(name="dropping", patience=0)
    window = {**PLAIN["window"], "showMessage": {"messageActionItem": {}}}
    showing = start({**PLAIN, "window": window}, "showing", patience=0)
    dropping.answers[ASK] = showing.answers[ASK] = lambda message: SILENT
    agent = client.call("athena/agent/spawn", prompt=PERMIT, project=str(repository))["id"]
    showing.until(ASK)
    told = dropping.until("window/showMessage", lambda p: "code action" in p["message"])
    assert "asks: " in told["message"]
    assert not showing.all("window/showMessage")
    dropping.execute("athena.request.allow")
    client.until(agent, "idle")


def test_nothing_that_was_not_declared_or_is_turned_off(
    start: Start, repository: Path, client: Client
) -> None:
    bare = start({})
    assert "codeActionProvider" not in bare.announced
    quiet = start(None, "quiet", messages=False, progress=False, requests=False, actions=False)
    assert "codeActionProvider" not in quiet.announced
    agent = bare.execute("athena.agent.spawn", prompt="```scenario\nsay Hello.\n```")["id"]
    client.until(agent, "idle")
    bare.until("window/showMessage", lambda p: "is done" in p["message"])
    assert bare.all("$/progress") == [] and bare.all("window/workDoneProgress/create") == []
    assert not [m for m in quiet.heard if m.get("method", "").startswith(("window/", "$/"))]


def test_no_editor_is_left_behind(start: Start, client: Client) -> None:
    before = client.call("athena/system/info")["connections"]
    start().close()
    until_sync(lambda: client.call("athena/system/info")["connections"] == before)
    assert PLAIN
