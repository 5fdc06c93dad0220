"""Asking an agent: code actions on a selection or a diagnostic.

The list is what the archetypes in the settings can be asked (`[archetype.NAME.asks]`). A selection
can itself be the prompt, of a new agent or of one that is there, since LSP has nothing to write one
in. Each action runs the user command `athena.agent.spawn` or `athena.agent.prompt`; it is tagged
`LlmGenerated` where the client knows tags (LSP 3.18).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as t

from athena.lsp.features.actions import KIND, Action, provide
from athena.lsp.places import path_of
from athena.lsp.wording import first_line
from athena.protocol.content import EmbeddedResource, ResourceLink
from athena.protocol.transcript import Archetype, ArchetypeList

if TYPE_CHECKING:
    from athena.lsp.editor import Editor
    from athena.lsp.server import AthenaLanguageServer

LONGEST_PROMPT = 20_000
MOST_TOLD = 2


@dataclass(frozen=True, slots=True)
class Selected:
    """What the user points at. Lines count from 1; `saved` when the file has the same text."""

    uri: str
    path: Path
    first: int
    last: int
    text: str
    saved: bool

    @property
    def content(self) -> list[dict[str, object]]:
        """The selection as content of a prompt; its text too where the file lacks it."""
        link = ResourceLink(uri=self.uri, name=self.path.name, line=self.first, end_line=self.last)
        if self.saved:
            return [link.wire()]
        return [link.wire(), EmbeddedResource(uri=self.uri, text=self.text).wire()]


def register(server: AthenaLanguageServer, params: t.InitializeParams) -> None:
    """Offer what archetypes can be asked."""
    editor = server.editor
    if editor and editor.offers("athena/agent/spawn", "athena/archetype/list"):
        provide(server, asks)


async def asks(editor: Editor, params: t.CodeActionParams) -> list[Action]:
    """The code actions for a place in a file."""
    by_itself = params.context.trigger_kind is t.CodeActionTriggerKind.Automatic
    if by_itself and not params.context.diagnostics:
        return []
    chosen = selected(editor, params.text_document.uri, params.range)
    if chosen is None:
        return []
    project = project_of(editor, chosen.path)
    known = await editor.call(ArchetypeList, "athena/archetype/list", project=str(project))
    problems = list(params.context.diagnostics)
    found = [
        _action(chosen, project, archetype, title, words, problems)
        for archetype in known.archetypes
        for title, words in archetype.asks.items()
    ]
    if not by_itself and (prompt := chosen.text.strip()) and len(prompt) <= LONGEST_PROMPT:
        argument: dict[str, object] = {
            "prompt": prompt,
            "content": chosen.content,
            "project": str(project),
        }
        title = f"Do what is selected: {first_line(prompt, 40)}"
        found.append(Action(title, KIND, "athena.agent.spawn", argument, written=True))
        if _is_selection(params.range):
            found += _further(editor, prompt, chosen)
    return found


def _further(editor: Editor, prompt: str, chosen: Selected) -> list[Action]:
    """What is selected as the next prompt of the agents that worked here last."""
    return [
        Action(
            f"Tell {agent.name} what is selected: {first_line(prompt, 40)}",
            KIND,
            "athena.agent.prompt",
            {"agent": agent.id, "text": prompt, "content": chosen.content},
            written=True,
        )
        for agent in editor.recent(MOST_TOLD)
        if agent.imported is None
    ]


def _is_selection(range_: t.Range) -> bool:
    return range_.start != range_.end


def selected(editor: Editor, uri: str, range_: t.Range) -> Selected | None:
    """What a range of a document holds: whole lines where nothing is selected."""
    path = path_of(uri)
    if path is None:
        return None
    document = editor.texts.get_text_document(uri)
    try:
        lines = document.lines
    except OSError:
        return None
    units = editor.texts.position_codec.range_from_client_units(lines, range_)
    first, last = units.start.line, units.end.line
    if units.end.character == 0 and last > first:
        last -= 1
    if units.start == units.end:
        text = lines[first] if first < len(lines) else ""
    else:
        part = list(lines[units.start.line : units.end.line + 1])
        if part and len(part) > units.end.line - units.start.line:
            part[-1] = part[-1][: units.end.character]
        if part:
            part[0] = part[0][units.start.character :]
        text = "".join(part)
    return Selected(uri, path, first + 1, last + 1, text, _is_saved(path, document.source))


def project_of(editor: Editor, path: Path) -> Path:
    """The open folder that holds a file, the innermost; else the first one."""
    folders = editor.folders()
    holding = [folder for folder in folders if path.is_relative_to(folder)]
    return max(holding, key=lambda folder: len(folder.parts), default=folders[0])


def _is_saved(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode("utf-8", "surrogateescape")
    except OSError:
        return False


def _action(
    chosen: Selected,
    project: Path,
    archetype: Archetype,
    title: str,
    words: str,
    problems: list[t.Diagnostic],
) -> Action:
    place = f"{chosen.path.name}:{chosen.first}"
    if chosen.last > chosen.first:
        place += f"-{chosen.last}"
    lines = [f"{words} ({place})"]
    if problems:
        lines += ["", "The editor reports:"]
        lines += [_problem(chosen.path, p) for p in problems]
    argument: dict[str, object] = {
        "prompt": "\n".join(lines),
        "content": chosen.content,
        "archetype": archetype.name,
        "project": str(project),
    }
    if archetype.readonly:
        # It looks at the user's own files, what is not committed included, and changes nothing.
        argument["workspace"] = {"kind": "none"}
    repairs = bool(problems) and not archetype.readonly
    kind = t.CodeActionKind.QuickFix.value if repairs else KIND
    return Action(title, kind, "athena.agent.spawn", argument, written=True, problems=problems)


def _problem(path: Path, diagnostic: t.Diagnostic) -> str:
    source = f" [{diagnostic.source}]" if diagnostic.source else ""
    return f"- {path.name}:{diagnostic.range.start.line + 1}: {diagnostic.message}{source}"
