"""Showing alerts on the desktop, with the program that the platform has for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys

from athena.protocol.alert import Alert

SECONDS = 10.0
SCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def command(alert: Alert) -> list[str] | None:
    """The command that shows an alert; None where there is no such program."""
    text = alert.text or alert.project
    if sys.platform == "darwin":
        program = shutil.which("osascript")
        script = [part for line in SCRIPT for part in ("-e", line)]
        return [program, *script, alert.title, text] if program else None
    program = shutil.which("notify-send")
    urgency = "normal" if alert.topic == "result" else "critical"
    options = ["--app-name=Athena", f"--urgency={urgency}", "--"]
    return [program, *options, alert.title, _plain(text)] if program else None


def _plain(text: str) -> str:
    """The bodies of the freedesktop.org specification may have markup, so signs of it are named."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def show(alert: Alert) -> str | None:
    """Show it; why that was not possible, in words."""
    argv = command(alert)
    if argv is None:
        return "there is no notify-send here" if sys.platform != "darwin" else "no osascript"
    devnull = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=devnull, stdout=devnull, stderr=devnull, env=dict(os.environ)
    )
    try:
        async with asyncio.timeout(SECONDS):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"{argv[0]} hangs"
    return f"{argv[0]} ended with exit code {code}" if code else None
