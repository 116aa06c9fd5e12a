"""The error of a run that cannot go on. It imports nothing: every command looks for it."""


class RunFailedError(RuntimeError):
    """The run cannot go on; the message says why. What is landed stays landed."""
