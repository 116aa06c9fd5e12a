"""How much of a party's speech the words cover."""

from __future__ import annotations

import pytest

from transforms.intervals import union
from transforms.rules.coverage import Coverage, spoken
from warehouse.records import AGENT, CALLER, Words

JOIN_S, LEAST = 0.2, 0.5


def words_of(*rows):
    """(speaker, start_s, end_s, score) of each word."""
    speaker, start, end, score = zip(*rows, strict=True)
    plain = ('word',) * len(rows)
    return Words(start, end, plain, score, ('aligned',) * len(rows), (0,) * len(rows), speaker)


def test_words_of_one_party_cover_what_they_span_and_the_pauses_between_them():
    words = words_of((AGENT, 0.0, 1.0, None), (CALLER, 0.5, 0.75, None), (AGENT, 1.125, 2.0, None),
                     (AGENT, 2.5, 3.0, None))
    assert spoken(words, LEAST, JOIN_S) == {AGENT: [(0.0, 2.0), (2.5, 3.0)],
                                            CALLER: [(0.5, 0.75)]}


@pytest.mark.parametrize('word', [
    (AGENT, None, None, 0.9), (AGENT, 1.0, None, 0.9), (AGENT, 1.0, 1.0, None),
    (AGENT, 1.0, 2.0, 0.4), ('', 1.0, 2.0, None)])
def test_words_without_a_time_a_length_a_party_or_a_good_score_cover_nothing(word):
    assert spoken(words_of(word), LEAST, JOIN_S) == {AGENT: [], CALLER: []}


def test_words_out_of_order_cover_what_they_cover_in_order():
    rows = [(0.0, 1.0), (4.0, 5.0), (0.5, 3.0), (1.0, 1.5), (3.125, 4.0), (9.0, 9.5)]
    found = spoken(words_of(*((CALLER, *span, None) for span in rows)), LEAST, JOIN_S)
    assert found[CALLER] == union(rows, JOIN_S) == [(0.0, 5.0), (9.0, 9.5)]


def test_the_share_is_of_the_speech_between_two_instants():
    coverage = Coverage([(0.0, 4.0), (6.0, 8.0)], [(1.0, 3.0), (6.0, 9.0)])
    assert coverage.share(0.0, 8.0) == pytest.approx(4 / 6)
    assert coverage.share(0.0, 2.0) == 0.5
    assert coverage.share(4.0, 6.0) == 1.0  # nobody speaks
    assert coverage.voiced_s(3.0, 7.0) == 2.0
