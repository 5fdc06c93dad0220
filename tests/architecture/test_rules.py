"""Every committed Python file keeps every rule, and every rule can be broken."""

from __future__ import annotations

import pytest

from tests.architecture.rules import RULES, Rule
from tests.architecture.source import modules

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.title)


@each_rule
def test_kept(rule: Rule) -> None:
    breaches = [
        f"{module.path}:{line}: {what}"
        for module in modules()
        if rule.applies(module)
        for line, what in rule.find(module)
    ]
    assert not breaches, f"{rule.title}:\n" + "\n".join(breaches)


@each_rule
def test_can_be_broken(rule: Rule) -> None:
    assert rule.applies(rule.broken)
    assert list(rule.find(rule.broken))


def test_there_is_something_to_hold_rules_for() -> None:
    assert sum(module.is_in("athena") for module in modules()) > 10
