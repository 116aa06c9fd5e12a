"""Korean for the matcher: syllables without spaces, endings of one class folded to one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from transforms.phrases.letters import (
    NOT,
    Folds,
    duration_pattern,
    kept,
    pattern_end,
    to_letters,
)
from transforms.phrases.tongue import FORBIDDEN, Costs, Tongue

_ASK = '시겠어요'
_ENDINGS = {
    # ask
    '시겠습니까': _ASK, '실까요': _ASK, '실수있으실까요': _ASK, '실수있나요': _ASK,
    '실수있으신가요': _ASK, '시겠나요': _ASK, '실수있을까요': _ASK,
    '으십니까': '으신가요', '으세요': '으신가요', '으실까요': '으신가요', '을까요': '으신가요',
    '으시겠어요': '으신가요', '으시겠습니까': '으신가요',
    '되십니까': '되세요', '되시나요': '되세요', '되시죠': '되세요', '되실까요': '되세요',
    '되겠습니까': '될까요', '되나요': '될까요',
    # request
    '주십시오': '주세요', '주시기바랍니다': '주세요', '주시면감사하겠습니다': '주세요',
    '주시면됩니다': '주세요', '주시길바랍니다': '주세요',
    '부탁드리겠습니다': '부탁드립니다', '부탁드려요': '부탁드립니다',
    '부탁드릴게요': '부탁드립니다',
    # promise
    '드리겠습니다': '드릴게요', '드리도록하겠습니다': '드릴게요', '도록하겠습니다': '겠습니다',
    '하도록하겠습니다': '하겠습니다', '할게요': '하겠습니다', '볼게요': '보겠습니다',
    '드릴께요': '드릴게요', '할께요': '하겠습니다', '볼께요': '보겠습니다',
    # statement
    '고맙습니다': '고맙습니다', '감사드립니다': '감사합니다', '감사해요': '감사합니다',
    '죄송해요': '죄송합니다', '죄송하고': '죄송하고',
    # spelling
    '뭐에요': '뭐예요', '뭐라구요': '뭐라고요', '되요': '돼요', '않됩니다': '안됩니다',
    '여쭈어': '여쭤', '주시어': '주셔', '하여': '해', '무엇을': '뭘',
    '없으십니까': '있으신가요', '없으신가요': '있으신가요', '없으세요': '있으신가요',
    '없으실까요': '있으신가요', '이라고': '라고', '이었습니다': '였습니다',
}
# Here 안 and 못 are no "not".
_HARMLESS = ('안녕', '안내', '안전', '안심', '안정', '안에', '안쪽', '안경', '동안', '편안', '보안',
    '제안',
             '미안', '방안', '대안', '불안', '사안', '잘못', '없으신가요', '없으세요')
_NEGATIONS = {'안': '안', '못': '못', '않': '않', '없': '없', '아닙': '아닙', '아니': '아니',
              '말고': '말고', '마세': '마세', '마시': '마시'}
_FILLERS = ('어음', '음', '저기')
_CLIENT = '고객님'

_STABLE = {
    **to_letters({string: string for string in _HARMLESS}),
    **{string: (NOT + to[0], *to[1:]) for string, to in _NEGATIONS.items()},
    **kept((_CLIENT,), _CLIENT),
}
_FOLDS = Folds({**_STABLE, **to_letters(_ENDINGS)})
_AS_SPOKEN = Folds(_STABLE)
_PARTICLES = frozenset('은는이가을를요도만의좀저네예')
_STATEMENTS = frozenset('니다습')

_INITIALS = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'
_NEAR_INITIAL = {frozenset(pair) for pair in (
    'ㄱㄲ', 'ㄱㅋ', 'ㄲㅋ', 'ㄷㄸ', 'ㄷㅌ', 'ㄸㅌ', 'ㅂㅃ', 'ㅂㅍ', 'ㅃㅍ', 'ㅅㅆ', 'ㅈㅉ', 'ㅈㅊ',
    'ㅉㅊ', 'ㄴㄹ',
    'ㅇㅎ', 'ㄴㅁ')}
_VOWELS = 'ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ'
_VOWEL_CLASS = dict(zip(_VOWELS, 'aeaeoeoeowxxouwxiuuii', strict=True))
_FINAL_CLASS = (0, 1, 1, 1, 4, 4, 4, 7, 8, 1, 16, 8, 8, 8, 17, 8, 16, 17, 17, 7, 7, 21, 7, 7, 1, 7,
                17, 7)
_PLAIN = str.maketrans('ㄲㅋㄸㅌㅃㅍㅆㅉㅊㅎ', 'ㄱㄱㄷㄷㅂㅂㅅㅈㅈㅇ')


def _parts(syllable: str) -> tuple[str, str, int] | None:
    code = ord(syllable) - 0xAC00 if len(syllable) == 1 else -1
    if not 0 <= code < 11172:
        return None
    return _INITIALS[code // 588], _VOWELS[code % 588 // 28], code % 28


@lru_cache(maxsize=16384)
def _sound(token: str) -> str:
    parts = _parts(token)
    if parts is None:
        return token
    initial, vowel, final = parts
    return f'{initial.translate(_PLAIN)}{_VOWEL_CLASS[vowel]}{_FINAL_CLASS[final]}'


_UNLIKE = 1.3  # another syllable altogether
# Costs by how unlike the sounds are.
_NEAR = ((0.4, 0.3), (0.65, 0.45), (1.0, 0.85))


def _unlike(heard: tuple[str, str, int], meant: tuple[str, str, int]) -> float:
    """0 for the same sound, about 1 for each of initial, vowel and final that is another."""
    a, b = heard, meant
    out = 0.0
    if a[0] != b[0]:
        out += 0.4 if frozenset((a[0], b[0])) in _NEAR_INITIAL else 1.0
    if a[1] != b[1]:
        out += 0.2 if _VOWEL_CLASS[a[1]] == _VOWEL_CLASS[b[1]] else 0.9
    if a[2] != b[2]:
        out += 0.15 if _FINAL_CLASS[a[2]] == _FINAL_CLASS[b[2]] else 0.6
    return out


def _heard_for(heard: str, meant: Sequence[str]) -> Costs:
    parts = _parts(heard)
    out = np.full(len(meant), _UNLIKE, np.float32)
    for at, token in enumerate(meant):
        other = _parts(token)
        if token == heard:
            out[at] = 0.0
        elif heard[0] == NOT:
            out[at] = FORBIDDEN
        elif token[0] == NOT:
            meant_not = _parts(token[1:])
            near = parts and meant_not and _unlike(parts, meant_not) <= 1.0
            out[at] = 0.45 if near else FORBIDDEN
        elif parts and other:
            unlike = _unlike(parts, other)
            out[at] = next((cost for most, cost in _NEAR if unlike <= most), _UNLIKE)
    return out


def _negation(token: str) -> bool:
    return token[0] == NOT


def _lost(token: str) -> float:
    if token[0] == NOT:
        return FORBIDDEN
    return 0.3 if token == _CLIENT else 0.45 if token in _PARTICLES else 0.9


def _weight(token: str) -> float:
    return 0.5 if token in _PARTICLES else 1.0


def _added(token: str) -> float:
    if token[0] == NOT:
        return FORBIDDEN
    return 0.1 if token == _CLIENT else 0.4 if token in _PARTICLES else 0.8


_DURATIONS = duration_pattern(
    '(?:약|대략|최대|한)?(?:\\d+[~-]?)+|(?:약|최대)?[일이삼사오육칠팔구십백한두세네몇반수]+|'
    '다섯|여섯|일곱|여덟|아홉|열', '초|분', '시간|영업일|일|주일?')


def _duration_end(tokens: Sequence[str], start: int, span: str | None) -> int | None:
    return pattern_end(_DURATIONS[span], tokens, start)


def _name_ends(tokens: Sequence[str], at: int) -> list[int]:
    ends = []
    for end in range(at + 1, min(at + 4, len(tokens)) + 1):
        if tokens[end - 1][0] == NOT or tokens[end - 1] == _CLIENT or tokens[end - 1].isdigit():
            break
        if end > at + 1:
            ends.append(end)
            if tokens[end:end + 1] == ['님'] or tokens[end:end + 1] == ['씨']:
                ends.append(end + 1)
    return sorted(ends, key=lambda end: abs(end - at - 3))


KOREAN = Tongue(
    letters=True, tokenise=_FOLDS, spoken=_AS_SPOKEN, unfolded=_AS_SPOKEN,
    sound=_sound, heard_for=_heard_for, lost=_lost, added=_added, negation=_negation,
    duration_end=_duration_end, name_ends=_name_ends,
    whole_turn=frozenset({'뭐요', '왜요', '이름이요'}),
    weight=_weight, allowance=(0.55, 2.4), name_letters=3)
