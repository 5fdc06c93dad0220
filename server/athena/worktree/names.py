"""Names: of branches (rules of git-check-ref-format(1)), of worktree folders, of agents in refs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping
from datetime import date
from pathlib import Path
from urllib.parse import quote, unquote

from athena.worktree.errors import BadBranchName

DEFAULT_BRANCH = "athena/{name}"
DEFAULT_LOCATION = "{parent}/{repository}.worktrees/{name}"
BRANCH_FIELDS = ("name", "agent", "base", "date")
LOCATION_FIELDS = ("parent", "repository", "root", "name")
SLUG_LENGTH = 48
# A ref is a file name plus ".lock", and file names have at most 255 bytes.
COMPONENT_BYTES = 250
BRANCH_BYTES = 1024

FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")
FIELD = re.compile(r"\{([a-z]*)\}")


def slug(text: str) -> str:
    """A short lower-case ASCII name made of any text; `agent` where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return words[:SLUG_LENGTH].strip("-") or "agent"


def branch_problem(name: str) -> str | None:
    """Why git would refuse `name` as a branch, in words, or None."""
    parts = name.split("/")
    if not name:
        return "it is empty"
    if name.startswith("-"):
        return "it begins with a dash"
    if found := FORBIDDEN.search(name):
        return f"it has the character {found.group()!r}"
    if ".." in name or "@{" in name or name in {"@", "HEAD"}:
        return "it has a meaning of its own for git"
    if not all(parts):
        return "it has an empty part between slashes"
    if any(part.startswith(".") or part.endswith(".lock") for part in parts) or name.endswith("."):
        return "a part begins with a dot, or ends with a dot or .lock"
    if any(len(part.encode("utf-8", "surrogateescape")) > COMPONENT_BYTES for part in parts):
        return f"a part is longer than {COMPONENT_BYTES} bytes"
    if len(name.encode("utf-8", "surrogateescape")) > BRANCH_BYTES:
        return f"it is longer than {BRANCH_BYTES} bytes"
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    return None


def checked_branch(name: str) -> str:
    """`name`, or `BadBranchName` with the reason and a name that would do."""
    if problem := branch_problem(name):
        shown = name if len(name) <= 80 else name[:77] + "..."
        better = "/".join(slug(part) for part in name.split("/") if part.strip()) or "agent"
        raise BadBranchName(
            f"{shown!r} cannot be the name of a branch: {problem}.",
            advice=f"Try {better[:200].rstrip('/')!r}.",
        )
    return name


def branch_from(template: str, *, name: str, agent: str, base: str, today: date) -> str:
    """The branch name that `template` gives; its fields are `BRANCH_FIELDS`."""
    fields = {
        "name": slug(name),
        "agent": slug(agent),
        "base": slug(base),
        "date": today.isoformat(),
    }
    return checked_branch(_filled(template, fields, "branch"))


def location_from(template: str, *, name: str, repository: Path) -> Path:
    """The folder that `template` gives.

    Its fields are {name}, {repository} (the folder name of the main working tree or of the bare
    repository), {parent} (the folder that holds it) and {root} (it). `~` is the home directory; a
    relative result is relative to the repository.
    """
    fields = {
        "name": slug(name),
        "repository": repository.name.removesuffix(".git") or "repository",
        "parent": str(repository.parent),
        "root": str(repository),
    }
    return (repository / Path(_filled(template, fields, "location")).expanduser()).absolute()


def agent_component(agent: str) -> str:
    """`agent` as one component of a ref name; distinct agents get distinct components."""
    if not agent:
        raise ValueError("an agent has a name")
    component = quote(agent, safe="", errors="surrogateescape")
    component = component.replace("~", "%7E").replace(".", "%2E")
    if component.startswith("-"):
        component = "%2D" + component[1:]
    if len(component) > COMPONENT_BYTES:
        raise ValueError(f"the name of an agent is too long: {agent[:40]!r}...")
    return component


def agent_from_component(component: str) -> str:
    """The agent whose `agent_component` this is."""
    return unquote(component, errors="surrogateescape")


def unknown_fields(template: str, known: Container[str]) -> list[str]:
    """The fields of a template that are not known, with their braces."""
    return [found.group() for found in FIELD.finditer(template) if found.group(1) not in known]


def _filled(template: str, fields: Mapping[str, str], what: str) -> str:
    def field(match: re.Match[str]) -> str:
        if match.group(1) in fields:
            return fields[match.group(1)]
        known = ", ".join(f"{{{name}}}" for name in fields)
        raise BadBranchName(
            f"The {what} template {template!r} has the unknown field {match.group()}.",
            advice=f"Its fields are {known}.",
        )

    return FIELD.sub(field, template)
