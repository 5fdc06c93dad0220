"""Every command of the catalogue: completed with all it takes, mapped, and in the help."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from athena.protocol.command import Argument, Command, Source
from athena.protocol.commands import COMMANDS
from tests.nvim.conftest import NEWEST, PLUGIN, VERSIONS, Open, environment, spawn
from tests.nvim.screen import Nvim
from tests.support.athena import Athena, Client, make_repository
from tests.support.wait import until_sync
from tools.setup import path as tool

LASTING = True
LIMIT_MS = 2.0

# What is taken from the place of the cursor is never typed.
FROM_PLACE = {
    Source.DOCUMENT,
    Source.DOCUMENT_TEXT,
    Source.FIRST_LINE,
    Source.LAST_LINE,
    Source.SELECTION,
}
AGENTS = {Source.AGENT, Source.AGENTS}

# What `name=` offers for an agent that changed `new.txt`.
VALUES = {
    Source.ARCHETYPE: "executor",
    Source.HARNESS: "scripted",
    Source.FLAG: "yes",
    Source.WORKSPACE: "new",
    Source.DIRECTORY: "folder/",
    Source.REPOSITORY: "library",
    Source.FILE: "text.txt",
    Source.BRANCH: "main",
    Source.MODE: "plan",
    Source.MODEL: "scripted-large",
    Source.OPTION: "effort",
    Source.CHANGED_FILE: "new.txt",
    Source.CHANGED_FILES: "new.txt",
}
CHOICES = {"scope": "turn", "how": "squash"}


def completed(nvim: Nvim, line: str) -> list[str]:
    """What Neovim offers to complete a command line with."""
    return nvim.call("nvim_call_function", "getcompletion", [line, "cmdline"])


def wanted(argument: Argument) -> str | None:
    """A value that completion must offer, if the argument has values one can name."""
    return (
        CHOICES[argument.name] if argument.source is Source.CHOICE else VALUES.get(argument.source)
    )


@pytest.fixture
def agent(client: Client, project: Path, tmp_path: Path) -> str:
    """An agent that has changed a file, and has a worktree in another repository too."""
    (project / "folder").mkdir()
    library = make_repository(tmp_path / "library", {"lib.py": "lib\n"})
    workspace = {"kind": "new", "also": [str(library)]}
    made = spawn(client, project, "write new.txt: new", name="worker", workspace=workspace)
    client.until("worker", "idle")
    return made["id"]


def fits(command: Command) -> bool:
    """Whether a command makes sense for an agent that is idle."""
    when = command.when
    return when is None or (
        (not when.statuses or "idle" in when.statuses)
        and when.running is not False
        and when.archived is not True
    )


def test_every_command_completes_all_that_it_takes(
    athena: Athena, agent: str, open_nvim: Open
) -> None:
    nvim = open_nvim()
    words = {command.word for command in COMMANDS}
    assert set(completed(nvim, "Athena ")) == words | {"replay", "restart"}
    for command in COMMANDS:
        typed = [a for a in command.arguments if a.source not in FROM_PLACE]
        offered = completed(nvim, f"Athena {command.word} ")
        names = [f"{a.name}=" for a in typed if a.source not in AGENTS]
        takes_agent = any(a.source in AGENTS for a in typed) and fits(command)
        assert offered == (["worker"] if takes_agent else []) + names, command.word
        for argument in typed:
            value = wanted(argument)
            if value is not None:
                line = f"Athena {command.word} worker {argument.name}="
                assert f"{argument.name}={value}" in completed(nvim, line), line
                # And what is begun is completed.
                line += value[:2]
                assert f"{argument.name}={value}" in completed(nvim, line), line


def test_turns_are_completed(athena: Athena, agent: str, open_nvim: Open) -> None:
    nvim = open_nvim()
    assert completed(nvim, "Athena changes worker turnId=") == [f"turnId={agent}.t1"]


def test_what_a_harness_offers_is_completed_before_there_is_an_agent(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    # What a harness can is known once it ran.
    spawn(client, project, "say Ready.", name="first")
    client.until("first", "idle")
    nvim = open_nvim()
    line = "Athena spawn harness=scripted"
    assert completed(nvim, f"{line} model=") == ["model=scripted-small", "model=scripted-large"]
    assert completed(nvim, f"{line} mode=p") == ["mode=plan"]
    assert completed(nvim, "Athena spawn harness=none mode=") == []


def test_completion_bears_news_that_come_meanwhile(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "repeat 300:\n    say Word ${count}.\nsay The end.", name="talker")
    nvim = open_nvim()
    nvim.command("Athena transcript talker")
    nvim.sees("Word ")
    for _ in range(8):
        nvim.keys(":Athena spawn harness=<Tab>")
        nvim.sees("harness=c", timeout=20)
        nvim.keys("<C-u>Athena mode talker mode=<Tab>")
        nvim.sees("mode=ask", timeout=20)
        nvim.keys("<C-c>")
        # Neovim throws away what was typed behind a CTRL-C that it did not yet hear.
        nvim.until(lambda: nvim.call("nvim_get_mode")["mode"] == "n", "the command line is left")
    client.until("talker", "idle")
    nvim.sees("The end.")
    messages = nvim.call("nvim_exec2", "messages", {"output": True})["output"]
    assert not re.search(r"\bE\d+:", messages), messages


def test_every_command_has_a_plug_mapping_and_its_key(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    nvim = open_nvim(NEWEST, "text.txt", options={"prefix": "<Space>"})
    nvim.lua("require('athena').setup(vim.g.athena)")
    for command in COMMANDS:
        for mode in "nx":
            plug = f"<Plug>(athena-{command.word})"
            assert nvim.call("nvim_call_function", "maparg", [plug, mode]), command.word
            if command.key:
                mapped = nvim.call("nvim_call_function", "maparg", [f"<Space>{command.key}", mode])
                assert mapped == plug, command.word
    nvim.keys("<Space>a")
    nvim.sees("No agents yet")
    nvim.keys("q<Space>b")
    nvim.sees("Nothing waits for you.")
    # The lines of a selection go along.
    made = spawn(client, project, "say Ready.", name="reader")
    client.until("reader", "idle")
    nvim.keys("q2GVj<Space>p")
    nvim.sees("<C-s> queue")
    nvim.keys("What is this?<C-s>")

    def said() -> list[object]:
        page = client.call("athena/transcript/page", agent=made["id"], types=["userMessage"])
        return [(c.get("line"), c.get("endLine")) for c in page["items"][-1]["item"]["content"]]

    until_sync(lambda: said() == [(None, None), (2, 3)])


def test_an_agent_and_named_arguments_come_in_any_order(
    athena: Athena, client: Client, agent: str, project: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.command("Athena merge worker repository=project how=squash message=Bring it home")
    nvim.sees("merged")
    line = subprocess.run(
        ["git", "log", "-1", "--format=%s"], cwd=project, capture_output=True, text=True, check=True
    )
    assert line.stdout.strip() == "Bring it home"
    nvim.command("Athena merge worker colour=red")
    nvim.sees("merge takes no such argument")


@pytest.mark.parametrize("version", VERSIONS)
def test_starting_costs_less_than_two_milliseconds(version: str, tmp_path: Path) -> None:
    measured: list[float] = []
    for number in range(5):
        log = tmp_path / f"startup-{number}.log"
        command = [tool(version), "--headless", "--clean", "--startuptime", log]
        command += ["--cmd", f"set rtp^={PLUGIN}", "+qall"]
        variables = {"PATH": "/usr/bin:/bin", **environment(tmp_path / "nvim")}
        subprocess.run(command, env=variables, check=True, timeout=30, capture_output=True)
        lines = [line for line in log.read_text().splitlines() if str(PLUGIN) in line]
        # Nothing else of the plugin is read at the start.
        (line,) = lines
        assert line.endswith("plugin/athena.lua")
        measured.append(float(line.split()[1]))
    # A busy machine only adds to what it costs.
    assert min(measured) < LIMIT_MS, measured
