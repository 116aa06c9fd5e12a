"""docs/rules.md is the standard's own words, docs/tables.md those of the schema and the views."""

from pathlib import Path

from pipeline.show_rules import as_markdown
from pipeline.show_tables import as_markdown as tables_as_markdown
from tests.standard_for_tests import default_standard
from warehouse.describe import describe
from warehouse.questions import load_questions

DOCS = Path(__file__).parent.parent / 'docs'
PAGE = DOCS / 'rules.md'


def test_the_page_of_rules_is_what_the_standard_says():
    assert PAGE.read_text(encoding='utf-8') == as_markdown(default_standard()), 'make docs'


def test_the_page_of_tables_is_what_the_schema_the_views_and_the_questions_say():
    page = (DOCS / 'tables.md').read_text(encoding='utf-8')
    assert page == tables_as_markdown(describe()), (
        'etiquette tables --format markdown > docs/tables.md')
    assert all(f'| `{name}` |' in page for name in load_questions())


def test_every_column_of_a_table_or_view_is_explained():
    # Shapes of other products, whose documents explain them, and one whose names do.
    foreign = {'pca_flat', 'tca_call_summary', 'interruption_sensitivity'}
    assert [f'{one.name}.{column.name}' for one in describe() if one.name not in foreign
            for column in one.columns if not column.means] == []


def test_every_rule_has_a_sentence_a_source_and_a_way_it_is_decided():
    for rule in default_standard().rules:
        assert rule.sentence.endswith(('.', '?')), rule.id
        assert rule.source, rule.id
        assert rule.decide or rule.why_not or rule.elsewhere, rule.id
