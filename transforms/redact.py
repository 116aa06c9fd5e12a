"""Redact: card, account and phone numbers and e-mail addresses, before any text is stored.

Works on the words of one lane, whichever way an engine wrote them: "4111-1111", "4111 1111",
"four one one one", "double five", "oh"; in English, Indonesian, Korean, Japanese and Chinese
(`transforms.numerals`), by the words themselves: callers mix languages. Every redacted word becomes
a tag and keeps its times, so that no KPI changes. Durations, amounts, dates and times of day stay:
rules read them.

A number that is read out is rarely a valid card number by the time it was recognised, so any long
run of digits goes; whether it is a card (Luhn), a phone (its form, or the words before it) or an
account only chooses the tag.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, NamedTuple

from annotated_types import Ge

from transforms import numerals
from transforms.numerals import pieces
from warehouse.records import Words

CARD, ACCOUNT, PHONE, EMAIL = '[card]', '[account]', '[phone]', '[email]'
CARD_DIGITS = range(13, 20)  # ISO/IEC 7812
PHONE_DIGITS = range(7, 16)  # E.164, and local numbers from seven
CUE_WORDS = 8  # how far before a number the word that names it may be
BRIDGES = 2  # words in a row that do not end a number: "four one, um, and five"
LOCAL_PART_WORDS = 6  # of a spoken e-mail address, before "at"


@dataclass(frozen=True)
class RedactOptions:
    """What is taken out of the text.

    Attributes:
      enabled: False keeps every word.
      min_digits: from so many digits in a row a number is redacted. Order and case numbers of
        four or five digits name nobody; six is the shortest bank account number.
      keep_last: so many of a number's last digits stay, where whole words hold them. Card rules
        (PCI DSS 3.4) allow four.
    """

    enabled: bool
    min_digits: Annotated[int, Ge(4)]
    keep_last: Annotated[int, Ge(0)]


class _Kind(NamedTuple):
    """What a word can be in a number. `group`: the place in a cardinal (hundred 3, ten 2, one 1,
    0 for anything that stands alone)."""

    name: str  # digits | weak | times | hundred | bridge | unit | homophone | plus | other
    digits: str = ''
    group: int = 0


class _Part(NamedTuple):
    """A word of a number, and the digits that it adds."""

    at: int
    digits: str
    group: int


def redact_words(words: Words, options: RedactOptions) -> Words:
    """The words with card, account and phone numbers and e-mail addresses as tags.

    Number of words, times and all other columns stay as they are; a word that is not redacted
    keeps its text. Redacting twice changes nothing more.
    """
    if not options.enabled:
        return words
    cut = pieces(words.text)
    tags = {word: tag for piece, tag in sorted(_tags([text for text, _ in cut], options).items())
            for word in cut[piece][1]}
    if not tags:
        return words
    return replace(words, text=tuple(tags.get(index, text)
                                     for index, text in enumerate(words.text)))


def _tags(texts: Sequence[str], options: RedactOptions) -> dict[int, str]:
    """The tag of each word that is redacted."""
    kinds = [_kind(text) for text in texts]
    tags: dict[int, str] = {}
    at = 0
    while at < len(texts):
        if kinds[at] is _OTHER:
            at += 1
            continue
        if kinds[at].name in ('digits', 'times') or _starts_weakly(kinds, at):
            parts, end = _number(kinds, at)
            tags.update(_number_tags(texts, kinds, parts, options))
            at = max(end, at + 1)
            continue
        if kinds[at].name == 'address':
            tags.update(_address_tags(texts, at))
        at += 1
    return tags


def _number(kinds: Sequence[_Kind], start: int) -> tuple[list[_Part], int]:
    """The longest run of digits from `start`, and the index after it."""
    parts: list[_Part] = []
    times, bridged, at = 1, 0, start
    while at < len(kinds) and bridged <= BRIDGES:
        kind = kinds[at]
        if kind.name == 'homophone' and not _between_digits(kinds, at):
            break
        if kind.name in ('digits', 'homophone', 'weak'):
            parts.append(_Part(at, kind.digits * times, kind.group))
            times, bridged = 1, 0
        elif kind.name == 'times':
            times, bridged = int(kind.digits), 0
            parts.append(_Part(at, '', 0))
        elif kind.name == 'hundred' and parts and parts[-1].group == 1:
            parts[-1] = parts[-1]._replace(group=3)
            parts.append(_Part(at, '00', 3))
        elif kind.name == 'bridge':
            bridged += 1
        else:
            break
        at += 1
    if at < len(kinds) and kinds[at].name in ('unit', 'hundred'):
        parts = _without_last_cardinal(parts)
    return parts, at


def _starts_weakly(kinds: Sequence[_Kind], at: int) -> bool:
    """Whether a syllable that is a digit, but more often a particle, begins a number."""
    return (kinds[at].name == 'weak' and at + 1 < len(kinds)
            and kinds[at + 1].name in ('digits', 'weak'))


def _between_digits(kinds: Sequence[_Kind], at: int) -> bool:
    """Whether a "to" or a "for" stands between two spoken digits: it is a 2 or a 4 misheard."""
    return (0 < at < len(kinds) - 1 and kinds[at - 1].group == 1
            and kinds[at + 1].name in ('digits', 'times') and kinds[at + 1].group == 1)


def _without_last_cardinal(parts: list[_Part]) -> list[_Part]:
    """What is left of "four two thirty five" when "seconds" follows: "four two"."""
    parts = list(parts)
    last = 0
    while parts:
        group = parts[-1].group
        if last and (group == 0 or (group <= last and group < 3)):
            break
        parts.pop()
        last = group
        if group == 0:
            break
    return parts


def _number_tags(texts: Sequence[str], kinds: Sequence[_Kind], parts: list[_Part],
                 options: RedactOptions) -> dict[int, str]:
    digits = ''.join(part.digits for part in parts)
    if len(digits) < options.min_digits or _is_date(texts, parts[0].at, digits):
        return {}
    tag = _tag_of(texts, kinds, parts, digits)
    cards = _card_part(parts) if tag == ACCOUNT else range(0)
    shown = len(digits)
    tags = {}
    for number, part in enumerate(parts):
        # Digits up to the end of this word, counted from the end of the whole number.
        if part.digits and shown <= options.keep_last:
            break
        shown -= len(part.digits)
        tags[part.at] = CARD if number in cards else tag
    for index in range(min(tags), max(tags)) if tags else ():
        if index not in tags:  # a filler inside the number: what it bridges tells nothing
            tags[index] = tags[index - 1]
    return tags


def _tag_of(texts: Sequence[str], kinds: Sequence[_Kind], parts: list[_Part], digits: str) -> str:
    if len(digits) in CARD_DIGITS and luhn(digits):
        return CARD
    first = parts[0].at
    if len(digits) in PHONE_DIGITS:
        form = texts[first].lstrip()[:1] in ('+', '(') or _PHONE_FORM.search(texts[first])
        if form or (first and kinds[first - 1].name == 'plus'):
            return PHONE
        for text in reversed(texts[max(0, first - CUE_WORDS):first]):
            cue = _bare(text)
            if cue in _PHONE_CUES:
                return PHONE
            if cue in _ACCOUNT_CUES:
                break
    return ACCOUNT


def _card_part(parts: list[_Part]) -> range:
    """The parts that are a card number inside a longer run (with its expiry date, say)."""
    for first in range(len(parts)):
        digits = ''
        for last in range(first, len(parts)):
            digits += parts[last].digits
            if len(digits) >= CARD_DIGITS.stop:
                break
            if len(digits) in CARD_DIGITS and luhn(digits) and digits[0] in '3456':
                return range(first, last + 1)
    return range(0)


def luhn(digits: str) -> bool:
    """Whether the last digit is the right check digit (ISO/IEC 7812-1)."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0


