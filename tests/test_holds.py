import json

import pytest

from tests.calls_for_tests import event, judged, kpis_of
from warehouse.records import AGENT, CALLER

ASK = [(AGENT, 0, 3, 'How can I help you?'), (CALLER, 3.3, 6, 'I have lost my card.'),
       (AGENT, 6.3, 9, 'One moment please.'), (CALLER, 9.3, 10.0, 'Of course.')]
BACK = [(AGENT, 40, 42, 'Thank you for waiting.')]


def music(*spans, label='music'):
    return tuple(event('hold', label, start, end) for start, end in spans)


def hold_events(found):
    return [(e.label, e.start_s, e.end_s) for e in found.events if e.kind == 'hold']


def columns(kpis):
    return kpis.hold_count, kpis.hold_total_s, kpis.hold_longest_s, kpis.hold_source


def test_music_is_a_hold_from_its_first_to_its_last_note():
    found = judged([*ASK, *BACK], 45.0, music((11.0, 39.5)))
    assert columns(found.kpis[0]) == (1, 28.5, 28.5, 'audio')
    assert hold_events(found) == [('music', 11.0, 39.5)]


def test_pieces_of_music_less_than_five_seconds_apart_are_one_hold():
    assert kpis_of([*ASK, *BACK], 45.0, music((11, 20), (24.9, 39))).hold_count == 1
    assert kpis_of([*ASK, *BACK], 45.0, music((11, 20), (25.1, 39))).hold_count == 2


def test_an_announcement_does_not_split_a_hold():
    heard = (*music((11, 20), (28, 39)), event('ivr', 'announcement', 20.5, 27.5))
    assert columns(kpis_of([*ASK, *BACK], 45.0, heard))[:2] == (1, 28.0)


def test_the_agent_coming_back_ends_a_hold_and_a_mistaken_click_does_not():
    back = (AGENT, 20, 22, 'I am still looking for it.')
    found = judged([*ASK, back, *BACK], 45.0, music((11, 39)))
    assert hold_events(found) == [('music', 11, 20), ('music', 22, 39)]
    click = (AGENT, 20, 20.3, 'uh')
    assert hold_events(judged([*ASK, click, *BACK], 45.0, music((11, 39)))) == [('music', 11, 39)]


def test_music_before_the_answer_is_a_queue_not_a_hold():
    found = judged([(AGENT, 20, 23, 'Good morning')], 25.0, music((1, 19)))
    assert columns(found.kpis[0]) == (0, 0.0, 0.0, None)
    assert found.kpis[0].ivr_s == pytest.approx(18.0)


def test_digital_silence_of_five_seconds_is_a_hold():
    plain = [*ASK[:2], (AGENT, 6.3, 9, 'That is bad.'), *BACK]
    kpis = kpis_of(plain, 45.0, music((11, 17), (25, 29.9), label='zero'))
    assert columns(kpis) == (1, 6.0, 6.0, 'audio')


def test_what_the_phone_system_says_of_holds_is_all_that_is_believed():
    manifest = json.dumps({'holds': [{'start_s': 10.0, 'end_s': 39.0}]})
    found = judged([*ASK, *BACK], 45.0, music((11.0, 20.0)), manifest=manifest)
    assert columns(found.kpis[0]) == (1, 29.0, 29.0, 'metadata')
    assert hold_events(found) == [('metadata', 10.0, 39.0)]
    none = judged([*ASK, *BACK], 45.0, music((11.0, 39.0)), manifest='{"holds": []}')
    assert columns(none.kpis[0]) == (0, 0.0, 0.0, 'metadata')


def evidence(manifest: dict, heard) -> list[str]:
    found = judged([*ASK, *BACK], 45.0, heard, manifest=json.dumps(manifest))
    return [e.evidence for e in found.events if e.kind == 'hold']


def test_a_hold_of_the_phone_system_says_what_was_heard_and_by_how_much_it_differs():
    manifest = {'holds': [{'start_s': 10.0, 'end_s': 39.0}]}
    assert evidence(manifest, music((12.1, 38.0))) == [
        'the phone system says so; heard as music from 12.1 to 38.0 s (-3.1 s)']
    assert evidence(manifest, ()) == ['the phone system says so; not heard']


def test_music_that_the_conversation_goes_on_over_is_no_hold():
    talk = [(AGENT if i % 2 else CALLER, 4 * i, 4 * i + 3, 'and so on and so forth')
            for i in range(10)]
    pieces = music(*((4 * i + 3.0, 4 * i + 4.0) for i in range(2, 9)), (30, 36))
    assert kpis_of(talk, 45.0, pieces).hold_count == 0


def test_announced_silence_is_a_hold_from_the_last_word_to_the_agents_next_sound():
    found = judged([*ASK, *BACK], 45.0)
    assert columns(found.kpis[0]) == (1, 30.0, 30.0, 'words')
    assert hold_events(found) == [('announced', 10.0, 40.0)]
    assert found.kpis[0].dead_air_count == 0


def test_announced_silence_counts_from_five_seconds_and_is_never_dead_air():
    soon = [(AGENT, 14.5, 17, 'Thank you for waiting.')]
    kpis = kpis_of([*ASK, *soon], 20.0)
    assert (kpis.hold_count, kpis.dead_air_count) == (0, 0)
    soon = [(AGENT, 15.1, 17, 'Thank you for waiting.')]
    assert kpis_of([*ASK, *soon], 20.0).hold_count == 1


def test_silence_that_nobody_announced_is_dead_air():
    plain = [(who, a, b, text.replace('One moment please.', 'That is bad.'))
             for who, a, b, text in ASK]
    kpis = kpis_of([*plain, *BACK], 45.0)
    assert (kpis.hold_count, kpis.dead_air_count) == (0, 1)


def test_an_announcement_more_than_three_seconds_before_the_silence_announces_nothing():
    long = [*ASK[:3], (CALLER, 9.3, 14.0, 'Of course, I will look for my papers in the meantime.')]
    kpis = kpis_of([*long, *BACK], 45.0)
    assert (kpis.hold_count, kpis.dead_air_count) == (0, 1)


def test_without_words_to_believe_nothing_is_announced():
    found = judged([*ASK, *BACK], 45.0, transcript_trust='low')
    assert found.kpis[0].hold_count == 0
    (dead,) = [e for e in found.events if e.kind == 'dead_air']
    assert (dead.confidence, dead.evidence) == (0.5, 'no announcement heard')


def test_what_the_embedded_engine_heard_announced_was_announced():
    assert kpis_of([*ASK, *BACK], 45.0, transcriber='pocketsphinx').hold_count == 1


def test_announced_music_is_one_hold_not_two():
    assert columns(kpis_of([*ASK, *BACK], 45.0, music((16, 39))))[::3] == (1, 'audio')


def test_two_holds_of_two_kinds_are_both_counted():
    said = [*ASK, (AGENT, 20, 23, 'Thank you. Please hold the line.')]
    found = judged([*said, *BACK], 45.0, music((24, 39)))
    assert hold_events(found) == [('announced', 10.0, 20.0), ('music', 24, 39)]
    assert found.kpis[0].hold_source == 'audio,words'


def test_a_hold_that_nobody_ends_lasts_to_the_end_of_the_recording():
    assert columns(kpis_of(ASK, 45.0))[:2] == (1, 35.0)
