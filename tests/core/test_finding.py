"""Files by some of their letters, and commands that run tests."""

from __future__ import annotations

import time

import pytest

from athena.core.finding import found
from athena.core.testing import is_test_run

PATHS = ["docs/main.md", "src/app/main.py", "src/domain.py", "src/m/a/i.n", "Main.txt", "x/y.z"]


def test_the_best_fit_comes_first() -> None:
    assert found(PATHS, "main", 10) == [
        "Main.txt",
        "docs/main.md",
        "src/app/main.py",
        "src/domain.py",
        "src/m/a/i.n",
    ]
    assert found(PATHS, "samp", 10) == ["src/app/main.py"]
    assert found(PATHS, "", 2) == ["x/y.z", "Main.txt"]


def test_letters_that_nearly_fit_take_no_time() -> None:
    """There are as many ways to find them as there are stars, and others are waiting."""
    path = "src/test/test/testing/tests/latest/test_server_tests/testserver.test.tsx"
    begun = time.process_time()
    assert found([f"{n}/{path}" for n in range(1000)], "testtesttesttesttestq", 10) == []
    assert found([path], "testtesttesttestx", 10) == [path]
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    "command",
    [
        "pytest -q",
        "cd api && python3 -m pytest tests",
        "uv run pytest",
        "FOO=1 npm test -- --watch=false",
        "npm run test:unit",
        "npx jest",
        "go test ./...",
        "cargo nextest run",
        "./gradlew :app:test",
        "make test-fast",
        ".venv/bin/pytest -n 0",
        "timeout 60 bundle exec rspec",
        "dotnet test",
        "bash -lc 'cd web && npm test'",
        "/bin/zsh -lc pytest",
    ],
)
def test_commands_that_run_tests(command: str) -> None:
    assert is_test_run(command)


@pytest.mark.parametrize(
    "command",
    [
        "ls tests",
        "cat pytest.ini",
        "git commit -m 'run pytest'",
        "pip install pytest",
        "npm run build",
        "make latest",
        "grep -r jest .",
        "echo pytest",
        "test -f x",
    ],
)
def test_commands_that_only_look_like_it(command: str) -> None:
    assert not is_test_run(command)
