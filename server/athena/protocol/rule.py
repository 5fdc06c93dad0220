"""Permission rules: files that the user can read, and that answer requests in the user's name."""

from __future__ import annotations

from typing import Literal

from athena.protocol.base import Record, Request
from athena.protocol.items import ToolKind


class Rule(Record):
    """A rule. All that is given must fit; the first rule that fits answers.

    `path` is a glob against the files of the tool call, relative to the workspace; `command` a
    glob against the command line; `host` one against the host of a fetch.
    """

    decision: Literal["allow", "reject", "ask"]
    tool: ToolKind | None = None
    name: str | None = None
    path: str | None = None
    command: str | None = None
    host: str | None = None
    harness: str | None = None
    note: str | None = None
    source: Literal["project", "user", "session"] = "project"


class ListRules(Request):
    """Parameters of `athena/rule/list`."""

    project: str | None = None


class RuleList(Record):
    """The rules in force, in order, and the files they are in."""

    rules: list[Rule]
    files: list[str]


class AddRule(Request):
    """Parameters of `athena/rule/add`."""

    rule: Rule
    project: str | None = None


class RemoveRule(Request):
    """Parameters of `athena/rule/remove`: the rule at `index` of the list."""

    index: int
    project: str | None = None
