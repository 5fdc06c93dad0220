"""Removal, restoring and orphans: nothing goes unasked, and all of it can come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from athena.worktree.checkpoint import take
from athena.worktree.create import Request, Worktree, create, owner_in
from athena.worktree.errors import LocationTaken, RemovalRefused, StorageFull, UnknownRevision
from athena.worktree.orphans import orphans
from athena.worktree.remove import remove
from athena.worktree.repository import Checkout, worktrees
from athena.worktree.rescue import capture, rescue_at, rescues
from athena.worktree.restore import restore
from athena.worktree.standing import HAZARDS, standing, standing_of
from athena.worktree.vanished import gone_at, remove_vanished
from tests.worktree.disk import small_disk
from tests.worktree.repo import Repo


@pytest.fixture
async def made(repo: Repo) -> Worktree:
    return await create(Request("new", repo.path, "ada", environ=repo.environ))


@pytest.fixture
def work(repo: Repo, made: Worktree) -> Repo:
    """The agent's worktree, to work in by hand."""
    return repo.at(made.cwd)


@pytest.fixture
def own(made: Worktree) -> Checkout:
    assert made.checkout is not None
    return made.checkout


async def test_a_clean_one_goes_and_its_branch_stays(repo: Repo, work: Repo, own: Checkout) -> None:
    done = await remove(own, "ada")
    assert not work.path.exists()
    assert repo.git("branch", "--list", "athena/*").strip() == "athena/ada"
    assert done.rescue is not None and done.rescue.branch == "athena/ada"


@pytest.mark.parametrize("make", ["edit", "untracked", "staged", "deleted"])
async def test_a_dirty_one_stays_unless_told(
    repo: Repo, work: Repo, own: Checkout, make: str
) -> None:
    if make == "edit":
        work.write("a", "edit\n")
    elif make == "untracked":
        work.write("u", "u")
    elif make == "deleted":
        (work.path / "a").unlink()
    else:
        work.write("a", "staged\n")
        work.git("add", "a")
    files = work.files()
    with pytest.raises(RemovalRefused, match="insist on: dirty") as refused:
        await remove(own, "ada", force=set(HAZARDS) - {"dirty"})
    assert refused.value.hazards == ("dirty",)
    assert work.files() == files
    done = await remove(own, "ada", force={"dirty"})
    assert done.rescue is not None
    back = await restore(await repo.checkout(), done.rescue)
    assert repo.at(back.checkout.root).files() == files
    assert repo.at(back.checkout.root).git("symbolic-ref", "HEAD") == "refs/heads/athena/ada"


async def test_unpushed_commits(repo: Repo, work: Repo, own: Checkout) -> None:
    commit = work.commit("work", a="committed\n")
    assert (await standing(own)).unpushed == (commit,)
    with pytest.raises(RemovalRefused, match="1 commit in no other branch"):
        await remove(own, "ada")
    repo.git("branch", "elsewhere", commit)
    assert (await standing(own)).unpushed == ()
    repo.git("branch", "-D", "elsewhere")
    done = await remove(own, "ada", force={"unpushed"}, delete_branch=True)
    assert done.branch_deleted == "athena/ada"
    assert repo.git("branch", "--list", "athena/*") == ""
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    assert repo.git("cat-file", "-t", commit) == "commit"
    assert done.rescue is not None
    back = await restore(await repo.checkout(), done.rescue)
    assert back.branch == "athena/ada" and back.notes == ("the branch athena/ada was made again",)
    assert repo.git("rev-parse", "athena/ada") == commit
    again = repo.at(back.checkout.root)
    assert again.git("symbolic-ref", "HEAD") == "refs/heads/athena/ada"
    assert again.git("status", "--porcelain") == ""


async def test_squashed_commits_are_no_hazard(repo: Repo, work: Repo, own: Checkout) -> None:
    first = work.commit("one", a="one\n")
    second = work.commit("two", a="two\n")
    repo.git("merge", "-q", "--squash", "athena/ada")
    repo.git("commit", "-q", "-m", "both at once")
    assert (await standing(own)).unpushed == ()
    third = work.commit("three", b="three\n")
    assert (await standing(own)).unpushed == (third, second, first)


