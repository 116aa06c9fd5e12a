"""Simulated errors of speech recognition: some 15 % of the words (en, id) or characters wrong.

Most substitutions sound alike, deletions fall mostly on short function words and particles, and a
fifth of the substitutions are just any word. What sounds alike is told from vocabulary lists,
jamo, kana and readings here, not by the matcher's costs; the readings of Chinese characters are the
project's own tables.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from transforms.phrases.han import SOUND
from transforms.phrases.kanji import READING

# So that 15 % come out wrong: an error may undo another, or make no difference.
RATE = {'en': 0.16, 'id': 0.157, 'ko': 0.162, 'ja': 0.155, 'zh': 0.168}
SUBSTITUTIONS, DELETIONS = 0.58, 0.29  # of all errors; the rest are insertions
RANDOM = 0.2  # of the substitutions
SMALL_LOST = 6.0  # times as often as other words

_COMMON = {
    'en': '''
    able about across after again age ago air also always amount and another any apart are area
    arm around ask away back bad bag ball bank bar base bear bed before began behind best better
    big bit blue board boat body book both box boy bring build busy buy by call came can car
    card care case cause change check child city clear close coat cold come cook copy cost could
    country course cut dark date day deal dear deep did door down draw drive dry each ear early
    east easy eat edge else end even ever eye face fact fall far farm fast fear feel feet few
    field file fill find fine fire first fish five floor fly food foot for form found four free
    from front full game gave get girl give glad go gold gone good got grow had hair half hall
    hand hard hat have head hear heart heat held hell her here high hill him his hit hole home
    hope hot hour house how idea inch into iron island job join just keep key kind king knew
    know lady lake land large last late laugh law lay lead learn least leave left leg less let
    letter lie life light like line list little live lone long look lost lot loud love low made
    mail main make man many map mark may mean meat meet men mile milk mind mine miss mom money
    month moon more morning most mother mount mouth move much music must name near neck need new
    next nice night nine north nose note now oak of off oil old on once one only open or
    order other our out over own page paid pair paper part pass past pay pen people piece place
    plan plane play point poor port post power press price print pull put quick quiet quite rain
    ran rate reach read ready real red rest rich ride right ring rise river road rock room root
    rose round rule run safe said sail salt same sand sat save saw say school sea seat second
    see seem seen sell send sense set seven sharp she ship shop short show side sight sign
    silver sing sister sit six size skin sleep slow small smile snow so soft soil some son song
    soon sort sound south space speak speed spell spot spring stand star start state stay steal
    step stick still stone stop store story street strong such sun sure table tail take talk
    tall tea teach team tell ten test than that the their them then there these they thick thin
    thing think third this those though three through time tire to today told tone too took top
    touch town track trade train travel tree trip true try turn two type under unit until up us
    use very view voice vote wait walk wall want war warm was wash watch water wave way we wear
    week weight well went were west wet what wheel when where which while white who whole why
    wide wife wild will win wind wing winter wish with wood word work world would write wrong
    yard year yes yet you young your''',
    'id': '''
    ada adik agak agar air akan akhir aku alat ambil anak apa api arah asal atas atau awal ayah
    baca badan bagi bagus baik bakar baku balik banyak barang baru batas batu bawa bayar beda
    bekas beli benar berat beras besar besok betul biasa bicara bila bisa boleh buah buat buka
    bukan buku bulan buru cara cari cepat coba cuma cukup dalam dan dapat dari dasar data datang
    dekat dengan depan desa di dingin diri dua duduk dulu emas empat enak foto gagal ganti garis
    gelap guna guru habis hadir hal hampir hari harga harus hati hidup hijau hilang hitam hubung
    hujan ibu ikan ikut ingat ingin ini isi isu itu jadi jaga jalan jam jangan jarak jari jasa
    jatuh jauh jawab jelas jual juga jumlah kabar kaca kadang kaki kalau kali kami kanan kapan
    kapal karena kasar kasih kata kawan kaya ke kecil kerja keras kertas ketika kini kira kiri
    kita kopi kosong kota kuat kulit kurang lagi lain laki lalu lama lampu langit lapar laut
    lebih lewat lihat lima lupa luar luas lusa mahal main maka makan malam mana mandi masa masih
    masuk mata mau meja merah mereka minta minum mobil muda mudah mulai mulut murah naik nama
    nanti nasi negara nilai nomor oleh orang pada padi pagi pakai paling panas pandai panjang
    panas pasar pasti patah pelan penuh perlu pernah pesan pikir pindah pintu pohon pulang punya
    pusat putih rabu ramai rasa rata rawat roti ruang rumah rusak saat sabar saja sakit salah
    sama sampai sana sangat satu saya sebab sedang sehat sejak sekali selalu semua senang senin
    sering siang siap sisa suara suatu suka sulit sungai susah tadi tahu tahun takut tamat tanah
    tangan tanya tarik tebal telah teman tempat tenang tentang tepat terang tidur tiga tinggi
    tiba tolak tua tubuh tugas tulis tunggu turun uang ujung untuk urus usia waktu warna yakin
    yang''',
}
SMALL = {
    'en': {'a', 'an', 'the', 'to', 'of', 'on', 'in', 'at', 'by', 'with', 'from', 'and', 'or', 'but',
    'so', 'that', 'this', 'it', 'is', 'are', 'be', 'i', 'you', 'we', 'me', 'my', 'your', 'for',
    'do', 'can', 'will', 'would', 'have', 'has', 'if'},
    'id': {'yang', 'di', 'ke', 'dari', 'dan', 'itu', 'ini', 'ya', 'saja', 'juga', 'untuk', 'dengan',
    'ada', 'sudah', 'akan', 'saya', 'kami', 'apa'},
    'ko': set('은는이가을를요에의도로'), 'ja': set('はがをにでのもねよっん'),
    'zh': set('的了吗吧呢啊一是'),
}
_ADDED = {
    'en': ['the', 'a', 'and', 'uh', 'um', 'so', 'i', 'to', 'is', 'it', 'you'], 'id': ['ya', 'yang',
        'itu', 'eh', 'ini', 'di', 'dan'],
    'ko': list('네아이요그어'), 'ja': list('えのはがねあっ'), 'zh': list('的了啊就是那个嗯'),
}


def misheard(units: Sequence[str], language: str, rng: random.Random, vocabulary: Sequence[str],
             rate: float | None = None) -> list[str]:
    """What recognition makes of words (en, id) or characters (ko, ja, zh)."""
    rate = RATE[language] if rate is None else rate
    small = SMALL[language]
    weights = [SMALL_LOST if unit.lower() in small else 1.0 for unit in units]
    lost = len(units) / max(1e-9, sum(weights)) * rate * DELETIONS
    other = _OTHER[language]
    out: list[str] = []
    for unit, weight in zip(units, weights, strict=True):
        if rng.random() < rate * (1 - SUBSTITUTIONS - DELETIONS):
            out.append(rng.choice(_ADDED[language]) if rng.random() < 0.7 else unit)
        if rng.random() < lost * weight:
            continue
        if rng.random() < rate * SUBSTITUTIONS:
            unit = (_any(unit, language, rng, vocabulary) if rng.random() < RANDOM
                    else other(unit, language, rng))
        out.append(unit)
    return out


def _any(unit: str, language: str, rng: random.Random, vocabulary: Sequence[str]) -> str:
    return rng.choice([word for word in rng.choices(vocabulary, k=4) if word != unit] or ['the'])


@lru_cache(maxsize=8192)
def _near_words(word: str, language: str) -> tuple[str, ...]:
    words = sorted(set(_COMMON[language].split()) - {word})
    near = sorted(words, key=lambda other: (Levenshtein.distance(word, other, weights=(1, 1, 1))
                                            / max(len(word), len(other)), other))[:4]
    good = [other for other in near
            if Levenshtein.distance(word, other) <= 0.5 * max(len(word), len(other))]
    return tuple(good)


def _other_word(word: str, language: str, rng: random.Random) -> str:
    """Another word of nearly the same letters, or another form of the same one."""
    low = word.lower().strip('.,?!')
    near = _near_words(low, language)
    if near and (len(low) <= 4 or rng.random() < 0.3):
        return rng.choice(near)
    if len(low) <= 2:
        return rng.choice(near or ('the',))
    return _worn(low, language, rng)


_ENDINGS = {'en': ('s', 'ed', 'ing', 'er', 'ly', "'s"), 'id': ('nya', 'kan', 'an', 'i', 'lah')}
_SWAPS = {'en': [('th', 'f'), ('d', 't'), ('b', 'p'), ('g', 'k'), ('v', 'f'), ('m', 'n'), ('s',
    'z'),
                 ('ee', 'i'), ('ou', 'o'), ('ai', 'e'), ('l', 'r'), ('ea', 'e'), ('o', 'a')],
          'id': [('d', 't'), ('b', 'p'), ('g', 'k'), ('ng', 'n'), ('m', 'n'), ('e', 'a'), ('o',
              'u'),
                 ('ai', 'e'), ('au', 'o'), ('l', 'r'), ('h', ''), ('ny', 'n')]}


def _worn(word: str, language: str, rng: random.Random) -> str:
    """A word with another ending, with a sound swapped or with one lost."""
    how = rng.random()
    if how < 0.35:
        for ending in _ENDINGS[language]:
            if word.endswith(ending) and len(word) > len(ending) + 2:
                return word[:-len(ending)]
        return word + rng.choice(_ENDINGS[language])
    swaps = [(a, b) for a, b in _SWAPS[language] if a in word]
    swaps += [(b, a) for a, b in _SWAPS[language] if b and b in word]
    if swaps and how < 0.85:
        a, b = rng.choice(swaps)
        return word.replace(a, b, 1)
    at = rng.randrange(len(word))
    return word[:at] + word[at + 1:]


_INITIAL = ('ㄱㄲㅋ', 'ㄷㄸㅌ', 'ㅂㅃㅍ', 'ㅅㅆ', 'ㅈㅉㅊ', 'ㄴㄹ', 'ㅁㄴ', 'ㅇㅎ')
_MEDIAL = ('ㅐㅔ', 'ㅓㅗ', 'ㅗㅜ', 'ㅡㅜ', 'ㅏㅓ', 'ㅚㅙㅞ', 'ㅢㅣ', 'ㅕㅛ', 'ㅖㅔ', 'ㅘㅏ', 'ㅟㅣ')
_INITIALS = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'
_MEDIALS = 'ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ'
_FINALS = ((0, 4), (0, 21), (4, 21), (4, 16), (8, 0), (17, 16), (7, 19), (20, 4), (1, 0))


def _other_syllable(unit: str, language: str, rng: random.Random) -> str:
    code = ord(unit) - 0xAC00 if len(unit) == 1 else -1
    if not 0 <= code < 11172:
        return unit
    parts = [code // 588, code % 588 // 28, code % 28]
    for which in rng.sample(range(3), 3):
        if which < 2:
            letters, groups = ((_INITIALS, _INITIAL), (_MEDIALS, _MEDIAL))[which]
            near = [c for group in groups if letters[parts[which]] in group for c in group
                    if c != letters[parts[which]]]
            options = [letters.index(c) for c in near]
        else:
            options = [b for pair in _FINALS for a, b in (pair, pair[::-1]) if a == parts[2]]
        if options:
            parts[which] = rng.choice(options)
            break
    return chr(0xAC00 + parts[0] * 588 + parts[1] * 28 + parts[2])


_KANA = ('かが', 'きぎ', 'くぐ', 'けげ', 'こご', 'さざ', 'しじ', 'すず', 'せぜ', 'ただ', 'てで',
    'とど', 'はばぱ', 'ひび',
         'ふぶ', 'へべ', 'ほぼ', 'つっ', 'よょ', 'やゃ', 'ゆゅ', 'おを', 'えい', 'おう', 'なの',
         'まも', 'きし', 'れね',
         'らだ', 'りに', 'んう', 'うお', 'みに', 'すつ', 'けて')
_KANJI = {
    '電': 'で伝', '話': 'は和', '待': 'ま町', '確': 'かく各', '認': 'にん人', '願': 'ねが根',
    '名': 'な菜', '前': 'まえ全',
    '用': 'よう要', '件': 'けん県', '少': 'しょう小', '時': 'じ字', '間': 'かん感', '度': 'ど土',
    '申': 'もう猛', '訳': 'わけ約',
    '分': 'わ文', '何': 'なに名', '担': 'たん単', '当': 'とう等', '者': 'しゃ社', '様': 'さま要',
    '返': 'かえ変', '連': 'れん練',
    '絡': 'らく楽', '案': 'あん安', '内': 'ない無', '個': 'こ子', '人': 'ひと仁', '情': 'じょう状',
    '報': 'ほう方', '保': 'ほ補',
    '護': 'ご後', '失': 'しつ質', '礼': 'れい例', '恐': 'おそ怖', '利': 'り理', '意': 'い以',
    '見': 'み身', '番': 'ばん万',
    '号': 'ごう合', '質': 'しつ室', '問': 'もん門', '責': 'せき席', '任': 'にん認',
    '上': 'じょう場', '司': 'し氏', '他': 'ほか多',
    '方': 'かた型', '伺': 'うかが窺', '承': 'うけたまわ受', '知': 'し地', '過': 'す済',
    '週': 'しゅう集', '末': 'まつ松',
    '対': 'たい体', '応': 'おう王', '変': 'へん編', '更': 'こう校', '送': 'おく贈', '今': 'いま居',
    '後': 'あと跡',
}


def _other_kana(unit: str, language: str, rng: random.Random) -> str:
    if unit in _KANJI:
        reading, homophone = _KANJI[unit][:-1], _KANJI[unit][-1]
        return reading if rng.random() < 0.6 else homophone
    near = [c for group in _KANA if unit in group for c in group if c != unit]
    near = near or [c for c in _by_reading().get(READING.get(unit, ''), ()) if c != unit]
    if near:
        return rng.choice(near)
    return rng.choice('いうかしたのとなに')


@lru_cache(maxsize=1)
def _by_reading() -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for kanji, reading in READING.items():
        out.setdefault(reading, []).append(kanji)
    return out


@lru_cache(maxsize=1)
def _by_sound() -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for character, sound in SOUND.items():
        out.setdefault(sound, []).append(character)
    return out


def _other_character(unit: str, language: str, rng: random.Random) -> str:
    sound = SOUND.get(unit)
    if sound is None:
        return unit
    sounds = [sound]
    if rng.random() < 0.3:
        for a, b in (('zh', 'z'), ('ch', 'c'), ('sh', 's'), ('l', 'n'), ('h', 'f'), ('r', 'l')):
            sounds += [b + sound[len(a):]] if sound.startswith(a) else []
            sounds += [a + sound[len(b):]] if sound.startswith(b) else []
        sounds += [sound + 'g' if sound.endswith('n') else sound[:-1]] if sound[-1] in 'ng' else []
    options = [c for s in sounds[1:] or sounds for c in _by_sound().get(s, ()) if c != unit]
    return rng.choice(options) if options else unit


_OTHER: dict[str, Callable[[str, str, random.Random], str]] = {
    'en': _other_word, 'id': _other_word, 'ko': _other_syllable, 'ja': _other_kana,
    'zh': _other_character,
}


def error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """The share of units that are wrong: of words, or of characters."""
    return Levenshtein.distance(said, heard) / max(1, len(said))
