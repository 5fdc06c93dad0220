"""Paths that a client gives stay inside, and paths of git survive JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from athena.worktree.errors import PathEscapes
from athena.worktree.paths import from_wire, inside, is_git_folder, to_wire


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    (root / "src").mkdir(parents=True)
    (root / "src" / "f.py").write_text("x")
    (root / "out").symlink_to(tmp_path)
    (root / "within").symlink_to("src")
    (root / "loop").symlink_to("loop")
    (root / "dangling").symlink_to("../secret")
    return root


@pytest.mark.parametrize(
    ("given_path", "found"),
    [
        ("src/f.py", "src/f.py"),
        ("./src/../src/f.py", "src/f.py"),
        ("within/f.py", "src/f.py"),
        ("new/deep/file", "new/deep/file"),
        (".", "."),
        ("src/…/ü 'quoted' \"x\"\n", "src/…/ü 'quoted' \"x\"\n"),
        (".gitignore", ".gitignore"),
        ("src/.github/x", "src/.github/x"),
    ],
)
def test_inside(root: Path, given_path: str, found: str) -> None:
    assert inside(root, given_path) == root / found
    assert inside(root, root / given_path) == root / found


@pytest.mark.parametrize(
    "escape",
    [
        "..",
        "../other",
        "src/../../other",
        "/etc/passwd",
        "out/x",
        "out/work/../x",
        "dangling",
        "loop/x",
        "",
        "src/\0x",
        ".git",
        ".git/config",
        "src/../.git/hooks/pre-commit",
        ".GIT/config",
        ".git./config",
        ".git /config",
        "git~1/config",
        ".g\u200cit/config",
    ],
)
def test_escapes(root: Path, escape: str) -> None:
    with pytest.raises(PathEscapes):
        inside(root, escape)


def test_a_link_itself_can_be_named(root: Path) -> None:
    assert inside(root, "dangling", follow=False) == root / "dangling"
    with pytest.raises(PathEscapes):
        inside(root, "out/x", follow=False)
    with pytest.raises(PathEscapes):
        inside(root, "src/../..", follow=False)


def test_the_root_may_be_reached_through_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    assert inside(tmp_path / "alias", "src/f.py") == root / "src/f.py"
    assert inside(tmp_path / "alias", tmp_path / "alias" / "src") == root / "src"


def test_names_like_git_are_no_git_folder() -> None:
    assert not any(map(is_git_folder, [".gitignore", "git", "x.git", ".gitx", "git~"]))


@given(st.binary().map(os.fsdecode))
def test_every_path_survives_the_wire(path: str) -> None:
    wire = to_wire(path)
    assert from_wire(json.loads(json.dumps(wire))) == path
    wire.encode("utf-8")


def test_paths_in_utf8_stay_readable() -> None:
    assert to_wire("süß/日本.txt") == "süß/日本.txt"
    assert to_wire(os.fsdecode(b"caf\xe9\n")) == '"caf\\351\\n"'
