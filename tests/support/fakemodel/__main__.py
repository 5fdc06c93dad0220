"""`python -m tests.support.fakemodel`: serve until ended, for a trial by hand or for a demo."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from aiohttp import web

from tests.support.fakemodel.server import build_app
from tests.support.fakemodel.state import State


async def serve(port: int, dump: Path | None) -> None:
    runner = web.AppRunner(build_app(State(), dump), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=0.1).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description="A model that says what a script tells it to.")
    parser.add_argument("--port", type=int, default=0, help="0 (default): any free port")
    parser.add_argument("--dump", type=Path, help="a folder that gets every request body")
    given = parser.parse_args()
    if given.dump:
        given.dump.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(given.port, given.dump))


if __name__ == "__main__":
    main()
