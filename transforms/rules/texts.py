"""What rules ask of a turn's text: its questions, content words, digits and durations.

Plain functions over text as it was transcribed, in the five languages of the phrase lists. In a
language that is none of them words are told by spaces, and nothing is a function word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from transforms.tokens import FILLERS, FUNCTION_WORDS, NEGATIONS, alike
from transforms.turns import NO_SPACES

_ENDS = re.compile(r'[.!?。！？…]')
_SENTENCE = re.compile(r'(?:[^.!?。！？…]+|(?<=\d)\.(?=\d))+[.!?。！？…]*')  # 3.5 ends none
_MARK = ('?', '？')
# How a question ends where no question mark was written.
_ASKS = {
    'ko': ('까요', '습니까', '입니까', '나요', '은가요', '신가요', '시겠어요', '을래요'),
    'ja': ('ですか', 'ますか', 'でしょうか', 'ませんか', 'ましたか'),
    'zh': ('吗', '呢', '好不好', '是不是', '对不对', '行不行'),
}

def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(text: str) -> dict[str, float]:
    """"one=1 half_a=.5": an underscore stands for a space."""
    pairs = (pair.split('=') for pair in text.split())
    return {word.replace('_', ' '): float(value) for word, value in pairs}


# What asks for more than yes or no: in English the first word, but for "and", "so", "well"; in
# Indonesian any word; in the others anywhere.
_OPEN_WORDS = {
    'en': _set('what how which when where who whose whom'),
    'id': _set('apa bagaimana berapa kapan siapa mana dimana kenapa mengapa'),
}
_OPEN_PARTS = {
    'ko': _set('무엇 뭐 뭘 어떤 어떻게 언제 어디 누구 얼마 몇 무슨'),
    'ja': _set('何 なに どう どの どちら どこ いつ 誰 どなた いくら どんな いくつ'),
    'zh': _set('什么 怎么 哪 多少 几 谁 何时 如何 啥'),
}
_NONE: frozenset[str] = frozenset()
_LEAD = _set('and so well okay but then now just um uh sorry')
_INDONESIAN = _set(
    'yang dan di ke dari untuk dengan ini itu ada tidak bisa saya anda kami kita bapak ibu pak bu '
    'akan sudah telah juga atau pada adalah ya iya apa apakah nya jadi kalau karena mau boleh '
    'silakan mohon tolong baik oh dalam lagi saja sebagai dia mereka harus belum nanti')
_CHINESE = frozenset(
    '的了是我你您他她它们在有和就不也都这那吗呢吧啊呀嗯个一请问好要会可以能说给把被让跟对到')
_PARTICLES = re.compile(
    '(?:에서는|에서|으로|이라고|라고|까지|부터|한테|에게|[은는이가을를에의로도와과요])$')

_DIGITS = {
    'en': _table('zero=0 oh=0 nought=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 '
                 'nine=9'),
    'id': _table('nol=0 kosong=0 satu=1 dua=2 tiga=3 empat=4 lima=5 enam=6 tujuh=7 delapan=8 '
                 'sembilan=9'),
    'ko': _table('공=0 영=0 일=1 이=2 삼=3 사=4 오=5 육=6 칠=7 팔=8 구=9'),
    'ja': _table('〇=0 零=0 一=1 二=2 三=3 四=4 五=5 六=6 七=7 八=8 九=9'),
    'zh': _table('〇=0 零=0 一=1 幺=1 二=2 三=3 四=4 五=5 六=6 七=7 八=8 九=9'),
}
_TENS = {'en': _table('a=1 an=1 ten=10 fifteen=15 twenty=20 thirty=30 forty=40 fifty=50 ninety=90 '
                      'half_a=.5'),
         'id': _table('se=1 sepuluh=10 lima_belas=15 dua_puluh=20 tiga_puluh=30 setengah=.5'),
         'ko': _table('한=1 두=2 세=3 십=10 이십=20 삼십=30'),
         'ja': _table('十=10 二十=20 三十=30'),
         'zh': _table('两=2 十=10 二十=20 三十=30 半=.5')}
_AMOUNTS = {language: {**_DIGITS[language], **_TENS[language]} for language in _TENS}
_SOME = {'en': 'a few|a couple of|couple of|several', 'id': 'beberapa', 'ko': '몇', 'ja': '数',
         'zh': '几'}
_UNITS_S = {
    'en': {'seconds?|secs?': 1.0, 'minutes?|mins?': 60.0}, 'id': {'detik': 1.0, 'menit': 60.0},
    'ko': {'초': 1.0, '분': 60.0}, 'ja': {'秒': 1.0, '分': 60.0},
    'zh': {'秒钟?': 1.0, '分钟?': 60.0},
}
SOME = 0.0  # a duration without a number: "a few seconds"

_SCRIPTS = (('ko', re.compile('[가-힣]')), ('ja', re.compile('[ぁ-ヿ]')),
            ('zh', re.compile('[一-鿿]')))
_TITLES = {
    'en': re.compile(r'\b(?:colleague|supervisor|manager|team leader|trainer|mr|mrs|ms)\b'),
    'id': re.compile(r'\b(?:rekan|atasan|supervisor|manajer|pak|bu)\b'),
    'ko': re.compile('님|팀장|과장|매니저|동료'), 'ja': re.compile('さん|上司|同僚|担当|責任者'),
    'zh': re.compile('先生|女士|经理|主管|同事|组长'),
}
_FIGURE = re.compile(r'\d')
_TAG = re.compile(r'\[(?:card|account|phone|email)\]')


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its final punctuation; the whole where it has none."""
    return [one for part in _SENTENCE.findall(text) if (one := part.strip())]