async def test_pushed_commits_are_no_hazard(
    repo: Repo, work: Repo, own: Checkout, tmp_path: Path
) -> None:
    bare = Repo.make(tmp_path / "r.git", tmp_path / "home", "--bare")
    repo.git("remote", "add", "origin", str(bare.path))
    work.commit("work", a="x\n")
    assert (await standing(own)).unpushed
    work.git("push", "-q", "origin", "HEAD")
    assert not (await standing(own)).unpushed


async def test_commits_that_only_the_log_of_head_knew(
    repo: Repo, work: Repo, own: Checkout
) -> None:
    work.git("checkout", "-q", "--detach")
    lost = work.commit("on no branch", lost="lost\n")
    further = work.commit("further", lost="further\n")
    work.git("checkout", "-q", "athena/ada")
    amended = work.commit("first try", a="try\n")
    work.git("commit", "-q", "--amend", "-m", "second try")
    await remove(own, "ada", force={"unpushed"})
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    for commit in (lost, further, amended):
        assert repo.git("cat-file", "-t", commit) == "commit"


async def test_everything_comes_back_as_it_was(repo: Repo, work: Repo, own: Checkout) -> None:
    work.write("a", "staged\n")
    work.git("add", "a")
    work.write("a", "staged, then edited\n")
    work.write("new file", "staged new\n")
    work.git("add", "new file")
    work.write("untracked/ü", "u\n")
    work.write("tool", "#!/bin/sh\n").chmod(0o755)
    (work.path / "link").symlink_to("a")
    (work.path / "lib" / "b").unlink()
    before = work.files(), work.git("status", "--porcelain=v2"), work.git("diff", "--cached")
    done = await remove(own, "ada", force={"dirty"})
    assert done.rescue is not None
    assert (await rescues(await repo.checkout(), "ada")) == (done.rescue,)
    back = await restore(
        await repo.checkout(), await rescue_at(await repo.checkout(), done.rescue.ref)
    )
    assert back.checkout.root == work.path and back.notes == ()
    assert (
        work.files(),
        work.git("status", "--porcelain=v2"),
        work.git("diff", "--cached"),
    ) == before


async def test_restoring_elsewhere_while_the_branch_moved_on(
    repo: Repo, work: Repo, own: Checkout, tmp_path: Path
) -> None:
    head = work.git("rev-parse", "HEAD")
    work.write("u", "u")
    kept = await capture(own, "ada", "a test")
    work.commit("more", a="more\n")
    with pytest.raises(LocationTaken):
        await restore(own, kept)
    back = await restore(own, kept, tmp_path / "back")
    assert back.branch is None and "moved on" in back.notes[0]
    restored = repo.at(tmp_path / "back")
    assert restored.git("rev-parse", "HEAD") == head
    assert restored.git("status", "--porcelain") == "?? u"


async def test_restoring_a_ref_that_is_none(own: Checkout) -> None:
    for ref in ("refs/athena/ada/rescue/1-x", "refs/heads/main", "nonsense"):
        with pytest.raises(UnknownRevision, match="no captured work"):
            await rescue_at(own, ref)


async def test_a_merge_in_progress(repo: Repo, work: Repo, own: Checkout) -> None:
    repo.commit(a="main\n")
    work.commit(a="agent\n")
    work.git("merge", "main", check=False)
    with pytest.raises(RemovalRefused, match="a merge in progress") as refused:
        await remove(own, "ada")
    assert refused.value.hazards == ("dirty", "unpushed", "operation")
    done = await remove(own, "ada", force={"dirty", "unpushed", "operation"})
    assert done.rescue is not None
    assert done.rescue.staged is not None
    stages = {name for name in repo.tree(done.rescue.staged) if name.startswith("a.stage-")}
    assert stages == {"a.stage-1", "a.stage-2", "a.stage-3"}
    assert "<<<<<<<" in repo.tree(done.rescue.commit)["a"]


