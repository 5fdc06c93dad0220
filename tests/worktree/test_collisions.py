"""Collisions: the same files and lines in two live worktrees, and whether a merge would conflict."""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.worktree.collisions import Collision, CollisionScanner, Live
from athena.worktree.create import Request, create
from athena.worktree.repository import Checkout, discover
from athena.worktree.snapshot import tree_now
from tests.worktree.repo import Repo, with_wrapped_git

TWENTY = "".join(f"{n}\n" for n in range(1, 21))


class Fleet:
    """Worktrees of some agents, and a scanner over them."""

    def __init__(self, repo: Repo, checkout: Checkout) -> None:
        self.repo, self.checkout = repo, checkout
        self.scanner = CollisionScanner(checkout)
        self.agents: dict[str, tuple[Repo, Checkout, str]] = {}

    async def add(self, name: str) -> Repo:
        made = await create(Request("new", self.repo.path, name, environ=self.repo.environ))
        assert made.checkout is not None and made.base is not None
        work = self.repo.at(made.cwd)
        self.agents[name] = (work, made.checkout, made.base)
        return work

    async def scan(self) -> list[str]:
        live = [Live(n, base, await tree_now(own)) for n, (_, own, base) in self.agents.items()]
        return [told(collision) for collision in await self.scanner.scan(live)]


def told(collision: Collision) -> str:
    places = ", ".join(
        f"{o.a.start}+{o.a.count}/{o.b.start}+{o.b.count}" for o in collision.overlaps
    )
    verdict = f"conflict ({collision.conflict.kind})" if collision.conflict else "clean"
    return f"{collision.a} {collision.b} {collision.path} [{places}] {verdict}"


@pytest.fixture
async def fleet(repo: Repo) -> Fleet:
    repo.commit(f=TWENTY)
    return Fleet(repo, await repo.checkout())


async def test_the_same_lines_other_lines_and_the_same_change(fleet: Fleet) -> None:
    ada, bob, eve = await fleet.add("ada"), await fleet.add("bob"), await fleet.add("eve")
    assert await fleet.scan() == []
    ada.write("f", "top\n" + TWENTY.replace("5\n", "ada\nada\n", 1))
    bob.write("f", TWENTY.replace("5\n", "bob\n", 1))
    eve.write("f", TWENTY.replace("12\n", "eve\n", 1))
    assert await fleet.scan() == [
        "ada bob f [6+2/5+1] conflict (contents)",
        "ada eve f [] clean",
        "bob eve f [] clean",
    ]
    bob.write("f", TWENTY.replace("5\n", "ada\nada\n", 1))
    eve.write("f", bob.read("f"))
    assert await fleet.scan() == ["ada bob f [] clean", "ada eve f [] clean"]


async def test_neighbouring_lines_collide_as_they_do_for_git(fleet: Fleet) -> None:
    ada, bob = await fleet.add("ada"), await fleet.add("bob")
    ada.write("f", TWENTY.replace("5\n", "ada\n", 1))
    bob.write("f", TWENTY.replace("6\n", "bob\n", 1))
    assert await fleet.scan() == ["ada bob f [5+1/6+1] conflict (contents)"]
    bob.write("f", TWENTY.replace("7\n", "bob\n", 1))
    assert await fleet.scan() == ["ada bob f [] clean"]


async def test_kinds_without_lines(fleet: Fleet) -> None:
    ada, bob = await fleet.add("ada"), await fleet.add("bob")
    (ada.path / "f").unlink()
    bob.write("f", TWENTY + "more\n")
    ada.write("new", "ada\n")
    bob.write("new", "bob\n")
    ada.write("bin", b"\0a")
    bob.write("bin", b"\0b")
    (ada.path / "a").rename(ada.path / "moved")
    bob.write("a", "one\ntwo\nTHREE\n")
    assert await fleet.scan() == [
        "ada bob a [] clean",
        "ada bob bin [] conflict (binary)",
        "ada bob f [] conflict (modify/delete)",
        "ada bob new [] conflict (add/add)",
    ]


async def test_worktrees_from_different_commits(fleet: Fleet) -> None:
    ada = await fleet.add("ada")
    fleet.repo.commit("main moves on", f=TWENTY.replace("1\n", "main\n", 1), other="o\n")
    bob = await fleet.add("bob")
    ada.write("f", TWENTY.replace("5\n", "ada\n", 1))
    bob.write("f", bob.read("f").replace("5\n", "bob\n", 1))
    assert await fleet.scan() == ["ada bob f [5+1/5+1] conflict (contents)"]
    bob.write("f", TWENTY.replace("1\n", "main\n", 1))
    assert await fleet.scan() == ["ada bob f [] clean"]


async def test_commits_count_like_dirty_files(fleet: Fleet) -> None:
    ada, bob = await fleet.add("ada"), await fleet.add("bob")
    ada.commit(f=TWENTY.replace("5\n", "ada\n", 1))
    bob.write("f", TWENTY.replace("5\n", "bob\n", 1))
    assert len(await fleet.scan()) == 1


async def test_unrelated_histories_do_not_collide(fleet: Fleet) -> None:
    fleet.repo.git("checkout", "-q", "--orphan", "other")
    fleet.repo.commit("another root")
    scanner = fleet.scanner
    tree = fleet.repo.git("rev-parse", "HEAD^{tree}")
    live = [Live("a", "main", tree), Live("b", "other", tree)]
    assert await scanner.scan(live) == ()


async def test_only_what_changed_is_compared_again(fleet: Fleet, tmp_path: Path) -> None:
    works = [await fleet.add(f"agent{n}") for n in range(6)]
    for number, work in enumerate(works):
        work.write("f", TWENTY.replace("5\n", f"agent {number}\n", 1))
    log = tmp_path / "log"
    noting = with_wrapped_git(fleet.repo.environ, tmp_path / "bin", f'echo "$*" >> {log}')
    scanner = CollisionScanner((await discover(fleet.repo.path, noting)).checkout)

    async def ran(live: list[Live], collisions: int) -> str:
        log.write_text("")
        assert len(await scanner.scan(live)) == collisions
        return log.read_text()

    live = [Live(n, base, await tree_now(own)) for n, (_, own, base) in fleet.agents.items()]
    assert (await ran(live, 15)).count("merge-tree") == 15
    assert await ran(live, 15) == ""
    works[0].write("f", TWENTY.replace("5\n", "changed\n", 1))
    live[0] = Live("agent0", live[0].base, await tree_now(fleet.agents["agent0"][1]))
    assert (await ran(live, 15)).count("merge-tree") == 5
    assert await ran(live[1:], 10) == ""
