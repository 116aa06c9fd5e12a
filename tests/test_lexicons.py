"""The phrase lists: what is shipped, what a site adds, and every fault with its line and cure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pipeline.lexicons import (
    describe_lexicons,
    languages,
    load_acts,
    load_lexicon,
    load_lexicons,
)
from pipeline.run import plan_of
from pipeline.settings import fingerprint_of, lexicon_of, load_settings
from pipeline.yaml_records import ConfigError
from tests.conftest import etiquette
from tests.test_phrases import said
from transforms.conversation import RunContext
from transforms.phrases import Matcher

# Lists that a language need not have, and why.
ABSENT = {
    'en': {'informal_address': 'one "you"'},
    'ko': {'informal_address': 'told by verb endings, not by a word',
           'diminutive': 'a habit of languages with diminutive endings'},
    'ja': {'informal_address': 'told by verb endings, not by a word',
           'diminutive': 'a habit of languages with diminutive endings'},
    'zh': {'diminutive': 'a habit of languages with diminutive endings'},
    'id': {'diminutive': 'a habit of languages with diminutive endings'},
}
# Lists that hold fewer than three phrases, and why.
FEW = {('zh', 'informal_address'): 'it is one word'}

ACTS = """acts:
  greeting: {speaker: agent, lists: [greeting], means: a greeting}
  why_question: {speaker: agent, lists: [why_question], means: why}
  complaint: {speaker: caller, lists: [complaint], means: it is broken}
