"""Emacs, Helix, Vim and Neovim with the configurations of docs/editors, and nothing else of ours."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.editors.configuration import configuration
from tests.editors.house import House
from tests.editors.screen import Screen
from tests.support.athena import Client
from tests.support.wait import until_sync
from tools.setup import path

HERE = Path(__file__).parent


def run(house: House, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=house.project,
        env=house.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_emacs_with_eglot(house: House, client: Client) -> None:
    settings = house.root / "init.el"
    settings.write_text(configuration("emacs", "elisp"))
    arguments = ["-l", str(settings), "-l", str(HERE / "emacs.el"), str(house.project)]
    said = run(house, str(path("emacs")), "--batch", "-Q", *arguments)
    assert "ASKED" in said and "May I stop?" in said and "READ" in said
    assert house.is_taken()
    agent = client.agents()[0]["id"]
    assert f"WROTE {client.agent(agent)['name']} (scripted" in said
    assert re.search("PROBLEM .*Eglot: Why this?", said)
    assert house.closed_by(client, agent) == "Eglot: allow-once"


def test_neovim_without_our_plugin(house: House, client: Client) -> None:
    settings = house.root / "init.lua"
    settings.write_text(configuration("neovim-builtin", "lua"))
    script = [str(HERE / "neovim.lua"), str(house.project)]
    said = run(house, str(path("nvim-0.11")), "--headless", "-u", str(settings), "-l", *script)
    assert all(word in said for word in ("ASKED", "READ", "FOLLOWED", "TAKEN"))
    assert house.is_taken()
    agent = client.agents()[0]["id"]
    assert f"WROTE **{client.agent(agent)['name']}** (scripted" in said
    assert "PROBLEM 1 Neovim: Why this?" in said
    assert house.closed_by(client, agent) == "Neovim: allow-once"


class Helix:
    """Helix in a terminal."""

    def __init__(self, house: House, screen: Screen) -> None:
        settings = house.home / ".config" / "helix"
        settings.mkdir(parents=True)
        (settings / "languages.toml").write_text(configuration("helix", "toml"))
        self.screen = screen
        self.house = house

    def start(self, file: Path) -> None:
        self.screen.start([str(path("helix")), str(file)])
        self.screen.until(file.name)

    def command(self, text: str) -> None:
        """Run a typed command."""
        self.screen.type(f":{text}")
        self.screen.keys("Enter")

    def _menu(self) -> list[str]:
        """The code actions that are shown; a message may speak of them in its brackets."""
        return [s for s in self.screen.text().split("\n") if re.search(r"(?<!\()Athena: ", s)]

    def act(self, title: str, *select: str) -> None:
        """Choose a code action, once it is offered."""

        if select:
            self.screen.keys(*select)

        def offered() -> int | None:
            self.screen.type(" a")
            try:
                listed = until_sync(self._menu, 3)
            except AssertionError:
                return None
            found = next((n for n, line in enumerate(listed, 1) if title in line), None)
            if found is None:
                # A key that follows Escape at once would be taken for one with Alt.
                self.screen.keys("Escape")
                until_sync(lambda: not self._menu(), 5, "the menu is closed")
            return found

        found = until_sync(offered, 20, title)
        assert found
        self.screen.keys(*["Down"] * (found - 1), "Enter")


@pytest.fixture
def helix(house: House, screen: Screen) -> Helix:
    return Helix(house, screen)


def test_helix(house: House, client: Client, helix: Helix) -> None:
    helix.start(house.ask)
    helix.act("Do what is selected", "%")
    agent = house.has_asked(client)
    helix.screen.until("asks: May I stop?")
    helix.act("Athena: Allow")
    assert house.closed_by(client, agent) == "helix: allow-once"
    helix.act("Transcript of")
    helix.command(f"open {house.written()}")
    helix.screen.until("Finished after allow-once")
    helix.command(f"open {house.poem}")
    helix.screen.until("three = 3")
    helix.act("Take all changes")
    helix.screen.until('two = "taken"')
    helix.command("write")
    until_sync(house.is_taken)

    def hovered() -> bool:
        helix.screen.keys("Escape")
        helix.screen.type("2gg k")
        return f"{client.agent(agent)['name']} (scripted" in helix.screen.text()

    until_sync(hovered, 20, "it is known who wrote the line")
    client.call("athena/review/comment", agent=agent, path="poem.py", line=2, text="Why this?")
    helix.screen.keys("Escape")
    helix.screen.until("test: Why this?")
    helix.command("quit-all!")


def test_vim_with_ale(house: House, client: Client, screen: Screen) -> None:
    settings = house.root / "vimrc"
    settings.write_text(configuration("vim", "vim"))
    screen.start([str(path("vim")), "-u", str(settings), str(house.ask)])
    screen.until("scenario")

    def act(title: str, keys: str) -> None:
        def offered() -> str | None:
            screen.keys("Escape")
            screen.type(keys)
            try:
                shown = screen.until("Type number", 3)
            except AssertionError:
                return None
            line = next((s for s in shown.split("\n") if title in s), None)
            if line is None:
                screen.keys("Enter")
                return None
            return line.split(")")[0].split(".")[0].split(":")[0].strip()

        number = until_sync(offered, 20, title)
        assert number
        screen.type(number)
        screen.keys("Enter")

    act("Do what is selected", "ggVG:ALECodeAction\r")
    agent = house.has_asked(client)
    screen.until("asks: May I stop?")
    act("Athena: Allow", ":ALECodeAction\r")
    assert house.closed_by(client, agent) == "lsp: allow-once"
    act("Transcript of", ":ALECodeAction\r")
    screen.type(f":edit {house.written()}\r")
    screen.until("Finished after allow-once")
    screen.type(f":edit {house.poem}\r")
    screen.until("three = 3")
    act("Take all changes", ":ALECodeAction\r")
    screen.until('two = "taken"')
    screen.type(":write\r")
    until_sync(house.is_taken)

    def hovered() -> bool:
        screen.type(":2\r:ALEHover\r")
        return f"{client.agent(agent)['name']} (scripted" in screen.text()

    until_sync(hovered, 20, "it is known who wrote the line")
    client.call("athena/review/comment", agent=agent, path="poem.py", line=2, text="Why this?")
    screen.until("test: Why this?")
    screen.type(":quitall!\r")


def test_two_editors_on_one_agent(house: House, client: Client, screen: Screen) -> None:
    """Neovim asks and shows; Helix, beside it, answers; both show the same events."""
    settings = house.root / "init.lua"
    settings.write_text(configuration("neovim-builtin", "lua"))
    script = [str(HERE / "two.lua"), str(house.project)]
    helix = Helix(house, screen)
    helix.start(house.poem)
    nvim = subprocess.Popen(
        [str(path("nvim-0.11")), "--headless", "-u", str(settings), "-l", *script],
        cwd=house.project,
        env=house.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        agent = house.has_asked(client)
        helix.act("Athena: Allow")
        assert house.closed_by(client, agent) == "helix: allow-once"
        screen.until("is done: Finished after allow-once")
        said, _ = nvim.communicate(timeout=30)
    finally:
        nvim.kill()
    assert nvim.returncode == 0, said
    assert "SHOWN" in said and "Allow (helix)" in said and "Finished after allow-once" in said
