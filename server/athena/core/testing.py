"""Which commands of an agent are runs of tests. By the names of the usual runners."""

from __future__ import annotations

import re

RUNNERS = (
    r"(?:\S*/)?(?:pytest|py\.test|tox|nox|nosetests|jest|vitest|mocha|ava|rspec|phpunit|ctest"
    r"|busted|bats|gotestsum|minitest)\b",
    r"(?:\S*/)?python[\d.]*\s+(?:-\S+\s+)*-m\s+(?:pytest|unittest|nose2?|doctest)\b",
    r"(?:\S*/)?(?:npm|pnpm|yarn|bun)\s+(?:run\s+|exec\s+)?(?:test|t|jest|vitest|mocha)\b",
    r"(?:npx|pnpx|bunx|uvx)\s+(?:-\S+\s+)*(?:jest|vitest|mocha|ava|playwright\s+test|pytest)\b",
    r"(?:go|cargo|dotnet|swift|deno|mix|zig\s+build|bazel|flutter|dart|sbt|rails|stack|cabal)"
    r"\s+(?:\+\S+\s+)?(?:nextest\s+run|test)\b",
    r"(?:\./)?(?:mvnw?|gradlew?)\s+(?:\S+\s+)*\S*(?:test|verify|check)\b",
    r"(?:make|just|task|rake|invoke|ninja)\s+(?:-\S+\s+)*(?:check|test\S*)(?:\s|$)",
)

BEFORE = (
    r"(?:^|[;&|(\n])\s*(?:(?:\w+=\S*|env|time|nice|timeout\s+\S+|sudo|exec)\s+"
    r"|(?:\S*/)?(?:bash|sh|zsh)\s+-\w*c\s+['\"]?\s*(?:cd\s+\S+\s*&&\s*)?)*"
)
"""What may stand before the runner: a joined command, variables, a shell, and a few wrappers."""

WRAPPED = r"(?:(?:uv|poetry|pipenv|hatch|pdm|rye|bundle|coverage)\s+(?:run|exec)\s+(?:-m\s+)?)?"

TESTS = re.compile(f"{BEFORE}{WRAPPED}(?:{'|'.join(RUNNERS)})")


def is_test_run(command: str) -> bool:
    """Whether a command line runs tests, as far as its words say so."""
    return TESTS.search(command) is not None
