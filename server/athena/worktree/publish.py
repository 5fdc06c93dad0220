"""Publishing a branch: push it, and open a pull or merge request with `gh` or `glab`."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from athena.worktree.errors import (
    GitFailed,
    HookFailed,
    PushRejected,
    ToolFailed,
    ToolMissing,
    UnknownRevision,
)
from athena.worktree.git import OnText, as_text, user_environment
from athena.worktree.names import checked_branch
from athena.worktree.process import run
from athena.worktree.repository import Checkout

Forge = Literal["github", "gitlab"]
TOOLS: dict[Forge, str] = {"github": "gh", "gitlab": "glab"}
INSTALL: dict[Forge, str] = {
    "github": "Install the GitHub command line (package `gh`) and run `gh auth login`",
    "gitlab": "Install the GitLab command line (package `glab`) and run `glab auth login`",
}
TOOL_SECONDS = 120.0
SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>(?!//).+)")
URL = re.compile(r"https?://\S+")
NUMBER = re.compile(r"!(\d+)")
UNPUSHED = re.compile(r"can\s+not be found on any remote:\n(?P<paths>(?:  .*\n)+)")
REJECTED = re.compile(r"\[(?:remote )?rejected\]|non-fast-forward|fetch first|stale info")


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote and the page of its project; `forge` is None where neither tool knows it."""

    name: str
    url: str
    forge: Forge | None
    page: str | None


@dataclass(frozen=True, slots=True)
class Pushed:
    """A branch that the remote has now."""

    remote: Remote
    branch: str
    commit: str


async def push(
    checkout: Checkout,
    branch: str,
    *,
    remote: str = "origin",
    remote_branch: str | None = None,
    force: bool = False,
    hooks: bool = True,
    on_text: OnText | None = None,
) -> Pushed:
    """Push one branch, and nothing but it, with the user's hooks and credentials.

    What names commits of submodules that no remote has is not pushed, unless the user told git
    (`push.recurseSubmodules`) what is to be done with them. `force` overwrites the remote branch
    only if it is still where it was last seen. Raises `PushRejected` or `HookFailed` with all that
    was printed.
    """
    checked_branch(branch)
    into = checked_branch(remote_branch or branch)
    known = await remote_of(checkout, remote)
    ref = f"refs/heads/{branch}"
    commit = await checkout.git.run("rev-parse", "--verify", "-q", ref, codes=(0, 1))
    if commit.code:
        raise UnknownRevision(f"There is no local branch {branch!r}.", advice="Commit first.")
    args = ["--force-with-lease"] if force else []
    args += [] if hooks else ["--no-verify"]
    try:
        await checkout.git.user(
            "push",
            "--set-upstream",
            "--progress",
            *args,
            remote,
            f"{ref}:refs/heads/{into}",
            config=("push.followTags=false", *await _submodules(checkout)),
            on_text=on_text,
        )
    except GitFailed as error:
        if REJECTED.search(error.detail):
            raise PushRejected(
                f"{remote} did not take {into}.",
                advice="Fetch and merge what it has, or push with force.",
                detail=error.detail,
            ) from error
        if (unpushed := UNPUSHED.search(error.detail)) is not None:
            paths = ", ".join(unpushed["paths"].split())
            raise PushRejected(
                f"{remote} did not get {into}: it names commits of submodules that no remote has "
                f"({paths}).",
                advice="Push those first, from the folders of the submodules.",
                detail=error.detail,
            ) from error
        if "failed to push some refs" in error.detail and "rejected" not in error.detail:
            raise HookFailed(
                "The push was refused by a hook.",
                advice="Repair what it reports, or push without hooks.",
                detail=error.detail,
            ) from error
        raise
    return Pushed(known, into, commit.text)


async def _submodules(checkout: Checkout) -> tuple[str, ...]:
    wanted = await checkout.git.user("config", "push.recurseSubmodules", codes=(0, 1))
    return () if wanted.text else ("push.recurseSubmodules=check",)


async def remote_of(checkout: Checkout, name: str = "origin") -> Remote:
    """A remote by its name. Raises `UnknownRevision` where there is none."""
    found = await checkout.git.run("remote", "get-url", "--push", "--", name, codes=(0, 2, 128))
    if found.code:
        raise UnknownRevision(
            f"{checkout.repository_root} has no remote {name!r}.",
            advice=f"Add it with `git remote add {name} URL`.",
        )
    return read_remote(name, found.text)


