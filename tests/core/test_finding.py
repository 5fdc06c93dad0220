"""Files by some of their letters, and commands that run tests."""

from __future__ import annotations

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