def _is_date(texts: Sequence[str], first: int, digits: str) -> bool:
    """Whether digits after a month's name are a day and a year."""
    month = first > 0 and _bare(texts[first - 1]) in _MONTHS
    return month and re.fullmatch(r'[0-3]?\d(?:19|20)\d\d', digits) is not None


def _address_tags(texts: Sequence[str], at: int) -> dict[int, str]:
    """The words of an e-mail address that has its "@", or "at", in word `at`."""
    if _EMAIL.search(texts[at]):
        return {at: EMAIL}
    end = _domain_end(texts, at + 1)
    if at == 0 or end is None or _bare(texts[at - 1]) in _NO_LOCAL_PART:
        return {}
    start = at - 1
    back = range(at - 1, max(-1, at - 1 - LOCAL_PART_WORDS), -1)
    before = next((index for index in back if _bare(texts[index]) in _BEFORE_ADDRESS), None)
    if before is not None and before < at - 1:
        start = before + 1
    else:
        while start > 0 and (_joins(texts[start - 1]) or _joins(texts[start])
                             or len(_bare(texts[start - 1])) == 1):
            start -= 1
    return dict.fromkeys(range(start, end), EMAIL)


def _domain_end(texts: Sequence[str], at: int) -> int | None:
    """The index after the domain that starts at `at`: "gmail.com", "gmail dot co dot uk"."""
    if at < len(texts) and _DOMAIN.fullmatch(_bare(texts[at])):
        return at + 1
    end = None
    while at + 2 < len(texts) and _bare(texts[at + 1]) in _DOTS:
        last = _bare(texts[at + 2])
        if last in _TOP_LEVEL:
            end = at + 3
        elif not last.isalnum():
            break
        at += 2
    return end


def _joins(text: str) -> bool:
    return _bare(text) in _DOTS or _bare(text) in ('underscore', 'dash', 'hyphen', 'minus', 'plus')


@lru_cache(maxsize=65536)
def _bare(text: str) -> str:
    return unicodedata.normalize('NFKC', text).lower().strip('.,?!;:"\'()[]…')


def _split(text: str) -> list[str]:
    return text.split()


