"""Why a commit could not be signed, in the words of the program that signs."""

from __future__ import annotations

from athena.worktree.errors import HookFailed
from athena.worktree.git import Git, user_environment
from athena.worktree.process import run

FAILED = "failed to sign"
TRIAL_SECONDS = 60.0
PROGRAMS = {"openpgp": "gpg", "x509": "gpgsm"}


async def unsigned(git: Git, detail: str) -> HookFailed:
    """The error for a signature that failed.

    Git before 2.42 keeps to itself what gpg said, so gpg is asked once more for a signature.
    """
    said = await _trial(git)
    return HookFailed(
        "The commit could not be signed.",
        advice="Unlock the key, or turn off commit.gpgsign for this repository.",
        detail=detail if said in detail else f"{detail}\n{said}",
    )


async def _trial(git: Git) -> str:
    kind = await _setting(git, "gpg.format") or "openpgp"
    if kind not in PROGRAMS:
        return ""  # for the others, git prints what they say
    program = await _setting(git, f"gpg.{kind}.program") or PROGRAMS[kind]
    if kind == "openpgp":
        program = await _setting(git, "gpg.program") or program
    committer = await git.run("var", "GIT_COMMITTER_IDENT", codes=(0, 128))
    key = await _setting(git, "user.signingkey") or committer.text.rpartition(" <")[0]
    try:
        ended = await run(
            [program, "-bsau", key],
            cwd=git.cwd,
            env=user_environment(git.environ),
            stdin=b"trial",
            seconds=TRIAL_SECONDS,
            end_group=True,
        )
    except OSError as error:
        return f"{program}: {error.strerror}"
    return ended.stderr.decode(errors="replace").strip() if ended.code else ""


async def _setting(git: Git, key: str) -> str:
    return (await git.run("config", "--get", key, codes=(0, 1))).text
