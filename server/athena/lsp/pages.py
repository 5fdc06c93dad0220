"""Documents about agents, in Markdown or as a unified diff. Pure.

A document's address is `athena:` and a path, such as `athena:/agent/ID/transcript.md`; a fragment
(`#TURN`) names a turn in it. Links between them are written with these addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from athena.lsp.places import uri_of
from athena.lsp.wording import cost_words, first_line, request_words, time_words
from athena.protocol.agent import AgentView, OpenRequest
from athena.protocol.content import Location, ToolDiff, ToolTerminal, ToolText, plain_text
from athena.protocol.counted import counted
from athena.protocol.items import (
    ItemStatus,
    Message,
    Notice,
    Plan,
    Reasoning,
    ToolCall,
    Unrecognized,
    UserMessage,
)
from athena.protocol.request import Inquiry, Permission
from athena.protocol.review import ChangedFileDetail, Comparison
from athena.protocol.transcript import TranscriptItem, TurnView

SCHEME = "athena"
AGENTS = "athena:/agents.md"
INBOX = "athena:/inbox.md"
TRANSCRIPT = re.compile(r"athena:/agent/([^/]+)/transcript(?:-before-(\d+))?\.md")
CHANGES = re.compile(r"athena:/agent/([^/]+)/changes(?:-([^/]+))?\.diff")
COMPARISON = re.compile(r"athena:/comparison/([^/]+)\.md")
LONGEST_OUTPUT = 4_000
_MARKS = {
    ItemStatus.PENDING: " ",
    ItemStatus.IN_PROGRESS: ">",
    ItemStatus.COMPLETED: "x",
    ItemStatus.FAILED: "!",
    ItemStatus.CANCELLED: "-",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a document: its place in the text, and where it leads."""

    line: int
    start: int
    end: int
    target: str


def transcript_uri(agent_id: str, turn_id: str | None = None, before: int | None = None) -> str:
    """The address of a transcript's end, or of its part before a version; or of a turn in it."""
    part = f"-before-{before}" if before is not None else ""
    return f"athena:/agent/{agent_id}/transcript{part}.md" + (f"#{turn_id}" if turn_id else "")


def changes_uri(agent_id: str, turn_id: str | None = None) -> str:
    """The address of what an agent, or one of its turns, changed."""
    return f"athena:/agent/{agent_id}/changes{f'-{turn_id}' if turn_id else ''}.diff"


def comparison_uri(agents: Sequence[str]) -> str:
    """The address of a comparison."""
    return f"athena:/comparison/{'+'.join(agents)}.md"


def agents_page(agents: Iterable[AgentView]) -> str:
    """The list of agents."""
    lines = ["# Agents", ""]
    for a in agents:
        lines.append(f"- **{a.name}** ({a.harness}) {a.status.value}: {_doing(a)}")
        links = [
            f"[transcript]({transcript_uri(a.id)})",
            f"[changes]({changes_uri(a.id)})",
            *([f"[{a.workspace.path}]({uri_of(a.workspace.path)})"] if a.workspace else []),
        ]
        facts = [counted(a.turns, "turn"), cost_words(a.cost), *links]
        lines.append(f"  {' · '.join(f for f in facts if f)}")
    if len(lines) == 2:
        lines.append("There are none. A code action on a selection starts one.")
    return "\n".join(lines) + "\n"


def inbox_page(requests: Iterable[OpenRequest]) -> str:
    """What waits for the user, and how to answer it without a dialog."""
    lines = ["# Inbox", ""]
    for request in requests:
        lines += [f"## {request.agent_name}: {request_words(request)}", ""]
        lines.append(f"[transcript]({transcript_uri(request.agent_id, request.turn_id)})")
        lines += ["", *_request(request), ""]
    if len(lines) == 2:
        lines.append("Nothing waits for you.")
    return "\n".join(lines).rstrip() + "\n"


def _request(request: OpenRequest) -> list[str]:
    command = f'athena.request.answer {{"requestId": "{request.request_id}"'
    body = request.request
    if isinstance(body, Permission):
        call = _tool(body.tool_call)[1:] if body.tool_call else []
        options = [f'- {o.name}: `{command}, "option": "{o.id}"}}`' for o in body.options]
        return [*call, *options]
    return [line for q in body.questions for line in _question(body, command, q.id)]


