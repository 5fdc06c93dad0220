"""With what people have around it: a picker, their colours, a narrow terminal, a machine far away."""

from __future__ import annotations

import getpass
import re
import shlex
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.screen import Screen
from tests.nvim.conftest import NEWEST, PLUGIN, Open, environment, spawn
from tests.nvim.screen import COLUMNS, ROWS, Nvim
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync
from tools.setup import path as tool
from tools.setup.tool import cache

LASTING = True

NEW = {"kind": "new"}
LOOPBACK = "127.0.0.1"


def with_picker(nvim: Nvim) -> None:
    """Make Telescope what chooses, and a window what asks for a line."""
    plugins = tool("telescope")
    for name in ("neovim-plenary", "neovim-telescope"):
        nvim.call("nvim_command", f"set rtp+={plugins / name}")
    nvim.call("nvim_command", f"luafile {Path(__file__).parent / 'telescope.lua'}")


def test_everything_is_chosen_with_a_real_picker(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    for name in ("apple", "pear"):
        steps = f"edit text.txt: line 5 -> {name}\nsay Ready.\nother turns:\n    say ${{prompt}}"
        spawn(client, project, steps, name=name, workspace=NEW)
        client.until(name, "idle")
    nvim = open_nvim()
    with_picker(nvim)

    # An agent, by some of its letters; then the prompt is written, in Insert mode.
    nvim.command("Athena prompt")
    nvim.sees("Prompt Agent: Agent", "apple (idle)", "pear (idle)", "2 / 2")
    nvim.keys("per")
    nvim.sees("1 / 2")
    nvim.keys("<CR>")
    nvim.sees("prompt pear", "<C-s> queue", "-- INSERT --")
    nvim.sees_not("Prompt Agent: Agent")
    nvim.keys("Picked.<C-s>")
    client.until("pear", "idle")

    # A filter.
    nvim.command("Athena transcript pear")
    nvim.sees("Ready.", "Picked.")
    nvim.keys("f")
    nvim.sees("everything", "tool calls", "what failed")
    nvim.keys("tool")
    nvim.sees("3 / 7")
    nvim.keys("<CR>")
    nvim.sees("only tool calls", "✓ edit")
    nvim.sees_not("Ready.")

    # A comment, in a window that asks for a line.
    nvim.keys("c")
    nvim.sees("5 pear", "1 open")
    nvim.keys("gcc")
    nvim.sees("Comment on text.txt:5:", "-- INSERT --")
    nvim.keys("An apple?<CR>")
    nvim.sees("» An apple?", "pending")

    # What the picker leaves undecided changes nothing; then the merge.
    nvim.keys("gm")
    nvim.sees("Merge Work: pear into main", "Squash into one commit")
    nvim.keys("<Esc><Esc>")
    nvim.sees_not("Squash into one commit")
    assert "pear" not in (project / "text.txt").read_text()
    nvim.keys("gm")
    nvim.sees("Merge Work: pear into main")
    nvim.keys("squash")
    nvim.sees("> Squash into one commit")
    nvim.keys("<CR>")
    nvim.sees("merged")
    assert "pear" in (project / "text.txt").read_text()


def test_a_permission_is_answered_in_full_with_a_real_picker(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "permit run touch one\nsay So be it.", name="asker")
    client.until("asker", "needsPermission")
    nvim = open_nvim()
    with_picker(nvim)
    nvim.command("Athena transcript asker")
    nvim.sees("a allow   d reject")
    nvim.keys("<Tab>")
    nvim.sees("<Esc> decides nothing")
    nvim.keys("<CR>")
    nvim.sees("asker: touch one", "Reject, and say why …")
    nvim.keys("why")
    nvim.sees("1 / 6")
    nvim.sees_not("asker asks")
    nvim.keys("<CR>")
    nvim.sees("Why:", "-- INSERT --")
    nvim.keys("Not now.<CR>")
    nvim.sees("So be it.", "✗ execute: touch one")
    closed = [e["data"] for e in client.events("asker") if e["kind"] == "requestClosed"]
    assert [data.get("note") for data in closed] == ["Not now."]


def test_the_colours_are_those_of_the_scheme_or_ones_own(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say Ready.", name="painter")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.call("nvim_command", "set termguicolors")
    nvim.call("nvim_command", "autocmd ColorScheme * highlight AthenaMuted guifg=#123456")
    nvim.command("Athena")
    nvim.sees("painter")
    seen: set[object] = set()
    for scheme in ("habamax", "morning", "zellner"):
        nvim.call("nvim_command", f"colorscheme {scheme}")
        wanted = nvim.call("nvim_get_hl", 0, {"name": "Identifier", "link": False})["fg"]
        nvim.until(lambda wanted=wanted: nvim.color_of("painter") == wanted, f"as in {scheme}")
        nvim.until(lambda: nvim.color_of("scripted") == 0x123456, "what the user set")
        seen.add(wanted)
    assert len(seen) > 1


def luminance(color: int) -> float:
    """How bright a colour is, from 0 to 1 (WCAG 2)."""
    parts = [(color >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_what_is_said_can_be_read_where_a_scheme_has_no_colours_for_it(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "permit run true", name="asker")
    client.until("asker", "needsPermission")
    nvim = open_nvim()
    nvim.call("nvim_command", "set termguicolors background=light")
    nvim.command("Athena")
    nvim.sees("asker", "needs permission")
    pale: list[tuple[str, str]] = []
    for scheme in ("morning", "zellner", "delek", "peachpuff"):
        nvim.call("nvim_command", f"colorscheme {scheme}")
        behind = nvim.call("nvim_get_hl", 0, {"name": "Normal", "link": False})["bg"]
        for name in ("Working", "Waiting", "Failed", "Open", "Comment", "Accepted", "Rejected"):
            found = nvim.call("nvim_get_hl", 0, {"name": f"Athena{name}", "link": False})
            one, other = luminance(found["fg"]) + 0.05, luminance(behind) + 0.05
            if max(one, other) / min(one, other) < 3:
                pale.append((scheme, name))
    assert pale == []


def test_markdown_is_shown_as_such(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "say This is **strong** and `code`.", name="writer")
    client.until(agent["id"], "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript writer")
    nvim.sees("This is strong and code.")
    row = next(n for n, line in enumerate(nvim.screen().splitlines()) if "This is" in line)

    def is_bold() -> object:
        strong = nvim.grid.cells[row][len("This is ")]
        return nvim.grid.highlights[strong.highlight].get("bold")

    nvim.until(is_bold, "what is strong is bold")


@pytest.fixture
def key() -> Iterator[Path]:
    """A fresh key of the user's, and a folder that lets it in; below /tmp it would let nobody in."""
    with tempfile.TemporaryDirectory(dir=cache()) as folder:
        key = Path(folder) / "id"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(command, check=True)
        (key.parent / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
        yield key


@pytest.fixture
def port(tmp_path: Path, key: Path) -> Iterator[int]:
    """A real ssh server on loopback, with a key of its own; it touches nothing of the machine's."""
    program = tool("dropbear")
    host_key = tmp_path / "host-key"
    maker = program.parents[1] / "bin" / "dropbearkey"
    subprocess.run([maker, "-t", "ed25519", "-f", host_key], check=True, capture_output=True)
    command = [program, "-i", "-E", "-s", "-m", "-r", host_key, "-D", key.parent]
    served: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "dropbear.log").open("wb")
    with log, socket.create_server((LOOPBACK, 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    both = {"stdin": connection, "stdout": connection}
                    served.append(subprocess.Popen(command, **both, stderr=log))

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        for process in served:
            process.kill()
            process.wait()


def test_it_works_over_ssh_in_a_terminal_of_eighty_columns(
    athena: Athena, client: Client, project: Path, tmp_path: Path, key: Path, port: int
) -> None:
    there = {**athena.environment, **environment(tmp_path / "nvim")}
    del there["TERM"]
    variables = [f"{name}={value}" for name, value in there.items()]
    program = shlex.join(map(str, athena.command()))
    command = ",".join(f"'{word}'" for word in shlex.split(program))
    nvim = [tool(NEWEST), "--clean", "-n", "--cmd", f"set rtp^={PLUGIN} noshowcmd"]
    nvim += ["--cmd", f"let g:athena = {{'command': [{command}]}}"]
    far = f"cd {shlex.quote(str(project))} && exec env -i TERM=$TERM "
    far += shlex.join([*variables, *map(str, nvim)])
    options = ["-F", "/dev/null", "-i", str(key), "-p", str(port), "-tt", "-q"]
    for option in (
        "StrictHostKeyChecking=no",
        "IdentitiesOnly=yes",
        "UserKnownHostsFile=/dev/null",
    ):
        options += ["-o", option]
    reach = [str(tool("ssh")), *options, f"{getpass.getuser()}@{LOOPBACK}", far]
    local = {**athena.environment, "TERM": "xterm-256color"}

    with Screen(tmp_path / "tmux", local, tmp_path) as screen:
        screen.start(reach, (COLUMNS, ROWS))
        screen.until("[No Name]")
        screen.type(":Athena spawn harness=scripted name=far")
        screen.keys("Enter")
        screen.until("<C-s> send")
        screen.type("/play tour")
        screen.keys("Escape", "Enter")
        screen.until("a allow   d reject")
        shown = screen.text()
        assert all(len(line) <= COLUMNS for line in shown.splitlines())
        assert "far ! needs permission" in shown and "g? keys" in shown
        screen.keys("a")
        screen.until("✓ execute: python3 tour.py")

    # The line was cut; the agent goes on, and is there when one comes again.
    with Screen(tmp_path / "tmux-2", local, tmp_path) as screen:
        screen.start(reach, (COLUMNS, ROWS))
        screen.until("[No Name]")
        screen.type(":Athena")
        screen.keys("Enter")
        screen.until("far")
        screen.keys("Tab")
        # In the corner it may be before, but these keys are only there when it has the focus.
        screen.until("<Esc> decides nothing")
        screen.keys("Enter")
        screen.until("Type number and <Enter>")
        screen.keys("1", "Enter")
        until_sync(lambda: not client.agent("far")["requests"])


def test_nothing_is_lost_in_eighty_columns(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    name = "a-name-that-is-longer-than-its-column"
    spawn(client, project, f"permit run echo {'word ' * 30}", name=name)
    client.until(name, "needsPermission")
    nvim = open_nvim()
    nvim.command("Athena")
    screen = nvim.sees("a-name-that-is… needs permission")
    assert "1 waiting for you" in screen
    nvim.keys("g?")
    screen = nvim.sees("open the transcript", "show these keys")
    nvim.keys("q<CR>")
    nvim.sees(f"{name} ! needs permission", "a allow   d reject   <Tab> all answers")
    nvim.keys("g?")
    nvim.sees("next turn", "show these keys")
    nvim.keys("q<Tab>")
    nvim.sees("1 Allow once", "<Esc> decides nothing")


def test_a_line_above_a_narrow_window_keeps_what_matters(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "usage input=5200 output=310 cost=0.021\nsay One.", name="left")
    spawn(
        client, project, f"title {'界' * 60}\nstream echo {'word ' * 30}; sleep 100", name="right"
    )
    client.until("left", "idle")
    client.until_status("right", "working")
    nvim = open_nvim()
    nvim.command("Athena transcript right")
    # What it does begins with its beginning, and the keys are named to the right of it.
    bar = re.compile(r"right ● working · .* · echo (word )+.*…  g\? keys$", re.MULTILINE)
    nvim.until(lambda: bar.search(nvim.screen()), "what it does is told above")
    nvim.command("Athena compare left right")
    screen = nvim.sees("harness", "left ○ idle", "right ● working")
    bar = next(line for line in screen.splitlines() if "left ○" in line)
    assert "<" not in bar and "$0.02" in bar, bar
    nvim.command("tabonly | only | Athena")
    screen = nvim.sees("2 agents")
    row = next(line for line in screen.splitlines() if "● right" in line)
    assert "…" in row, row