def read_remote(name: str, url: str) -> Remote:
    """What the address of a remote tells: the forge, and the page of the project."""
    if (match := SCP.fullmatch(url)) and "://" not in url:
        host, path = match["host"], match["path"]
    else:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
    path = path.strip("/").removesuffix(".git")
    if not host or "/" not in path:
        return Remote(name, url, None, None)
    forge: Forge | None = None
    if "github" in host:
        forge = "github"
    elif "gitlab" in host:
        forge = "gitlab"
    return Remote(name, url, forge, f"https://{host}/{path}")


def request_page(remote: Remote, branch: str, target: str) -> str | None:
    """The page on which a person opens the request by hand."""
    if remote.page is None:
        return None
    source, into = quote(branch, safe="/"), quote(target, safe="/")
    if remote.forge == "github":
        return f"{remote.page}/compare/{into}...{source}?expand=1"
    if remote.forge == "gitlab":
        query = f"merge_request[source_branch]={source}&merge_request[target_branch]={into}"
        return f"{remote.page}/-/merge_requests/new?{query}"
    return None


async def open_request(
    checkout: Checkout,
    pushed: Pushed,
    *,
    target: str,
    title: str,
    body: str = "",
    draft: bool = False,
    forge: Forge | None = None,
    on_text: OnText | None = None,
) -> str:
    """Open a pull request (GitHub) or merge request (GitLab); returns its address.

    Where there is one already, the push has updated it: its address is returned. `forge` decides
    where the remote's address does not tell. Raises `ToolMissing`, with the page to open by hand,
    and `ToolFailed` with all that the tool printed.
    """
    kind = forge or pushed.remote.forge
    page = request_page(pushed.remote, pushed.branch, target)
    by_hand = f", or open {page}" if page else ""
    if kind is None:
        raise ToolMissing(
            f"{pushed.remote.url} is neither GitHub nor GitLab, as far as its name tells.",
            advice="Say which of the two it is, or open the request by hand.",
            url=page,
        )
    env = user_environment(checkout.environ)
    tool = shutil.which(TOOLS[kind], path=env.get("PATH"))
    if tool is None:
        raise ToolMissing(
            f"The branch {pushed.branch} is pushed, but `{TOOLS[kind]}` is not installed.",
            advice=f"{INSTALL[kind]}{by_hand}.",
            url=page,
        )
    env |= {"GH_PROMPT_DISABLED": "1", "NO_PROMPT": "1", "NO_COLOR": "1"}
    ended = await run(
        [tool, *_arguments(kind, pushed.branch, target, title, body, draft)],
        cwd=checkout.root,
        env=env,
        seconds=TOOL_SECONDS,
        on_output=None if on_text is None else as_text(on_text),
        end_group=True,
    )
    output = ended.output.decode(errors="replace").strip()
    if ended.code and (known := _open_already(pushed.remote, output)):
        return known
    if ended.code or ended.timed_out:
        raise ToolFailed(
            f"`{TOOLS[kind]}` could not open the request"
            + (f" within {TOOL_SECONDS:g} s." if ended.timed_out else "."),
            advice=f"See what it says{by_hand}.",
            detail=output,
        )
    addresses = URL.findall(ended.stdout.decode(errors="replace")) or URL.findall(output)
    return addresses[-1] if addresses else output


def _open_already(remote: Remote, output: str) -> str | None:
    """The request that the tool says is there: gh names its address, glab its number."""
    _, said, after = output.partition("already exists")
    if not said:
        return None
    if addresses := URL.findall(after):
        return addresses[0]
    number = NUMBER.search(after)
    return f"{remote.page}/-/merge_requests/{number[1]}" if number and remote.page else None


def _arguments(
    kind: Forge, branch: str, target: str, title: str, body: str, draft: bool
) -> list[str]:
    # Values stand behind "=", so that none of them can be taken for an option.
    draft_flag = ["--draft"] if draft else []
    if kind == "github":
        named = [f"--head={branch}", f"--base={target}", f"--title={title}", f"--body={body}"]
        return ["pr", "create", *named, *draft_flag]
    named = [f"--source-branch={branch}", f"--target-branch={target}", f"--title={title}"]
    return ["mr", "create", "--yes", *named, f"--description={body}", *draft_flag]
