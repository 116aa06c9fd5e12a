"""What a person sees of a run while it goes: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TextIO

from pipeline.text import clean
from warehouse import ledger

LINE_EVERY_S = 10.0
REJECTED_BEFORE = 'rejected before'


@dataclass
class Tally:
    """The outcomes of a batch so far. `calls_in` is fixed before the first outcome."""

    calls_in: int
    landed: int = 0
    recovered: int = 0  # of the landed: heard by an earlier run that did not come to publish
    skipped: int = 0
    stale: int = 0  # of the skipped: published with other perception settings
    rejected_before: int = 0  # of the skipped: rejected by an earlier run, and unchanged since
    rejected: int = 0
    audio_s: float = 0.0
    work_s: float = 0.0
    peak_rss_mb: float = 0.0

    @property
    def done(self) -> int:
        return self.landed + self.skipped + self.rejected

    def add(self, entry: ledger.Entry) -> None:
        self.landed += entry.outcome == ledger.LANDED
        self.recovered += entry.why == 'recovered'
        self.skipped += entry.outcome == ledger.SKIPPED
        self.stale += entry.why == 'stale'
        self.rejected_before += entry.why == REJECTED_BEFORE
        self.rejected += entry.outcome == ledger.REJECTED
        self.audio_s += entry.audio_s
        self.work_s += entry.work_s
        self.peak_rss_mb = max(self.peak_rss_mb, entry.rss_mb)


class Progress:
    """Shows a tally as it grows. Use as a context manager; `add` takes each outcome."""

    def __init__(self, tally: Tally, out: TextIO = sys.stderr):
        self._tally, self._out = tally, out
        self._began = self._said = time.monotonic()
        self._bar = _Bar(tally, out) if out.isatty() else None

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.show(self._figures())
            self._bar.stop()

    def add(self, entry: ledger.Entry) -> None:
        """Counts an outcome and shows it; a reject is named at once."""
        self._tally.add(entry)
        if entry.outcome == ledger.REJECTED:
            self.say(f'rejected {entry.call_id}: {entry.why}')
        if self._bar:
            self._bar.show(self._figures())
        elif time.monotonic() - self._said >= LINE_EVERY_S or self._tally.done == 1:
            self._said = time.monotonic()
            self.say(f'{self._tally.done} of {self._tally.calls_in} calls, {self._figures()}')

    def say(self, line: str) -> None:
        """A line above the bar; foreign text in it is made harmless."""
        if self._bar:
            self._bar.say(clean(line))
        else:
            print(clean(line), file=self._out, flush=True)

    def _figures(self) -> str:
        tally, took = self._tally, time.monotonic() - self._began
        speed = tally.audio_s / took if took else 0.0
        left = (took / tally.done * (tally.calls_in - tally.done)) if tally.done else 0.0
        return (f'{tally.rejected} rejected, {tally.audio_s / 3600:.2f} h of audio, '
                f'{speed:.1f} x real time, {_clock(left)} left')


class RescoreProgress:
    """Shows how many stored calls have been judged again. Use as a context manager."""

    def __init__(self, calls: int, out: TextIO = sys.stderr):
        self._tally, self._out = Tally(calls_in=calls), out
        self._began = self._said = time.monotonic()
        self._bar = _Bar(self._tally, out, 'reading') if out.isatty() else None

    def __enter__(self) -> RescoreProgress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def add(self, calls: int) -> None:
        """Counts calls that are done."""
        self._tally.landed += calls
        took = time.monotonic() - self._began
        left = took / self._tally.done * (self._tally.calls_in - self._tally.done)
        figures = f'{self._tally.done / took:.0f} calls a second, {_clock(left)} left'
        if self._bar:
            self._bar.show(figures)
        elif time.monotonic() - self._said >= LINE_EVERY_S:
            self._said = time.monotonic()
            self.say(f'{self._tally.done} of {self._tally.calls_in} calls, {figures}')

    def say(self, line: str) -> None:
        """What is done now."""
        if self._bar:
            self._bar.show(line)
        else:
            print(clean(line), file=self._out, flush=True)


class _Bar:
    """rich's bar, imported only where there is a terminal to draw on."""

    def __init__(self, tally: Tally, out: TextIO, at_first: str = 'loading models'):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Rich
        self._tally = tally
        self._rich = Rich(SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn('calls'),
                          TextColumn('{task.description}'), console=Console(file=out))
        self._task = self._rich.add_task(at_first, total=tally.calls_in)

    def start(self) -> None:
        self._rich.start()

    def stop(self) -> None:
        self._rich.stop()

    def show(self, figures: str) -> None:
        self._rich.update(self._task, completed=self._tally.done, description=figures)

    def say(self, line: str) -> None:
        self._rich.console.print(line, markup=False, highlight=False)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{rest:02}' if hours else f'{minutes}:{rest:02}'
