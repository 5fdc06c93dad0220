"""What can go wrong between the daemon and a runner."""

from __future__ import annotations


class RunError(Exception):
    """Base of all errors of this package."""


class LaunchFailed(RunError):
    """The runner itself could not be started; the words say why. (That a *harness* cannot be
    started is no error here but a run that ended with `How.SPAWN_FAILED`.)"""


class Fenced(RunError):
    """Another daemon, with a higher epoch, drives this run. Leave it alone."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"another daemon drives this run (epoch {epoch})")
        self.epoch = epoch


class Detached(RunError):
    """This `Run` was detached; attach again to go on."""


class RunEnded(RunError):
    """The harness has ended, so it takes nothing any more."""


class RunnerSilent(RunError):
    """The runner lives but does not answer; its process may be stopped or starved."""


class StillRunning(RunError):
    """The run has a live runner, which must not be reaped; attach and kill it instead."""


class Refused(RunError):
    """The runner did not take a frame or a command. `code` as in `athena.runner.door`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
