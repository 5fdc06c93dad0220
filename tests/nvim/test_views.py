"""What a person sees in each view, and what keys do there."""

from __future__ import annotations

from pathlib import Path

from tests.app.playing import scenario
from tests.nvim.conftest import Open, prompts, spawn
from tests.nvim.screen import Nvim
from tests.support.athena import Athena, Client, Json
from tests.support.wait import until_sync

LASTING = True


def test_the_list_counts_nests_folds_and_acts_with_a_count(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    parent = spawn(client, project, "permit run true", name="planner")
    client.until(parent["id"], "needsPermission")
    for name in ("first", "second"):
        child = spawn(client, project, "say Hello.", name=name, parentId=parent["id"])
        client.until(child["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena")
    screen = nvim.sees("Athena · 3 agents · 1 waiting for you", "! planner", "○   first")
    assert screen.index("planner") < screen.index("first") < screen.index("second")
    nvim.keys("zc")
    nvim.sees_not("second")
    nvim.keys("zoj2x")
    nvim.sees("✓   first", "✓   second", "done")
    nvim.keys("ka")
    nvim.sees_not("waiting for you")
    client.until("planner", "idle")


def test_all_that_is_known_of_an_agent(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    for name in ("left", "right"):
        steps = f"title Rename things\nedit text.txt: line 5 -> {name}"
        spawn(client, project, steps, name=name, workspace={"kind": "new"})
        client.until(name, "idle")
    until_sync(lambda: client.agent("left")["conflicts"])
    nvim = open_nvim()
    nvim.command("Athena")
    nvim.sees("left ", "right", "conflicts")
    nvim.keys("K")
    nvim.sees("made with  scripted · scripted-small", "branch     athena/left", "turns      1")
    nvim.sees("conflicts  with right: text.txt:5")
    nvim.keys("q")
    nvim.sees_not("made with")


def test_a_copy_opens_and_says_what_it_is(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "write new.txt: made", name="worker", workspace={"kind": "new"})
    client.until("worker", "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript worker")
    nvim.sees("worker", "idle", "new.txt")
    nvim.command("Athena fork name=other Do it in another way")
    nvim.sees("A copy of worker as it was after turn 1", "Do it in another way")
    assert Path(client.until_workspace("other"), "new.txt").exists()
    nvim.command("Athena")
    nvim.sees("other", "worker")
    nvim.keys("/other<CR>K")
    nvim.sees("copy of    worker")


def test_a_view_opens_where_one_says(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "say Ready.", name="reader")
    client.until("reader", "idle")
    nvim = open_nvim("nvim-0.12", "hello.py")
    views = (
        ("vertical", "transcript reader", 1, 2),
        ("tab", "transcript reader", 2, 1),
        ("botright", "inbox", 2, 2),
    )
    for how, view, tabs, windows in views:
        nvim.command(f"{how} Athena {view}")
        count = "return { vim.fn.tabpagenr('$'), #vim.api.nvim_tabpage_list_wins(0) }"
        wanted = [tabs, windows]
        nvim.until(lambda count=count, wanted=wanted: nvim.lua(count) == wanted, how)
        nvim.sees("Ready.", "reader ○ idle")
    nvim.sees("Nothing waits for you.")


def test_a_request_appears_without_the_focus_and_escape_decides_nothing(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.command("Athena inbox")
    nvim.sees("Nothing waits for you.")
    nvim.command("edit hello.py")
    spawn(client, project, "permit run true | allow-once, reject-once\nsay So be it.", name="asker")
    nvim.sees("asker asks · execute", "1 Allow once   (a)", "2 Reject   (d)", ":Athena answer")
    assert nvim.call("nvim_buf_get_name", 0).endswith("hello.py")
    nvim.command("Athena answer")
    nvim.sees("<Esc> decides nothing")
    nvim.keys("<Esc>")
    nvim.sees_not("asker asks")
    nvim.command("Athena inbox")
    nvim.sees("Inbox · 1 request", "! asker")
    nvim.keys("<CR>")
    nvim.sees("2 Reject")
    nvim.keys("2")
    nvim.sees("Nothing waits for you.")
    client.until("asker", "idle")
    closed = [e["data"] for e in client.events("asker") if e["kind"] == "requestClosed"]
    assert [data["optionId"] for data in closed] == ["reject-once"]


def test_a_question_is_asked_with_the_select_of_the_user(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(
        client,
        project,
        "question Tea or coffee? | Tea, Coffee\nsay You chose ${answer}.",
        name="host",
    )
    client.until_status("host", "needsInput")
    nvim = open_nvim()
    nvim.command("Athena transcript host")
    nvim.sees("has a question", "! Tea or coffee?")
    nvim.lua(
        "_G.seen = {}; vim.ui.select = function(items, opts, done) seen = opts; done(items[2]) end"
    )
    nvim.keys("<Tab>")
    nvim.sees("host asks", "1 Tea", "2 Coffee", "<CR> something else")
    nvim.keys("<CR>")
    nvim.sees("You chose Coffee.")
    assert nvim.lua("return seen.prompt") == "Tea or coffee?"


def test_a_question_with_few_answers_takes_one_key(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "question Tea or coffee? | Tea, Coffee\nsay You chose ${answer}.\nquestion Why?"
    spawn(client, project, steps, name="host")
    client.until_status("host", "needsInput")
    nvim = open_nvim()
    nvim.command("Athena transcript host")
    nvim.sees("! Tea or coffee?")
    nvim.keys("<Tab>")
    nvim.sees("1 Tea", "2 Coffee", "<Esc> decides nothing")
    nvim.keys("2")
    nvim.sees("You chose Coffee.", "! Why?")
    nvim.keys("<Tab>")
    nvim.sees("host asks", "<CR> answer")


def test_the_transcript_follows_until_one_moves_up(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    lines = "\n".join(f"say Line {n} of many." for n in range(40))
    spawn(client, project, f"{lines}\ngate go\nsay The last word.", name="talker")
    nvim = open_nvim()
    nvim.command("Athena transcript talker")
    nvim.sees("Line 39 of many.")
    nvim.keys("10k")
    before = nvim.call("nvim_win_get_cursor", 0)
    (project / "go").touch()
    client.until("talker", "idle")
    nvim.until(
        lambda: (
            "The last word."
            in "".join(nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)"))
        ),
        "came",
    )
    assert nvim.call("nvim_win_get_cursor", 0) == before
    nvim.keys("G")
    nvim.sees("The last word.")
    client.call("athena/agent/prompt", agent="talker", text=scenario("say More of it."))
    nvim.sees("More of it.")


def test_turns_folds_and_filters(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(
        client,
        project,
        "run echo out of the tool\nsay First.\nturn 2:\n    say Second.",
        name="worker",
    )
    client.until(agent["id"], "idle")
    client.call("athena/agent/prompt", agent="worker", text="Go on")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript worker")
    nvim.sees("## Turn 2", "Second.", "✓ execute: echo out of the tool")
    assert "out of the tool\n" not in nvim.screen().replace("echo out of the tool\n", "")
    nvim.keys("gg]t")
    assert nvim.call("nvim_get_current_line").startswith("## Turn 2")
    nvim.keys("[t")
    assert nvim.call("nvim_get_current_line").startswith("## Turn 1")
    closed = "return vim.fn.foldclosed(vim.fn.search('execute: echo', 'cw')) > 0"
    assert nvim.lua(closed)
    nvim.keys("<CR>")
    nvim.until(lambda: not nvim.lua(closed), "the tool call opens")
    nvim.lua("vim.ui.select = function(items, _, done) done(items[3]) end")
    nvim.keys("f")
    nvim.sees("only tool calls", "✓ execute")
    nvim.sees_not("First.", "Second.")


def test_scrolling_goes_as_far_as_it_says(
    athena: Athena, client: Client, project: Path, nvim: Nvim
) -> None:
    agent = spawn(client, project, "repeat 90:\n    tool read: step ${count} | done", name="worker")
    client.until(agent["id"], "idle")
    nvim.command("Athena transcript worker")
    nvim.sees("step 72\n", "step 90\n")
    # Half a screen is ten tool calls, each of them folded to a line.
    nvim.keys("<C-u>")
    nvim.sees("step 62\n", "step 80\n")
    nvim.keys("<C-u>")
    nvim.sees("step 52\n", "step 70\n")
    nvim.keys("<C-d>")
    nvim.sees("step 62\n", "step 80\n")


def test_what_is_left_by_a_filter_is_in_view(
    athena: Athena, client: Client, project: Path, nvim: Nvim
) -> None:
    text = "repeat 60:\n    tool read: step ${count} | done\nturn 2:\n    say And more."
    agent = spawn(client, project, text, name="worker")
    client.until(agent["id"], "idle")
    client.call("athena/agent/prompt", agent="worker", text="Go on")
    client.until(agent["id"], "idle")
    nvim.command("Athena transcript worker")
    nvim.sees("step 60", "And more.")
    # The second turn is at the top of the window, and then there is much less above it, or nothing.
    nvim.keys("gg]t")
    nvim.until(lambda: "step 60" not in nvim.screen(), "turn 2 is at the top")
    nvim.lua("vim.ui.select = function(items, _, done) done(items[#items]) end")
    nvim.lua("vim.ui.input = function(_, done) done('step 42') end")
    nvim.keys("f")
    nvim.sees("only what holds step 42", "## Turn 1", "read: step 42")
    # The item at the cursor stays, and the one at the top of the window goes.
    nvim.lua("vim.ui.select = function(items, _, done) done(items[1]) end")
    nvim.keys("f")
    nvim.sees("And more.")
    nvim.keys("?step 42$<CR>zz")
    nvim.until(lambda: nvim.lua("return vim.fn.line('w0')") > 100, "others are above it")
    nvim.lua("vim.ui.select = function(items, _, done) done(items[#items]) end")
    nvim.keys("f")
    nvim.sees("only what holds step 42", "## Turn 1", "read: step 42")
    nvim.sees_not("read: step 41")


def test_what_runs_or_waits_is_open_and_what_is_over_is_folded(
    athena: Athena, client: Client, project: Path, nvim: Nvim
) -> None:
    steps = """
        read text.txt
        stream echo first row; until [ -e go ]; do sleep 0.05; done
        permit edit text.txt: line 5 -> FIVE
        say Over.
    """
    spawn(client, project, steps, name="worker")
    nvim.command("Athena transcript worker")
    nvim.sees("● execute: echo first row", "\nfirst row")
    (project / "go").touch()
    # What is to be allowed is in view before it is.
    nvim.sees("◌ edit: Edit text.txt", "-line 5", "+FIVE", "a allow   d reject")
    screen = nvim.sees_not("\nfirst row")
    lines = screen.splitlines()
    above = next(n for n, line in enumerate(lines) if "✓ read" in line)
    assert lines[above + 1].startswith("✓ execute"), screen
    for text, group in (("-line 5", "AthenaRemoved"), ("+FIVE", "AthenaAdded")):
        wanted = nvim.call("nvim_get_hl", 0, {"name": group, "link": False})["fg"]
        nvim.until(lambda t=text, w=wanted: nvim.color_of(t) == w, f"{text} as {group}")
    nvim.keys("a")
    screen = nvim.sees("✓ edit: Edit text.txt +1 -1", "Over.", "○ idle")
    nvim.sees_not("-line 5")
    # The window is full to its end again.
    nvim.sees("## Turn 1")


def test_a_long_transcript_comes_in_pages(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "".join(f"tool read: step {n} | done\n" for n in range(60))
    agent = spawn(client, project, steps, name="long")
    client.until(agent["id"], "idle")
    nvim = open_nvim(options={"page": 20})
    nvim.command("Athena transcript long")
    nvim.sees("step 59")
    count = "return select(2, table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true)):gsub('read: step', ''))"
    assert nvim.lua(count) <= 20
    for wanted in (40, 60):
        nvim.keys("gg")
        nvim.until(lambda wanted=wanted: nvim.lua(count) >= min(wanted - 2, 58), f"{wanted} steps")
        assert "step 59" in "".join(nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)"))
    nvim.keys("gg")
    nvim.sees("step 0")


def test_a_prompt_completes_files_and_carries_them(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(
        client, project, "say Ready.\nturn 2:\n    say ${prompt} with ${attachments}", name="reader"
    )
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena prompt reader")
    nvim.sees("prompt reader", "<M-s> steer")
    nvim.keys("Look at @hel")
    nvim.sees("hello.py", "file")
    nvim.keys("<C-n><C-y> please<CR>twice.<C-s>")
    content = prompts(client, "reader", 2)[-1]
    assert content[0]["text"] == "Look at @hello.py please\ntwice."
    assert content[1]["uri"] == (project / "hello.py").as_uri()


def test_what_a_motion_covers_goes_to_an_agent(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.\nother turns:\n    say Fixed.", name="fixer")
    client.until(agent["id"], "idle")
    nvim = open_nvim("nvim-0.12", "text.txt", options={"prefix": "<Space>a"})
    nvim.lua("require('athena').setup(vim.g.athena)")
    nvim.lua("vim.ui.select = function(items, _, done) done(items[2]) end")
    nvim.keys("3G<Space>af2j")
    nvim.sees("sent to fixer")
    text, link = prompts(client, "fixer", 2)[-1]
    assert text["text"] == "Fix this."
    assert (link["line"], link["endLine"]) == (3, 5)


def test_events_and_the_status_line_are_for_users_to_build_on(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.lua("""
        _G.ended = {}
        vim.o.statusline = "%{v:lua.require'athena'.statusline()}|"
        vim.api.nvim_create_autocmd("User", {
          pattern = "AthenaEventTurnEnded",
          callback = function(args)
            table.insert(ended, args.data.agent.name .. " " .. args.data.event.data.stopReason)
          end,
        })
    """)
    nvim.sees("|")
    assert "athena" not in nvim.screen()
    nvim.command("Athena inbox")
    spawn(client, project, "gate go\npermit run true", name="builder")
    nvim.sees("athena ●1|")
    (project / "go").touch()
    nvim.sees("athena !1|")
    nvim.command("Athena allow")
    nvim.sees("athena|")
    until_sync(lambda: nvim.lua("return ended") == ["builder endTurn"])


def test_two_agents_side_by_side_go_to_the_same_turn(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent: Json = {}
    for name in ("left", "right"):
        agent = spawn(client, project, f"say {name} one.\nturn 2:\n    say {name} two.", name=name)
        client.until(agent["id"], "idle")
        client.call("athena/agent/prompt", agent=name, text="Go on")
        client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena compare left right")
    nvim.sees("2 turns", "left one.", "right one.")
    other = f"vim.fn.win_findbuf(vim.fn.bufnr('athena://transcript/{agent['id']}'))[1]"
    line = f"return vim.fn.getbufoneline(vim.fn.winbufnr({other}), vim.fn.line('.', {other}))"
    nvim.keys("gg")
    nvim.until(lambda: "Turn 1" in nvim.lua(line), "the other is at turn 1")
    nvim.keys("]t")
    nvim.until(lambda: "Turn 2" in nvim.lua(line), "the other is at turn 2")


def test_a_replay_goes_by_step_and_seeks(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say One.\nrun true\nsay Two.\nsay Three.", name="past")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena replay past")
    nvim.sees("past", "1/")
    nvim.sees_not("\nOne.")
    nvim.keys("n")
    nvim.sees("\nOne.", "2/5")
    nvim.keys("$")
    nvim.sees("\nThree.", "5/5")
    nvim.keys("2p")
    nvim.sees("✓ execute: true", "3/5")
    nvim.sees_not("\nTwo.")
    nvim.keys("s100%<CR>")
    nvim.sees("\nThree.", "5/5")


def test_a_turn_is_reverted_and_brought_back(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(
        client, project, "edit hello.py: hi -> changed", name="undoer", workspace={"kind": "new"}
    )
    client.until(agent["id"], "idle")
    file = Path(client.agent("undoer")["workspace"]["path"]) / "hello.py"
    nvim = open_nvim()
    nvim.command("Athena transcript undoer")
    nvim.sees("✓ edit: Edit hello.py")
    nvim.keys("gr")
    nvim.sees("Revert a turn of undoer: hello.py?")
    nvim.keys("1<CR>")
    until_sync(lambda: file.exists() and "hi" in file.read_text())
    nvim.sees("reverted")
    nvim.command("Athena undo")
    until_sync(lambda: file.exists() and "changed" in file.read_text())


def test_a_merge_is_undone(athena: Athena, client: Client, project: Path, open_nvim: Open) -> None:
    agent = spawn(
        client, project, "edit hello.py: hi -> changed", name="merger", workspace={"kind": "new"}
    )
    client.until(agent["id"], "idle")
    file = project / "hello.py"
    nvim = open_nvim()
    nvim.command("Athena merge merger how=squash")
    nvim.sees("merged (:Athena undo takes it back)")
    assert "changed" in file.read_text()
    # What was done last is known to Athena: another editor can undo it, too.
    open_nvim().command("Athena undo merger")
    until_sync(lambda: "hi" in file.read_text())


def test_who_wrote_a_line_is_said_beside_it(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(
        client, project, "edit text.txt: line 2 -> second", name="author", workspace={"kind": "new"}
    )
    client.until(agent["id"], "idle")
    file = Path(client.agent("author")["workspace"]["path"]) / "text.txt"
    nvim = open_nvim("nvim-0.12", str(file))
    nvim.command("2")
    nvim.command("Athena who")
    nvim.sees("second   author, turn 1:")


def test_a_transcript_has_the_name_of_its_agent(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.", name="old")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript old")
    nvim.sees(f"athena://transcript/{agent['id']}/old", "old ○ idle")
    nvim.command("Athena rename old new")
    nvim.sees(f"athena://transcript/{agent['id']}/new", "new ○ idle", "Ready.")
    # A session that was saved finds it again by its id, whatever it was called.
    nvim.command("%bwipeout")
    nvim.sees_not("Ready.")
    nvim.command(f"edit athena://transcript/{agent['id']}/old")
    nvim.sees("new ○ idle", "Ready.")


def test_a_view_is_found_again_by_its_name(
    athena: Athena, client: Client, project: Path, tmp_path: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.", name="reader")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    names = {
        "agents": "○ reader",
        "inbox": "Nothing waits for you.",
        f"replay/{agent['id']}/reader": "1/2",
        f"transcript/{agent['id']}/reader": "scripted-small · ask",
    }
    for name, text in names.items():
        nvim.command(f"edit athena://{name}")
        nvim.sees(text)
        nvim.keys("g?")
        nvim.sees("show these keys")
        nvim.keys("q")
        nvim.sees_not("show these keys")
    nvim.command("edit")
    nvim.sees("Ready.", "reader ○ idle")
    nvim.command("edit athena://nothing")
    nvim.sees("Athena shows nothing under athena://nothing")

    # A session brings all of them back, and the focus stays where it was.
    nvim.command("Athena transcript reader")
    nvim.command("vsplit | Athena")
    nvim.sees("○ reader", "Ready.")
    nvim.keys("<C-w>p")
    session = tmp_path / "session.vim"
    nvim.command(f"mksession {session}")
    saved = "doautoall SessionLoadPost"
    nvim.until(lambda: session.exists() and saved in session.read_text(), "the session is saved")
    other = open_nvim()
    other.command(f"silent source {session}")
    other.sees("○ reader", "Ready.", "reader ○ idle")
    other.until(
        lambda: "transcript" in other.call("nvim_buf_get_name", 0), "the focus is where it was"
    )


def test_a_name_is_free_again_when_its_agent_is_archived(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    first = spawn(client, project, "say First.", name="twin")
    client.until(first["id"], "idle")
    client.call("athena/agent/stop", agent=first["id"])
    client.until_status(first["id"], "done")
    until_sync(lambda: not client.agent(first["id"]).get("runId"))
    client.call("athena/agent/archive", agent=first["id"])
    second = spawn(client, project, "say Second.", name="twin")
    client.until(second["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript twin")
    nvim.sees("Second.")


def test_a_selection_of_agents_is_acted_on_and_compared(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    for name in ("one", "two", "three"):
        agent = spawn(client, project, f"say I am {name}.", name=name)
        client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena")
    nvim.sees("3 agents")
    nvim.keys("ggjjVjgc")
    nvim.sees("harness", "I am one.", "I am two.")
    nvim.command("tabclose")
    nvim.sees("3 agents")
    nvim.keys("Vkx")
    nvim.sees("✓ one", "✓ two", "○ three")
    nvim.keys("ggjjVjA")
    nvim.sees("1 agent ", "○ three")


def test_a_replay_plays_by_itself_and_pauses(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say One.\nsay Two.\nsay Three.", name="film")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena replay film")
    nvim.sees("‖", "1/4")
    nvim.keys("++<Space>")
    nvim.sees("4x", "4/4", "\nThree.")
    nvim.sees("‖")
    nvim.keys("0")
    nvim.sees("1/4")
    nvim.sees_not("\nOne.")
