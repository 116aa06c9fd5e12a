"""Holds of every kind on simulated calls: counted, timed, and none where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.settings import load_settings
from tests.simulator import Call, Knobs, draw, render
from tests.simulator.script import HOLDS
from tests.simulator.sounds import REFERENCE
from tests.standard_for_tests import default_standard, phrasebook
from transforms import stages
from transforms.assess import assess
from transforms.conversation import Conversation, RunContext
from transforms.conversation import Reference as Row
from transforms.references import ReferenceFile, load_references
from transforms.sounds import hear_sounds
from transforms.vad import load_vad
from warehouse.records import AGENT, CALLER, Kpis, Words

SETTINGS = load_settings(None)
RIGHT = 40  # of 48 at least, with every fault of the line that the simulator knows
CONTEXT = RunContext('', '', '', '', 'UTC')


@pytest.fixture(scope='module')
def known():
    """The hold music that the site supplies."""
    return load_references([ReferenceFile(str(REFERENCE), 'music')], SETTINGS.decode,
                           SETTINGS.sounds.spectrum, SETTINGS.sounds.matching)


@pytest.fixture(scope='module')
def ear():
    heard_by = load_vad(SETTINGS.vad)
    return lambda: heard_by


def kpis_of(call: Call, ear, known, with_words: bool) -> Kpis:
    """The call's KPIs, from its audio, who the agent is and, if need be, the true words."""
    audio, agent = call.audio, call.truth.agent_channel
    row = Row(f'sim-{call.script.seed}', agent_channel=agent, language='en')
    heard = Conversation(
        ref=row, audio=audio, duration_s=audio.duration_s, sample_rate_hz=audio.rate,
        channels=audio.channels, agent_lane=agent,
        sounds=hear_sounds(audio, SETTINGS.sounds, ear, known))
    heard = stages.parting(SETTINGS.vad, SETTINGS.lanes, SETTINGS.diarize)(heard)
    if with_words:
        lanes = tuple(replace(lane, words=spoken(call, AGENT if i == agent else CALLER))
                      for i, lane in enumerate(heard.lanes))
        heard = replace(heard, lanes=lanes, transcriber='provided', transcript_trust='ok',
                        language='en')
    heard = stages.taking_turns(default_standard(), phrasebook())(heard)
    record = stages.call_record(heard, CONTEXT)
    return assess(record, heard.turns, heard.words, heard.events, default_standard(),
                  phrasebook()).kpis[0]


def spoken(call: Call, who: str) -> Words:
    words = call.truth.words[who]
    count = len(words)
    return Words(tuple(w.start_s for w in words), tuple(w.end_s for w in words),
                 tuple(w.text for w in words), (0.9,) * count, ('aligned',) * count,
                 (-1,) * count, ('',) * count)


def simulated(seed: int, kind: str | None) -> Call:
    """A two-channel call with one hold of a kind, or none, all else as the seed draws it."""
    holds = 0 if kind is None else 1
    return render(draw(seed, Knobs(layout='two_channel', holds=holds, hold_kind=kind)))


def is_right(call: Call, kpis: Kpis) -> bool:
    true_s = sum(hold.end_s - hold.start_s for hold in call.truth.holds)
    return (kpis.hold_count == len(call.truth.holds)
            and abs(kpis.hold_total_s - true_s) <= 1.0)


@pytest.mark.parametrize('seed, kind', list(enumerate(HOLDS)))
def test_a_hold_of_each_kind_is_counted_and_timed(seed, kind, ear, known):
    call = render(draw(seed, Knobs(
        layout='two_channel', holds=1, hold_kind=kind, snr_db=20.0, music_under_talk=False,
        exchanges=3)))
    kpis = kpis_of(call, ear, known, with_words=kind in ('silence', 'beeps'))
    assert is_right(call, kpis), (kpis.hold_count, kpis.hold_total_s, call.truth.holds)


@pytest.mark.parametrize('seed', [13, 33, 45])  # pauses are short, or digital zero
def test_a_hum_under_both_parties_in_one_channel_is_no_music(seed, ear):
    call = render(draw(seed, Knobs(codec='pcm_mulaw', snr_db=15.0, layout='mono', noise='hum',
                                   music_under_talk=False)))
    heard = hear_sounds(call.audio, SETTINGS.sounds, ear)
    assert not [s for s in heard if (s.kind, s.label) == ('hold', 'music')]


@pytest.mark.slow
def test_most_of_forty_eight_holds_are_counted_and_their_totals_are_within_a_second(
        ear, known):
    wrong = []
    for seed in range(1000, 1048):
        kind = HOLDS[seed % len(HOLDS)]
        call = simulated(seed, kind)
        if not is_right(call, kpis_of(call, ear, known, with_words=kind in ('silence', 'beeps'))):
            wrong.append(kind)
    print(f'{48 - len(wrong)} of 48 right; wrong: {wrong}')
    assert len(wrong) <= 48 - RIGHT


@pytest.mark.slow
def test_thirty_minutes_of_talk_without_holds_have_none(ear, known):
    seconds, found, seed = 0.0, 0, 1100
    while seconds < 1800.0:
        call = simulated(seed, None)
        seconds += call.audio.duration_s
        found += kpis_of(call, ear, known, with_words=False).hold_count or 0
        seed += 1
    print(f'{found} holds in {seconds:.0f} s without any, {seed - 1100} calls')
    assert found == 0
