"""The web view alone, in a real browser before a real Athena: hostile, large, and by its controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.athena import Athena, Client, make_repository
from tests.vscode.large import large_athena
from tests.vscode.workbench import EXTENSION, drive, rehearse

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(300)]

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def client(athena: Athena) -> Iterator[Client]:
    with athena.client() as client:
        yield client


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repo")


@pytest.fixture
def look(vsix: Path, athena: Athena, tmp_path: Path) -> Look:
    """Opens the view of an agent and plays one script there."""

    def play(script: str, timeout: float = 60, **inputs: object) -> dict[str, Any]:
        given = {"athena": athena.command(), "failures": str(tmp_path), **inputs}
        profile = tmp_path / "profile"
        return drive(f"view_{script}.mjs", athena.environment, profile, timeout, **given)

    return play


def test_the_bundle_is_small(vsix: Path) -> None:
    """The web view's script, minified, and the whole package."""
    script = (EXTENSION / "dist" / "webview" / "webview.js").stat().st_size
    print(f"web view {script / 1024:.1f} KB, package {vsix.stat().st_size / 1024:.1f} KB")
    assert script <= 180 * 1024


HOSTILE = r"""
say
    <script>window.owned = 'script'; alert(1)</script>
    <img src="http://elsewhere.test/i.png" onerror="window.owned='img'"> <svg onload="owned='svg'"></svg>
    <iframe src="javascript:parent.owned='frame'"></iframe><meta http-equiv="refresh" content="0;url=http://elsewhere.test/">
    <style>@import url(http://elsewhere.test/s.css); body { display: none }</style>
    <a href="javascript:owned='a'" onclick="owned='click'">raw link</a> <form action="http://elsewhere.test/"><input autofocus onfocus="owned=1"></form>

    ![picture](http://elsewhere.test/markdown.png) ![x](javascript:alert(2)) ![y](data:text/html,<script>owned=1</script>)

    [one](javascript:owned='link') [two](JaVaScRiPt:alert(3)) [three](command:workbench.action.terminal.new)
    [four](data:text/html;base64,PHNjcmlwdD5vd25lZD0xPC9zY3JpcHQ+) [five](vscode://vscode.git/clone?url=x) [six](//elsewhere.test/x)
    [seven](https://example.test/good) [eight](src/main.py:7) <javascript:alert(4)> <https://example.test/auto> [nine](java&#10;script:alert(5))
    [ten](file:///etc/passwd) [eleven](\\\\elsewhere.test\\share\\x) [twelve](mailto:a@b.test)

    ```<img src=x onerror=owned=1>
    <script>owned = 'code'</script>
    ```

    | <b onmouseover=owned=1>head</b> | `<i>` |
    | --- | --- |
    | <script>owned='cell'</script> | &lt;script&gt; |
plan [x] <img src=x onerror=owned=1> [ ] <script>owned=1</script>
tool execute: <img src=x onerror="owned='title'"> | hostile output <script>owned='output'</script>
think <script>owned='thought'</script>
say The end of it.
question <img src=x onerror=owned=1> Which? | <script>owned=1</script>, no
"""


def test_hostile_transcript_is_only_text(look: Look, client: Client, repository: Path) -> None:
    """Nothing executes, nothing is fetched, and links do nothing but what the editor allows."""
    prompt = f"<script>owned='prompt'</script>\n```scenario{HOSTILE}```\n"
    agent = client.call("athena/agent/spawn", prompt=prompt, project=str(repository))["id"]
    waiting = client.until(agent, "needsInput", "needsPermission")
    request = waiting["requests"][0]["requestId"]
    seen = look("hostile", agent=agent, request=request)
    assert seen["owned"] is None
    assert seen["dialogs"] == [] and seen["pages"] == []
    assert seen["address"] == "https://view.test/"
    names = {"", "webview.js", "webview.css", "codicon.css", "codicon.ttf"}
    fetched = {url.split("?")[0] for url in seen["fetched"]}
    assert fetched <= {f"https://view.test/{name}" for name in names}
    drawn = {"script", "img", "svg", "iframe", "meta", "style", "form", "input", "b", "i", "object"}
    assert not drawn & set(seen["elements"])
    assert seen["handlers"] == [] and seen["addresses"] == []
    for shown in ("<script>window.owned = 'script'; alert(1)</script>", "<iframe src=", "<i>"):
        assert shown in seen["words"]
    assert "<script>&lt;script&gt;" not in seen["words"], "characters that are named are drawn"
    assert seen["links"] >= 15
    opened = {action.get("url") or action["path"] for action in seen["actions"]}
    assert opened == {
        "http://elsewhere.test/markdown.png",
        "https://example.test/good",
        "https://example.test/auto",
        "src/main.py",
        "/etc/passwd",
    }
    assert {action["do"] for action in seen["actions"]} == {"openLink", "openFile"}
    refused = seen["refused"]
    assert refused["owned"] is None
    assert {"connect-src", "img-src", "require-trusted-types-for"} <= set(refused["violations"])


