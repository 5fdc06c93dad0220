"""Going far in a long session reads what is around the place, and nothing that is between."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nvim.conftest import Json, Open, spawn
from tests.nvim.screen import Nvim
from tests.support.athena import Athena, Client, make_repository
from tests.support.wait import until_sync

STEPS = 6000
TOTAL = STEPS + 8
"""Each of the four turns has its prompt; one says what it begins and one that it is over."""

SCENARIO = f"""
say It begins.
turn 2:
    repeat {STEPS}:
        tool read: step ${{count}} | found ${{count}}
    say The steps are over.
turn 3:
    say The third turn.
turn 4:
    say The fourth turn.
other turns:
    say You said ${{prompt}}.
"""

PAGE = 500
"""What a replay reads at once; a transcript in the tests here reads 100."""

COUNTS = """
local client = require("athena.client")
local request = client.request
pages, fetched, located = 0, 0, 0
client.request = function(method, params, answered)
  located = located + (method == "athena/transcript/locate" and 1 or 0)
  return request(method, params, function(failure, result)
    if method == "athena/transcript/page" and result then
      pages, fetched = pages + 1, fetched + #result.items
    end
    answered(failure, result)
  end)
end
"""
"""Counts the pages and items that come, which come all the same, and places that are asked for."""

HELD = 1000
"""The most items that a transcript holds."""

LINES_OF_A_STEP = 4

DRAWN = """
drawn = 0
vim.api.nvim_buf_attach(0, false, {
  on_lines = function(_, _, _, first, _, last) drawn = drawn + last - first end,
})
"""
"""Counts the lines that are written to the buffer."""

pytestmark = pytest.mark.xdist_group("far")  # All share an agent that takes a while to make.

LINES = "return vim.api.nvim_buf_get_lines(0, 0, -1, true)"


@pytest.fixture
def athena(lasting: Athena) -> Athena:
    """One for all tests, with the agent that takes a while to make."""
    return lasting


@pytest.fixture(scope="module")
def long(lasting: Athena, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Json]:
    """An agent of four turns, of which the second one is long."""
    project = make_repository(tmp_path_factory.mktemp("long") / "project")
    with lasting.client() as client:
        agent = spawn(client, project, SCENARIO, name="long")
        client.until(agent["id"], "idle", timeout=60)
        for text in ("second", "third", "fourth"):
            client.call("athena/agent/prompt", agent="long", text=text)
            client.until(agent["id"], "idle", timeout=110)
        yield agent


def counting(nvim: Nvim) -> None:
    """Count from now on what is fetched."""
    nvim.lua(COUNTS)


def fetched(nvim: Nvim) -> tuple[int, int]:
    """The pages and the items that were fetched since the last time."""
    pages, items = nvim.lua("local p, f = pages, fetched pages, fetched = 0, 0 return { p, f }")
    return pages, items


def steps(nvim: Nvim) -> list[int]:
    """The numbers of the steps that are in the buffer, in order."""
    found = (re.search(r"read: step (\d+)$", line) for line in nvim.lua(LINES))
    return [int(match[1]) for match in found if match]


def drawn(nvim: Nvim) -> int:
    """The lines that were written since the last time."""
    return nvim.lua("local d = drawn drawn = 0 return d")


def read_on(nvim: Nvim, keys: str) -> list[int]:
    """Type what leads to one page more; returns the steps that are there then, without a gap."""
    fetched(nvim)
    nvim.keys(keys)
    nvim.until(lambda: nvim.lua("return pages") == 1, "one page more")
    found = steps(nvim)
    assert found == list(range(found[0], found[-1] + 1))
    return found


def is_at_the_top(nvim: Nvim, step: int) -> bool:
    """Whether a step is in the first lines of the screen."""
    return any(row.endswith(f"read: step {step}") for row in nvim.screen().splitlines()[:5])


def seek(nvim: Nvim, to: str) -> None:
    nvim.lua("local to = ... vim.ui.input = function(_, done) done(to) end", to)
    nvim.keys("s")


@pytest.mark.timeout(240)
def test_a_replay_reads_what_is_around_a_place(client: Client, long: Json, open_nvim: Open) -> None:
    nvim = open_nvim()
    nvim.command("Athena agents")
    nvim.sees("long")
    counting(nvim)
    nvim.command("Athena replay long")
    nvim.sees(f"1/{TOTAL} ", "> say It begins.")
    assert fetched(nvim) == (1, PAGE)

    # The prompt of the second turn is the third item, its first step the fourth.
    seek(nvim, "4003")
    nvim.sees(f"4003/{TOTAL} ", "read: step 4000")
    assert fetched(nvim) == (2, 2 * PAGE)
    shown = steps(nvim)
    assert shown == list(range(4000 - PAGE + 1, 4001))
    assert nvim.lua("return vim.fn.foldclosed(vim.fn.line('$') - 3)") > 0

    # Steps, quick ones too, go on from there; what is near is not read again.
    nvim.keys("nnnpnn")
    nvim.sees(f"4007/{TOTAL} ", "read: step 4004")
    nvim.keys("30p")
    nvim.sees(f"3977/{TOTAL} ", "read: step 3974")
    nvim.sees_not("read: step 3975")
    assert fetched(nvim) == (0, 0)
    nvim.keys("480p")
    nvim.sees(f"3497/{TOTAL} ", "read: step 3494")
    assert fetched(nvim) == (1, PAGE)
    assert steps(nvim)[-1] == 3494

    # By turn, to both ends, by percent and by time: each reads a place and no more.
    nvim.keys("[t")
    nvim.sees(f"3/{TOTAL} ", "## Turn 2", "> second")
    nvim.keys("[t")
    nvim.sees(f"1/{TOTAL} ", "## Turn 1")
    nvim.keys("2]t")
    nvim.sees(f"{TOTAL - 3}/{TOTAL} ", "> third")
    nvim.keys("]t]t")
    nvim.sees(f"{TOTAL}/{TOTAL} ", "The fourth turn.")
    nvim.keys("n")
    nvim.sees(f"{TOTAL}/{TOTAL} ")
    nvim.keys("0")
    nvim.sees(f"1/{TOTAL} ")
    nvim.keys("$")
    nvim.sees(f"{TOTAL}/{TOTAL} ", "The fourth turn.")
    seek(nvim, "50%")
    nvim.sees(f"{TOTAL // 2}/{TOTAL} ", f"read: step {TOTAL // 2 - 3}")
    last = client.call("athena/transcript/locate", agent="long")["at"] // 1000
    then = client.call("athena/transcript/locate", agent="long", at=last * 1000)["number"]
    seek(nvim, time.strftime("%H:%M:%S", time.localtime(last)))
    nvim.sees(f"{then}/{TOTAL} ")
    pages, items = fetched(nvim)
    assert pages <= 2 * 8 and items <= pages * PAGE

    # It plays on from a place.
    seek(nvim, "3003")
    nvim.sees(f"3003/{TOTAL} ")
    nvim.keys("<Space>")
    nvim.sees("▶", "read: step 3005")
    nvim.keys("<Space>")
    nvim.sees("‖")


@pytest.mark.timeout(240)
def test_a_transcript_goes_to_its_beginning_and_by_turn(
    client: Client, long: Json, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.command("Athena agents")
    nvim.sees("long")
    counting(nvim)
    nvim.command("Athena transcript long")
    nvim.sees("The fourth turn.", "○ idle")
    assert fetched(nvim) == (1, 100)

    nvim.keys("gg")
    nvim.sees("## Turn 1", "It begins.", "## Turn 2")
    assert fetched(nvim) == (1, 100)
    assert steps(nvim) == list(range(1, 98))
    assert nvim.lua(LINES)[-1] == "… later items come when you go down to here"
    nvim.keys("]t")
    nvim.until(lambda: nvim.call("nvim_get_current_line").startswith("## Turn 2"), "turn 2")
    assert nvim.lua("return vim.fn.foldclosed(vim.fn.search('found 1$', 'nw'))") > 0
    assert fetched(nvim) == (0, 0)

    # The next turn is far, and so is the one before it.
    nvim.keys("]t")
    nvim.until(lambda: nvim.call("nvim_get_current_line").startswith("## Turn 3"), "turn 3")
    nvim.sees("The third turn.")
    pages, items = fetched(nvim)
    assert pages == 2 and items <= 200
    nvim.keys("[t")
    nvim.until(lambda: "> second" in nvim.screen(), "the beginning of turn 2")
    assert nvim.call("nvim_get_current_line").startswith("## Turn 2")
    assert fetched(nvim)[0] == 2
    nvim.keys("[t")
    nvim.until(lambda: nvim.call("nvim_get_current_line").startswith("## Turn 1"), "turn 1")
    nvim.keys("[t")
    nvim.sees("this is the first turn")

    # Going down reads on, in one piece, and the place on the screen stays.
    before = nvim.lua("return vim.api.nvim_buf_line_count(0)")
    nvim.keys(f"{before}G")
    nvim.until(lambda: nvim.lua("return vim.api.nvim_buf_line_count(0)") > before, "more")
    found = steps(nvim)
    assert found == list(range(1, found[-1] + 1)) and 101 < found[-1] < 500

    # What comes meanwhile is at the end, and nowhere else.
    here = nvim.lua("return { vim.fn.line('.'), vim.api.nvim_buf_line_count(0) }")
    client.call("athena/agent/prompt", agent="long", text="fifth")
    client.until("long", "idle")
    nvim.sees("○ idle")
    until_sync(
        lambda: nvim.lua("return require('athena.state').agents[...].turns", long["id"]) == 5
    )
    assert nvim.lua("return { vim.fn.line('.'), vim.api.nvim_buf_line_count(0) }") == here
    nvim.keys("G")
    nvim.sees("You said fifth.")
    client.call("athena/agent/prompt", agent="long", text="sixth")
    nvim.sees("You said sixth.")

    # With a filter too.
    nvim.lua("vim.ui.select = function(items, _, done) done(items[3]) end")
    nvim.keys("f")
    nvim.sees("only tool calls", f"step {STEPS}")
    nvim.sees_not("You said")
    nvim.keys("gg")
    nvim.sees("read: step 1\n")
    assert steps(nvim) == list(range(1, 101))


@pytest.mark.timeout(240)
def test_a_transcript_holds_a_part_as_one_goes_up_and_down(
    client: Client, long: Json, open_nvim: Open
) -> None:
    nvim = open_nvim()
    opened = f"read: step {STEPS}"
    nvim.command("Athena transcript long")
    nvim.sees("○ idle", "## Turn")
    counting(nvim)
    nvim.lua(DRAWN)
    nvim.keys(f"?{opened}$<CR>")  # A search opens the fold.
    is_closed = f"return vim.fn.foldclosed(vim.fn.search('{opened}$', 'nw'))"
    nvim.until(lambda: nvim.lua(is_closed) == -1, "the fold is open")

    there = steps(nvim)
    while there[0] > 1:
        before, first = there, there[0]
        drawn(nvim)
        there = read_on(nvim, "1gg")
        assert len(there) <= HELD
        # What is drawn is what came, whatever was there, which stays as it was.
        came = fetched(nvim)[1]
        assert drawn(nvim) <= LINES_OF_A_STEP * came + 30
        nvim.until(lambda first=first: is_at_the_top(nvim, first), "who was there is still there")
        if there[-1] == before[-1]:
            assert nvim.lua(is_closed) == -1
    assert there == list(range(1, there[-1] + 1)) and there[-1] < STEPS - HELD
    assert nvim.lua(LINES)[-1] == "… later items come when you go down to here"
    assert not nvim.lua(LINES)[0].startswith("…")

    # What comes now is not here, nor does it bring anybody to the end.
    client.call("athena/agent/prompt", agent="long", text="seen later")
    client.until("long", "idle")
    while there[-1] < STEPS:
        bottom = there[-1]
        there = read_on(nvim, "99999G")
        assert len(there) <= HELD
        nvim.sees(f"read: step {bottom}")
    assert there[0] > 1 and nvim.lua(LINES)[0].startswith("… earlier items")
    nvim.keys("G")
    nvim.sees("You said seen later.")
    client.call("athena/agent/prompt", agent="long", text="followed")
    nvim.sees("You said followed.")


def test_a_window_that_follows_stays_at_the_end_while_another_goes_up(
    client: Client, project: Path, open_nvim: Open
) -> None:
    text = f"repeat {HELD}:\n    tool read: step ${{count}} | found\nsay It rests."
    more = "\n".join(f"    tool read: more {n} | found" for n in range(1, 701))
    agent = spawn(client, project, f"{text}\nturn 2:\n{more}\n    say It rests again.")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command(f"Athena transcript {agent['id']}")
    nvim.sees("It rests.")
    counting(nvim)
    nvim.keys("<C-w>s")
    for _ in range(3):
        read_on(nvim, "1gg")
    client.call("athena/agent/prompt", agent=agent["id"], text="Go on")
    nvim.sees("It rests again.", "○ idle")


def heading(nvim: Nvim, window: int) -> str:
    """The line at the top of a window."""
    return nvim.lua(
        "local w = vim.fn.win_getid(...)"
        " return vim.fn.getbufoneline(vim.fn.winbufnr(w), vim.fn.line('w0', w))",
        window,
    )


@pytest.mark.timeout(240)
def test_two_of_unlike_lengths_go_to_the_same_turn(
    client: Client, long: Json, open_nvim: Open, tmp_path: Path
) -> None:
    project = make_repository(tmp_path / "other")
    steps = "repeat 400:\n    tool read: other ${count} | found\nsay Other one."
    spawn(
        client,
        project,
        f"{steps}\nturn 2:\n    say Other two.\nturn 3:\n    say Other three.",
        name="other",
    )
    client.until("other", "idle")
    for text in ("second", "third"):
        client.call("athena/agent/prompt", agent="other", text=text)
        client.until("other", "idle")
    nvim = open_nvim()
    nvim.command("Athena compare long other")
    nvim.sees("Other three.", "400 calls")
    left, right = 2, 3

    def are_at(first: int, second: int) -> None:
        wanted = [f"## Turn {first} ", f"## Turn {second} "]
        nvim.until(
            lambda: [heading(nvim, left)[:10], heading(nvim, right)[:10]] == wanted,
            f"turns {first} and {second}",
        )

    nvim.keys("gg")
    are_at(1, 1)
    nvim.sees("say It begins.", "repeat 400:")
    for turn in (2, 3):
        nvim.keys("]t")
        are_at(turn, turn)
    # Who has no such turn is at the one before, and takes nobody there.
    nvim.keys("]t")
    nvim.until(lambda: heading(nvim, left).startswith("## Turn 4"), "turn 4")
    are_at(4, 3)
    nvim.keys("<C-w>l[t")
    are_at(2, 2)
    nvim.keys("<C-w>h2]t")
    are_at(4, 3)
    counting(nvim)
    nvim.keys("<C-w>l")
    nvim.until(lambda: nvim.lua("return vim.fn.winnr()") == right, "in the other window")
    assert nvim.lua("return located") == 0
    nvim.keys("2[t")
    are_at(1, 1)


def test_who_begins_to_follow_anew_stays_at_a_place_far_from_the_end(
    long: Json, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.command("Athena transcript long")
    nvim.sees("○ idle")
    nvim.keys("gg")
    nvim.sees("It begins.")
    nvim.keys("/step 42$<CR>")
    nvim.until(lambda: "step 42" in nvim.call("nvim_get_current_line"), "step 42")
    counting(nvim)
    # As of a client that was told that it is too far behind.
    nvim.lua("require('athena.state').cursor = nil")
    nvim.command("Athena restart")
    nvim.until(lambda: nvim.lua("return pages") == 2, "what is around the place")
    nvim.sees("○ idle", "read: step 42")
    assert "step 42" in nvim.call("nvim_get_current_line")
    assert steps(nvim) == list(range(1, 143))