def _question(inquiry: Inquiry, command: str, question_id: str) -> list[str]:
    question = next(q for q in inquiry.questions if q.id == question_id)
    lines = [question.text, ""]
    lines += [
        f"- {c.label}{f': {c.description}' if c.description else ''}" for c in question.choices
    ]
    return [*lines, f'Answer with `{command}, "answers": {{"{question_id}": ["…"]}}}}`', ""]


def transcript_page(
    agent: AgentView, turns: Iterable[TurnView], items: Iterable[TranscriptItem], before: int | None
) -> str:
    """What an agent said and did, a heading for each turn; `before` leads to what was earlier."""
    known = {t.turn_id: t for t in turns}
    lines = [f"# {agent.name} ({agent.harness})", ""]
    links = f"[changes]({changes_uri(agent.id)}) · [all agents]({AGENTS})"
    lines += [f"{agent.status.value} · {links}", ""]
    if before is not None:
        lines += [f"[Earlier]({transcript_uri(agent.id, before=before)})", ""]
    turn_id: str | None = None
    for item in items:
        if item.turn_id is not None and item.turn_id != turn_id:
            turn_id = item.turn_id
            lines += [*_heading(agent, turn_id, known.get(turn_id)), ""]
        lines += [*_item(item), ""]
    for request in agent.requests:
        lines += [f"**Waits for you:** {request_words(request)} ([inbox]({INBOX}))", ""]
    return "\n".join(lines).rstrip() + "\n"


def turn_heading(turn_id: str) -> str:
    """How the heading of a turn begins."""
    return f"## Turn {turn_id}"


def _heading(agent: AgentView, turn_id: str, turn: TurnView | None) -> list[str]:
    facts = [turn_heading(turn_id)]
    if turn is None:
        return facts
    told = [time_words(turn.started_at), turn.stop_reason or "running", cost_words(turn.cost)]
    told.append(f"[changes]({changes_uri(agent.id, turn_id)})")
    lines = [*facts, "", " · ".join(t for t in told if t)]
    if turn.error is not None:
        lines += ["", f"**{turn.error.category}**: {turn.error.message}"]
    return lines


def _item(shown: TranscriptItem) -> list[str]:
    cut = ["", "*(cut; `athena show` has the whole)*"] if shown.truncated else []
    match shown.item:
        case UserMessage(content=content, by=by):
            return [f"**{by}**", "", *_quoted(plain_text(content)), *cut]
        case Message(text=text):
            return [*text.splitlines(), *cut]
        case Reasoning(text=text):
            return ["*Thinking*", "", *_quoted(text), *cut]
        case ToolCall() as call:
            return [*_tool(call), *cut]
        case Plan(entries=entries):
            return ["Plan:", "", *(f"- [{_MARKS[e.status]}] {e.text}" for e in entries)]
        case Notice(level=level, text=text):
            return [f"*{level}: {first_line(text, 1000)}*", *cut]
        case Unrecognized(reason=reason):
            return [f"*not understood: {reason}*"]


def _tool(call: ToolCall) -> list[str]:
    lines = [f"- [{_MARKS[call.status]}] **{call.tool.value}** {first_line(call.title, 200)}"]
    places = {(where.path, where.line): where for where in call.locations}
    lines += [f"  {location_link(where)}" for where in places.values()]
    for part in call.content:
        match part:
            case ToolText(text=text) | ToolTerminal(output=str(text)):
                lines += _fenced(text, "")
            case ToolDiff(path=path, old_text=old, new_text=new):
                lines += [f"  {location_link(Location(path=path))}"]
                removed = [f"-{line}" for line in (old or "").splitlines()]
                added = [f"+{line}" for line in new.splitlines()]
                lines += _fenced("\n".join([*removed, *added]), "diff")
            case _:
                pass
    return lines


def location_link(where: Location) -> str:
    """A link to a place in a file."""
    line = f":{where.line}" if where.line else ""
    fragment = f"#L{where.line}" if where.line else ""
    name = where.path.rpartition("/")[2]
    return f"[{name}{line}]({uri_of(where.path)}{fragment})"