def is_punctuated(text: str) -> bool:
    """Whether a text ends or divides its sentences."""
    return _ENDS.search(text) is not None


def questions(text: str, language: str) -> list[str]:
    """The questions in a turn: sentences that end with a question mark; in ko, ja and zh also
    those that end as questions do."""
    ends = _ASKS.get(language)
    if ends is None:
        if '?' not in text and '？' not in text:
            return []
        return [one for one in sentences(text) if one.endswith(_MARK)]
    return [one for one in sentences(text)
            if one.endswith(_MARK) or one.rstrip('.。!！ ').endswith(ends)]


def is_open(question: str, language: str) -> bool:
    """Whether a question asks for more than yes or no."""
    if language in _OPEN_PARTS:
        return any(part in question for part in _OPEN_PARTS[language])
    words = (found[0] for found in _WORD.finditer(question.casefold()))
    if language == 'en':
        first = next((word for word in words if word not in _LEAD), '')
        return first.split("'")[0] in _OPEN_WORDS['en']
    return not _OPEN_WORDS.get(language, _NONE).isdisjoint(words)


def content_words(text: str, language: str) -> frozenset[str]:
    """The words that carry a text's meaning. ja, zh: pairs of characters that are not mere
    grammar; ko: words without their particles."""
    if language == 'zh':
        return _pairs(text, lambda c: '一' <= c <= '鿿' and c not in _CHINESE)
    if language == 'ja':
        return _pairs(text, lambda c: '一' <= c <= '鿿' or 'ァ' <= c <= 'ー')
    if language == 'ko':
        stems = (_PARTICLES.sub('', word) for word in _words(text))
        return frozenset(stem for stem in stems if len(stem) > 1)
    stop = _STOP.get(language, frozenset())
    return frozenset(word for word in _words(text) if word not in stop and len(word) > 1)


def takes_up(text: str, words: frozenset[str], least: float, language: str) -> bool:
    """Whether at least the share `least` of some content words is among those of a text."""
    wanted, folded = least * len(words), text.casefold()
    return sum([word in folded for word in words]) >= wanted \
        and len(words & content_words(text, language)) >= wanted


def similarity(a: frozenset[str], b: frozenset[str]) -> float:
    """How much two texts say the same, 0 to 1: Dice's coefficient of their content words."""
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def numbers(text: str, language: str, least: int) -> list[str]:
    """The numbers of at least so many digits, as digits, whether written or spelt out: one after
    the other, pauses and hyphens between them."""
    spelt = _DIGITS.get(language, {})
    figures = len(_FIGURE.findall(text))
    if figures < least and not (_names_any(text, spelt) if figures else _spelt_out(
            text, language, spelt) >= least - 1):
        return []
    parts = text if language in _UNSPACED else [
        piece for word in _words(text) for piece in (list(word) if word.isdigit() else [word])]
    runs = ['']
    for part in parts:
        if part.isdecimal():
            runs[-1] += unicodedata.normalize('NFKC', part)
        elif part in spelt:
            runs[-1] += f'{spelt[part]:.0f}'
        elif runs[-1] and part not in ' -‐、,.の':
            runs.append('')
    return [run for run in runs if len(run) >= least]


def _spelt_out(text: str, language: str, spelt: Mapping[str, float]) -> int:
    """About how many digits are spelt out in a text: one before a full stop is missed."""
    if language in _UNSPACED:
        return sum(text.count(word) for word in spelt)
    return sum(map(spelt.__contains__, text.casefold().replace(',', ' ').split()))


def _names_any(text: str, words: Iterable[str]) -> bool:
    folded = text.casefold()
    return any(word in folded for word in words)


def is_redacted(text: str) -> bool:
    """Whether numbers or addresses were taken out of a text."""
    return '[' in text and _TAG.search(text) is not None


def duration_s(text: str, language: str) -> float | None:
    """The seconds that the first waiting time in a text comes to; `SOME` where it has no number
    ("a few seconds"), None where there is none. Hours and days are none."""
    pattern = _DURATIONS.get(language)
    found = pattern.search(text.casefold()) if pattern else None
    if not found:
        return None
    number, unit = found['number'], found['unit']
    seconds = next(s for name, s in _UNITS_S[language].items() if re.fullmatch(name, unit))
    if found['some']:
        return SOME
    return seconds * (float(unicodedata.normalize('NFKC', number)) if number[0].isdigit()
                      else _AMOUNTS[language][' '.join(number.split())])


def contains(text: str, phrases: Iterable[str], language: str) -> bool:
    """Whether any of some short phrases stands in a text, as whole words where there are such."""
    plain = _plain(text, language)
    return any(_plain(phrase, language) in plain for phrase in phrases)