"""
HEAD = 'language: en\nreviewed_by: null\ncompanies: []\ncategories:\n'  # four lines


def folder_of(tmp_path: Path, acts: str = ACTS, **texts: str) -> Path:
    folder = tmp_path / 'lexicon'
    folder.mkdir(exist_ok=True)
    for name, text in {'acts': acts, **texts}.items():
        (folder / f'{name}.yaml').write_text(text, encoding='utf-8')
    return folder


def faults_of(folder: Path, *sites: Path) -> list[str]:
    """The faults, files named without their folder."""
    with pytest.raises(ConfigError) as error:
        load_lexicons([str(site) for site in sites], folder)
    return str(error.value).replace(f'{folder}/', '').replace(f'{folder.parent}/', '').splitlines()


# ---- what is shipped

@pytest.mark.parametrize('language', languages())
def test_a_language_has_a_list_for_every_act_or_a_reason_to_lack_it(language):
    named = {name for act in load_acts().values() for name in act.lists}
    assert named - set(load_lexicon(language).categories) <= set(ABSENT[language])


@pytest.mark.parametrize('language', languages())
def test_a_shipped_list_holds_three_phrases_at_least(language):
    lists = load_lexicon(language).categories
    assert {name: phrases for name, phrases in lists.items()
            if len(phrases) < 3 and (language, name) not in FEW} == {}


def test_short_and_easily_confused_phrases_count_only_as_they_stand():
    lexicon = load_lexicon('en')
    assert [lexicon.strictness[phrase] for phrase in ('why', 'yes', 'wait', 'because')] == [1.0] * 4
    assert 'i have a suggestion' not in lexicon.strictness


def test_all_shipped_files_are_without_fault_together():
    assert sorted(load_lexicons()) == languages()


def test_a_list_that_nobody_reviewed_is_a_draft_and_the_caller_s_lists_are_known_by_their_acts():
    english = load_lexicon('en')
    assert 'complaint' in english.drafts and 'greeting' not in english.drafts
    assert {'complaint', 'assent', 'caller_opening'} <= english.caller_categories
    assert not {'greeting', 'callback_by_caller'} & english.caller_categories


def test_a_language_without_a_list_is_refused_with_those_that_have_one():
    with pytest.raises(ConfigError, match=r'no phrase list for language `xx`; there is .*en'):
        load_lexicon('xx')


# ---- faults of a file

@pytest.mark.parametrize('rows, fault', [
    ('  greeting: [hello, ""]\n', '5: a phrase of `greeting` is empty; write it, or remove it'),
    ('  greeting:\n    - hello\n    -\n',
     '7: a phrase of `greeting` is empty; write it, or remove it'),
    ('  greeting:\n    - {strictness: 1.0}\n',
     '6: a phrase of `greeting` is empty; write it, or remove it'),
    ('  greeting:\n    - hello\n    - yes\n',
     '7: a phrase of `greeting` is True, not text; write it in quotes'),
    ('  greeting:\n    - hello\n    - hi\n    - Hello\n',
     '8: `Hello` stands twice in `greeting`, first in line 6; keep one'),
    ('  greeting:\n    - hello\n    - good день\n',
     '7: `д` in `good день` is out of place in language en; write Latin letters, slots, digits and '
     'spaces alone'),
    ('  greeting:\n    - hello, there\n',
     '6: `,` in `hello, there` is out of place in language en; write Latin letters, slots, digits '
     'and spaces alone'),
    ('  greeting:\n    - hello {nam}\n',
     '6: unknown slot `{nam}` in `hello {nam}`; there is {name}, {company}, {duration}. '
     'Did you mean `{name}`?'),
    ('  greeting:\n    - "{name}"\n',
     '6: `{name}` matches anything; add the words that are said beside the slot'),
    ('  complaint:\n    reviewd: none\n    phrases: [it is broken]\n',
     '6: unknown key `complaint.reviewd`. Did you mean `reviewed`?'),
    ('  greeting:\n    - hello\n    - say: good day\n      strict: 1.0\n',
     '8: unknown key `greeting.strict`. Did you mean `strictness`?'),
    ('  greeting: [hello]\ncompany: [Acme]\n',
     '6: unknown key `company`. Did you mean `companies`?'),
    ('  complaint:\n    phrases: [it is broken]\n    reviewed: false\n',
     '7: `complaint.reviewed` is False; write none, or who read the list'),
    ('  complaint:\n    phrases: [it is broken]\n    reviewed:\n',
     '7: `complaint.reviewed` is nothing; write none, or who read the list'),
    ('  greeting:\n    - hello\n    - {say: good day, strictness: 1.5}\n',
     '7: `greeting.strictness` is 1.5; write a number from 0 to 1'),
    ('  greeting:\n    phrases: [hello]\n    strictness: exact\n',
     "7: `greeting.strictness` is 'exact'; write a number from 0 to 1"),
    ('  greeting:\n    - {say: "why", strictness: 0.5}\n'
     '  why_question:\n    - {say: "why", strictness: 1.0}\n',
     '8: `why` has strictness 1.0 here and 0.5 in en.yaml:6; give it the same in both'),
    ('  greeting: [hello]\n  complain: [it is broken]\n',
     '6: no act looks for the list `complain`. Did you mean `complaint`?'),
    ('  greeting: [hello]\n  zzz: [it is broken]\n',
     '6: no act looks for the list `zzz`. Remove it, or name it in acts.yaml.'),
    ('  greeting: hello\n',
     '5: `greeting` must be a list of phrases, or a mapping of `reviewed` and `phrases`'),
    ('  greeting: []\n', '5: `greeting` has no phrase; add some, or remove it'),
    ('  complaint:\n    reviewed: Anna Lee\n',
     '5: `complaint` has no phrase; add some, or remove it'),
    ('  {}\n', '4: `categories` is missing or empty; add lists of phrases'),
    ('  - hello\n', '4: `categories` must be a mapping of lists to their phrases'),
])
def test_a_fault_of_a_list_is_told_with_its_line_and_the_cure(tmp_path, rows, fault):
    assert faults_of(folder_of(tmp_path, en=HEAD + rows)) == [f'en.yaml:{fault}']


@pytest.mark.parametrize('head, fault', [
    ('reviewed_by: null\n', '1: `language` is missing; add `language: en`'),
    ('language: ko\n', "1: `language` is 'ko'; write en"),
    ('language: en\nreviewed_by: none\n',
     "2: `reviewed_by` is 'none'; write who read the lists, or null"),
    ('language: en\nreviewed_by: [Anna]\n',
     '2: `reviewed_by` is a list; write who read the lists, or null'),
    ('language: en\ncompanies: Acme\n', '2: `companies` must be a list of names'),
    ('language: en\ncompanies:\n  - Acme\n  - 3\n',
     '4: the company 3 is no name; write it in quotes, or remove it'),
    ('language: en\ncompanies:\n  - Acme\n  - Acme\n',
     '4: company `Acme` stands twice; keep one'),
])
def test_a_fault_of_a_file_s_head_is_told_with_its_line_and_the_cure(tmp_path, head, fault):
    text = head + 'categories: {greeting: [hello]}\n'
    assert faults_of(folder_of(tmp_path, en=text)) == [f'en.yaml:{fault}']


@pytest.mark.parametrize('language, right, wrong, script', [
    ('ko', '여보세요 {name} 3분', '네 AS 센터', ('A', 'Hangul')),
    ('ja', 'ケーキは々{company}です', 'もしもし、', ('、', 'kana and kanji')),
    ('zh', '您好{name}3分钟', '您好か', ('か', 'Chinese characters')),
    ('id', "selamat pagi bapak {name} jum'at", 'selamat 早', ('早', 'Latin letters')),
])
def test_a_phrase_is_in_the_script_of_its_language(tmp_path, language, right, wrong, script):
    text = 'language: {}\ncategories:\n  greeting:\n    - "{}"\n'
    folder = folder_of(tmp_path, **{language: text.format(language, right)})
    assert load_lexicon(language, folder).categories == {'greeting': (right,)}
    (tmp_path / 'other').mkdir()
    folder = folder_of(tmp_path / 'other', **{language: text.format(language, wrong)})
    assert faults_of(folder) == [
        f'{language}.yaml:4: `{script[0]}` in `{wrong}` is out of place in language {language}; '
        f'write {script[1]}, slots, digits and spaces alone']


def test_a_language_of_unknown_script_is_refused(tmp_path):
    text = 'language: th\ncategories: {greeting: [x]}\n'
    assert faults_of(folder_of(tmp_path, th=text)) == [
        'th.yaml:1: the script of `th` is not known; add it to SCRIPTS in pipeline/phrase_files.py']


def test_the_faults_of_all_files_are_told_at_once(tmp_path):
    site = tmp_path / 'site.yaml'
    site.write_text('language: en\ncategories: {greeting: [" "]}\n')
    folder = folder_of(tmp_path, ACTS.replace('agent, lists: [why', 'agnt, lists: [why'),
                       en=HEAD + '  greeting: [hi, hi]\n', ko='language: [ko\n')
    told = [fault.partition(': ')[0] for fault in faults_of(folder, site, tmp_path / 'gone.yaml')
            if '.yaml' in fault]
    assert told[:2] == ['acts.yaml:3', 'en.yaml:5']
    assert told[2] == 'ko.yaml' and told[-2:] == ['site.yaml:2', 'gone.yaml']


def test_a_phrase_s_own_strictness_goes_before_its_list_s(tmp_path):
    folder = folder_of(tmp_path, en=HEAD + '  greeting:\n    strictness: 0.9\n    phrases:\n'
                       '      - hello\n      - {say: good day, strictness: 0.5}\n')
    lexicon = load_lexicon('en', folder)
    assert lexicon.strictness == {'hello': 0.9, 'good day': 0.5}
    assert lexicon.drafts == frozenset()


# ---- faults of the acts

@pytest.mark.parametrize('row, fault', [
    ('hello: {speaker: agnt, lists: [greeting], means: hi}',
     '5: act `hello` has the speaker `agnt`; write agent or caller. Did you mean `agent`?'),
    ('hello: {speaker: agent, lists: [], means: hi}',
     '5: act `hello` names no list; name one, or remove the act'),
    ('hello: {speaker: caller, lists: [greeting], means: hi}',
     "5: the list `greeting` is of act `greeting` too, which is the agent's; a list is looked for "
     'in the words of one party, so give each its own'),
    ('hello: {speaker: agent, lists: [greeting], mean: hi, means: hi}',
     '5: unknown key `mean`. Did you mean `means`?'),
    ('hello: {speaker: agent, lists: [greeting]}', '5: `means` is missing; add it'),
])
def test_a_fault_of_an_act_is_told_with_its_line_and_the_cure(tmp_path, row, fault):
    folder = folder_of(tmp_path, f'{ACTS}  {row}\n', en=HEAD + '  greeting: [hello]\n')
    assert faults_of(folder) == [f'acts.yaml:{fault}']
    with pytest.raises(ConfigError):
        load_acts(folder)


def test_an_act_whose_list_no_language_has_is_refused_once_all_languages_are_there(tmp_path):
    acts = ('acts:\n  greeting:\n    speaker: agent\n    lists:\n      - greeting\n'
            '      - greetings\n    means: a greeting\n')
    words = {'en': 'hello', 'id': 'halo', 'ja': 'もしもし', 'ko': '여보세요', 'zh': '您好'}
    texts = {language: f'language: {language}\ncategories: {{greeting: [{word}]}}\n'
             for language, word in words.items()}
    assert faults_of(folder_of(tmp_path, acts, **texts)) == [
        'acts.yaml:6: no language has the list `greetings` of this act. Did you mean `greeting`?']
    (tmp_path / 'other').mkdir()
    texts['ko'] = 'language: ko\ncategories: {greeting: [여보세요], greetings: [안녕하세요]}\n'
    assert len(load_lexicons((), folder_of(tmp_path / 'other', acts, **texts))) == 5


# ---- what a site adds

SITE = """language: en
reviewed_by: Ben Ho
companies: [Acme, Blue Harbor Bank]
categories:
  greeting: [ahoy there, hello]
  complaint:
    reviewed: Anna Lee
    phrases: [my parcel never came]
  caller_busy: {reviewed: Anna Lee}
  unsure: [that beats me]
