"""The scripts that the server knows from the start."""

from __future__ import annotations

from tests.support.fakemodel.script import (
    Cut,
    Edit,
    Fail,
    Gate,
    Pace,
    Read,
    Run,
    Say,
    Script,
    Think,
    Write,
)

ALWAYS = 1_000_000

BUILTIN: dict[str, Script] = {
    "hello": [[Say("Hello from the fake model.")]],
    "tour": [
        [
            Think("I should look at the file first."),
            Say("Reading the file first. "),
            Read("{cwd}/hello.py"),
        ],
        [
            Say("Now the edit. "),
            Edit("{cwd}/hello.py", old='print("hello")', new='print("goodbye")'),
        ],
        [Write("{cwd}/notes.txt", "written by the fake model\n")],
        [Run("python3 hello.py")],
        [Say("Done: hello.py prints goodbye and notes.txt exists.")],
    ],
    "run": [[Run("echo one > {cwd}/one.txt")], [Say("Ran it.")]],
    "write": [[Write("{cwd}/new.txt", "new\n")], [Say("Wrote it.")]],
    "slow": [[Say("Working on it. "), Gate(), Say("Slow answer finished.")]],
    "held-tool": [
        [Say("Starting a command that waits. "), Run("cat {cwd}/fifo")],
        [Say("The command is over.")],
    ],
    "midturn": [
        [Say("Step one. "), Run("echo one >> {cwd}/steps.txt")],
        [Say("Step two, held. "), Gate(), Run("echo two >> {cwd}/steps.txt")],
        [Say("All steps done.")],
    ],
    "long": [[Pace(5), Say(" ".join(f"word{number}" for number in range(200)))]],
    "unavailable": [[Fail(503, times=2), Say("Recovered.")]],
    "flaky": [[Fail(529, times=2), Say("Recovered.")]],
    "broken": [[Fail(400, times=ALWAYS)]],
    "limit": [[Fail(429, times=ALWAYS)]],
    "overloaded": [[Fail(529, times=ALWAYS)]],
    "cut": [[Say("This will be cut "), Cut()]],
}
