"""Where the files of a prompt are for the agent: in its own worktrees, not in the user's trees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from athena.core.state import AgentState
from athena.protocol.content import ContentBlock, EmbeddedResource, ResourceLink


def as_the_agent_has_them(
    content: Sequence[ContentBlock], state: AgentState
) -> Sequence[ContentBlock]:
    """The content with files of the user's trees as those of the agent's worktrees.

    What is selected or mentioned in an editor is a file of the user's; an agent that is sent there
    works on the user's tree instead of its own. A file that only the user's tree has stays.
    """
    trees = _trees(state)
    if not trees:
        return content
    return [
        block.model_copy(update={"uri": _moved(block.uri, trees)})
        if isinstance(block, ResourceLink | EmbeddedResource)
        else block
        for block in content
    ]


def _trees(state: AgentState) -> list[tuple[Path, Path]]:
    """The roots of the user's trees, each with that of the agent's worktree beside it."""
    place = state.workspace
    if place is None or place.repository is None:
        return []
    pairs = [
        (_project_root(state), Path(place.path)),
        *((Path(other.repository), Path(other.path)) for other in place.also),
    ]
    return [(theirs, own) for theirs, own in pairs if theirs != own]


def _project_root(state: AgentState) -> Path:
    """The root of the project's working tree: the project may be a folder of it."""
    assert state.workspace is not None
    project = Path(state.spec.project)
    inside = Path(state.workspace.cwd).relative_to(state.workspace.path).parts
    is_inside = inside and project.parts[-len(inside) :] == inside
    return project.parents[len(inside) - 1] if is_inside else project


def _moved(uri: str, trees: list[tuple[Path, Path]]) -> str:
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return uri
    file = Path(unquote(parts.path))
    if any(file.is_relative_to(own) for _, own in trees):
        return uri
    for theirs, own in trees:
        if file.is_relative_to(theirs) and (moved := own / file.relative_to(theirs)).exists():
            return moved.as_uri() + (f"#{parts.fragment}" if parts.fragment else "")
    return uri