"""


def settings_of(tmp_path: Path, text: str = SITE):
    (tmp_path / 'phrases').mkdir(exist_ok=True)
    (tmp_path / 'phrases' / 'mine.yaml').write_text(text, encoding='utf-8')
    (tmp_path / 'site.yaml').write_text('phrases:\n  - phrases/mine.yaml\n', encoding='utf-8')
    return load_settings(str(tmp_path / 'site.yaml'))


def test_a_site_s_phrases_are_added_to_the_shipped_ones(tmp_path):
    shipped, lexicon = load_lexicon('en'), lexicon_of(settings_of(tmp_path))
    greetings = lexicon.categories['greeting']
    assert greetings == (*shipped.categories['greeting'], 'ahoy there')
    assert lexicon.categories['farewell'] == shipped.categories['farewell']
    assert lexicon.companies == (*shipped.companies, 'Acme', 'Blue Harbor Bank')
    assert lexicon.reviewed_by == 'Ben Ho'


def test_a_site_lifts_the_draft_mark_of_the_lists_that_it_has_reviewed_alone(tmp_path):
    shipped, lexicon = load_lexicon('en'), lexicon_of(settings_of(tmp_path))
    assert shipped.drafts - lexicon.drafts == {'complaint', 'caller_busy'}
    assert lexicon.drafts < shipped.drafts
    assert lexicon.categories['caller_busy'] == shipped.categories['caller_busy']


def test_a_site_s_companies_and_phrases_are_looked_for_in_a_run(tmp_path):
    settings = settings_of(tmp_path)
    context = RunContext(str(tmp_path), str(tmp_path), 'run', '', 'UTC', False, False, claims=False)
    matcher = plan_of(settings, context).phrasebook.matcher('en')
    heard = matcher.find(said('ahoy there you have reached blue harbor bank'))
    assert {match.category: match.text for match in heard} == {
        'greeting': 'ahoy there', 'company_introduction': 'you have reached blue harbor bank'}
    assert not Matcher(load_lexicon('en')).find(said('ahoy there'))


def test_what_an_engine_is_told_of_a_site_s_phrases_counts_as_a_setting(tmp_path):
    settings = settings_of(tmp_path)
    assert fingerprint_of(settings) != fingerprint_of(dataclasses.replace(settings, phrases=()))


def test_a_later_file_of_a_site_goes_before_an_earlier_one(tmp_path):
    folder = folder_of(tmp_path, en=HEAD + '  complaint: {reviewed: none, phrases: [it broke]}\n')
    files = []
    for name in ('Ann', 'Bea'):
        files.append(tmp_path / f'{name}.yaml')
        files[-1].write_text(f'language: en\nreviewed_by: {name}\ncategories:\n  complaint:\n'
                             f'    reviewed: {name}\n    phrases: [it broke, it {name}]\n')
    assert load_lexicons([str(file) for file in files], folder)['en'].categories['complaint'] == (
        'it broke', 'it Ann', 'it Bea')
    assert describe_lexicons([str(file) for file in files], folder) == [
        'phrases en: 1 lists, 3 phrases, 0 drafts, reviewed by Bea (1)']
    assert describe_lexicons((), folder) == [
        'phrases en: 1 lists, 1 phrases, 1 drafts, reviewed by nobody']


@pytest.mark.parametrize('text, fault', [
    ('language: fr\n', "mine.yaml:1: `language` is 'fr'; write en"),
    ('language: en\ncategories: {zzz: [hello]}\n',
     'mine.yaml:2: no act looks for the list `zzz`. Remove it.'),
    ('language: en\ncategories:\n  complaint:\n    reviewed: Ann\n',
     'mine.yaml:3: `complaint` has no phrase in language en; add some'),
    ('language: en\ncategories:\n  why_question:\n    - {say: hello, strictness: 0.5}\n',
     'mine.yaml:4: `hello` has strictness 0.5 here and 1.0 in en.yaml:5; give it the same in both'),
])
def test_a_fault_of_a_site_s_file_is_told_with_its_line_and_the_cure(tmp_path, text, fault):
    folder = folder_of(tmp_path, en=HEAD + '  greeting: [{say: hello, strictness: 1.0}]\n')
    (tmp_path / 'mine.yaml').write_text(text, encoding='utf-8')
    assert faults_of(folder, tmp_path / 'mine.yaml') == [fault]


def test_a_missing_file_of_phrases_is_a_fault_of_the_settings_with_the_line_that_names_it(tmp_path):
    path = tmp_path / 'site.yaml'
    path.write_text('language: en\nphrases:\n  - gone.yaml\n')
    with pytest.raises(ConfigError) as error:
        load_settings(str(path))
    assert str(error.value) == (
        f'{path}:3: `phrases`: {tmp_path}/gone.yaml: no such file; give the path of a YAML file, '
        f'relative to the settings file')


def test_a_language_of_the_settings_that_has_no_list_is_named_with_its_line(tmp_path):
    path = tmp_path / 'site.yaml'
    path.write_text('workers: 1\nlanguage: xx\n')
    with pytest.raises(ConfigError, match=r'site\.yaml:2: no phrase list for language `xx`'):
        load_settings(str(path))


def test_config_check_tells_what_each_language_holds_and_the_faults_of_a_site_s_file(tmp_path):
    settings_of(tmp_path)
    ran = etiquette('config', 'check', str(tmp_path / 'site.yaml'))
    lexicon = lexicon_of(load_settings(str(tmp_path / 'site.yaml')))
    count = sum(map(len, lexicon.categories.values()))
    left = len(lexicon.categories) - len(lexicon.drafts) - 2
    assert ran.code == 0, ran.err
    assert (f'phrases en: {len(lexicon.categories)} lists, {count} phrases, '
            f'{len(lexicon.drafts)} drafts, reviewed by Ben Ho ({left}), Anna Lee (2)') in ran.out
    settings_of(tmp_path, SITE.replace('complaint', 'complant'))
    ran = etiquette('config', 'check', str(tmp_path / 'site.yaml'))
    assert ran.code == 2
    assert ('mine.yaml:6: no act looks for the list `complant`. Did you mean `complaint`?'
            in ran.err)
