"""The rules that every Python file keeps, one row each, with a sample that breaks it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from athena.protocol.commands import COMMANDS
from tests.architecture.source import Module, dotted

FILE_LINES = 600
FUNCTION_LINES = 60
SHORT_LINES = 12
OUTSIDE = (
    "asyncio", "datetime", "os", "random", "secrets", "shutil", "signal", "socket", "subprocess",
    "tempfile", "threading", "time",
)  # fmt: skip
PURE = (
    "athena.protocol", "athena.core", "athena.projections", "athena.harness.driver",
    "athena.harness.acp", "athena.harness.claude", "athena.harness.codex",
)  # fmt: skip
COMMAND_LINE = re.compile(rf"\bathena ({'|'.join(row.verb for row in COMMANDS if row.verb)})\b")
SKIPS = {"skip", "skipif", "xfail", "importorskip"}

Finding = tuple[int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Rule:
    """`find` yields the breaches in a module that `applies`; `broken` is a module with one."""

    title: str
    applies: Callable[[Module], bool]
    find: Callable[[Module], Iterator[Finding]]
    broken: Module


def server(module: Module) -> bool:
    """Whether the module is shipped."""
    return module.is_in("athena")


def test_code(module: Module) -> bool:
    """Whether the module is a test or helps tests."""
    return module.is_in("tests")


def tests(module: Module) -> bool:
    """Whether the module has tests or fixtures in it; programs that tests start may take time."""
    return test_code(module) and module.path.rpartition("/")[2].startswith(("test_", "conftest"))


def long_file(module: Module) -> Iterator[Finding]:
    """One idea fits in a file that one can read at a sitting."""
    lines = module.text.count("\n")
    if lines > FILE_LINES and not module.is_generated:
        yield lines, f"{lines} lines; the limit is {FILE_LINES}"


def long_function(module: Module) -> Iterator[Finding]:
    """Lines from `def` to the end, without the docstring."""
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                text = node.body[0]
                lines -= (text.end_lineno or text.lineno) - text.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines; the limit is {FUNCTION_LINES}"


def undocumented(module: Module) -> Iterator[Finding]:
    """A module says what it is for, and so does every public name that is not short.

    A function that a decorator puts into a table with its description has said it there.
    """
    if module.text.strip() and ast.get_docstring(module.tree) is None:
        yield 1, "the module has no docstring"
    for node in module.tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        is_short = (node.end_lineno or node.lineno) - node.lineno < SHORT_LINES
        is_described = any(
            isinstance(text, ast.Constant) and isinstance(text.value, str)
            for decorator in node.decorator_list
            if isinstance(decorator, ast.Call)
            for text in decorator.args
        )
        if not (is_short or is_described or ast.get_docstring(node)):
            yield node.lineno, f"{node.name} has no docstring"


def prints(module: Module) -> Iterator[Finding]:
    """Standard output is a protocol nearly everywhere: only commands write for people."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and dotted(node.func) == "print":
            to = {keyword.arg: dotted(keyword.value) for keyword in node.keywords}
            if to.get("file") != "sys.stderr":
                yield node.lineno, "print"


def opens_database(module: Module) -> Iterator[Finding]:
    """The library's version may be asked for anywhere; a connection is something else."""
    yield from imports_of("aiosqlite", "apsw", "sqlite3.dbapi2")(module)
    for line, name in module.calls():
        if name in {"sqlite3.connect", "sqlite3.Connection"}:
            yield line, name
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "sqlite3":
            yield node.lineno, "imports from sqlite3"


def imports_of(*libraries: str) -> Callable[[Module], Iterator[Finding]]:
    """Imports of these libraries or of anything inside them."""

    def find(module: Module) -> Iterator[Finding]:
        for line, name in module.imports():
            if any(name == library or name.startswith(f"{library}.") for library in libraries):
                yield line, f"imports {name}"

    return find


def imports_beyond(*own: str) -> Callable[[Module], Iterator[Finding]]:
    """Imports of anything but the standard library and the module's own package."""

    def find(module: Module) -> Iterator[Finding]:
        for line, name in module.imports():
            top = name.partition(".")[0]
            # `athena` itself is imported with any part of it, and has nothing but the version.
            is_own = name == "athena" or any(f"{name}.".startswith(f"{one}.") for one in own)
            if not is_own and top not in sys.stdlib_module_names:
                yield line, f"imports {name}"

    return find


def acts(module: Module) -> Iterator[Finding]:
    """What is pure is given all that it knows: it has no clock, no files and no chance."""
    yield from imports_of(*OUTSIDE)(module)
    for line, name in module.calls():
        if name in {"open", "uuid.uuid1", "uuid.uuid4"}:
            yield line, name


def athena_beyond(own: str) -> Callable[[Module], Iterator[Finding]]:
    """Imports of Athena's packages other than the module's own."""

    def find(module: Module) -> Iterator[Finding]:
        for line, name in module.imports():
            if name.partition(".")[0] == "athena" and not f"{name}.".startswith(f"{own}."):
                yield line, f"imports {name}"

    return find