DEEP = {
    "quotes": ">" * 5000 + " q",
    "emphasis": "*" * 3000 + "e" + "*" * 3000,
    "brackets": "[" * 15_000,
    "images": "![" * 7_000,
    "entities": "&#9999999; &#0; &#xffffff; &amp; &nosuch;",
    "table": "|" * 5000 + "\n" + "|-" * 5000,
    "control": "\x01\x02\u202e\u2066 right to left \ud83d alone".encode(
        "utf-8", "surrogatepass"
    ).decode("utf-8", "replace"),
    "line": "x" * 15_000,
    "code": "```python\n" + "('" * 7000 + "\n```",
}


def test_markdown_that_wants_to_break_the_view(
    look: Look, client: Client, repository: Path
) -> None:
    """Each is shown, none takes the others with it, and none holds the page for long."""
    steps = "".join(f"say\n    {t.replace(chr(10), chr(10) + '    ')}\n" for t in DEEP.values())
    lists = "\n".join("    " + "  " * level + "- deep" for level in range(60))
    prompt = f"deep\n```scenario\n{steps}say\n{lists}\nsay And the end.\n```\n"
    agent = client.call("athena/agent/spawn", prompt=prompt, project=str(repository))["id"]
    client.until(agent, "idle")
    seen = look("deep", agent=agent)
    print(seen["output"])
    assert seen["messages"] == len(DEEP) + 2
    assert seen["problems"] == []
    assert seen["slowest"] < 2000, "milliseconds in which the page could not move"


def test_one_huge_message(look: Look, client: Client, repository: Path) -> None:
    """A message of 50 MB is shown by its beginning, and on demand by as much as a page can bear."""
    prompt = (
        "huge\n```scenario\nrepeat 50:\n    say-size 1MB\ntool read: x | y\nsay And the end.\n```\n"
    )
    agent = client.call("athena/agent/spawn", prompt=prompt, project=str(repository))["id"]
    client.until(agent, "idle", timeout=60)
    seen = look("huge", timeout=120, agent=agent)
    print(seen["output"])
    assert seen["shown"] == 500_000
    assert "The first 500 KB of 5" in seen["rest"]
    assert seen["opening"] < 2000, "milliseconds in which the page could not move"
    assert seen["whole"] < 4000, "milliseconds in which the page could not move"


ITEMS = 100_000
"""They are about 60 MB in the database."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_items_stay_smooth(
    look: Look, athena: Athena, client: Client, repository: Path, tmp_path: Path
) -> None:
    """All of them loaded into one view: what is drawn stays small, and so do the frames."""
    prompt = "```scenario\nsay It begins.\n```"
    agent = client.call("athena/agent/spawn", prompt=prompt, project=str(repository))["id"]
    client.until(agent, "idle")
    large = large_athena(athena, tmp_path, agent, ITEMS)
    try:
        with large.client() as warm:
            warm.call("athena/transcript/page", agent=agent)
        seen = look(
            "large",
            timeout=600,
            agent=agent,
            athena=large.command(),
            env=large.environment,
            count=ITEMS,
            find="step-50002",
            patience=400_000,
        )
    finally:
        large.stop()
    print(seen["output"])
    assert seen["loaded"] >= ITEMS
    assert seen["drawn"] < 100
    assert seen["hits"] == 1
    assert seen["errors"] == ITEMS // 1000
    # A machine that does other things too has slow frames of its own: the median is ours.
    assert seen["scroll"]["p50"] <= 2 * max(17, seen["idleFrame"]["p50"])
    assert seen["emptyFrames"] == 0


CONTROLS = """
harness:
    modes   ask*, auto, plan
    models  small*, large
    option  depth: low*, high
    command review <what>: Reviews something

think  A thought before I begin, which is folded.
read   hello.py
edit   hello.py: hello -> goodbye
tool   execute failed: make broken | no such target
say    Here is a needle. I listen now.
listen within 60s
say    I was told: ${steered}
gate   GATE within 60s

other turns:
    say You said: ${prompt}
    ask May I go on? | allow-once "Go on", reject-once "Stop"
    on allow:
        say It is allowed.
