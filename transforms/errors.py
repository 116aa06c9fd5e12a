"""The error that a person can act on."""

from __future__ import annotations


class CallError(ValueError):
    """This call cannot be processed; the others can.

    Args:
      message: what is wrong, naming the file.
      way_out: what the reader can do about it, as an imperative sentence.
      field: the manifest field at fault, if one is.
      value: its value, as text.
    """

    def __init__(self, message: str, *, way_out: str, field: str | None = None,
                 value: str | None = None):
        super().__init__(message)
        self.message = message
        self.way_out = way_out
        self.field = field
        self.value = value

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return _rebuild, (self.message, self.way_out, self.field, self.value)


def _rebuild(message: str, way_out: str, field: str | None, value: str | None) -> CallError:
    return CallError(message, way_out=way_out, field=field, value=value)
