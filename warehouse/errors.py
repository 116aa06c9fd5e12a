"""The error that whoever runs or asks the warehouse can act on."""

from __future__ import annotations

from typing import Any


class WarehouseError(Exception):
    """The warehouse cannot do what was asked.

    Args:
      message: what is wrong, naming the file, table or statement.
      way_out: what the reader can do about it, as an imperative sentence.
    """

    def __init__(self, message: str, *, way_out: str):
        super().__init__(f'{message.rstrip(".")}. {way_out}'.strip())
        self.message = message
        self.way_out = way_out

    def __reduce__(self) -> tuple[Any, ...]:  # or it could not come back from a worker
        return _remade, (type(self), self.message, self.way_out)


class QueryError(WarehouseError):
    """A statement that cannot be answered: not a question, or one that does not fit the tables."""


def _remade(kind: type[WarehouseError], message: str, way_out: str) -> WarehouseError:
    return kind(message, way_out=way_out)
