"""What assess makes of the sample calls as they were written: perfect hearing, real judgement."""

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.calls_for_tests import event, judged
from warehouse.records import AGENT, CALLER

SAMPLES = Path(__file__).parent.parent / 'samples'
TRUTH = json.loads((SAMPLES / 'truth.json').read_text())
MANIFEST = {row['call_id']: row for row in csv.DictReader((SAMPLES / 'manifest.csv').open())}
SPOKEN = sorted(call for call, true in TRUTH.items() if not true['silent'])
RING_S = 0.8  # as long as a ring is heard does not matter, its onset does


def assessed(call, **given):
    true, row = TRUTH[call], MANIFEST[call]
    said = [(turn['speaker'], turn['start_s'], turn['end_s'], turn['text'])
            for turn in [*true['turns'], *true['backchannels']]]
    heard = [event('ring', 'ringback', at, at + RING_S) for at in true['ring']['onsets_s']]
    heard += [event('hold', 'music', hold['start_s'], hold['end_s']) for hold in true['holds']
              if hold['label'] == 'music']
    times = {name: datetime.fromisoformat(row[name].replace('Z', '+00:00'))
             for name in ('started_at', 'ringing_at', 'answered_at') if row[name]}
    return judged(said, true['duration_s'], tuple(heard), **{
        'direction': row['direction'], 'hung_up_by': row['hung_up_by'] or None,
        'started_at': times['started_at'],
        'manifest': json.dumps({name: at.isoformat() for name, at in times.items()}), **given})


@pytest.mark.parametrize('call', SPOKEN)
def test_ringing_is_measured_as_it_was_made(call):
    kpis, ring = assessed(call).kpis[0], TRUTH[call]['ring']
    assert kpis.ring_source == ring['source']
    assert kpis.ring_count == ring['count']
    for ours, true in ((kpis.ring_to_answer_s, ring['to_answer_s']),
                       (kpis.ring_at_least_s, ring['at_least_s'])):
        assert ours == (None if true is None else pytest.approx(true, abs=0.05))


@pytest.mark.parametrize('call', SPOKEN)
def test_holds_and_dead_air_are_those_that_were_made(call):
    kpis, true = assessed(call).kpis[0], TRUTH[call]
    holds = [hold['end_s'] - hold['start_s'] for hold in true['holds']]
    assert (kpis.hold_count, kpis.hold_total_s) == (len(holds), pytest.approx(sum(holds), abs=0.05))
    silent = [dead['end_s'] - dead['start_s'] for dead in true['dead_air']]
    assert (kpis.dead_air_count, kpis.dead_air_s) == (len(silent),
                                                      pytest.approx(sum(silent), abs=0.05))


@pytest.mark.parametrize('given', [
    {}, {'transcriber': 'pocketsphinx'}, {'transcript_trust': 'low'}], ids=['full', 'part', 'none'])
@pytest.mark.parametrize('call', SPOKEN)
def test_every_overlap_has_the_class_it_was_made_to_have(call, given):
    found, true = assessed(call, **given), TRUTH[call]
    assert [(e.label, e.speaker, pytest.approx(e.start_s, abs=0.02)) for e in found.events
            if e.kind == 'overlap'] == [(o['class'], o['by'], o['start_s'])
                                        for o in true['overlaps']]
    kpis = found.kpis[0]
    for who in (AGENT, CALLER):
        for name in (f'{who}_interruptions', f'{who}_backchannels'):
            assert getattr(kpis, name) == true[name]


@pytest.mark.parametrize('call', SPOKEN)
def test_the_sign_off_is_judged_as_it_was_written(call):
    kpis, true = assessed(call).kpis[0], TRUTH[call]
    assert (kpis.signoff_order, kpis.signoff_spoken) == (
        true['signoff_order'], true['signoff_spoken'])


@pytest.mark.parametrize('call', SPOKEN)
def test_closing_acts_start_where_they_were_said(call):
    said = [e for e in assessed(call).events if e.kind == 'phrase' and e.speaker == AGENT]
    names = {'further_help': 'further_help_question', 'thanks': 'thanks_for_calling',
             'wish': 'good_day_wish', 'farewell': 'farewell'}
    for act in TRUTH[call]['closing']:
        # The words of a turn are spread evenly here, so a word may be half a second off.
        assert any(e.label == names[act['act']] and abs(e.start_s - act['start_s']) < 0.6
                   for e in said), act


@pytest.mark.parametrize('call', SPOKEN)
def test_what_the_embedded_engine_would_not_hear_is_never_held_against_the_agent(call):
    kpis, true = assessed(call, transcriber='pocketsphinx').kpis[0], TRUTH[call]
    assert kpis.signoff_order == true['signoff_order']
    assert kpis.signoff_spoken in (true['signoff_spoken'], 'unknown')
