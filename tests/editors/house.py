"""What every editor of these tests is given: an Athena, a project, and a program on its PATH."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from tests.support.athena import SYSTEM_PATH, Athena, Client, make_repository
from tests.support.wait import until_sync

PROMPT = """```scenario
edit poem.py: two = 2 -> two = "taken"
ask May I stop? | allow-once "Allow", reject-once "Deny"
say Finished after ${outcome}.
```
"""
POEM = "one = 1\ntwo = 2\nthree = 3\n"
TAKEN = POEM.replace("two = 2", 'two = "taken"')


class House:
    """A daemon whose agents are scripted, and a repository with a prompt to be selected."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = make_repository(root / "project", {"poem.py": POEM, "ask.py": PROMPT})
        programs = root / "bin"
        programs.mkdir()
        athena = programs / "athena"
        athena.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m athena "$@"\n')
        athena.chmod(0o755)
        (root / "athena.toml").write_text('[defaults]\nharness = "scripted"\n')
        self.athena = Athena(root)
        self.environment = {
            **self.athena.environment,
            "PATH": f"{programs}:{SYSTEM_PATH}",
            "TERM": "xterm-256color",
            "SHELL": "/bin/sh",
        }
        self.home = Path(self.environment["HOME"])

    @property
    def poem(self) -> Path:
        return self.project / "poem.py"

    def is_taken(self) -> bool:
        """Whether the poem has the agent's change; some editors save by way of another file."""
        try:
            return self.poem.read_text() == TAKEN
        except FileNotFoundError:
            return False

    @property
    def ask(self) -> Path:
        return self.project / "ask.py"

    def has_asked(self, client: Client) -> str:
        """Wait until an agent waits for a permission; its id."""

        def waiting() -> str | None:
            found = [a["id"] for a in client.agents() if a["status"] == "needsPermission"]
            return found[0] if found else None

        found = until_sync(waiting, 20, "an agent asks for a permission")
        assert found
        return found

    def closed_by(self, client: Client, agent: str) -> str:
        """Who answered an agent's request, and how."""
        client.until(agent, "idle")
        (event,) = [e for e in client.events(agent) if e["kind"] == "requestClosed"]
        return f"{event['data']['by']}: {event['data']['optionId']}"

    def written(self) -> Path:
        """Wait for the transcript in a file, as editors get it that show no documents of a server."""

        def found() -> Path | None:
            return next((self.athena.state / "documents").glob("agent-*transcript*"), None)

        path = until_sync(found, 20, "a transcript was written")
        assert path
        return path