"""


def test_everything_by_the_keyboard(
    look: Look, athena: Athena, repository: Path, tmp_path: Path
) -> None:
    """Steer, queue, take back, pickers, slash commands, interrupt, answer, search, filter, folds,
    jump, copy."""
    rehearse(athena, CONTROLS.replace("GATE", str(tmp_path / "gate")))
    with athena.client() as client:
        agent = client.call("athena/agent/spawn", prompt="Begin", project=str(repository))["id"]
        seen = look("controls", agent=agent)
        delivered = [
            e["data"]["delivery"] for e in client.events(agent) if e["kind"] == "promptQueued"
        ]
    assert seen["nameless"] == []
    assert seen["feed"] >= 5
    assert (seen["steered"], seen["queued"]) == (1, 2)
    assert delivered.count("steer") == 1
    assert seen["modes"] == ["Ask", "Auto", "Plan"]
    assert seen["models"] == ["Small", "Large"]
    assert seen["depths"] == ["Low", "High"]
    assert seen["slash"] == ["/review"] and seen["picked"] == "/review "
    assert seen["dropped"]["uris"] == ["file:///a/b.py", "vscode-remote://h/c.py"]
    assert any(words.startswith("Interrupted") for words in seen["ends"])
    assert seen["searchHasFocus"] == "Search the transcript"
    assert seen["hits"] == 1
    kinds = {name: set(labels) for name, labels in seen["filtered"].items()}
    assert kinds["talk"] == {"Your message", "Message of the agent"}
    assert kinds["tools"] == {"Tool call"} and len(seen["filtered"]["tools"]) == 4
    assert len(seen["filtered"]["changes"]) == 1
    assert len(seen["filtered"]["errors"]) == 1
    assert "Thought of the agent" in kinds["all"]
    assert seen["moved"]
    assert seen["opened"]["do"] == "openFile" and seen["opened"]["path"].endswith("hello.py")
    assert seen["copied"] == "It is allowed."


REPLAY = """
say It begins.
repeat 600:
    tool read: Step ${count} | ok
tool execute failed: make broken | no such target
say It is over.
"""


def test_replay_goes_anywhere_and_does_nothing(
    look: Look, client: Client, repository: Path
) -> None:
    """Seek far beyond what is loaded, step both ways, filter; a replay only reads."""
    prompt = f"```scenario{REPLAY}```"
    agent = client.call("athena/agent/spawn", prompt=prompt, project=str(repository))["id"]
    client.until(agent, "idle")
    before = len(client.events(agent))
    seen = look("replay", agent=agent)
    assert seen["prompt"] == 0
    assert 100 < seen["quarter"] < 200
    assert seen["most"] > 600 and seen["badge"] == "Replay"
    assert seen["ended"] == 0, "a turn has not ended before its end"
    assert seen["step"] == seen["quarter"] + 1
    assert "make broken" in seen["error"]
    assert seen["writes"] == []
    assert len(client.events(agent)) == before


ASKING = """
repeat 60:
    tool read: Step ${count} | ok
question What is it called?
"""


def test_an_answer_that_was_begun_is_kept(look: Look, client: Client, repository: Path) -> None:
    """Whoever looks back before they answer finds what they have written so far."""
    prompt = f"```scenario{ASKING}```"
    agent = client.call("athena/agent/spawn", prompt=prompt, project=str(repository))["id"]
    client.until(agent, "needsInput")
    seen = look("answer", agent=agent)
    assert seen["kept"] == "A name"
    client.until(agent, "idle")
    (closed,) = [e["data"] for e in client.events(agent) if e["kind"] == "requestClosed"]
    assert "A name" in str(closed)


WRITING = """
other turns:
    say You sent ${attachments}
"""


def test_writing_a_prompt(look: Look, athena: Athena, tmp_path: Path) -> None:
    """`@` completes files, a draft and a lost answer lose nothing, pictures are pasted."""
    rehearse(athena, WRITING)
    files = {"src/deep/util.py": "", "src/deep/util_more.py": "", "main.py": ""}
    project = make_repository(tmp_path / "files", files)
    with athena.client() as client:
        agent = client.call("athena/agent/spawn", project=str(project))["id"]
        client.until(agent, "idle")
        seen = look("prompt", agent=agent)
    assert seen["draft"] == "kept from before"
    assert seen["attached"] == seen["kept"] == ["before.py"]
    assert seen["files"] == ["util.py", "util_more.py"]
    assert seen["active"].startswith("util.py")
    assert seen["closed"] == []
    assert seen["completed"] == "Compare @src/deep/util.py "
    assert seen["written"] == "Compare @src/deep/util.py with @main as it is"
    assert seen["keptText"] == seen["written"]
    assert (seen["tries"], seen["names"], seen["said"]) == (2, 1, 1)
    assert seen["content"] == [["image", ""], ["resource_link", "util.py"]]
    assert seen["chips"] == 0
    assert seen["rest"] == "and then that"


LONG = """
say The first of all.
repeat 900:
    tool read: Step ${count} | step ${count} says something

