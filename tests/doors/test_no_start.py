"""When there can be no daemon: the one who waits is told why and what to do, and by an exit code."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors.house import PROGRAM, House, end_daemon

NOBODY = 65534
IS_ROOT = os.geteuid() == 0
ORDINARY = ["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override"] if IS_ROOT else []
"""Takes root's privilege away to write where modes forbid it."""


@pytest.mark.parametrize("mode", ["lsp", "headless"])
async def test_core_that_refuses_to_start(house: House, mode: str) -> None:
    house.environ["ECHO_START"] = "refuse"
    code, words = await (await house.relay(mode)).exit()
    assert code == 70
    assert words == "athena: The database is damaged. Run `athena db verify`.\n"


async def test_all_who_wait_are_told(house: House) -> None:
    house.environ["ECHO_START"] = "refuse"
    relays = await asyncio.gather(*(house.relay("headless") for _ in range(6)))
    ends = [await relay.exit() for relay in relays]
    assert {code for code, _ in ends} == {70}
    assert {words for _, words in ends} == {
        "athena: The database is damaged. Run `athena db verify`.\n"
    }


async def test_fault_of_ours_at_the_start(house: House) -> None:
    house.environ["ECHO_START"] = "fault"
    code, words = await (await house.relay("lsp")).exit()
    assert code == 70 and "RuntimeError: the core is broken" in words and "daemon.log" in words
    assert "Traceback" not in words and "Traceback" in house.log()


async def test_daemon_that_crashes_at_the_start_is_not_tried_for_ever(house: House) -> None:
    house.environ["ECHO_START"] = "crash"
    code, words = await (await house.relay("lsp")).exit()
    assert code == 70 and "ends again and again" in words and "daemon.log" in words
    assert "Fatal Python error: Aborted" in house.log()


async def test_slow_start_asks_for_patience(house: House) -> None:
    house.environ["ECHO_START"] = "slow"
    relay = await house.relay("headless")
    assert await relay.call("athena/test/echo", {"a": 1}) == {"a": 1}
    await relay.end_input()
    assert await relay.exit() == (0, "athena: Upgrading the database …\n")


async def test_daemon_that_cannot_even_be_imported(house: House, tmp_path: Path) -> None:
    shutil.copytree(Path(PROGRAM[-1]).parents[2] / "server", tmp_path / "server")
    (tmp_path / "server/athena/daemon/lock.py").write_text("import a_module_that_is_missing\n")
    house.environ["PYTHONPATH"] = str(tmp_path / "server")
    done = subprocess.run(
        [sys.executable, "-m", "athena", "headless"],
        env=house.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 70 and "a_module_that_is_missing" in done.stderr


async def test_full_state_directory(house: House) -> None:
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    code, words = await (await house.relay("lsp", before=no_room)).exit()
    assert code == 73 and "File too large" in words and "free some space" in words
    relay = await house.relay("headless")
    assert await relay.call("athena/test/echo", {"a": 1}) == {"a": 1}


async def test_read_only_state_directory(house: House) -> None:
    house.state.mkdir(mode=0o500)
    code, words = await (await house.relay("lsp", prefix=ORDINARY)).exit()
    assert code == 73 and "Permission denied" in words and "ATHENA_STATE_DIR" in words


async def test_state_directory_that_is_a_file(house: House) -> None:
    house.state.write_text("")
    code, words = await (await house.relay("lsp")).exit()
    assert code == 73 and "File exists" in words


async def test_state_directory_that_is_open_to_others(house: House) -> None:
    house.state.mkdir(mode=0o755)
    code, words = await (await house.relay("lsp")).exit()
    assert code == 73 and f"chmod 700 {house.state}" in words


async def test_state_directory_of_somebody_else(house: House) -> None:
    if IS_ROOT:
        house.state.mkdir(mode=0o700)
        os.chown(house.state, NOBODY, NOBODY)
    else:
        house.environ["ATHENA_STATE_DIR"] = "/"
    code, words = await (await house.relay("lsp")).exit()
    assert code == 77 and f"belongs to user {NOBODY if IS_ROOT else 0}" in words


async def test_another_user_is_not_let_in(house: House) -> None:
    await house.editor()
    for folder in (house.state, *list(house.state.parents)[:-2]):
        folder.chmod(0o755)
    (house.state / "daemon.sock").chmod(0o666)
    code = f"import os, socket; os.setuid({NOBODY}); s = socket.socket(socket.AF_UNIX); "
    intruder = subprocess.run(
        [sys.executable, "-c", code + "s.connect('daemon.sock'); print(s.makefile().read())"],
        cwd=house.state,
        capture_output=True,
        text=True,
    )
    assert '"code":77' in intruder.stdout, intruder.stderr
    assert f"you are user {NOBODY}" in intruder.stdout
    assert len(house.status()["connections"]) == 1


@pytest.mark.parametrize("words", [["--what"], ["--state-dir"], ["name"]])
async def test_wrong_arguments(house: House, words: list[str]) -> None:
    code, said = await (await house.relay("lsp", *words)).exit()
    assert code == 64 and "athena lsp --help" in said and not house.state.exists()


async def test_arguments_of_editors(house: House, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    given = ["--stdio", "--clientProcessId=17", "--state-dir", str(elsewhere)]
    house.state = elsewhere
    relay = await house.relay("lsp", *given)
    await relay.initialize()
    assert house.status()["stateDirectory"] == str(elsewhere)
    end_daemon(elsewhere)
