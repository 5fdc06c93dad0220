"""Giving an agent a working tree, in every shape a repository may have."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from athena.worktree.checkpoint import take
from athena.worktree.create import Request, create, create_all, owner_in
from athena.worktree.errors import (
    BadBranchName,
    BareRepository,
    BranchTaken,
    EmptyRepository,
    HalfMade,
    NotARepository,
    PathEscapes,
    StorageFull,
    StorageReadOnly,
    UnknownRevision,
)
from athena.worktree.remove import remove
from athena.worktree.restore import restore
from athena.worktree.standing import HAZARDS
from tests.worktree.disk import small_disk
from tests.worktree.repo import Repo


def request(repo: Repo, **more: object) -> Request:
    asked = Request("new", repo.path, "ada", environ=repo.environ)
    return dataclasses.replace(asked, **more)


async def test_a_new_one(repo: Repo) -> None:
    made = await create(request(repo, name="Fix login!"))
    assert made.cwd == repo.path.with_name("project.worktrees") / "fix-login"
    assert made.branch == "athena/fix-login"
    assert made.base == repo.git("rev-parse", "HEAD")
    assert made.checkout is not None and made.checkout.linked
    assert owner_in(made.checkout.git_dir) == "ada"
    assert owner_in((await repo.checkout()).git_dir) is None
    linked = repo.at(made.cwd)
    assert linked.files() == repo.files()
    assert linked.git("status", "--porcelain", "--branch") == "## athena/fix-login"


async def test_names_that_are_taken_get_a_number(repo: Repo) -> None:
    branches = [(await create(request(repo))).branch for _ in range(3)]
    assert branches == ["athena/ada", "athena/ada-2", "athena/ada-3"]
    folder = repo.path.with_name("project.worktrees")
    assert sorted(path.name for path in folder.iterdir()) == ["ada", "ada-2", "ada-3"]


async def test_a_base_a_branch_and_a_location_of_ones_own(repo: Repo, tmp_path: Path) -> None:
    first = repo.git("rev-parse", "HEAD^")
    made = await create(
        request(
            repo,
            base="HEAD^",
            branch="mine/日本-🚀",
            location=str(tmp_path / "my place" / "{name}"),
        )
    )
    assert (made.base, made.branch) == (first, "mine/日本-🚀")
    assert made.cwd == tmp_path / "my place" / "ada"


async def test_a_branch_that_exists_is_checked_out(repo: Repo) -> None:
    repo.git("branch", "ready", "HEAD^")
    made = await create(request(repo, branch="ready"))
    assert made.base == repo.git("rev-parse", "HEAD^")
    assert repo.at(made.cwd).git("branch", "--show-current") == "ready"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"branch": "-f"}, BadBranchName, "dash"),
        ({"branch": "a b"}, BadBranchName, "character ' '"),
        ({"branch": "x" * 300}, BadBranchName, "longer than"),
        ({"branch": "main"}, BranchTaken, "checked out in"),
        ({"branch": "main/sub"}, BranchTaken, "cannot have"),
        ({"base": "nowhere"}, UnknownRevision, "names no commit"),
        ({"base": "--all"}, UnknownRevision, "name of a commit"),
        ({"template": "{who}"}, BadBranchName, "unknown field"),
        ({"subfolder": "../.."}, PathEscapes, "leads out"),
        ({"subfolder": "missing"}, PathEscapes, "has no folder"),
        ({"subfolder": "a"}, PathEscapes, "has no folder"),
    ],
)
async def test_bad_requests_leave_nothing_behind(
    repo: Repo, change: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        await create(request(repo, **change))
    assert repo.git("branch", "--format=%(refname:short)") == "main"
    assert not repo.path.with_name("project.worktrees").exists()


async def test_a_branch_that_is_being_rebased(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "busy")
    repo.git("-c", "sequence.editor=echo break >", "rebase", "-q", "-i", "HEAD^", check=False)
    assert (repo.path / ".git" / "rebase-merge").exists()
    with pytest.raises(BranchTaken, match="being rebased"):
        await create(request(repo, branch="busy"))


async def test_a_sub_folder_is_where_one_was_or_what_one_says(repo: Repo) -> None:
    made = await create(request(repo, path=repo.path / "lib"))
    assert made.checkout is not None and made.cwd == made.checkout.root / "lib"
    made = await create(request(repo, subfolder="lib"))
    assert made.cwd.name == "lib"
    made = await create(request(repo, path=repo.path / "lib", subfolder=""))
    assert made.checkout is not None and made.cwd == made.checkout.root


async def test_from_a_linked_worktree_it_lies_beside_the_main_one(repo: Repo) -> None:
    made = await create(request(repo, name="one"))
    again = await create(request(repo, name="two", path=made.cwd))
    assert again.cwd == repo.path.with_name("project.worktrees") / "two"


async def test_from_a_bare_repository(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "shop.git"))
    bare = repo.at(tmp_path / "shop.git")
    made = await create(request(bare))
    assert made.cwd == tmp_path / "shop.worktrees" / "ada"
    assert (made.cwd / "a").read_text() == "one\ntwo\nthree\n"


async def test_an_empty_repository_has_nothing_to_begin_with(empty: Repo) -> None:
    with pytest.raises(EmptyRepository, match="first commit"):
        await create(request(empty))
    made = await create(request(empty, kind="none"))
    assert (made.cwd, made.base, made.branch) == (empty.path, None, "main")


async def test_existing(repo: Repo) -> None:
    first = await create(request(repo))
    reviewer = await create(request(repo, kind="existing", path=first.cwd, agent="bob"))
    assert (reviewer.cwd, reviewer.branch) == (first.cwd, first.branch)
    assert reviewer.checkout is not None and owner_in(reviewer.checkout.git_dir) == "ada"
    with pytest.raises(NotARepository):
        await create(request(repo, kind="existing", path=repo.path / "nowhere" / "x"))


async def test_none_in_a_folder_without_a_repository(repo: Repo, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    environ = {**repo.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    made = await create(request(repo, kind="none", path=plain, environ=environ))
    assert made.checkout is None and made.cwd == plain
    assert "no git repository" in made.notes[0]
    with pytest.raises(PathEscapes, match="no folder"):
        await create(request(repo, kind="none", path=plain / "missing", environ=environ))
    bare = Repo.make(tmp_path / "b.git", tmp_path / "home", "--bare")
    for kind in ("none", "existing"):
        with pytest.raises(BareRepository):
            await create(request(bare, kind=kind))


async def test_several_repositories_or_none(repo: Repo, tmp_path: Path) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="x")
    both = await create_all([request(repo), request(other)])
    assert [w.cwd.parent.name for w in both] == ["project.worktrees", "other.worktrees"]
    with pytest.raises(UnknownRevision):
        await create_all([request(repo, name="again"), request(other, base="nowhere")])
    assert repo.git("branch", "--list", "athena/again") == ""
    assert not (repo.path.with_name("project.worktrees") / "again").exists()


async def test_submodules_come_from_the_repository_itself(repo: Repo, tmp_path: Path) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="in the submodule")
    repo.submodule("deps/o", other)
    repo.commit("with a submodule")
    other.path.rename(tmp_path / "moved away")
    made = await create(request(repo))
    assert made.notes == ()
    inner = repo.at(made.cwd / "deps" / "o")
    assert inner.files() == {"x": "in the submodule"}
    assert inner.git("remote", "get-url", "origin") == str(tmp_path / "other")
    assert repo.git("config", "submodule.deps/o.url") == str(tmp_path / "other")
    plain = await create(request(repo, submodules=False))
    assert not any((plain.cwd / "deps" / "o").iterdir())


@pytest.mark.parametrize("committed", [True, False])
async def test_a_copy_has_the_commits_that_only_the_other_submodule_has(
    repo: Repo, tmp_path: Path, committed: bool
) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="in the submodule")
    repo.submodule("o", other)
    repo.commit("with a submodule")
    first = await create(request(repo))
    assert first.checkout is not None
    inner, outer = repo.at(first.cwd / "o"), repo.at(first.cwd)
    inner.git("checkout", "-q", "-b", "work")
    inner.commit("by the agent", x="changed")
    inner.git("checkout", "-q", "-b", "elsewhere", "HEAD^")
    inner.git("checkout", "-q", "--detach", "work")
    if committed:
        outer.git("commit", "-qam", "the submodule goes on")
    taken = await take(first.checkout, "bob")
    assert taken.head is not None
    copy = await create(
        dataclasses.replace(
            request(repo), agent="bob", path=first.cwd, base=taken.head, files=taken.commit
        )
    )
    assert copy.notes == ()
    assert repo.at(copy.cwd / "o").files() == {"x": "changed"}
    status = repo.at(copy.cwd).git("status", "--porcelain")
    assert status == outer.git("status", "--porcelain") == ("" if committed else " M o")


async def test_a_submodule_that_cannot_be_had_is_a_note(repo: Repo, tmp_path: Path) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    commit = other.commit(x="x")
    repo.write(".gitmodules", f'[submodule "o"]\n path = o\n url = {tmp_path}/nowhere\n')
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},o")
    repo.git("add", ".gitmodules")
    repo.git("commit", "-qm", "x")
    made = await create(request(repo))
    assert len(made.notes) == 1 and "submodule o could not be checked out" in made.notes[0]


async def test_without_git_lfs_large_files_are_pointers(repo: Repo, tmp_path: Path) -> None:
    for key in ("process", "clean", "smudge"):
        repo.git("config", f"filter.lfs.{key}", f"git-lfs {key}")
    repo.git("config", "filter.lfs.required", "true")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"
    blob = repo.git("hash-object", "-w", "--stdin", stdin=pointer.encode())
    repo.write(".gitattributes", "*.bin filter=lfs\n")
    repo.git("add", ".gitattributes")
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},x.bin")
    repo.git("commit", "-qm", "lfs")
    only_git = tmp_path / "bin"
    only_git.mkdir()
    for program in ("git", "sh"):
        found = subprocess.check_output(["sh", "-c", f"command -v {program}"], text=True)
        (only_git / program).symlink_to(found.strip())
    made = await create(request(repo, environ={**repo.environ, "PATH": str(only_git)}))
    assert (made.cwd / "x.bin").read_text() == pointer
    assert "git-lfs is not installed" in made.notes[0]


LFS = """#!/bin/sh
# What git-lfs does as a filter: pointers in git, contents beside it.
store=$(git rev-parse --git-common-dir)/lfs
mkdir -p "$store"
case "$1" in
    clean) cat > "$store/new" && id=$(git hash-object "$store/new") && mv "$store/new" "$store/$id"
        echo "pointer to $id" ;;
    smudge) read -r _ _ id && cat "$store/$id" ;;