async def test_a_locked_one_and_the_main_one(repo: Repo, work: Repo, own: Checkout) -> None:
    repo.git("worktree", "lock", "--reason", "on a stick", str(work.path))
    with pytest.raises(RemovalRefused, match="on a stick"):
        await remove(own, "ada")
    await remove(own, "ada", force={"locked"})
    with pytest.raises(RemovalRefused, match="main working tree"):
        await remove(await repo.checkout(), "ada", force=HAZARDS)


async def test_a_state_that_cannot_be_told(repo: Repo, work: Repo, own: Checkout) -> None:
    work.write("a", "edit\n")
    own.git_dir.joinpath("index").write_bytes(b"garbage")
    with pytest.raises(RemovalRefused, match="not known") as refused:
        await remove(own, "ada", force={"dirty", "unpushed"})
    assert refused.value.hazards == ("unknown",)
    done = await remove(own, "ada", force={"unknown"})
    assert done.rescue is not None
    assert repo.tree(done.rescue.commit)["a"] == "edit"


async def test_what_cannot_be_captured_is_moved_aside(
    repo: Repo, work: Repo, own: Checkout
) -> None:
    work.write("a", "edit\n")
    (own.git_dir / "HEAD").write_text("garbage\n")
    with pytest.raises(RemovalRefused):
        await remove(own, "ada")
    done = await remove(own, "ada", force={"unknown"})
    assert done.rescue is None and done.moved_to is not None
    assert (done.moved_to / "a").read_text() == "edit\n"
    assert not work.path.exists()


async def test_repositories_inside(repo: Repo, work: Repo, own: Checkout) -> None:
    inner = Repo.make(work.path / "vendor/inner", Path(repo.environ["HOME"]))
    commit = inner.commit("inner work", x="x\n")
    inner.git("checkout", "-q", "--detach")
    detached = inner.commit("detached", x="y\n")
    inner.git("checkout", "-q", "main")
    inner.write("dirty", "d")
    with pytest.raises(RemovalRefused, match=r"repositories inside it \(vendor/inner\)"):
        await remove(own, "ada", force={"dirty"})
    done = await remove(own, "ada", force={"dirty", "nested"})
    assert done.rescue is not None and [n.path for n in done.rescue.nested] == ["vendor/inner"]
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    assert repo.git("cat-file", "-t", commit) == "commit"
    assert repo.tree(done.rescue.commit)["vendor/inner/dirty"] == "d"
    back = await restore(await repo.checkout(), done.rescue)
    assert inner.git("rev-parse", "main") == commit
    assert inner.read("dirty") == "d"
    assert "has its refs again" in back.notes[0]
    assert detached


async def test_repositories_inside_of_those_and_what_they_hide(
    repo: Repo, work: Repo, own: Checkout
) -> None:
    """Stashes, repositories further in, and refs that are not to be shown to others."""
    inner = Repo.make(work.path / "vendor/inner", Path(repo.environ["HOME"]))
    inner.commit("first", x="x\n")
    for text in ("older", "newer"):
        inner.write("x", text)
        inner.git("stash", "-q")
    deep = Repo.make(inner.path / "lib/deep", Path(repo.environ["HOME"]))
    commit = deep.commit("deep work", y="y\n")
    repo.git("config", "--global", "transfer.hideRefs", "refs/athena")
    stashed = inner.git("rev-parse", "stash@{0}", "stash@{1}").split()
    with pytest.raises(RemovalRefused, match=r"inside it \(vendor/inner, vendor/inner/lib/deep\)"):
        await remove(own, "ada")
    done = await remove(own, "ada", force={"dirty", "nested"})
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    for kept in (commit, *stashed):
        assert repo.git("cat-file", "-t", kept) == "commit"
    assert done.rescue is not None
    back = await restore(await repo.checkout(), done.rescue)
    assert deep.git("rev-parse", "main") == commit and deep.read("y") == "y\n"
    assert inner.git("rev-parse", "stash") == stashed[0]
    assert ["has its refs again" in note for note in back.notes] == [True, True]


