"""Names of branches agree with git's own opinion, and agents never share refs."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from athena.worktree.errors import BadBranchName
from athena.worktree.names import (
    agent_component,
    agent_from_component,
    branch_from,
    branch_problem,
    checked_branch,
    location_from,
    slug,
)

ODD = [
    "-leading",
    "with space",
    "tab\there",
    "..",
    "a..b",
    "a/../b",
    "@",
    "a@{b",
    "HEAD",
    "x.lock",
    "a.lock/b",
    ".hidden",
    "a/.b",
    "end.",
    "/a",
    "a/",
    "a//b",
    "a~b",
    "a^b",
    "a:b",
    "a?b",
    "a*b",
    "a[b",
    "a\\b",
    "a\x7fb",
    "",
    "l" * 300,
    "deep/" * 300 + "x",
]
FINE = [
    "main",
    "feature/x",
    "日本語",
    "emoji-🚀",
    "a.b",
    "a-b_c",
    "a@b",
    "ünï/çödé",
    "x'y\"z",
    "a;b|c&d$(e)",
    "]",
    "{}",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_refused_with_a_name_that_would_do(name: str) -> None:
    with pytest.raises(BadBranchName, match="Try '") as refused:
        checked_branch(name)
    assert branch_problem(refused.value.advice.removeprefix("Try '").removesuffix("'.")) is None


@pytest.mark.parametrize("name", FINE)
def test_fine_names(name: str) -> None:
    assert checked_branch(name) == name


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from([*"ab/.@{-~^: \\?*[", "lock", "..", "é", "\x01"]), max_size=6).map(
        "".join
    )
)
def test_git_agrees(name: str) -> None:
    asked = subprocess.run(
        ["git", "check-ref-format", "--branch", name],
        capture_output=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
    )
    # `@{-1}` and the like name a branch for that command; they are no name of one.
    ours = branch_problem(name) is None
    assert ours == (asked.returncode == 0 and "@{" not in name and name not in {"HEAD", "@"})


@given(st.text())
def test_a_slug_is_always_a_name(text: str) -> None:
    assert branch_problem(slug(text)) is None
    assert agent_component(slug(text)) == slug(text)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=2, unique=True))
def test_agents_never_share_refs(agents: list[str]) -> None:
    first, second = (agent_component(agent) for agent in agents)
    assert first != second
    for agent, component in zip(agents, (first, second), strict=True):
        assert agent_from_component(component) == agent
        assert branch_problem(component) is None and "/" not in component


def test_templates() -> None:
    made = branch_from(
        "ai/{date}/{agent}-{name}-{base}",
        name="Fix the ☃ Bug!",
        agent="Planner",
        base="origin/main",
        today=date(2026, 1, 2),
    )
    assert made == "ai/2026-01-02/planner-fix-the-bug-origin-main"


def test_a_template_with_an_unknown_field() -> None:
    with pytest.raises(BadBranchName, match=r"unknown field \{user\}.*\{name\}"):
        branch_from("{user}/{name}", name="a", agent="a", base="b", today=date(2026, 1, 2))


def test_locations() -> None:
    root = Path("/src/shop")
    assert location_from(
        "{parent}/{repository}.worktrees/{name}", name="A b", repository=root
    ) == Path("/src/shop.worktrees/a-b")
    assert location_from("../{name}", name="x", repository=root) == Path("/src/shop/../x")
    assert location_from("~/w/{name}", name="x", repository=root) == Path.home() / "w/x"
    assert location_from(
        "{parent}/{repository}-{name}", name="x", repository=Path("/r/a.git")
    ) == Path("/r/a-x")
