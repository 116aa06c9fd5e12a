"""The bench's page says what the bench measured, and nothing that it did not."""

import json

from tests.bench.page import PAGE, PLOTS, RESULTS, draw, page_of

RESULT = json.loads(RESULTS.read_text())


def test_the_page_is_made_of_the_results_beside_it():
    assert PAGE.read_text(encoding='utf-8') == page_of(RESULT)


def test_every_plot_of_the_page_is_there_and_can_be_drawn_again(tmp_path):
    draw(RESULT, tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in PLOTS.iterdir()}
    assert all(f'plots/{name}' in PAGE.read_text() for name in drawn)


def test_another_result_makes_another_page():
    changed = json.loads(json.dumps(RESULT))
    changed['accuracy']['ringing']['false_rings']['rings'] += 1
    assert page_of(changed) != page_of(RESULT)