async def test_a_shallow_clone_inside_is_moved_aside(
    repo: Repo, work: Repo, own: Checkout, tmp_path: Path
) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit("first", x="x")
    other.commit("second", x="y")
    repo.git("clone", "-q", "--depth", "1", other.path.as_uri(), str(work.path / "clone"))
    inner = work.at(work.path / "clone")
    commit = inner.commit("only here", new="new\n")
    for force in ({"dirty", "nested"}, {"dirty", "nested", "unpushed"}):
        with pytest.raises(RemovalRefused, match=r"clone could not be kept: .* shallow") as refused:
            await remove(own, "ada", force=force)
        assert refused.value.hazards == ("unknown",)
    done = await remove(own, "ada", force={"dirty", "nested", "unknown"})
    assert done.moved_to is not None
    assert work.at(done.moved_to / "clone").git("rev-parse", "HEAD") == commit


async def test_a_submodule_with_work_in_it(repo: Repo, tmp_path: Path) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="x")
    repo.submodule("o", other)
    repo.commit("with a submodule")
    made = await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert made.checkout is not None
    inner = repo.at(made.cwd / "o")
    assert (await standing(made.checkout)).hazards == {}
    commit = inner.commit("in the submodule", x="changed")
    inner.write("u", "untracked")
    with pytest.raises(RemovalRefused, match="nested"):
        await remove(made.checkout, "ada", force={"dirty"})
    done = await remove(made.checkout, "ada", force={"dirty", "nested"})
    assert not made.cwd.exists()
    assert done.rescue is not None
    assert repo.git("cat-file", "-t", commit) == "commit"
    (nested,) = done.rescue.nested
    contents = [repo.tree(ref) for ref in repo.refs(nested.refs)]
    assert {"x": "changed", "u": "untracked"} in contents


async def test_ignored_files_are_named(work: Repo, own: Checkout) -> None:
    work.write("noise.log", "x")
    found = await standing(own)
    assert (found.ignored, found.hazards) == (("noise.log",), {})


async def test_a_folder_that_vanished(repo: Repo, work: Repo, own: Checkout) -> None:
    work.write("a", "staged\n")
    work.git("add", "a")
    commit = work.git("rev-parse", "HEAD")
    shutil.rmtree(work.path)
    checkout = await repo.checkout()
    listed = (await worktrees(checkout))[1]
    found = await standing_of(checkout, listed)
    assert found.vanished is not None and found.head.commit == commit
    (orphan,) = await orphans(checkout, known=())
    assert (orphan.kind, orphan.agent, orphan.root) == ("vanished", "ada", work.path)
    done = await remove_vanished(checkout, "ada", listed)
    assert done.rescue is not None
    assert repo.tree(done.rescue.commit)["a"] == "staged"
    assert len(await worktrees(checkout)) == 1
    back = await restore(checkout, done.rescue)
    assert repo.at(back.checkout.root).git("status", "--porcelain") == "M  a"


async def test_orphans_say_what_they_hold(repo: Repo, work: Repo, own: Checkout) -> None:
    work.write("a", "edit\n")
    await take(own, "ada")
    await take(await repo.checkout(), "gone")
    await capture(await repo.checkout(), "gone", "a test")
    repo.git("worktree", "add", "-q", "-b", "users-own", "../users-own")
    checkout = await repo.checkout()
    assert await orphans(checkout, known=("ada", "gone")) == ()
    ada, gone = await orphans(checkout, known=())
    assert (ada.kind, ada.root, ada.branch) == ("worktree", work.path, "athena/ada")
    assert ada.holds == "1 changed file; 1 checkpoint"
    assert (gone.kind, gone.root) == ("refs", None)
    assert gone.holds.startswith("1 rescued states, the last of 20")


