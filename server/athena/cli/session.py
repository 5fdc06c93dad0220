"""The command line's own connection to the daemon, which it starts when there is none."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

from athena import __version__
from athena.cli.advice import next_step
from athena.cli.output import EXIT_OF, EXIT_OF_KIND, Exit, Failure, err, waiting, wants_json
from athena.relay.client import CallError, HeadlessClient
from athena.relay.failure import EXIT_LOST, RelayError


class Lost(Failure):
    """The daemon died or restarts: who knows how far it has heard the log can go on from there."""


class Session:
    """Calls methods and follows notifications; errors become `Failure`s with exit codes."""

    def __init__(self, start: bool = True) -> None:
        self._start = start
        self._client = self._opened()

    def _opened(self) -> HeadlessClient:
        try:
            return HeadlessClient(
                start=self._start, name="athena", version=__version__, say=_progress
            )
        except RelayError as error:
            raise _failure(error) from error

    def reopen(self) -> None:
        """Connect again, to the next daemon."""
        self._client.close()
        self._client = self._opened()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """The result of a method; parameters that are None are left out."""
        return self.ask(method, {k: v for k, v in params.items() if v is not None})

    def ask(self, method: str, params: dict[str, object]) -> dict[str, Any]:
        """The result of a method that is told just these parameters."""
        try:
            with waiting():
                result = cast("dict[str, Any]", self._client.call(method, params))
        except CallError as error:
            code = EXIT_OF_KIND.get(
                str(error.data.get("kind")), EXIT_OF.get(error.code, Exit.FAILED)
            )
            hint = next_step(params, error)
            raise Failure(error.message, code, error.data, hint) from error
        except RelayError as error:
            raise _failure(error) from error
        return result

    def notifications(self, timeout: float | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the daemon sends by itself, as (method, parameters), until it goes away."""
        try:
            for method, params in self._client.notifications(timeout):
                yield method, cast("dict[str, Any]", params)
        except RelayError as error:
            raise _failure(error) from error


def _failure(error: RelayError) -> Failure:
    kind = Lost if error.code == EXIT_LOST else Failure
    return kind(error.message, Exit.NO_DAEMON)


@contextmanager
def session(start: bool = True) -> Generator[Session]:
    """A connection for the time of a command."""
    opened = Session(start)
    try:
        yield opened
    finally:
        opened.close()


def _progress(words: str) -> None:
    if not wants_json():
        err.print(words, style="dim")