turn 2:
    say It is over.

other turns:
    say You said: ${prompt}
"""


def test_finding_what_is_not_loaded(look: Look, athena: Athena, repository: Path) -> None:
    """A turn of the tree, an item that a search found, and the way back to the end."""
    rehearse(athena, LONG)
    with athena.client() as client:
        agent = client.call("athena/agent/spawn", prompt="Begin", project=str(repository))["id"]
        client.until(agent, "idle")
        client.call("athena/agent/prompt", agent=agent, text="End")
        client.until(agent, "idle")
        page = client.call("athena/transcript/page", agent=agent, find="step 5 says", limit=5)
        first, item = page["turns"][0]["turnId"], page["items"][0]["itemId"]
        seen = look("find", agent=agent, first=first, item=item)
    assert seen["unended"] == 0, "a turn that goes on beyond what is loaded has not ended there"
    assert seen["hits"] == ["Step 77"]
    assert seen["searching"] == 1, "a short list of hits is no reason to load all the rest"
    assert seen["around"] > 2
    assert seen["pages"] <= 4, "what is between is not loaded"
    assert seen["during"] == seen["before"], "what comes meanwhile is not at the end of that part"
    assert seen["marks"] == 0
    assert seen["problems"] == []


def test_a_replay_goes_by_turns(look: Look, athena: Athena, repository: Path) -> None:
    """Also to what is far from what is loaded, and nothing between is loaded."""
    rehearse(athena, LONG)
    with athena.client() as client:
        agent = client.call("athena/agent/spawn", prompt="Begin", project=str(repository))["id"]
        client.until(agent, "idle")
        client.call("athena/agent/prompt", agent=agent, text="End")
        client.until(agent, "idle")
        seen = look("turns", agent=agent)
    assert seen["first"] == 1
    assert seen["pages"] == 3, "the last one, and those before and after the beginning"
    assert 100 < seen["step"] < 200
    assert seen["limits"] == [200]


COMPARED = """
if prompt contains one:
    say I begin.
    write both.txt: of the first
    run : ; python3 -m unittest nothing_here
    say - [x] It is done
    usage input=4000 output=300 cost=0.03
if prompt contains two:
    write both.txt: of the second
    run : ; python3 -m unittest --help
    say | a heading | another |
        | --- | --- |
        | cell | `src/app.py:3` |
    usage input=2000 output=100 cost=0.01
if prompt contains three:
    write alone.txt: of the third
    say Nothing else.
if prompt contains four:
    permit run true
other turns:
    say You said: ${prompt}
"""


def test_agents_side_by_side(look: Look, athena: Athena, repository: Path) -> None:
    rehearse(athena, COMPARED)
    names = ["one", "two", "three", "four"]
    with athena.client() as client:
        agents = [
            client.call("athena/agent/spawn", name=n, prompt=n, project=str(repository))["id"]
            for n in names
        ]
        for name in names[:3]:
            client.until(name, "idle")
        client.until("four", "needsPermission")
        seen = look("compare", agents=agents, names=names)
    assert seen["one"]["Tests"] == "failed|"
    assert seen["two"]["Tests"] == "passed|best"
    assert seen["three"]["Tests"] == "none run|"
    assert seen["two"]["Cost"] == "$0.010 (reported)|best"
    assert seen["three"]["Cost"] == "not known|"
    assert seen["four"]["Time"] == "running|", "what goes on is no result"
    assert seen["two"]["Tokens"].endswith("|best")
    assert seen["compare"] == ["one → two", "two → one"], "only with who changed the file too"
    assert seen["messages"] == ["I begin.", "It is done"], "a task has one box, and no brackets"
    compare, take, merge = seen["actions"]
    assert (compare["do"], compare["agents"]) == ("compareFile", agents[:2])
    assert take["argument"] == {"agent": agents[1], "paths": ["both.txt"]}
    assert merge["command"] == "athena.merge.run"
    assert seen["turns"] == "2|"
    assert seen["takeable"] == names[:3], "of one that changed nothing there is nothing to take"
