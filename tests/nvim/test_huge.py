"""A session of five thousand items is opened at once, paged, and replayed without waiting."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from tests.nvim.conftest import Open, spawn
from tests.nvim.screen import Nvim
from tests.support.athena import Athena, Client

STEPS = 5000
# What Neovim itself may compute; without pages each takes many times as long.
SECONDS = 5

# The item at the top of what is in the buffer.
TOP = "return require('athena.ui.transcript').here().view.shown[1]"

EMPTY_MARKS = """
local space, empty = vim.api.nvim_create_namespace("athena.buffer"), 0
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
  empty = empty + (mark[3] == mark[4].end_col and 1 or 0)
end
return empty
"""


def computed(nvim: Nvim) -> float:
    """The seconds of a processor that Neovim has used; a busy machine does not count."""
    used = psutil.Process(nvim.process.pid).cpu_times()
    return used.user + used.system


def within(nvim: Nvim, *texts: str) -> None:
    """See texts, for which Neovim does not compute longer than the limit."""
    began = computed(nvim)
    nvim.sees(*texts, timeout=12 * SECONDS)
    assert computed(nvim) - began < SECONDS


def test_a_session_of_thousands_of_items(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(
        client,
        project,
        f"repeat {STEPS}:\n    tool read: step ${{count}} | done\nturn 2:\n    say And more.",
        name="long",
    )
    client.until("long", "idle", timeout=100)
    nvim = open_nvim()
    nvim.command("Athena transcript long")
    within(nvim, f"step {STEPS}", "○ idle")
    lines = "return vim.api.nvim_buf_line_count(0)"
    assert nvim.lua(lines) < 600

    # What comes now is at the end, and does not wait for what was before.
    client.call("athena/agent/prompt", agent="long", text="Go on")
    within(nvim, "And more.", "## Turn 2")

    # Going up brings more each time, and the first prompt in some steps.
    began = computed(nvim)
    pages = 0
    first = "read: step 1\n"
    while first not in nvim.screen():
        before = nvim.lua(TOP)
        nvim.keys("1gg")
        nvim.until(
            lambda before=before: nvim.lua(TOP) != before or first in nvim.screen(),
            "the page before",
        )
        pages += 1
    assert 3 <= pages <= 14, pages
    assert computed(nvim) - began < 2 * SECONDS
    whole = nvim.lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n')")
    assert [whole.count(f"read: step {n}\n") for n in (1, 2, 789, STEPS)] == [1, 1, 1, 0]
    nvim.keys("]t")
    nvim.until(lambda: nvim.call("nvim_get_current_line").startswith("## Turn 2"), "the next turn")

    # A filter asks Athena, and does not go through all that is here.
    nvim.lua("vim.ui.select = function(items, _, done) done(items[2]) end")
    nvim.keys("f")
    within(nvim, "only talk", "reading …")
    nvim.sees("And more.", timeout=4 * SECONDS)
    nvim.sees_not("read: step")
    nvim.lua("vim.ui.select = function(items, _, done) done(items[#items]) end")
    nvim.lua("vim.ui.input = function(_, done) done('step 4321') end")
    nvim.keys("f")
    nvim.sees("only what holds step 4321", "read: step 4321", timeout=4 * SECONDS)
    nvim.sees_not("And more.")

    nvim.command("Athena replay long")
    nvim.sees(f"1/{STEPS + 3}", timeout=4 * SECONDS)
    nvim.lua("vim.ui.input = function(_, done) done('50%') end")
    nvim.keys("s")
    within(nvim, f"2501/{STEPS + 3}", "step 2500")
    nvim.keys("n")
    within(nvim, "step 2501")
    nvim.keys("2p")
    nvim.sees_not("step 2500")
    # A part of what was before is shown, further back too.
    assert 0 < nvim.lua(lines) < 3000
    nvim.keys("600p")
    within(nvim, f"1900/{STEPS + 3}", "step 1899")
    nvim.keys("45p45p45p45p45p45p45p45p45p45p")
    within(nvim, f"1450/{STEPS + 3}", "step 1449")
    nvim.keys("n")
    within(nvim, f"1451/{STEPS + 3}", "step 1450")
    nvim.keys("$")
    within(nvim, "And more.", f"{STEPS + 3}/{STEPS + 3}")


def test_what_comes_for_long_does_not_stay_for_ever(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = 1800
    spawn(
        client,
        project,
        f"say Ready.\nturn 2:\n    repeat {steps}:\n        tool read: step ${{count}} | done"
        "\nturn 3:\n    say And more.",
        name="busy",
    )
    client.until("busy", "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript busy")
    nvim.sees("Ready.", "○ idle")
    began = computed(nvim)
    client.call("athena/agent/prompt", agent="busy", text="Go on")
    nvim.sees(f"step {steps}\n", "○ idle", timeout=100)
    assert computed(nvim) - began < 4 * SECONDS
    lines = nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)")
    there = [int(found[1]) for line in lines if (found := re.search(r"read: step (\d+)$", line))]
    assert there == list(range(there[0], steps + 1)) and 1000 <= len(there) <= 1500
    assert lines[0].startswith("… earlier items")
    assert nvim.lua(EMPTY_MARKS) < 5, "highlights of lines that are gone"
    # It still follows, and what was let go of is read again.
    client.call("athena/agent/prompt", agent="busy", text="Go on")
    nvim.sees("And more.")
    nvim.keys("gg")
    nvim.sees("Ready.", "read: step 1\n")


def test_what_an_item_holds_in_excess_is_shown_on_demand(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "run seq 1 400000\nsay Counted.", name="counter")
    client.until("counter", "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript counter")
    nvim.sees("✓ execute: seq 1 400000", "Counted.")
    whole = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n')"
    assert len(nvim.lua(whole)) < 500_000
