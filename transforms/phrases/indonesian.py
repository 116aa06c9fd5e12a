"""Indonesian for the matcher: forms of address, clitics and spellings folded to one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from transforms.phrases.spelt import Likeness, sound_of, sounds
from transforms.phrases.tongue import FORBIDDEN, Tokens, Tongue


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ADDRESS = _words('bapak ibu pak bu kak kakak mas mbak anda')
_FOLDED = {
    **dict.fromkeys(_ADDRESS, 'anda'), 'kita': 'kami',
    'telah': 'sudah', 'udah': 'sudah', 'dapat': 'bisa', 'bolehkah': 'boleh', 'bisakah': 'bisa',
    **dict.fromkeys(_words('nggak enggak ngga gak ga tak ndak'), 'tidak'),
    'silahkan': 'silakan', 'makasi': 'makasih', "ma'af": 'maaf', 'sya': 'saya', 'aku': 'saya',
    **dict.fromkeys(_words('telpon telefon telfon'), 'telepon'), 'okay': 'oke', 'ok': 'oke',
    'yah': 'ya', 'adakah': 'ada',
}
_SPLIT = {'terimakasih': ('terima', 'kasih'), 'kerjasama': ('kerja', 'sama'),
          'beritahu': ('beri', 'tahu'), 'trimakasih': ('terima', 'kasih')}
_JOINED = {('di', 'tunggu'): 'ditunggu', ('di', 'ulangi'): 'diulangi', ('di', 'bantu'): 'dibantu',
           ('nama', 'nya'): 'namanya', ('trima', 'kasih'): 'kasih'}
_BARE = {('apa', word) for word in _words('anda ada saya kami sudah semua sedang masih bisa')}
_FILLERS = _words('ya dulu dong nih tolong eh anu hmm um uh oh deh sih kok lah nah gitu')
_FUNCTION_WORDS = _words(
    'yang di ke dari dan atau ini itu saya anda kami untuk dengan pada akan bisa ya ada sudah '
    'lagi juga saja adalah agar supaya jika kalau oleh atas dalam mohon apakah begitu') | _FILLERS
_ASKING = _words('tolong mohon')
_NEGATIONS = _words('tidak belum bukan jangan tanpa kurang')
_NO_NAMES = _FUNCTION_WORDS | _NEGATIONS | _words(
    'siapa apa mau ingin sedang perlu lihat cek periksa bantu minta konfirmasi tunggu baik maaf '
    'terima kasih selamat mengerti sangat paham memahami hubungi telepon sambungkan transfer sini')
_NUMBERS = _words(
    'satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas belas puluh seratus '
    'beberapa setengah kali x sampai hingga koma')
_UNITS = {'detik': 'short', 'menit': 'short', 'jam': 'long', 'hari': 'long', 'minggu': 'long'}
_NO_LETTER = re.compile(r"[^\w']+|_")
_DIGITS = re.compile(r'(?<=\d)x(?=\d)')
_SOUNDS = sounds((r'[aeiou]+$', 'a'), (r'kh', 'k'), (r'sy', 's'), (r'ng', 'n'), (r'v', 'f'),
                 (r'f', 'p'), (r'z', 's'), (r'b', 'p'), (r'd', 't'), (r'g', 'k'), (r'[ei]+', 'i'),
                 (r'[ou]+', 'u'), (r'h', ''))


@lru_cache(maxsize=65536)
def _of_word(word: str) -> tuple[str, ...]:
    text = unicodedata.normalize('NFKC', word).lower().replace('’', "'")
    out: list[str] = []
    for part in _NO_LETTER.split(_DIGITS.sub(' ', text)):
        part = part.strip("'")
        if not part:
            continue
        if part in _SPLIT:
            out += _SPLIT[part]
            continue
        # "namanya" is "nama": the ending is optional.
        if part.endswith('nya') and len(part) > 6:
            part = part[:-3]
        out.append(_FOLDED.get(part, part))
    return tuple(out)


def _unfolded(raw: Sequence[str]) -> Tokens:
    words = [unicodedata.normalize('NFKC', word).lower().replace('’', "'") for word in raw]
    parts = [(part.strip("'"), at) for at, word in enumerate(words)
             for part in _NO_LETTER.split(word) if part.strip("'")]
    at = [index for _, index in parts]
    return Tokens([part for part, _ in parts], at, at)


def _split(raw: Sequence[str]) -> Tokens:
    tokens: list[str] = []
    first: list[int] = []
    last: list[int] = []
    for index, word in enumerate(raw):
        for token in _of_word(word):
            before = tokens[-1] if tokens else ''
            joined = _JOINED.get((before, token))
            if joined or (token == before == 'anda') or (token == 'nya' and before):
                tokens[-1] = joined or before
                last[-1] = index
                continue
            if (before, token) in _BARE:
                tokens[-1] = 'apakah'
            tokens.append(token)
            first.append(index)
            last.append(index)
    return Tokens(tokens, first, last)


@lru_cache(maxsize=65536)
def _sound(word: str) -> str:
    return sound_of(word, _SOUNDS)


def _negation(token: str) -> bool:
    return token in _NEGATIONS


def _lost(token: str) -> float:
    if token in _NEGATIONS:
        return FORBIDDEN
    return 0.8 if token in _ASKING else 0.35 if token in _FUNCTION_WORDS else 1.5


def _weight(token: str) -> float:
    return 0.4 if token in _FUNCTION_WORDS else 1.0


def _added(token: str) -> float:
    if token in _NEGATIONS:
        return FORBIDDEN
    return 0.1 if token in _FILLERS else 0.35 if token in _FUNCTION_WORDS else 0.8


def _duration_end(tokens: Sequence[str], start: int, span: str | None) -> int | None:
    for at in range(start, min(start + 6, len(tokens))):
        token = tokens[at]
        if at > start and token in _UNITS:
            end = at + 2 if tokens[at + 1:at + 2] == ['kerja'] else at + 1
            return end if span in (None, _UNITS[token]) else None
        if not (token.isdigit() or token in _NUMBERS):
            return None
    return None


def _name_ends(tokens: Sequence[str], at: int) -> list[int]:
    ends = []
    start = at + 1 if tokens[at:at + 1] == ['anda'] else at  # pak, bu
    for end in range(start + 1, min(start + 3, len(tokens)) + 1):
        token = tokens[end - 1]
        if token in _NO_NAMES or not token.isalpha() or len(token) < 2:
            break
        ends.append(end)
    return ends


INDONESIAN = Tongue(
    letters=False, tokenise=_split, spoken=_split, unfolded=_unfolded, sound=_sound,
    heard_for=Likeness(_sound, _FUNCTION_WORDS, _negation), lost=_lost, added=_added,
    negation=_negation, duration_end=_duration_end, name_ends=_name_ends,
    whole_turn=frozenset({'apa', 'hah', 'apaan', 'ulangi'}),
    weight=_weight, allowance=(0.64, 1.0))
