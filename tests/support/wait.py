"""Waiting on a condition with a deadline, instead of sleeping for a guessed time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.01


async def until(check: Callable[[], T | Awaitable[T]], timeout: float = 30, what: str = "") -> T:
    """Return the first truthy value of `check`; `AssertionError` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        found = check()
        value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not so after {timeout} s: {what or inspect.getsource(check).strip()}"
            )
        await asyncio.sleep(POLL_SECONDS)


def until_sync(
    check: Callable[[], T], timeout: float = 30, what: str | Callable[[], str] = ""
) -> T:
    """`until` for tests without an event loop; `what` may be asked for when it was not so."""
    deadline = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            words = what() if callable(what) else what or inspect.getsource(check).strip()
            raise AssertionError(f"not so after {timeout} s: {words}")
        time.sleep(POLL_SECONDS)
