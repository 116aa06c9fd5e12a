"""docs/rules.md and docs/tables.md are made of the program; docs/import.md shows what is printed."""

import shlex
import shutil
from pathlib import Path

import pytest

from pipeline.cli import run_command
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


IMPORT = PAGE.parent / 'import.md'
COMMANDS = [line.strip() for line in IMPORT.read_text(encoding='utf-8').splitlines()
            if line.startswith('    etiquette import') and ' samples' in line]


@pytest.mark.parametrize('line', COMMANDS)
def test_the_commands_about_the_samples_on_the_page_of_imports_work(line, tmp_path, monkeypatch,
                                                                    capsys):
    shutil.copytree(PAGE.parent.parent / 'samples', tmp_path / 'samples')
    monkeypatch.chdir(tmp_path)
    argv = shlex.split(line)[1:]
    assert run_command(argv) == int('asterisk' in argv)  # some records of those are broken
    out = capsys.readouterr().out
    assert (' calls written to ' in out) == ('--out' in argv)
    assert Path('samples/imported.jsonl').exists() == ('--out' in argv)


def test_the_page_of_imports_shows_what_the_command_prints(monkeypatch, capsys):
    monkeypatch.chdir(PAGE.parent.parent)
    run_command(shlex.split(COMMANDS[0])[1:])
    printed = [' '.join(line.split()) for line in capsys.readouterr().out.splitlines()]
    page = IMPORT.read_text(encoding='utf-8').split('```')[1]
    for line in page.strip().splitlines():
        words = ' '.join(line.split())
        assert words in printed or words == '...' or set(words) <= {'─'} or (
            words in ' '.join(printed)), words
