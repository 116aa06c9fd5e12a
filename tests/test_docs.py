"""docs/rules.md is the standard's own words."""

from pathlib import Path

from pipeline.show_rules import as_markdown
from tests.standard_for_tests import default_standard

PAGE = Path(__file__).parent.parent / 'docs' / 'rules.md'


def test_the_page_of_rules_is_what_the_standard_says():
    assert PAGE.read_text(encoding='utf-8') == as_markdown(default_standard()), 'make docs'


def test_every_rule_has_a_sentence_a_source_and_a_way_it_is_decided():
    for rule in default_standard().rules:
        assert rule.sentence.endswith(('.', '?')), rule.id
        assert rule.source, rule.id
        assert rule.decide or rule.why_not or rule.elsewhere, rule.id
