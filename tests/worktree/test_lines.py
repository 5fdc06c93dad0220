"""Comparing lines in memory: whatever it says changed leads from the old text to the new one."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from athena.worktree.lines import Change, changes, moved, split

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"}\n"]), max_size=30)


def applied(old: list[bytes], new: list[bytes], made: list[Change]) -> list[bytes]:
    built, at = list[bytes](), 0
    for change in made:
        assert change.old_start >= at
        built += old[at : change.old_start] + new[change.new_start : change.new_end]
        at = change.old_end
    return built + old[at:]


@given(LINES, LINES)
def test_changes_lead_from_old_to_new(old: list[bytes], new: list[bytes]) -> None:
    made = changes(old, new)
    assert applied(old, new, made) == new
    assert all(
        (left.old_end, left.new_end) < (right.old_start, right.new_start)
        for left, right in pairwise(made)
    )
    assert changes(old, old) == []


@given(st.binary(max_size=60))
def test_splitting_loses_nothing_and_ends_lines_only_at_line_feeds(content: bytes) -> None:
    lines = split(content)
    assert b"".join(lines) == content
    assert all(b"\n" not in line[:-1] for line in lines)
    assert len(lines) == content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def test_one_line_moved_past_a_block_is_two_changes() -> None:
    old = [b"def f():\n", b"  pass\n", b"\n", b"def g():\n", b"  pass\n"]
    new = [b"import x\n", *old[:3], b"y = 1\n", *old[3:]]
    assert changes(old, new) == [Change(0, 0, 0, 1), Change(3, 3, 4, 5)]
    assert [moved(line, changes(old, new)) for line in range(5)] == [1, 2, 3, 5, 6]


@pytest.mark.parametrize("edits", [0, 1, 50])
def test_ten_thousand_lines_are_compared_between_two_key_strokes(edits: int) -> None:
    rng = random.Random(edits)
    old = [b"%d\n" % rng.randrange(400) for _ in range(10_000)]
    new = list(old)
    for number in range(edits):
        new[rng.randrange(len(new))] = b"edit %d\n" % number
    best = min(timed(old, new) for _ in range(3))
    assert best < 0.2


def test_two_texts_with_nothing_in_common_are_one_change() -> None:
    old, new = [b"x\n", b"y\n"] * 3000, [b"v\n", b"w\n"] * 3000
    began = time.perf_counter()
    assert changes(old, new) == [Change(0, 6000, 0, 6000)]
    assert time.perf_counter() - began < 1


def timed(old: list[bytes], new: list[bytes]) -> float:
    began = time.perf_counter()
    assert applied(old, new, changes(old, new)) == new
    return time.perf_counter() - began