def calls(text: str, name: str, language: str) -> bool:
    """Whether a name, or one of its parts, is in a text; in languages with spaces one of
    four letters may be misheard."""
    if language in _UNSPACED:
        folded = text.casefold()
        return any(part in folded for part in name.casefold().split())
    parts, initial = _parts_of(name)
    if not initial.search(text.casefold()):
        return False
    heard = _words(text)
    return any(part in heard or any(word[0] == part[0] and alike(word, part) for word in heard)
               for part in parts)


@lru_cache(maxsize=64)
def _parts_of(name: str) -> tuple[list[str], re.Pattern[str]]:
    """The parts of a name, and how a word that is one of them begins."""
    parts = [part for part in _words(name) if len(part) > 1]
    letters = ''.join(sorted({part[0] for part in parts}))
    return parts, re.compile(rf'(?<![^\W_])[{letters}]' if letters else r'(?!)')


def opens_with(text: str, words: tuple[str, ...], softened_by: tuple[str, ...]) -> bool:
    """Whether a text begins with any of some words, and none of the second list follows."""
    start = text[:40].casefold().lstrip(' "\'¿¡')
    if not start.startswith(words):
        return False
    for word in words:
        if start.startswith(word):
            rest = start[len(word):]
            spaced = not rest or not (word[-1].isascii() and rest[0].isalnum())
            if spaced and not rest.lstrip(' ,.、，').startswith(softened_by or ('\0',)):
                return True
    return False


def tokens_between(text: str, one: str, other: str, language: str) -> int | None:
    """How many words (ja, zh, ko: characters) stand between two phrases of a text; None where one
    of them is not in it."""
    plain = _plain(text, language)
    a, b = (_plain(part, language) for part in (one, other))
    at, to = plain.find(a), plain.find(b)
    if at < 0 or to < 0:
        return None
    between = plain[at + len(a):to] if at < to else plain[to + len(b):at]
    return len(between) if language in _UNSPACED else len(between.split())


def names_someone(text: str, language: str) -> bool | None:
    """Whether a person is named or spoken of by a title; None where capitals would tell and there
    are none."""
    titles = _TITLES.get(language)
    if titles is not None and titles.search(text.casefold()):
        return True
    if language in _UNSPACED:
        return False
    words = text.split()
    if not any(word[:1].isupper() for word in words):
        return None
    return any(word[:1].isupper() and word.strip('.,?!').isalpha() and len(word) > 1
               and before[-1:] not in '.?!' for before, word in pairwise(words))


def slot_of(text: str, phrases: tuple[str, ...]) -> str | None:
    """What stands in the slot of the phrase that a text is an instance of: the name in "my name is
    Ann Lee" for "my name is {name}"; None where it fits none."""
    lowered = text.strip(' .,!?。，！？').casefold().replace('\u2019', "'")
    for pattern in _slots(phrases):
        found = pattern.fullmatch(lowered)
        if found:
            return found[1].strip(' .,')
    return None


def language_of(text: str) -> str | None:
    """The language that a text is written in, by its script and commonest words; None where that
    does not tell."""
    for language, script in _SCRIPTS:
        if script.search(text):
            return language
    words = _words(text)
    english = sum(word in FUNCTION_WORDS for word in words)
    indonesian = sum(word in _INDONESIAN for word in words)
    return None if english == indonesian else 'en' if english > indonesian else 'id'


_UNSPACED = NO_SPACES | {'ko'}  # spelt digits are single characters
_STOP = {'en': FUNCTION_WORDS | NEGATIONS | FILLERS | _set('okay yes yeah right'),
         'id': _INDONESIAN}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _pairs(text: str, counts: Callable[[str], bool]) -> frozenset[str]:
    out, last = [], ''
    for c in text:
        if not counts(c):
            last = ''
            continue
        if last:
            out.append(last + c)
        last = c
    return frozenset(out)


def _plain(text: str, language: str) -> str:
    words = _words(text)
    return ''.join(words) if language in _UNSPACED else f' {" ".join(words)} '


@lru_cache(maxsize=64)
def _slots(phrases: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The phrases with a name as patterns, the longest first: more of them is fixed."""
    named = sorted((p for p in phrases if '{name}' in p), key=len, reverse=True)
    return tuple(re.compile(r'\s*'.join(
        '(.+?)' if part == '{name}' else re.escape(part)
        for part in re.split(r'(\{name\})|\s+', phrase.casefold()) if part)) for phrase in named)


def _duration_pattern(language: str) -> re.Pattern[str]:
    amounts = '|'.join(sorted(_AMOUNTS[language], key=len, reverse=True))
    unit = '|'.join(_UNITS_S[language])
    edge = '' if language in _UNSPACED else r'\b'
    return re.compile(rf'{edge}(?P<number>\d+(?:\.\d+)?|{amounts}|(?P<some>{_SOME[language]}))'
                      rf'\s*(?P<unit>{unit}){edge}')


_DURATIONS = {language: _duration_pattern(language) for language in _UNITS_S}