async def test_a_full_disk_keeps_the_worktree(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        repo = Repo.make(disk.path / "project", tmp_path / "home")
        repo.commit(a="1\n")
        made = await create(
            Request(
                "new", repo.path, "ada", location=str(tmp_path / "{name}"), environ=repo.environ
            )
        )
        work = repo.at(made.cwd)
        work.write("big", b"x" * 100_000 + bytes(range(256)) * 4000)
        assert made.checkout is not None
        disk.fill()
        with pytest.raises(StorageFull):
            await remove(made.checkout, "ada", force=HAZARDS)
        assert work.path.exists() and (work.path / "big").stat().st_size > 1_000_000


async def test_of_a_vanished_folder_commits_that_only_its_log_names_are_kept(
    repo: Repo, work: Repo
) -> None:
    work.git("checkout", "-q", "--detach")
    commit = work.commit("by hand", a="by hand\n")
    work.git("checkout", "-q", "-")
    shutil.rmtree(work.path)
    checkout = await repo.checkout()
    listed = next(w for w in await worktrees(checkout) if w.vanished)
    await remove_vanished(checkout, "ada", listed)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    assert repo.git("cat-file", "-t", commit) == "commit"


async def test_of_a_vanished_folder_the_files_come_back_as_they_were_captured_last(
    repo: Repo, work: Repo, own: Checkout
) -> None:
    work.write("a", "by the agent\n")
    work.write("new", "untracked\n")
    await take(own, "ada")
    work.write("lib/b", "staged\n")
    work.git("add", "lib/b")
    shutil.rmtree(work.path)
    checkout = await repo.checkout()
    gone = await gone_at(checkout, work.path, None)
    kept = (await remove_vanished(checkout, "ada", gone)).rescue
    assert kept is not None
    back = await restore(checkout, kept)
    assert (back.checkout.root, back.branch, owner_in(back.checkout.git_dir)) == (
        work.path,
        "athena/ada",
        "ada",
    )
    assert (work.read("a"), work.read("new")) == ("by the agent\n", "untracked\n")
    assert work.git("symbolic-ref", "HEAD") == "refs/heads/athena/ada"
    assert work.git("show", ":lib/b") == "staged"


async def test_of_a_vanished_folder_commits_after_the_last_capture_count(
    repo: Repo, work: Repo, own: Checkout
) -> None:
    work.write("a", "by the agent\n")
    work.write("new", "untracked\n")
    await take(own, "ada")
    work.git("add", "a")
    work.git("commit", "-q", "-m", "half of it")
    shutil.rmtree(work.path)
    repo.git("worktree", "prune")
    checkout = await repo.checkout()
    gone = await gone_at(checkout, work.path, "athena/ada")
    kept = (await remove_vanished(checkout, "ada", gone)).rescue
    assert kept is not None
    await restore(checkout, kept)
    assert work.git("log", "-1", "--format=%s") == "half of it"
    assert work.git("status", "--porcelain") == "?? new"


async def test_what_was_captured_of_an_earlier_worktree_at_the_same_place_is_not_taken(
    repo: Repo, work: Repo, own: Checkout
) -> None:
    work.write("a", "of the first one\n")
    await take(own, "ada")
    await remove(own, "ada", force=HAZARDS)
    again = await create(Request("new", repo.path, "ada", branch="again", environ=repo.environ))
    assert again.cwd == work.path
    shutil.rmtree(work.path)
    checkout = await repo.checkout()
    kept = (await remove_vanished(checkout, "ada", await gone_at(checkout, work.path, None))).rescue
    assert kept is not None and repo.tree(kept.commit)["a"] == "one\ntwo\nthree"


async def test_a_checkpoint_is_restored_like_a_rescue(
    repo: Repo, work: Repo, own: Checkout, tmp_path: Path
) -> None:
    work.write("a", "then\n")
    point = await take(own, "ada", turn="t1", edge="end")
    work.write("a", "now\n")
    back = await restore(own, await rescue_at(own, point.ref), tmp_path / "then")
    assert repo.at(back.checkout.root).read("a") == "then\n" and work.read("a") == "now\n"
    assert back.branch is None and "checked out elsewhere" in back.notes[0]
