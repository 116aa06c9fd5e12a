"""Words as they are compared: one form for what is said and for what is looked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from rapidfuzz.distance import Levenshtein


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLERS = _words("um uh er erm ah just please sir ma'am madam now so very")
NEGATIONS = _words('no not never nothing cannot nor neither without')

# May be lost or misheard without changing what a phrase means.
FUNCTION_WORDS = _words(
    'a an the this that these those to for of on in at by with from about as and or but if so '
    'than then there here i you he she it we they me him her us them my your his our their its am '
    'is are was were be been do does did have has had will would can could may might shall should '
    'must any some just please very really else all more too also well oh')

# What follows "this is" or "i'm" without being a name.
_NO_NAMES = FUNCTION_WORDS | NEGATIONS | FILLERS | _words(
    'calling regarding what when where why how who which because going having trying looking '
    'waiting wondering sorry afraid sure glad happy good great fine right wrong correct okay yes '
    'not now today again back only still already being getting one two speaking actually quite '
    'completely absolutely ridiculous terrible unacceptable customer service yeah thank thanks '
    'hello hi welcome help let alright like unable able goodbye bye')

_SHORT = {
    "'m": 'am', "'ll": 'will', "'d": 'would', "'ve": 'have', "'re": 'are', "n't": 'not',
}
_IS = _words('who what it that there here he she how where when')  # of "who's"
_WHOLE = {
    "can't": ('can', 'not'), 'cannot': ('can', 'not'), "won't": ('will', 'not'),
    "let's": ('let', 'us'), 'ok': ('okay',), 'o.k': ('okay',), 'thankyou': ('thank', 'you'),
    'bye-bye': ('bye', 'bye'), 'mm-hmm': ('mhm',), 'uh-huh': ('mhm',), 'mm-hm': ('mhm',),
    'mhmm': ('mhm',), 'mmhm': ('mhm',), 'mmhmm': ('mhm',), 'uhhuh': ('mhm',), 'hmm': ('hm',),
    **{word + 't': (of, 'not') for word, of in (
        ('don', 'do'), ('didn', 'did'), ('doesn', 'does'), ('isn', 'is'), ('wasn', 'was'),
        ('couldn', 'could'), ('wouldn', 'would'), ('can', 'can'))},
    'wanna': ('want', 'to'), 'gonna': ('going', 'to'),
    'apologise': ('apologize',), 'apologising': ('apologizing',), 'summarise': ('summarize',),
    'authorised': ('authorized',), 'spelt': ('spelled',), 'cheque': ('check',),
    "ma'am": ("ma'am",),
}
_PAIRS = {
    ('all', 'right'): 'alright', ('good', 'bye'): 'goodbye', ('uh', 'huh'): 'mhm',
    ('mm', 'hmm'): 'mhm', ('mm', 'hm'): 'mhm', ('mm', 'mm'): 'mhm',
}
_SECOND = frozenset(second for _, second in _PAIRS)
_NO_LETTER = re.compile(r"[^\w']+|_")

_NUMBERS = _words(
    'a an one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty '
    'forty fifty sixty ninety hundred couple few several half another')
_NUMBER_GLUE = _words('of or to and a')
_UNITS = {
    **dict.fromkeys(('second', 'seconds', 'minute', 'minutes'), 'short'),
    **dict.fromkeys(('hour', 'hours', 'day', 'days'), 'long'),
}


@lru_cache(maxsize=65536)
def tokens_of(word: str) -> tuple[str, ...]:
    """The tokens of one transcript word: none for mere punctuation, two for "i'm" or "24-hour"."""
    text = unicodedata.normalize('NFKC', word).lower().replace('\u2019', "'").replace('\u2018', "'")
    text = text.strip('.,?!;:"()[]*…-–—')
    if text in _WHOLE:
        return _WHOLE[text]
    out: list[str] = []
    for part in _NO_LETTER.split(text):
        part = part.strip("'")
        if part:
            out += _WHOLE.get(part) or _expanded(part)
    return tuple(out)


def _expanded(token: str) -> tuple[str, ...]:
    for ending, word in _SHORT.items():
        if token.endswith(ending) and len(token) > len(ending):
            return token[:-len(ending)], word
    if token.endswith("'s") and token[:-2] in _IS:
        return token[:-2], 'is'
    return (token,)


def tokenise(words: Sequence[str]) -> tuple[list[str], list[int]]:
    """The tokens of some words, and for each the index of its word (a pair's: of its first)."""
    parts = list(map(tokens_of, words))
    tokens = list(chain.from_iterable(parts))
    if _SECOND.isdisjoint(tokens):
        if len(tokens) == len(parts) and all(parts):  # one of each word, as most often
            return tokens, list(range(len(tokens)))
        return tokens, [index for index, part in enumerate(parts) for _ in part]
    tokens = []
    where: list[int] = []
    for index, part in enumerate(parts):
        for token in part:
            pair = _PAIRS.get((tokens[-1], token)) if token in _SECOND and tokens else None
            if pair:
                tokens[-1] = pair
            else:
                tokens.append(token)
                where.append(index)
    return tokens, where


def may_be_name(token: str, raw: str, cased: bool) -> bool:
    """Whether a token can be (a part of) a name. `cased`: the transcript has capital letters."""
    if token in _NO_NAMES or not token.replace("'", '').isalpha() or len(token) < 2:
        return False
    return raw[:1].isupper() if cased else True


def duration_end(tokens: Sequence[str], start: int, span: str | None) -> int | None:
    """Where the duration that starts at `start` ends, None if none does.

    `span` is 'short' (seconds, minutes), 'long' (hours, days) or None for any.
    """
    at = start
    while at < len(tokens) and at - start < 5:
        token = tokens[at]
        if at > start and token in _UNITS:
            return at + 1 if span in (None, _UNITS[token]) else None
        if at > start and token in ('business', 'working'):
            at += 1
            continue
        if not (token.isdigit() or token in _NUMBERS or (at > start and token in _NUMBER_GLUE)):
            return None
        at += 1
    return None


@lru_cache(maxsize=65536)
def alike(heard: str, meant: str) -> bool:
    """Whether a heard word can be a meant one misheard: at most 30 % of its letters differ."""
    longest = max(len(heard), len(meant))
    allowed = int(0.3 * longest)
    return allowed > 0 and abs(len(heard) - len(meant)) <= allowed \
        and distance(heard, meant) <= allowed


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """The least number of insertions, deletions and substitutions that make `a` into `b`."""
    return Levenshtein.distance(a, b)