_OTHER = _Kind('other')
_ONES = dict(zip(_split('zero one two three four five six seven eight nine'), '0123456789',
                 strict=True)) | {'oh': '0', 'o': '0', 'nought': '0', 'nil': '0', 'niner': '9'}
_TEENS = {word: str(number) for number, word in enumerate(
    _split('ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'), 10)}
_TENS = dict(zip(_split('twenty thirty forty fifty sixty seventy eighty ninety'), '23456789',
                 strict=True))
_KINDS = {
    **{word: _Kind('digits', digit, 1) for word, digit in _ONES.items()},
    **{word: _Kind('weak' if word in numerals.WEAK else 'digits', digit, 1)
       for word, digit in numerals.DIGITS.items()},
    **{word: _Kind('digits', digits, 2) for word, digits in (_TEENS | numerals.TENS).items()},
    **{word: _Kind('digits', digit + '0', 2) for word, digit in _TENS.items()},
    **{f'{ten}-{one}': _Kind('digits', a + b, 2) for ten, a in _TENS.items()
       for one, b in list(_ONES.items())[1:10]},
    'double': _Kind('times', '2', 1), 'triple': _Kind('times', '3', 1),
    'treble': _Kind('times', '3', 1), 'hundred': _Kind('hundred'), 'plus': _Kind('plus'),
    'to': _Kind('homophone', '2', 1), 'too': _Kind('homophone', '2', 1),
    'for': _Kind('homophone', '4', 1), 'ate': _Kind('homophone', '8', 1),
    'at': _Kind('address'), '@': _Kind('address'),
    **dict.fromkeys(numerals.AT, _Kind('address')),
    **{word: _Kind('times', digit, 1) for word, digit in numerals.TIMES.items()},
    **dict.fromkeys(numerals.FILLERS, _Kind('bridge')),
    **dict.fromkeys(numerals.UNITS, _Kind('unit')),
    **dict.fromkeys(_split('um uh er erm ah and then dash hyphen space slash minus okay'),
                    _Kind('bridge')),
    **dict.fromkeys(_split(
        'second seconds sec secs minute minutes min mins hour hours hr hrs day days week weeks '
        'month months year years business working dollar dollars euro euros pound pounds cent '
        'cents pence quid rupiah yen won yuan percent % thousand million billion point '
        "o'clock oclock am pm a.m p.m degrees miles kilometers kilometres meters metres kilos "
        'gigabytes megabytes times st nd rd th'), _Kind('unit')),
}
_MONTHS = frozenset(_split(
    'january february march april may june july august september october november december jan '
    'feb mar apr jun jul aug sep sept oct nov dec'))
_PHONE_CUES = frozenset(_split(
    'phone telephone mobile cell cellphone callback call reach ring fax dial landline text '
    'whatsapp')) | numerals.PHONE_CUES
_ACCOUNT_CUES = frozenset(_split(
    'account card order reference case ticket customer policy invoice booking contract member '
    'membership')) | numerals.ACCOUNT_CUES
_BEFORE_ADDRESS = frozenset(_split("is it's its email e-mail mail address to me"))
_NO_LOCAL_PART = frozenset(_split(
    'it us look looking find found online available order ordered buy page website site shop store '
    'them this that here visit is are be was am what who one me you we they arrive arrives '
    'works work start starts'))
_TOP_LEVEL = frozenset(_split(
    'com net org edu gov io co info biz uk us de fr es it nl eu ca au jp kr cn id in br ch at be '
    'se no dk fi pl me app dev')) | numerals.TOP_LEVEL
_DOTS = numerals.DOTS | {'dot', 'point'}
_EMAIL = re.compile(r'[^\s@]+@[^\s@]+\.[^\s@.]+')
_DOMAIN = re.compile(r'[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}')
_PHONE_FORM = re.compile(r'\b\d{3}[-. ]\d{3,4}[-. ]\d{4}\b')
_NO_NUMBER = re.compile(
    r'[$€£¥₩].*|.*[$€£¥₩%]'  # an amount or a share
    r'|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+,\d{1,2}'  # a figure with separators
    r'|\d{1,2}:\d{2}(?::\d{2})?'  # a time of day
    r'|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})')  # a date
_LETTERED_DIGITS = 4  # fewer digits in a word with letters ("24-hour", "5pm", "mp3") are no number


@lru_cache(maxsize=65536)
def _kind(text: str) -> _Kind:
    """What a word can be in a number; `_OTHER` itself for almost every word."""
    known = _KINDS.get(text) or _KINDS.get(_bare(text))
    if known:
        return known
    if '@' in text:
        return _KINDS['@']
    bare = unicodedata.normalize('NFKC', text).lower().strip('.,?!;:"\'[]…')
    digits = ''.join(character for character in bare if character in '0123456789')
    if not digits or _NO_NUMBER.fullmatch(bare):
        return _OTHER
    lettered = any(character.isalpha() for character in bare)
    if lettered and (len(digits) < _LETTERED_DIGITS or re.fullmatch(r'\d+(st|nd|rd|th)', bare)):
        return _OTHER
    return _Kind('digits', digits, 1 if len(digits) == 1 and not lettered else 0)