esac
"""


async def test_with_git_lfs_large_files_are_there_and_checkpoints_hold_pointers(
    repo: Repo, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "git-lfs"
    program.parent.mkdir()
    program.write_text(LFS)
    program.chmod(0o755)
    lfs = Repo(repo.path, {**repo.environ, "PATH": f"{program.parent}:{repo.environ['PATH']}"})
    for verb in ("clean", "smudge"):
        lfs.git("config", f"filter.lfs.{verb}", f"git-lfs {verb} -- %f")
    lfs.write(".gitattributes", "*.bin filter=lfs -text\n")
    lfs.write("large.bin", "x" * 5000)
    lfs.commit("large file")
    made = await create(Request("new", lfs.path, "ada", environ=lfs.environ))
    assert made.notes == () and made.checkout is not None
    work = lfs.at(made.cwd)
    assert work.read("large.bin") == "x" * 5000 and work.git("status", "--porcelain") == ""
    work.write("large.bin", "y" * 6000)
    taken = await take(made.checkout, "ada")
    assert lfs.tree(taken.commit)["large.bin"].startswith("pointer to ")
    gone = await remove(made.checkout, "ada", force=HAZARDS)
    assert gone.rescue is not None
    await restore(await lfs.checkout(), gone.rescue)
    assert work.read("large.bin") == "y" * 6000


async def test_no_hook_of_the_user_runs(repo: Repo) -> None:
    repo.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch ran; exit 1\n").chmod(0o755)
    made = await create(request(repo))
    assert not (made.cwd / "ran").exists()


async def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        repo = Repo.make(tmp_path / "project", tmp_path / "home")
        repo.write("big", os.urandom(3 << 20))
        repo.commit()
        disk.fill(leave=1 << 20)
        with pytest.raises(StorageFull):
            await create(request(repo, location=str(disk.path / "{name}")))
        assert [path.name for path in disk.path.iterdir()] == ["filler"]
        assert repo.git("worktree", "list").count("\n") == 0
        assert repo.git("branch", "--list", "athena/*") == ""


async def test_a_read_only_location(repo: Repo, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        disk.read_only(True)
        with pytest.raises(StorageReadOnly, match="read-only"):
            await create(request(repo, location=str(disk.path / "deep" / "{name}")))
        with pytest.raises(StorageReadOnly, match="read-only"):
            await create(request(repo, location=str(disk.path / "{name}")))
    assert repo.git("branch", "--list", "athena/*") == ""


async def test_ignored_files_that_do_not_fit_undo_the_creation(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        repo = Repo.make(tmp_path / "project", tmp_path / "home")
        repo.commit(gitignore="x", worktreeinclude="cache\n")
        (repo.path / "gitignore").write_text("cache\n")
        (repo.path / "gitignore").rename(repo.path / ".gitignore")
        (repo.path / "worktreeinclude").rename(repo.path / ".worktreeinclude")
        repo.write("cache/big", os.urandom(3 << 20))
        disk.fill(leave=1 << 20)
        with pytest.raises(StorageFull):
            await create(request(repo, location=str(disk.path / "{name}")))
        assert [path.name for path in disk.path.iterdir()] == ["filler"]


async def test_many_at_once_in_one_repository(repo: Repo) -> None:
    """Git refuses to look at a repository in the moment in which another git makes a worktree."""
    names = [f"agent-{n}" for n in range(12)]
    makings = [create(request(repo, agent=name, name=name)) for name in names]
    made = await asyncio.gather(*makings, return_exceptions=True)
    assert [each for each in made if isinstance(each, BaseException)] == []
    assert repo.git("branch", "--list", "athena/*").count("\n") == len(names) - 1


def half_made(repo: Repo) -> Path:
    """What is there between two steps of `git worktree add`."""
    entry = repo.path / ".git/worktrees/other"
    entry.mkdir(parents=True)
    (entry / "gitdir").write_text(f"{repo.path}.other/.git\n")
    (entry / "HEAD").write_text("ref: refs/heads/other\n")
    (entry / "commondir").touch()
    return entry


async def test_one_that_another_git_is_making_is_waited_for(repo: Repo) -> None:
    entry = half_made(repo)
    making = asyncio.create_task(create(request(repo, name="next")))
    done, _ = await asyncio.wait({making}, timeout=0.5)
    assert not done
    (entry / "commondir").write_text("../..\n")
    assert (await making).branch == "athena/next"


async def test_one_that_another_git_never_finished_is_named(repo: Repo) -> None:
    half_made(repo)
    plumbing = (await repo.checkout()).git
    with pytest.raises(HalfMade, match=r"worktrees/other.*delete that folder"):
        await plumbing.run("worktree", "add", "--detach", str(repo.path.with_name("next")))
