"""What the matcher makes of each language's spelling, scripts, names and negations."""

import pytest

from tests.calls_for_tests import words_of
from transforms.lexicon import Lexicon
from transforms.phrases import Match, Matcher
from warehouse.records import AGENT, Words

LISTS = {
    'id': {'hold_permission': ('apakah ibu bersedia menunggu',), 'refusal': ('kami tidak bisa',),
           'self_introduction': ('nama saya {name}',), 'repeat_polite': ('boleh diulangi namanya',),
           'hold_time_limit': ('mohon tunggu {duration}',), 'informal_address': ('kamu', 'anda'),
           'name_request': ('nama anda siapa',),
           'soft_close': ('kalau begitu saya akhiri',)},
    'ko': {'hold_request': ('잠시만 기다려 주세요',),
           'hold_time_limit': ('{duration} 정도 소요됩니다',),
           'banned_wording': ('안 됩니다',), 'assent': ('됩니다 고객님',),
           'company_introduction': ('{company} 고객센터입니다',)},
    'ja': {'hold_request': ('少々お待ちください',),
           'name_request': ('お名前を伺ってもよろしいでしょうか',),
           'refusal': ('お伝えできません',), 'hold_time_limit': ('{duration}ほどお待ちください',),
           'self_introduction': ('{name}と申します',)},
    'zh': {'hold_request': ('请您稍等一下',), 'offer_of_help': ('请问有什么可以帮您',),
           'refusal': ('我们不能退款',), 'self_introduction': ('我叫{name}',),
           'hold_time_limit': ('大概需要{duration}',),
           'company_introduction': ('{company}为您服务',)},
}
COMPANIES = {'ko': ('한빛통신',), 'zh': ('蓝港银行',)}


def found(language: str, *words: str, strictness=None) -> dict[str, Match]:
    lexicon = Lexicon(language, None, COMPANIES.get(language, ()), LISTS[language],
                      frozenset(), frozenset(), strictness or {})
    heard = words_of([(AGENT, 0.0, 0.5 * len(words), ' '.join(words))])
    count = len(heard)
    return {match.category: match for match in Matcher(lexicon).find(Words(
        heard.start_s, heard.end_s, heard.text, heard.confidence, heard.time_quality,
        (0,) * count, (AGENT,) * count))}


@pytest.mark.parametrize('language, text, category', [
    ('id', 'apakah bapak bersedia menunggu', 'hold_permission'),
    ('id', 'Kita enggak bisa.', 'refusal'),
    ('id', 'boleh di ulangi nama nya', 'repeat_polite'),
    ('id', 'mohon tunggu 5 menit', 'hold_time_limit'),
    ('ko', '잠시만기다려주십시오', 'hold_request'),
    ('ko', '약 3분 정도 소요됩니다', 'hold_time_limit'),
    ('ko', '함빛통신 고객센터입니다', 'company_introduction'),
    ('ja', 'しょうしょうおまちくださいませ', 'hold_request'),
    ('ja', 'お 名 前 を う か が っ て も よ ろ し い で す か', 'name_request'),
    ('ja', '2分ほどお待ち下さい', 'hold_time_limit'),
    ('ja', '田中と申します', 'self_introduction'),
    ('zh', '請 您 稍 等 一 下 。', 'hold_request'),
    ('zh', '請問有什麼可以幫你', 'offer_of_help'),
    ('zh', '大概需要两三分钟', 'hold_time_limit'),
    ('zh', '我叫王丽', 'self_introduction'),
])
def test_spelling_script_and_forms_of_address_do_not_matter(language, text, category):
    assert category in found(language, *text.split())


@pytest.mark.parametrize('language, text, category', [
    ('id', 'apakah ibu bersediah menungu', 'hold_permission'),
    ('ko', '잠시만 기타려 주세효', 'hold_request'),
    ('ja', '少々お待ちぐだざい', 'hold_request'),
    ('zh', '清问有什么可一帮您', 'offer_of_help'),
])
def test_what_sounds_alike_is_found_with_a_lower_score(language, text, category):
    assert found(language, *text.split())[category].score < 1.0


@pytest.mark.parametrize('language, text, category', [
    ('id', 'kami bisa', 'refusal'), ('id', 'apakah ibu tidak bersedia menunggu', 'hold_permission'),
    ('ko', '됩니다', 'banned_wording'), ('ko', '안 됩니다 고객님', 'assent'),
    ('ja', 'お伝えできます', 'refusal'), ('zh', '我们能退款', 'refusal'),
    ('zh', '请您不稍等一下', 'hold_request'),
])
def test_a_negation_that_comes_or_goes_is_no_slip(language, text, category):
    heard = found(language, *text.split())
    assert category not in heard or heard[category].score == 1.0


def test_a_strict_phrase_takes_its_exact_words_alone():
    heard = ('清', '您', '稍', '等', '一', '下')
    assert 'hold_request' in found('zh', *heard)
    assert 'hold_request' not in found('zh', *heard, strictness={'请您稍等一下': 1.0})


@pytest.mark.parametrize('text, informal', [
    ('Nama kamu siapa?', True), ('Nama anda siapa?', True), ('Nama Bapak siapa?', False),
    ('Nama Ibu siapa?', False)])
def test_a_strict_form_of_address_is_no_other_and_is_heard_inside_a_phrase(text, informal):
    heard = found('id', *text.split(), strictness={'kamu': 1.0, 'anda': 1.0})
    assert ('informal_address' in heard) == informal
    assert 'name_request' in heard


def test_in_that_case_i_is_no_phrase_by_itself():
    assert 'soft_close' not in found('id', 'Kalau', 'begitu', 'saya', 'kirim')


@pytest.mark.parametrize('language, text, category, whole', [
    ('zh', '您 好 蓝 港 银 行 为 您 服 务', 'company_introduction', '蓝 港 银 行 为 您 服 务'),
    ('ja', 'も し も し 。 田 中 と 申 し ま す', 'self_introduction', '田 中 と 申 し ま す'),
])
def test_a_name_or_company_is_taken_whole(language, text, category, whole):
    assert found(language, *text.split())[category].text == whole


def test_a_match_has_the_times_of_its_first_and_last_character():
    match = found('zh', *'那么请您稍等一下吧')['hold_request']
    assert (match.first_word, match.last_word) == (2, 7)
    assert (match.start_s, match.end_s) == pytest.approx((1.0, 4.0))
