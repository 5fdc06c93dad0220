"""`athena/rule/...`: the permission rules, as files that the user can read."""

from __future__ import annotations

from pathlib import Path

from athena.app import rules
from athena.app.context import Context
from athena.app.spawn import project_of
from athena.app.user import need_user
from athena.border import Connection
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.rule import AddRule, ListRules, RemoveRule, Rule, RuleList


async def list_(context: Context, connection: Connection, asked: ListRules) -> RuleList:
    """The rules in force, in the order in which they are tried."""
    return _listed(project_of(asked.project, connection.cwd))


async def add(context: Context, connection: Connection, asked: AddRule) -> RuleList:
    """Add a rule in front of the others of its file."""
    need_user(context, connection)
    project = project_of(asked.project, connection.cwd)
    if asked.rule.source == "session":
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            "A rule of a session is made by answering a request with `remember`.",
            field="rule.source",
        )
    if unknown := list(asked.rule.model_extra or ()):
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            f"A rule has no {', '.join(unknown)}. It has: {', '.join(rules.FIELDS)}.",
            field=f"rule.{unknown[0]}",
        )
    if asked.rule.decision == "allow" and not _says_what(asked.rule):
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            "A rule that allows has to say what: a tool, a path, a command or a host.",
            field="rule",
        )
    add_to_file(project, asked.rule)
    return _listed(project)


def _says_what(rule: Rule) -> bool:
    return any((rule.tool, rule.name, rule.path, rule.command, rule.host))


def add_to_file(project: Path, rule: rules.Rule) -> None:
    """Put a rule in front of its file."""
    if rule.source == "user":
        path, title = rules.user_rules_file(), "In all projects."
    else:
        path, title = rules.project_rules_file(project), f"In {project}."
    rules.write(path, [rule, *rules.read(path)], title)


async def remove(context: Context, connection: Connection, asked: RemoveRule) -> RuleList:
    """Remove the rule at a place of the list."""
    need_user(context, connection)
    project = project_of(asked.project, connection.cwd)
    own = rules.read(rules.project_rules_file(project))
    users = rules.read(rules.user_rules_file())
    if not 0 <= asked.index < len(own) + len(users):
        raise AthenaError(ErrorCode.NOT_FOUND, f"There is no rule {asked.index}.", field="index")
    if asked.index < len(own):
        del own[asked.index]
        rules.write(rules.project_rules_file(project), own, f"In {project}.")
    else:
        del users[asked.index - len(own)]
        rules.write(rules.user_rules_file(), users, "In all projects.")
    return _listed(project)


def _listed(project: Path) -> RuleList:
    files = [rules.project_rules_file(project), rules.user_rules_file()]
    return RuleList(rules=rules.load(project), files=[str(f) for f in files])
