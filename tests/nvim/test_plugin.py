"""What the plugin costs, what it promises by name, and what it says when something is missing."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import psutil

from athena.protocol.commands import COMMANDS
from tests.nvim.conftest import PLUGIN, Open
from tests.support.athena import Athena
from tests.support.wait import until_sync

LIMIT_MS = 2.0


def test_loading_costs_less_than_two_milliseconds(open_nvim: Open) -> None:
    nvim = open_nvim()
    measured = nvim.lua(
        """
        local times = {}
        for _ = 1, 21 do
          vim.g.loaded_athena = nil
          local before = vim.uv.hrtime()
          vim.cmd.source(...)
          table.insert(times, (vim.uv.hrtime() - before) / 1e6)
        end
        return times
        """,
        str(PLUGIN / "plugin" / "athena.lua"),
    )
    assert median(measured) < LIMIT_MS, measured
    loaded = nvim.lua(
        "return vim.tbl_filter(function(n) return n:find('^athena') end, vim.tbl_keys(package.loaded))"
    )
    assert loaded == []


def test_every_command_of_the_catalogue_is_here(open_nvim: Open) -> None:
    nvim = open_nvim()
    completed = nvim.call("nvim_eval", "getcompletion('Athena ', 'cmdline')")
    words = {command.word for command in COMMANDS}
    assert set(completed) == words | {"replay", "restart"}
    for word in completed:
        assert nvim.call("nvim_eval", f"maparg('<Plug>(athena-{word})', 'n')"), word


def test_every_tag_of_the_help_is_found_and_every_command_is_in_it(
    open_nvim: Open, tmp_path: Path
) -> None:
    text = (PLUGIN / "doc" / "athena.txt").read_text()
    (tmp_path / "doc").mkdir()
    (tmp_path / "doc" / "athena.txt").write_text(text)
    nvim = open_nvim()
    nvim.lua("vim.cmd.helptags(...)", str(tmp_path / "doc"))
    tags = {line.split("\t")[0] for line in (tmp_path / "doc" / "tags").read_text().splitlines()}
    for link in re.findall(r"\|((?:athena|:Athena)[^|\s]*)\|", text):
        assert link in tags, link
    for command in COMMANDS:
        assert re.search(rf"\b{re.escape(command.word)}\b", text), command.word


def test_a_missing_program_is_told_with_what_to_do(open_nvim: Open) -> None:
    nvim = open_nvim(options={"command": ["/nowhere/athena"]})
    nvim.command("Athena")
    nvim.sees("the program `athena` is not found")
    nvim.command("checkhealth athena")
    nvim.sees("is not on Neovim's PATH", "uv tool install")


def test_athena_that_was_stopped_is_not_started_unasked(open_nvim: Open, athena: Athena) -> None:
    nvim = open_nvim()
    nvim.command("Athena")
    nvim.sees("No agents yet")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")
    pid = athena.pid
    athena.run("daemon", "stop")
    nvim.sees("Athena was stopped")
    assert pid is not None
    until_sync(lambda: not psutil.pid_exists(pid))
    assert athena.pid == pid
    nvim.command("Athena restart")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")


def test_options_that_do_not_exist_are_told(open_nvim: Open) -> None:
    nvim = open_nvim(options={"colour": "red"})
    nvim.command("Athena")
    nvim.sees("no such option: colour")