def writes_commands(module: Module) -> Iterator[Finding]:
    """What helps is named by `remedy`, so that each client can say it in its own words.

    What has no command in the table, such as `athena daemon restart`, is written out.
    """
    docstrings = {id(n.value) for n in ast.walk(module.tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = COMMAND_LINE.search(node.value)
            if found and id(node) not in docstrings:
                yield node.lineno, found[0]


def sleeps(module: Module) -> Iterator[Finding]:
    """A test waits for a condition (`tests.support.wait`), never for a time."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and dotted(node.func) in {"time.sleep", "asyncio.sleep"}:
            # asyncio.sleep(0) only lets other tasks run.
            is_yield = (
                node.args and isinstance(node.args[0], ast.Constant) and not node.args[0].value
            )
            if not is_yield:
                yield node.lineno, dotted(node.func)


def mocks(module: Module) -> Iterator[Finding]:
    """Tests run the real parts."""
    yield from imports_of("unittest.mock", "mock", "pytest_mock")(module)
    for line, name in module.calls():
        if name == "monkeypatch.setattr":
            yield line, name


def skips(module: Module) -> Iterator[Finding]:
    """A test that cannot run fails with the reason."""
    for node in ast.walk(module.tree):
        name = dotted(node)
        if name.startswith("pytest.") and name.rpartition(".")[2] in SKIPS:
            yield getattr(node, "lineno", 0), name


def _only(*packages: str) -> Callable[[Module], bool]:
    return lambda module: server(module) and not module.is_in(*packages)


def _within(*packages: str) -> Callable[[Module], bool]:
    return lambda module: module.is_in(*packages)


def _sample(name: str, text: str) -> Module:
    return Module(f"{name.replace('.', '/')}.py", name, text)


RULES = (
    Rule(
        f"a file has at most {FILE_LINES} lines",
        lambda module: True,
        long_file,
        _sample("athena.core.long", "x = 1\n" * (FILE_LINES + 1)),
    ),
    Rule(
        f"a function has at most {FUNCTION_LINES} lines",
        server,
        long_function,
        _sample("athena.core.long", "def f():\n" + "    x = 1\n" * FUNCTION_LINES),
    ),
    Rule(
        "modules, and public names that are not short, have a docstring",
        server,
        undocumented,
        _sample("athena.core.bare", '"""Bare."""\n\ndef f():\n' + "    x = 1\n" * SHORT_LINES),
    ),
    Rule(
        "only the command line prints",
        _only("athena.cli"),
        prints,
        _sample("athena.app.chatty", "print('hello')\n"),
    ),
    Rule(
        "only athena.log opens a database",
        _only("athena.log"),
        opens_database,
        _sample("athena.app.sql", "import sqlite3\n\nsqlite3.connect('athena.db')\n"),
    ),
    Rule(
        "only athena.lsp knows pygls",
        _only("athena.lsp"),
        imports_of("pygls"),
        _sample("athena.app.lsp", "from pygls.lsp.server import LanguageServer\n"),
    ),
    Rule(
        "only athena.rpc knows jsonrpcserver",
        _only("athena.rpc"),
        imports_of("jsonrpcserver"),
        _sample("athena.app.rpc", "from jsonrpcserver import dispatch\n"),
    ),
    Rule(
        "rules, views and drivers are pure",
        _within(*PURE),
        acts,
        _sample("athena.core.clock", "import time\n"),
    ),
    Rule(
        "the runner needs the standard library alone",
        _within("athena.runner"),
        imports_beyond("athena.runner"),
        _sample("athena.runner.heavy", "import pydantic\n"),
    ),
    Rule(
        "the relay needs the standard library alone",
        _within("athena.relay"),
        imports_beyond("athena.relay"),
        _sample("athena.relay.heavy", "from athena.protocol import methods\n"),
    ),
    Rule(
        "the scripted harness imports nothing else of Athena",
        _within("athena.scripted"),
        athena_beyond("athena.scripted"),
        _sample("athena.scripted.cheat", "from athena.harness import driver\n"),
    ),
    Rule(
        "use cases, rules and git name a command by its remedy",
        _within("athena.app", "athena.core", "athena.worktree"),
        writes_commands,
        _sample("athena.app.shell", "words = f'Type `athena agent stop {name}` first.'\n"),
    ),
    Rule(
        "tests do not sleep",
        tests,
        sleeps,
        _sample(
            "tests.test_lazy", "import asyncio\n\nasync def f():\n    await asyncio.sleep(0.5)\n"
        ),
    ),
    Rule(
        "tests do not mock",
        test_code,
        mocks,
        _sample("tests.mocked", "from unittest.mock import Mock\n"),
    ),
    Rule(
        "tests do not skip",
        test_code,
        skips,
        _sample("tests.skipped", "import pytest\n\n@pytest.mark.skipif(True)\ndef f(): ...\n"),
    ),
)
