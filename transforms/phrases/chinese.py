"""Mandarin for the matcher: characters, simplified, one spelling; homophones are near."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from transforms.phrases.han import SIMPLIFIED, SOUND
from transforms.phrases.letters import NOT, Folds, bare, duration_pattern, pattern_end, to_letters
from transforms.phrases.tongue import FORBIDDEN, Costs, Tongue

_SPELLINGS = {
    '请稍后': '请稍候', '帐号': '账号', '一会儿': '一会', '一下儿': '一下', '联络': '联系',
    '资讯': '信息',
    '回馈': '反馈', '敝姓': '我姓', '客服人员': '客服专员', '回覆': '回复', '答覆': '答复',
    '瞭解': '了解',
    '劳烦': '麻烦', '烦请': '麻烦', '好不好': '好吗', '可不可以': '可以吗', '行吗': '好吗',
    '片刻': '一会',
    '复述': '复述', '讯息': '信息', '连络': '联系', '什么时候': '什么时候', '挂掉': '挂断',
}
# Here 不 and 没 are no "not".
_HARMLESS = ('不好意思', '对不起', '不过', '没关系', '没问题', '差不多', '不管', '不客气', '特别',
    '别的',
             '分别', '级别', '性别', '未来', '非常', '无论', '不同', '要不要', '是不是', '有没有',
             '能不能',
             '方不方便', '了不起', '不错', '无线')
_NOT = '不没别未无非'
_DROPPED = '哦噢喔呃'
_FINAL = frozenset('吗嘛吧呢啊呀哈了的么')
_SMALL = frozenset('请您你我就这那个给') | _FINAL

_FOLDS = Folds(
    {**to_letters(_SPELLINGS), **to_letters({string: string for string in _HARMLESS}),
     **{c: (NOT + c,) for c in _NOT}, **dict.fromkeys(_DROPPED, ())},
    lambda word: bare(word).translate(SIMPLIFIED))

_SOUND_RULES = [(re.compile(pattern), to) for pattern, to in (
    (r'^zh', 'z'), (r'^ch', 'c'), (r'^sh', 's'), (r'ng$', 'n'), (r'^n(?=[aeiouv])', 'l'),
    (r'^r', 'l'), (r'^lin$', 'li'))]


@lru_cache(maxsize=16384)
def _sound(token: str) -> str:
    sound = SOUND.get(token.lstrip(NOT), token)
    for pattern, to in _SOUND_RULES[:6]:
        sound = pattern.sub(to, sound)
    return 'li' if token in '您你' else sound


def _split_syllable(sound: str) -> tuple[str, str]:
    found = re.match(r'(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)(.*)', sound)
    assert found is not None
    return found.group(1), found.group(2)


_NEAR_INITIALS = {frozenset(pair) for pair in (
    ('b', 'p'), ('d', 't'), ('g', 'k'), ('j', 'q'), ('j', 'z'), ('q', 'c'), ('x', 's'), ('f', 'h'),
    ('j', 'x'), ('q', 'x'), ('z', 'c'), ('zh', 'ch'), ('h', 'k'), ('l', 'n'))}


@lru_cache(maxsize=262144)
def _cost(heard: str, meant: str) -> float:
    if heard == meant:
        return 0.0
    if {heard, meant} == {'您', '你'}:
        return 0.05
    a, b = SOUND.get(heard.lstrip(NOT)), SOUND.get(meant.lstrip(NOT))
    if heard[0] == NOT or meant[0] == NOT:
        return 0.3 if heard[0] != NOT and a == b else FORBIDDEN
    if a is None or b is None:
        return 1.0
    if a == b:
        return 0.2
    if _sound(heard) == _sound(meant):
        return 0.3
    (initial_a, final_a), (initial_b, final_b) = _split_syllable(a), _split_syllable(b)
    if final_a == final_b and frozenset((initial_a, initial_b)) in _NEAR_INITIALS:
        return 0.45
    return 1.2 if initial_a != initial_b and final_a != final_b else 0.9


def _heard_for(heard: str, meant: Sequence[str]) -> Costs:
    return np.fromiter((_cost(heard, token) for token in meant), np.float32, len(meant))


def _negation(token: str) -> bool:
    return token[0] == NOT


def _lost(token: str) -> float:
    if token[0] == NOT:
        return FORBIDDEN
    return 0.25 if token in _FINAL else 0.5 if token in _SMALL else 1.0


def _weight(token: str) -> float:
    return 0.5 if token in _SMALL else 1.0


def _added(token: str) -> float:
    if token[0] == NOT:
        return FORBIDDEN
    return 0.2 if token in _FINAL else 0.45 if token in _SMALL else 0.9


_DURATIONS = duration_pattern(
    '[0-9]+(?:[到至~-]?[0-9]+)?|[一二两三四五六七八九十百几半]+(?:[到至][一二两三四五六七八九十]+)?',
    '秒钟?|分钟?', '个?小时|天|个?工作日|个?钟头|个?星期|周')
_NO_NAME = frozenset('你您什谁哪的是在有这那要想请帮给为能可就')
_TITLES = (['先', '生'], ['女', '士'], ['小', '姐'])
_SURNAMES = frozenset(SOUND[c] for c in (
    '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任'
    '卢姚沈钟姜崔谭陆范汪廖石金贾韦夏付方邹熊白孟秦邱侯江尹薛段雷龙黎史陶贺毛郝顾龚邵万钱严武戴莫孔向汤')
    if c in SOUND)


def _duration_end(tokens: Sequence[str], start: int, span: str | None) -> int | None:
    return pattern_end(_DURATIONS[span], tokens, start)


def _name_ends(tokens: Sequence[str], at: int) -> list[int]:
    end = at
    while end < len(tokens) and end - at < 6 and tokens[end].isdigit():
        end += 1
    if end > at:
        return [end]
    if not tokens[at:] or tokens[at] in _NO_NAME or SOUND.get(tokens[at]) not in _SURNAMES:
        return []
    ends = [end for end in range(at + 1, min(at + 4, len(tokens)) + 1)
            if not set(tokens[at:end]) & _NO_NAME]
    for title in _TITLES:
        ends += [end + 2 for end in ends if list(tokens[end:end + 2]) == title]
    return sorted(ends, key=lambda end: abs(end - at - 2))


CHINESE = Tongue(
    letters=True, tokenise=_FOLDS, spoken=_FOLDS, unfolded=_FOLDS, sound=_sound,
    heard_for=_heard_for, lost=_lost, added=_added, negation=_negation,
    duration_end=_duration_end, name_ends=_name_ends,
    whole_turn=frozenset({'什么', '啊', '蛤', '哪位', '说', '讲'}),
    weight=_weight, allowance=(0.5, 1.5), name_letters=2)
