"""Numbers as they are spoken in Indonesian, Korean, Japanese and Chinese, for what redacts them.

Korean engines glue digits into words ("공일공에"), Japanese and Chinese transcripts have one word a
character ("ゼ", "ロ"). Both are cut and joined here into pieces of one digit, filler or unit each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _digits(*spellings: str) -> dict[str, str]:
    """Spellings of 0 to 9, each a row of words."""
    return {word: str(digit) for row in spellings for digit, words in enumerate(row.split())
            for word in words.split('/')}


DIGITS = _digits(
    'nol/kosong satu dua tiga empat lima enam tujuh delapan sembilan',
    '공/영 일 이 삼 사 오 육/륙 칠 팔 구',
    'ゼロ/れい/まる いち に さん よん/し ご ろく なな/しち はち きゅう/く',
    '零/〇 一/幺/壹 二/两/兩/贰 三/叁 四/肆 五/伍 六/陆/陸 七/柒/拐 八/捌/勾 九/玖')
# Syllables that are more often particles: digits only beside digits.
WEAK = _words('に し ご く')
TENS = {'sepuluh': '10', 'sebelas': '11'}  # others are two words with a unit behind the digit
FILLERS = _words(
    'eh em anu strip spasi lalu terus garis '
    '에 의 음 어 그 하이픈 다시 빼기 대시 '
    'の ノ ハイフン えー えっと えーと あの '
    '嗯 啊 呃 杠 横杠 那 个 然后 空格')
UNITS = _words(
    'detik menit jam hari minggu bulan tahun rupiah ribu juta miliar persen puluh belas ratus '
    'seratus seribu kali tanggal '
    '초 분 시 시간 일간 주 개월 월 년 원 퍼센트 프로 십 백 천 만 억 번째 개 명 살 '
    '秒 分 時 時間 日 週間 ヶ月 か月 月 年 円 パーセント 十 百 千 万 億 歳 個 名 '
    '秒钟 分钟 小时 点 天 号 周 星期 个月 块 元 毛 萬 亿 百分之 岁 次')
TIMES = {'dobel': '2', 'double': '2'}
AT = _words('골뱅이 앳 アットマーク アット 艾特 圈a')
DOTS = _words('titik 점 닷 ドット 点 點')
TOP_LEVEL = _words('컴 コム 넷 ネット')
PHONE_CUES = _words(
    'telepon telp nomor hp ponsel hubungi wa 전화 전화번호 핸드폰 휴대폰 연락처 번호 '
    '電話 電話番号 携帯 携帯電話 电话 手机 手机号 号码')
ACCOUNT_CUES = _words(
    'rekening kartu akun pesanan polis 계좌 계좌번호 카드 카드번호 주문 '
    '口座 口座番号 カード 会員 注文 账号 账户 卡号 银行卡 订单 会员')

_HANGUL_DIGITS = ''.join(word for word in DIGITS if re.fullmatch('[가-힣]', word))
# A glued word of digits, with particles and what closes a sentence behind them.
_HANGUL = re.compile(rf'([{_HANGUL_DIGITS}에의]{{2,}})'
                     r'(이?에요|예요|입니다|이고요?|이요|번입니다|번이에요|번|요|고)?[.,?!]?')
_JOINED = sorted((word for word in (*DIGITS, *FILLERS, *AT, *DOTS, *TOP_LEVEL, *PHONE_CUES,
                                    *ACCOUNT_CUES, *UNITS)
                  if len(word) > 1 and re.fullmatch('[ぁ-ヿ一-鿿]+', word)), key=len, reverse=True)
_CJK_FIRST = frozenset(word[0] for word in _JOINED)
_LONGEST = max(map(len, _JOINED))
_JOINED_SET = frozenset(_JOINED)

Piece = tuple[str, tuple[int, ...]]  # its text, and the words that it is made of


def pieces(texts: Sequence[str]) -> list[Piece]:
    """The words as pieces, each of one digit, filler, unit or any other word."""
    out: list[Piece] = []
    at = 0
    while at < len(texts):
        text = texts[at]
        cut = _cut(text)
        if cut is not None:
            out += [(syllable, (at,)) for syllable in cut]
            at += 1
            continue
        joined = _joined(texts, at) if text[:1] in _CJK_FIRST and len(text) == 1 else 1
        out.append((text if joined == 1 else ''.join(texts[at:at + joined]),
                    tuple(range(at, at + joined))))
        at += joined
    return out


@lru_cache(maxsize=65536)
def _cut(text: str) -> tuple[str, ...] | None:
    """The syllables of a Korean word that is made of digits; None for any other word."""
    if not text or not '가' <= text[0] <= '힣':
        return None
    found = _HANGUL.fullmatch(text)
    return tuple(found[1]) + ((found[2],) if found[2] else ()) if found else None


def _joined(texts: Sequence[str], at: int) -> int:
    """How many words of one character each, from `at`, are one number word together."""
    text = ''
    best = 1
    for count in range(1, min(_LONGEST, len(texts) - at) + 1):
        if len(texts[at + count - 1]) != 1:
            break
        text += texts[at + count - 1]
        if text in _JOINED_SET:
            best = count
    return best
