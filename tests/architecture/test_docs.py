"""What the documentation names is there: linked files, headings, paths of code, and tests."""

from __future__ import annotations

import ast
import functools
import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.architecture.source import ROOT, tracked_files

PAGES = [name for name in tracked_files() if name.endswith(".md") and "/golden/" not in name]

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([^"]+)">')
FENCE = re.compile(r"^(```+).*?^\1`*\s*$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
TOP = ("server/", "tests/", "docs/", "tools/", "bench/", "clients/", "schema/", ".ci/")
PLACEHOLDER = re.compile(r"[<…{]|\.\.\.")


def text_of(page: str) -> str:
    """A page without the blocks of code in it."""
    return FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def broken_links(page: str, text: str) -> Iterator[str]:
    """Relative links to files, or to headings, that are not there."""
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        if not is_there(file) or (heading and heading not in headings(file)):
            yield target


def missing_paths(text: str) -> Iterator[str]:
    """Paths and tests in backquotes that the checkout does not have."""
    for named in CODE.findall(text):
        path, _, function = named.partition("::")
        if not path.startswith(TOP) or " " in path or PLACEHOLDER.search(path):
            continue
        if not is_there(path) or (function and function not in functions(path)):
            yield named


def is_there(path: str) -> bool:
    """Whether a file, a folder, or something that fits the pattern is committed."""
    wanted = path.rstrip("/")
    return any(
        name == wanted or name.startswith(f"{wanted}/") or fnmatch(name, wanted)
        for name in tracked_files()
    )


@functools.cache
def headings(page: str) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them, and those that it names itself."""
    text = text_of(page)
    made = (re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in HEADING.findall(text))
    return frozenset(made) | frozenset(ANCHOR.findall(text))


@functools.cache
def functions(path: str) -> frozenset[str]:
    """The names of a file's functions."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    assert list(broken_links(page, text_of(page))) == []


@pytest.mark.parametrize("page", PAGES)
def test_named_code_and_tests_are_there(page: str) -> None:
    assert list(missing_paths(text_of(page))) == []


def test_every_invariant_names_a_test() -> None:
    page = text_of("docs/architecture.md")
    table = page.partition("## Invariants of absence")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ")][2:]
    assert len(rows) > 10
    assert [row for row in rows if "::test_" not in row and "pyproject.toml" not in row] == []


def test_what_is_not_there_is_noticed() -> None:
    text = "[a](nowhere.md) [b](protocol.md#no-such-heading) [c](protocol.md#doors)"
    assert list(broken_links("docs/cli.md", text)) == [
        "nowhere.md",
        "protocol.md#no-such-heading",
    ]
    here = "tests/architecture/test_texts.py"
    text = f"`{here}::test_nothing` `{here}::test_a_breach_is_seen` `server/athena/nothing.py` `docs/*.md`"
    assert list(missing_paths(text)) == [f"{here}::test_nothing", "server/athena/nothing.py"]