def _fenced(text: str, kind: str) -> list[str]:
    """Text in a fence that is longer than any in it."""
    if not text.strip():
        return []
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 0)
    shown = text if len(text) <= LONGEST_OUTPUT else text[:LONGEST_OUTPUT] + "\n…"
    return ["", f"  {fence}{kind}", *(f"  {line}" for line in shown.splitlines()), f"  {fence}"]


def _quoted(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in text.splitlines()]


def _doing(agent: AgentView) -> str:
    if agent.requests:
        return f"[{request_words(agent.requests[0])}]({INBOX})"
    return first_line(agent.activity or agent.title or agent.reason or "")


def changes_page(files: Iterable[ChangedFileDetail]) -> str:
    """A unified diff without context, with what was said of each hunk and line."""
    lines: list[str] = []
    for file in files:
        old = "/dev/null" if file.status == "added" else f"a/{file.old_path or file.path}"
        new = "/dev/null" if file.status == "deleted" else f"b/{file.path}"
        lines += [f"diff --git a/{file.old_path or file.path} b/{file.path}"]
        lines += [f"# {c.by} at line {c.line}: {first_line(c.text)}" for c in file.comment_list]
        if file.binary or file.large:
            lines.append("# binary" if file.binary else "# too large to show here")
            continue
        lines += [f"--- {old}", f"+++ {new}"]
        for hunk in file.hunk_list:
            verdict = "" if hunk.verdict == "open" else f" ({hunk.verdict})"
            place = f"-{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines}"
            lines.append(f"@@ {place} @@ {hunk.section}{verdict}".rstrip())
            lines += [f"-{line}" for line in hunk.removed]
            lines += [f"+{line}" for line in hunk.added]
    return "\n".join(lines or ["# Nothing is changed."]) + "\n"


def comparison_page(compared: Comparison) -> str:
    """Agents in columns."""
    agents = compared.agents
    rows: list[tuple[str, list[str]]] = [
        ("status", [a.status for a in agents]),
        ("harness", [f"{a.harness} {a.model or ''}".strip() for a in agents]),
        ("turns", [str(a.turns) for a in agents]),
        ("tool calls", [str(a.tool_calls) for a in agents]),
        ("commands", [f"{a.commands} ({a.failed_commands} failed)" for a in agents]),
        ("time", [f"{a.duration_ms / 1000:.1f} s" for a in agents]),
        ("tokens", [f"{a.input_tokens} in, {a.output_tokens} out" for a in agents]),
        ("cost", [cost_words(a.cost) or "unknown" for a in agents]),
        ("changed", [f"{a.files} files +{a.additions} -{a.deletions}" for a in agents]),
        ("said last", [first_line(a.last_message).replace("|", "\\|") for a in agents]),
        ("see", [f"[changes]({changes_uri(a.agent_id)})" for a in agents]),
    ]
    heads = [f"[{a.name}]({transcript_uri(a.agent_id)})" for a in agents]
    lines = ["# Comparison", "", f"| | {' | '.join(heads)} |", "|" + " --- |" * (len(heads) + 1)]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    if compared.shared_files:
        lines += ["", "Changed by several:", "", *(f"- {path}" for path in compared.shared_files)]
    return "\n".join(lines) + "\n"


_LINK = re.compile(r"\[[^\]\n]{0,300}\]\(([^)\s]+)\)")


def links(text: str) -> list[Link]:
    """The links of a Markdown document, in order."""
    return [
        Link(number, found.start(), found.end(), found[1])
        for number, line in enumerate(text.split("\n"))
        for found in _LINK.finditer(line)
        if found[1].startswith(("athena:", "file:"))
    ]


_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)")


def changed_place(text: str, line: int) -> tuple[str, int] | None:
    """The file, and its line from 1, that a line (from 0) of a diff shows."""
    path: str | None = None
    number = following = 1
    for at in text.split("\n")[: line + 1]:
        if at.startswith("diff --git "):
            path, number = at.rpartition(" b/")[2], 1
        elif hunk := _HUNK.match(at):
            number = following = max(1, int(hunk[1]))
        elif at.startswith("+") and not at.startswith("+++ b/"):
            number, following = following, following + 1
        elif at.startswith("-"):
            number = following
    return None if path is None else (path, number)
