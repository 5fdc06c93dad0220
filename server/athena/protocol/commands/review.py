"""Commands on what an agent changed: looking, judging, commenting, and who wrote a line."""

from __future__ import annotations

from athena.protocol.command import AGENT, REPOSITORY, Argument, Command, Source, When

_ANY = When(archived=None)
_SCOPE = Argument("scope", Source.CHOICE, "Scope")
_TURN = Argument("turnId", Source.TURN, "Turn")
_PATH = Argument("path", Source.CHANGED_FILE, "File")
_HUNKS = Argument("hunkIds", Source.HUNKS, "Hunks")
_CHANGES = (AGENT, REPOSITORY, _SCOPE, _TURN, _PATH, _HUNKS)

REVIEW_COMMANDS: tuple[Command, ...] = (
    Command(
        id="athena.changeset.get",
        word="changes",
        title="Show Changes",
        method="athena/changeset/get",
        arguments=(AGENT, REPOSITORY, _SCOPE, _TURN),
        when=_ANY,
        icon="diff",
        key="d",
    ),
    Command(
        id="athena.review.accept",
        word="accept",
        title="Accept Changes",
        method="athena/review/verdict",
        arguments=_CHANGES,
        preset={"verdict": "accepted"},
        when=_ANY,
        icon="check",
        about="Accept hunks, a file, or all that was changed.",
    ),
    Command(
        id="athena.review.reject",
        word="reject",
        title="Reject Changes",
        method="athena/review/verdict",
        arguments=_CHANGES,
        preset={"verdict": "rejected"},
        when=_ANY,
        icon="close",
        about="Reject hunks, a file, or all that was changed.",
    ),
    Command(
        id="athena.review.reopen",
        word="reopen",
        title="Take Back Verdict",
        method="athena/review/verdict",
        arguments=_CHANGES,
        preset={"verdict": "open"},
        when=_ANY,
        icon="circle",
        about="Take back what was said of hunks, a file, or all that was changed.",
    ),
    Command(
        id="athena.review.comment",
        word="comment",
        title="Comment on Change",
        method="athena/review/comment",
        arguments=(
            AGENT,
            REPOSITORY,
            Argument("path", Source.CHANGED_FILE, "File", required=True),
            Argument("line", Source.FIRST_LINE, "Line"),
            Argument("endLine", Source.LAST_LINE, "Last line"),
            Argument("text", Source.PROMPT, "Comment", required=True),
            _TURN,
            Argument("send", Source.FLAG, "Send at once"),
        ),
        when=_ANY,
        icon="comment",
        key="c",
    ),
    Command(
        id="athena.review.listComments",
        word="comments",
        title="Show Comments",
        method="athena/review/listComments",
        arguments=(Argument("agent", Source.AGENT, "Agent"),),
        icon="comment-unresolved",
    ),
    Command(
        id="athena.review.resolve",
        word="resolve",
        title="Resolve Comment",
        method="athena/review/resolve",
        arguments=(AGENT, Argument("commentId", Source.COMMENT, "Comment", required=True)),
        when=_ANY,
        icon="pass",
    ),
    Command(
        id="athena.review.send",
        word="send",
        title="Send Comments to Agent",
        method="athena/review/send",
        arguments=(AGENT, Argument("text", Source.PROMPT, "Prompt")),
        when=When(),
        icon="send",
    ),
    Command(
        id="athena.review.apply",
        word="apply",
        title="Apply Accepted Changes",
        method="athena/review/apply",
        arguments=(
            AGENT,
            REPOSITORY,
            _SCOPE,
            _TURN,
            Argument("target", Source.BRANCH, "Target"),
            Argument("paths", Source.CHANGED_FILES, "Files"),
            _HUNKS,
            Argument("dryRun", Source.FLAG, "Only say what would happen"),
        ),
        when=_ANY,
        icon="git-stash-apply",
        about="Put accepted hunks into the project's own files, or into a branch.",
    ),
    Command(
        id="athena.line.authors",
        word="who",
        title="Show Who Wrote This",
        method="athena/line/authors",
        arguments=(
            Argument("path", Source.DOCUMENT, "File", required=True),
            Argument("start", Source.FIRST_LINE, "Line"),
            Argument("end", Source.LAST_LINE, "Last line"),
            Argument("text", Source.DOCUMENT_TEXT, "Unsaved text"),
        ),
        icon="person",
        key="w",
        about="Show which turn of which agent wrote the lines of a file.",
    ),
)
