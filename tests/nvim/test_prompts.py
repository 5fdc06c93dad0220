"""Writing to an agent: queued or steered, taken back and changed, with files, commands and lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nvim.conftest import Open, prompts, spawn
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync

LASTING = True


@pytest.mark.parametrize("keys", ["<M-s>", "<Esc>gs"])
def test_a_prompt_steers_the_running_turn(
    athena: Athena, client: Client, project: Path, open_nvim: Open, keys: str
) -> None:
    spawn(client, project, "say Begun.\nlisten\nsay Steered by: ${steered}", name="driver")
    client.until_status("driver", "working")
    nvim = open_nvim()
    nvim.command("Athena transcript driver")
    nvim.sees("Begun.")
    nvim.keys("p")
    nvim.sees("<C-s> queue", "<M-s> steer")
    nvim.keys(f"Faster.{keys}")
    nvim.sees("Steered by: Faster.", "○ idle")
    assert client.agent("driver")["turns"] == 1


@pytest.mark.parametrize("keys", ["<C-s>", "<Esc><CR>", "<Esc>:w<CR>"])
def test_a_prompt_waits_until_the_turn_is_over(
    athena: Athena, client: Client, project: Path, open_nvim: Open, keys: str
) -> None:
    spawn(client, project, "gate go\nsay Begun.\nturn 2:\n    say Then: ${prompt}", name="patient")
    client.until_status("patient", "working")
    nvim = open_nvim()
    nvim.command("Athena transcript patient")
    nvim.sees("patient ● working")
    nvim.keys("i")
    nvim.sees("<C-s> queue")
    nvim.keys(f"Wait for it.{keys}")
    nvim.sees("+ queued: Wait for it.")
    (project / "go").touch()
    nvim.sees("Begun.", "Then: Wait for it.", "## Turn 2", "○ idle")
    nvim.sees_not("+ queued")


def test_a_queued_prompt_is_taken_back_changed_and_sent_again(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "gate go\nturn 2:\n    say Then: ${prompt}", name="patient")
    client.until_status("patient", "working")
    nvim = open_nvim()
    nvim.command("Athena transcript patient")
    nvim.sees("patient ● working")
    nvim.command("Athena prompt patient Look at @hello.py again")
    nvim.sees("+ queued: Look at @hello.py again")
    nvim.keys("e")
    nvim.sees("<C-s> queue", "Look at @hello.py again\n")
    nvim.sees_not("+ queued")
    assert client.agent("patient")["queue"] == []
    nvim.keys("<C-u>Leave @hello.py alone<C-s>")
    nvim.sees("+ queued: Leave @hello.py alone")
    (project / "go").touch()
    nvim.sees("Then: Leave @hello.py alone")
    text, *links = prompts(client, "patient", 2)[-1]
    assert text["text"] == "Leave @hello.py alone"
    assert [link["name"] for link in links] == ["hello.py"]


def test_what_is_put_away_unsent_is_there_the_next_time(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.", name="reader")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena prompt reader")
    nvim.sees("<C-s> queue")
    nvim.keys("Half a thought<Esc>q")
    nvim.sees_not("<C-s> queue")
    nvim.command("Athena prompt reader")
    nvim.sees("<C-s> queue", "Half a thought")
    nvim.keys(", and the rest<C-s>")
    assert prompts(client, "reader", 2)[-1][0]["text"] == "Half a thought, and the rest"
    nvim.command("Athena prompt reader")
    nvim.sees("<C-s> queue")
    assert nvim.call("nvim_buf_get_lines", 0, 0, -1, True) == [""]


def test_the_commands_of_the_harness_are_completed(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "offer review: Review what changed\nsay Ready."
    agent = spawn(client, project, steps, name="reader")
    client.until(agent["id"], "idle")
    until_sync(lambda: client.agent("reader")["capabilities"]["commands"])
    nvim = open_nvim()
    nvim.command("Athena prompt reader")
    nvim.sees("<C-s> queue", "/ command")
    nvim.keys("/")
    nvim.sees("/review", "Review what changed")
    nvim.keys("rev<C-n><C-y> it<C-s>")
    assert prompts(client, "reader", 2)[-1][0]["text"] == "/review it"


def test_files_of_any_name_are_mentioned(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    for name in ("two words.py", "größe.py"):
        (project / name).write_text("")
    agent = spawn(client, project, "say Ready.", name="reader")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena prompt reader")
    nvim.sees("<C-s> queue")
    nvim.keys("See @two")
    nvim.sees("two words.py file")
    nvim.keys("<C-n><C-y> and @gr")
    nvim.sees("größe.py file")
    nvim.keys("<C-n><C-y>.<C-s>")
    text, *links = prompts(client, "reader", 2)[-1]
    assert text["text"] == 'See @"two words.py" and @größe.py.'
    assert {link["name"] for link in links} == {"two words.py", "größe.py"}


def test_a_selection_goes_along_with_a_prompt(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.\nother turns:\n    say Yes.", name="reader")
    client.until(agent["id"], "idle")
    nvim = open_nvim("nvim-0.12", "text.txt")
    nvim.keys("4GVj")
    nvim.keys(":Athena prompt reader What is this?<CR>")
    nvim.sees("reader: What is this?")
    text, link = prompts(client, "reader", 2)[-1]
    assert (text["text"], link["line"], link["endLine"]) == ("What is this?", 4, 5)
    assert link["uri"] == (project / "text.txt").as_uri()

    # What is not on disk goes along as text.
    nvim.keys("4Gccunsaved<Esc>Vj:Athena prompt reader And this?<CR>")
    text, held = prompts(client, "reader", 3)[-1]
    assert (text["text"], held["text"]) == ("And this?", "unsaved\nline 5")


def test_the_operators_take_a_motion_a_count_and_a_selection(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.\nother turns:\n    say Yes.", name="fixer")
    client.until(agent["id"], "idle")
    nvim = open_nvim("nvim-0.12", "text.txt")
    nvim.lua("vim.keymap.set({ 'n', 'x' }, 'gf', '<Plug>(athena-operator-fix)')")
    nvim.lua("vim.keymap.set({ 'n', 'x' }, 'gk', '<Plug>(athena-operator-ask)')")
    nvim.lua("vim.ui.select = function(items, _, done) done(items[2]) end")
    nvim.lua("""
        vim.diagnostic.set(vim.api.nvim_create_namespace("test"), 0, {
          { lnum = 6, col = 0, message = "this line is wrong", severity = 1 },
          { lnum = 20, col = 0, message = "this one too", severity = 1 },
        })
    """)
    nvim.keys("6Ggf3j")
    nvim.sees("sent to fixer")
    text, link = prompts(client, "fixer", 2)[-1]
    assert text["text"] == "Fix this:\n- line 7: this line is wrong"
    assert (link["line"], link["endLine"]) == (6, 9)

    nvim.keys("2GVjgk")
    nvim.sees("<C-s> queue")
    nvim.keys("Why?<C-s>")
    text, link = prompts(client, "fixer", 3)[-1]
    assert (text["text"], link["line"], link["endLine"]) == ("Why?", 2, 3)


def test_a_prompt_that_could_not_be_sent_comes_back(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.", name="reader")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena prompt reader")
    nvim.sees("<C-s> queue")
    client.call("athena/agent/kill", agent=agent["id"])
    client.until_status("reader", "dead", "done", "failed")
    client.call("athena/agent/archive", agent=agent["id"])
    nvim.keys("Are you there?<C-s>")
    nvim.sees("<C-s> queue", "Are you there?", "Athena:")


def test_a_new_agent_is_made_as_chosen_above_its_prompt(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    # What a harness can is known once it ran.
    spawn(client, project, "say Ready.", name="first")
    client.until("first", "idle")
    nvim = open_nvim()
    nvim.lua("""
        _G.answers = {
          "Harness", "Scripted", "Model", "Large", "Mode:", "Plan", "Workspace", "itself",
        }
        vim.ui.select = function(items, opts, done)
          local wanted = table.remove(answers, 1)
          done(vim.iter(items):find(function(item)
            return wanted ~= nil and opts.format_item(item):find(wanted, 1, true) ~= nil
          end))
        end
    """)
    nvim.command("Athena")
    nvim.sees("1 agent")
    nvim.keys("n")
    nvim.sees("new agent", "<M-o> options")
    nvim.keys("Say hello<Esc>:w<CR>")
    # No harness of a vendor is here: what to do is said, and what was written stays.
    nvim.sees("No harness is installed here", "`scripted` is always there")
    nvim.keys("go")
    nvim.sees("new agent · scripted · scripted-large · plan · no worktree", "Say hello")
    nvim.command("write")
    nvim.sees("needs permission", "tail -n 3 TASKS.md")
    agent = client.agents()[-1]
    told = (agent["harness"], agent["model"], agent["mode"], agent["workspace"]["path"])
    assert told == ("scripted", "scripted-large", "plan", str(project))
