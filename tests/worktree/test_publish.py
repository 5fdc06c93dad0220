"""Publishing: one branch is pushed and nothing else, and requests are opened by the user's tools."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from athena.worktree.checkpoint import take
from athena.worktree.errors import (
    BadBranchName,
    HookFailed,
    PushRejected,
    ToolFailed,
    ToolMissing,
    UnknownRevision,
)
from athena.worktree.publish import Pushed, open_request, push, read_remote, request_page
from athena.worktree.repository import Checkout, discover
from tests.worktree.repo import Repo


@pytest.fixture
def remote(repo: Repo, tmp_path: Path) -> Repo:
    bare = Repo.make(tmp_path / "remote.git", tmp_path / "home", "--bare")
    repo.git("remote", "add", "origin", str(bare.path))
    repo.git("checkout", "-q", "-b", "work")
    repo.commit("work", a="work\n")
    return bare


async def test_one_branch_and_nothing_else(repo: Repo, remote: Repo, checkout: Checkout) -> None:
    await take(checkout, "ada")
    repo.git("tag", "-a", "-m", "x", "v1")
    repo.git("config", "push.followTags", "true")
    said: list[str] = []
    done = await push(checkout, "work", on_text=said.append)
    assert (done.branch, done.commit) == ("work", repo.git("rev-parse", "work"))
    assert remote.refs("refs/") == ["refs/heads/work"]
    assert repo.git("rev-parse", "--abbrev-ref", "work@{upstream}") == "origin/work"
    assert "Writing objects" in "".join(said)
    await push(checkout, "work", remote_branch="other/name")
    assert remote.refs("refs/") == ["refs/heads/other/name", "refs/heads/work"]


async def test_what_cannot_be_pushed(repo: Repo, remote: Repo, checkout: Checkout) -> None:
    with pytest.raises(UnknownRevision, match="no local branch 'missing'"):
        await push(checkout, "missing")
    with pytest.raises(UnknownRevision, match="git remote add elsewhere"):
        await push(checkout, "work", remote="elsewhere")
    for name in ("--mirror", "a:b", "+work"):
        with pytest.raises((BadBranchName, UnknownRevision)):
            await push(checkout, name)


async def test_commits_of_submodules_are_pushed_first(
    repo: Repo, remote: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    lib = Repo.make(tmp_path / "lib.git", tmp_path / "home", "--bare")
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="x")
    other.git("push", "-q", str(lib.path), "HEAD:main")
    repo.submodule("deps/o", lib)
    inner = repo.at(repo.path / "deps/o")
    inner.commit("only here", x="changed")
    repo.commit("with a submodule")
    with pytest.raises(PushRejected, match=r"that no remote has \(deps/o\)") as refused:
        await push(checkout, "work")
    assert "Push those first" in str(refused.value) and remote.refs("refs/") == []
    repo.git("config", "push.recurseSubmodules", "no")
    await push(checkout, "work")
    repo.git("config", "--unset", "push.recurseSubmodules")
    inner.git("push", "-q", "origin", "HEAD:main")
    await push(checkout, "work", remote_branch="again")
    assert remote.refs("refs/") == ["refs/heads/again", "refs/heads/work"]


async def test_a_remote_that_moved_on(
    repo: Repo, remote: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    await push(checkout, "work")
    repo.git("clone", "-q", "-b", "work", str(remote.path), str(tmp_path / "other"))
    other = repo.at(tmp_path / "other")
    other.commit("theirs", a="theirs\n")
    other.git("push", "-q")
    repo.commit("mine", a="mine\n")
    with pytest.raises(PushRejected, match="Fetch and merge") as rejected:
        await push(checkout, "work")
    assert "fetch first" in rejected.value.detail
    with pytest.raises(PushRejected):
        await push(checkout, "work", force=True)
    assert remote.git("rev-parse", "work") == other.git("rev-parse", "work")
    repo.git("fetch", "-q")
    await push(checkout, "work", force=True)
    assert remote.git("rev-parse", "work") == repo.git("rev-parse", "work")


async def test_hooks_of_push(repo: Repo, remote: Repo, checkout: Checkout) -> None:
    hook = repo.write(
        ".git/hooks/pre-push", "#!/bin/sh\necho tests are red; echo really >&2; exit 1\n"
    )
    hook.chmod(0o755)
    with pytest.raises(HookFailed, match="refused by a hook") as refused:
        await push(checkout, "work")
    assert "tests are red" in refused.value.detail and "really" in refused.value.detail
    await push(checkout, "work", hooks=False)
    server = remote.write("hooks/pre-receive", "#!/bin/sh\necho policy says no\nexit 1\n")
    server.chmod(0o755)
    repo.commit("more", a="more\n")
    with pytest.raises(PushRejected) as rejected:
        await push(checkout, "work", hooks=False)
    assert "policy says no" in rejected.value.detail


@pytest.mark.parametrize(
    ("url", "forge", "page"),
    [
        ("git@github.com:o/r.git", "github", "https://github.com/o/r"),
        ("https://user:pw@github.com/o/r", "github", "https://github.com/o/r"),
        ("ssh://git@gitlab.example.org:22/g/s/r.git", "gitlab", "https://gitlab.example.org/g/s/r"),
        ("https://git.example.org/o/r.git", None, "https://git.example.org/o/r"),
        ("/srv/r.git", None, None),
        ("file:///srv/r.git", None, None),
        ("C:/r", None, None),
    ],
)
def test_reading_remotes(url: str, forge: str | None, page: str | None) -> None:
    found = read_remote("origin", url)
    assert (found.forge, found.page) == (forge, page)


def test_the_page_for_a_request_by_hand() -> None:
    github = read_remote("origin", "git@github.com:o/r.git")
    assert (
        request_page(github, "athena/x y", "main")
        == "https://github.com/o/r/compare/main...athena/x%20y?expand=1"
    )
    gitlab = read_remote("origin", "git@gitlab.com:o/r.git")
    page = "https://gitlab.com/o/r/-/merge_requests/new?merge_request[source_branch]=b&merge_request[target_branch]=main"
    assert request_page(gitlab, "b", "main") == page


def tool(folder: Path, name: str, text: str) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


async def opened(repo: Repo, url: str, extra: dict[str, str], **more: object) -> str:
    checkout = (await discover(repo.path, {**repo.environ, **extra})).checkout
    pushed = Pushed(read_remote("origin", url), "athena/x", "0" * 40)
    asked: dict[str, object] = {"target": "main", "title": "-t $(x)", "body": "two\nlines", **more}
    return await open_request(checkout, pushed, **asked)  # pyright: ignore


async def test_a_pull_request_by_gh(repo: Repo, tmp_path: Path) -> None:
    line = f'for a in "$@"; do printf "%s\\0" "$a"; done > {tmp_path}/args; echo progress >&2; echo https://github.com/o/r/pull/7'
    extra = tool(tmp_path / "bin", "gh", line)
    assert (
        await opened(repo, "git@github.com:o/r.git", extra, draft=True)
        == "https://github.com/o/r/pull/7"
    )
    assert (tmp_path / "args").read_text().split("\0")[:-1] == [
        "pr",
        "create",
        "--head=athena/x",
        "--base=main",
        "--title=-t $(x)",
        "--body=two\nlines",
        "--draft",
    ]


async def test_a_merge_request_by_glab(repo: Repo, tmp_path: Path) -> None:
    line = f'for a in "$@"; do printf "%s\\0" "$a"; done > {tmp_path}/args; echo "!7 created"; echo https://h/o/r/-/merge_requests/7'
    extra = tool(tmp_path / "bin", "glab", line)
    got = await opened(repo, "git@h.org:o/r.git", extra, forge="gitlab")
    assert got == "https://h/o/r/-/merge_requests/7"
    assert "--target-branch=main" in (tmp_path / "args").read_text().split("\0")


async def test_a_tool_that_is_missing(repo: Repo, tmp_path: Path) -> None:
    only_git = tmp_path / "bin"
    only_git.mkdir()
    found = shutil.which("git")
    assert found is not None
    (only_git / "git").symlink_to(found)
    with pytest.raises(
        ToolMissing, match=r"`gh` is not installed.*gh auth login.*or open https://github\.com"
    ) as missing:
        await opened(repo, "git@github.com:o/r.git", {"PATH": str(only_git)})
    assert missing.value.url == "https://github.com/o/r/compare/main...athena/x?expand=1"
    with pytest.raises(ToolMissing, match="neither GitHub nor GitLab"):
        await opened(repo, "/srv/r.git", {})


async def test_a_tool_that_fails_is_shown_in_full(repo: Repo, tmp_path: Path) -> None:
    extra = tool(tmp_path / "bin", "gh", "echo out; echo 'GraphQL: not allowed' >&2; exit 4")
    with pytest.raises(ToolFailed, match="open https://github") as failed:
        await opened(repo, "git@github.com:o/r.git", extra)
    assert failed.value.detail == "out\nGraphQL: not allowed"
