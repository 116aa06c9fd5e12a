from types import SimpleNamespace

from tests.bench.overlap_score import COUNTED, NOTHING, Seen, confusion, intended, scores
from tests.simulator.script import Overlap
from warehouse.records import AGENT, CALLER


def seen(label, speaker, start_s, end_s):
    return Seen(label, speaker, start_s, end_s, end_s - start_s)


TRUE = [seen('interruption_taken', AGENT, 1.0, 2.0), seen('interruption_failed', AGENT, 5.0, 5.4),
        seen('backchannel', CALLER, 8.0, 8.4)]


def test_another_outcome_is_still_an_interruption_and_another_party_is_not():
    found = [seen('contested', AGENT, 1.5, 2.1), seen('backchannel', AGENT, 8.0, 8.4)]
    got = scores(TRUE, found, 0.5)
    assert (got[COUNTED].precision, got[COUNTED].recall) == (1.0, 1.0)
    assert got['interruption_taken'].recall == got['contested'].precision == 0.0
    assert got['backchannel'].hits == 0


def test_the_same_interruption_found_twice_is_one_hit_and_one_mistake():
    found = [seen('contested', AGENT, 1.0, 1.6), seen('contested', AGENT, 1.6, 2.2)]
    got = scores(TRUE, found, 0.5)[COUNTED]
    assert (got.hits, got.intended, got.detected) == (1, 1, 2)


def test_an_interruption_of_about_the_headline_length_is_no_hit_and_no_mistake():
    for length in (0.44, 0.56):
        true = [seen('contested', AGENT, 1.0, 1.0 + length)]
        for found in ([], [seen('contested', AGENT, 1.0, 1.52)]):
            got = scores(true, found, 0.5, 0.1)[COUNTED]
            assert (got.hits, got.intended, got.detected) == (0, 0, 0)
    got = scores(true, [seen('contested', CALLER, 9.0, 9.6)], 0.5, 0.1)[COUNTED]
    assert (got.intended, got.detected) == (0, 1)


def test_how_long_an_intended_overlap_is_tells_the_rendered_speech():
    truth = SimpleNamespace(
        overlaps=[Overlap('interruption_taken', AGENT, 1.0, 2.0),
                  Overlap('backchannel', CALLER, 2.2, 2.4)],
        signals=[(CALLER, 2.2, 2.6, 'Right.')],
        talk={AGENT: [(1.4, 3.0)], CALLER: [(0.0, 1.5), (1.6, 1.8), (2.2, 2.6)]}.get)
    one, signal = intended(truth)
    assert round(one.both_s, 3) == 0.3
    assert signal == Seen('backchannel', CALLER, 2.2, 2.6, signal.both_s)
    assert scores([one], [], 0.5)[COUNTED].recall is None
    assert scores([one], [], 0.3)[COUNTED].recall == 0.0


def test_the_confusion_matrix_has_what_is_missing_on_either_side():
    found = [seen('brief', CALLER, 1.2, 1.5), seen('terminal', AGENT, 20.0, 20.2)]
    got = confusion(TRUE, found)
    assert got == {('interruption_taken', 'brief'): 1, ('interruption_failed', NOTHING): 1,
                   ('backchannel', NOTHING): 1, (NOTHING, 'terminal'): 1}
