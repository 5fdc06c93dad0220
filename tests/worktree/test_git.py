"""Running git: nothing of the user's surroundings reaches our plumbing, and failures say why."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from athena.worktree import errors
from athena.worktree.git import Git, plumbing_environment, user_environment
from athena.worktree.repository import Checkout, commit_of
from tests.support.wait import until
from tests.worktree.repo import Repo


async def test_plumbing_runs_no_hook_and_no_monitor(repo: Repo) -> None:
    hook = repo.write(".git/hooks/post-index-change", "#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    repo.git("config", "core.fsmonitor", str(hook))
    repo.write("a", "changed\n")
    await Git(repo.path, repo.environ).run("add", "a")
    assert not (repo.path / "ran").exists()
    repo.git("add", "a")
    assert (repo.path / "ran").exists()


async def test_variables_that_point_elsewhere_are_ignored(repo: Repo, tmp_path: Path) -> None:
    misled = {
        **repo.environ,
        "GIT_DIR": str(tmp_path / "no"),
        "GIT_INDEX_FILE": str(tmp_path / "x"),
    }
    assert await Git(repo.path, misled).text("rev-parse", "--git-dir") == ".git"


def test_plumbing_speaks_english_and_asks_nothing() -> None:
    found = plumbing_environment({"LANGUAGE": "de", "LC_MESSAGES": "de_DE", "PATH": "/bin"})
    assert found["LC_ALL"] == "C"
    assert "LANGUAGE" not in found and "LC_MESSAGES" not in found
    assert found["GIT_TERMINAL_PROMPT"] == "0"
    assert found["GIT_OPTIONAL_LOCKS"] == "0"


def test_hooks_keep_the_character_set_of_the_user() -> None:
    found = user_environment({"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"})
    assert found["LC_CTYPE"] == "de_DE.UTF-8"
    assert found["LC_MESSAGES"] == "C"
    assert "LC_ALL" not in found and "LANGUAGE" not in found


def test_ssh_is_told_not_to_ask_unless_the_user_has_a_way() -> None:
    assert "GIT_SSH_COMMAND" not in user_environment({})
    assert user_environment({"GIT_SSH_COMMAND": "mine"})["GIT_SSH_COMMAND"] == "mine"


async def test_a_failure_carries_all_that_git_printed(repo: Repo) -> None:
    with pytest.raises(errors.GitFailed) as failed:
        await Git(repo.path, repo.environ).run("cat-file", "--no-such-option")
    assert failed.value.code == 129
    assert "no-such-option" in failed.value.detail
    assert "usage:" in failed.value.detail


async def test_git_that_is_not_installed(repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(errors.GitMissing, match="Install git"):
        await Git(repo.path, {"PATH": str(tmp_path)}).run("version")


async def test_git_that_cannot_be_started(repo: Repo) -> None:
    with pytest.raises(errors.GitMissing, match=r"could not be started .* Argument list too long"):
        await Git(repo.path, repo.environ).run("ls-files", "--", "x" * (1 << 20))


async def test_a_folder_that_is_gone(repo: Repo) -> None:
    with pytest.raises(errors.NotARepository, match="not there"):
        await Git(repo.path / "gone", repo.environ).run("version")


@pytest.mark.parametrize(
    "name", ["", "-n", "--all", "no such", "a\nb", "a\0b", "HEAD~99", "x" * 300]
)
async def test_odd_revisions(checkout: Checkout, name: str) -> None:
    with pytest.raises(errors.UnknownRevision):
        await commit_of(checkout, name)


async def test_a_time_limit_ends_the_whole_group(repo: Repo) -> None:
    repo.git("config", "alias.hang", "!echo $$ > pid; sleep 1000")
    with pytest.raises(errors.GitTimeout, match="did not end within"):
        await Git(repo.path, repo.environ).user("hang", seconds=0.3)
    await until(lambda: not alive(int(repo.read("pid"))))


async def test_cancelling_ends_the_whole_group(repo: Repo) -> None:
    repo.git("config", "alias.hang", "!echo $$ > pid.new; mv pid.new pid; sleep 1000")
    task = asyncio.create_task(Git(repo.path, repo.environ).user("hang"))
    await until((repo.path / "pid").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not alive(int(repo.read("pid"))))


async def test_a_child_that_keeps_the_pipe_open_does_not_hold_us(repo: Repo) -> None:
    repo.git("config", "alias.leave", "!sleep 1000 & echo $! > pid; echo done")
    output = await Git(repo.path, repo.environ).user("leave", seconds=30)
    os.kill(int(repo.read("pid")), 9)
    assert output.text == "done"


async def test_progress_comes_while_git_works(repo: Repo) -> None:
    said: list[str] = []
    repo.git("config", "alias.say", "!printf 'h\\303'; printf '\\266' >&1; echo re")
    await Git(repo.path, repo.environ).user("say", on_text=said.append)
    assert "".join(said) == "höre\n"


async def test_names_that_are_not_utf8_come_through(repo: Repo) -> None:
    name = os.fsdecode(b"caf\xe9 \xff\n'\"")
    repo.write(name, "x")
    output = await Git(repo.path, repo.environ).run("ls-files", "-o", "-z")
    assert output.records == [name]
    await Git(repo.path, repo.environ).run("add", "--", name)
    assert name in repo.git("ls-files", "-z").split("\0")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"
