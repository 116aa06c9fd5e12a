import io

from pipeline.progress import Progress, Tally
from warehouse import ledger


def test_each_outcome_is_counted_once_and_a_reject_is_named_at_once():
    out, tally = io.StringIO(), Tally(calls_in=4)
    with Progress(tally, out) as progress:
        progress.add(ledger.Entry('a', ledger.LANDED, 'a', audio_s=60.0, work_s=5.0, rss_mb=100.0))
        progress.add(ledger.Entry('b', ledger.SKIPPED, 'b', 'stale'))
        progress.add(ledger.Entry('c', ledger.REJECTED, 'c\x1b[2J', 'decode: c.wav: no audio'))
        progress.add(ledger.Entry('d', ledger.LANDED, 'd', 'recovered'))
    assert (tally.done, tally.landed, tally.recovered, tally.skipped, tally.stale,
            tally.rejected) == (4, 2, 1, 1, 1, 1)
    assert (tally.audio_s, tally.work_s, tally.peak_rss_mb) == (60.0, 5.0, 100.0)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith('1 of 4 calls, 0 rejected, 0.02 h of audio')
    assert lines[1] == 'rejected c\ufffd[2J: decode: c.wav: no audio'


def test_on_a_terminal_there_is_a_bar_with_the_figures():
    class Terminal(io.StringIO):
        def isatty(self):
            return True
    out = Terminal()
    with Progress(Tally(calls_in=2), out) as progress:
        progress.add(ledger.Entry('a', ledger.LANDED, 'a', audio_s=3600.0))
    shown = out.getvalue()
    assert '1/2' in shown and '1.00 h of audio' in shown and 'x real time' in shown
