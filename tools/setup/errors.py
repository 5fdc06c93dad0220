"""What goes wrong in a set-up, in words for the person who ran it."""


class SetupError(Exception):
    """A tool cannot be had; the message says why, and what to do about it."""
