"""Rules of the stage `listening` in other languages than English."""

import pytest

from tests.rules_for_tests import finding
from warehouse.records import AGENT, CALLER


def of(rule, said, **given):
    return finding(f'listening-{rule}', *said, **given)


KO_ORDER = '안녕하세요.', '주문이요.'
ID_SENT = ['Barangnya sudah kami kirim hari Senin.', 'Belum sampai.']
ID_REQUEST = ['Selamat pagi.', 'Saya mau ganti alamat kirim pesanan saya yang kemarin.']
JA_UNHEARD = ['はい。', '声が聞こえません。', 'もしもし。', '声が聞こえません。']
IN_OTHER_LANGUAGES = {
    # rule -> language, turns (agent first, then in turn) by which it is kept, and broken
    'asks-repeat-politely': ('zh', ['您好。', '我想查订单。', '请您再说一遍好吗？'],
                             ['您好。', '我想查订单。', '你说什么？']),
    'no-rude-repeat': ('ko', [*KO_ORDER, '다시 말씀해 주시겠어요?'],
                       [*KO_ORDER, '뭐라고 했어요?']),
    'agent-inaudible-callback': ('ja', [*JA_UNHEARD, '折り返しお電話いたします。'],
                                 [*JA_UNHEARD, '配送は月曜日です。']),
    'joining-phrase': ('id', [*ID_REQUEST, 'Tentu saja bisa. Ke mana?'],
                       [*ID_REQUEST, 'Alamat mana?']),
    'no-why': ('ko', ['안녕하세요.', '취소했어요.', '네, 확인했습니다.'],
               ['안녕하세요.', '취소했어요.', '왜 그러셨어요?']),
    'no-imperative': ('ja', ['はい。', '注文の件です。', '月曜日に届きます。'],
                      ['はい。', '注文の件です。', '番号を言ってください。']),
    'summarises-result': (
        'id', ['Selamat pagi.', 'Kapan sampai?', 'Baik.', 'Ya.',
               'Saya simpulkan, barangnya kami kirim besok.'],
        ['Selamat pagi.', 'Kapan sampai?', 'Baik.', 'Ya.', 'Barangnya kami kirim besok.']),
    'open-questions': (
        'id', ['Selamat pagi.', 'Barang saya rusak.', 'Sejak kapan rusaknya?', *ID_SENT * 2],
        ['Selamat pagi.', 'Barang saya rusak.', 'Rusak ya?', *ID_SENT * 2]),
    'one-question-at-a-time': ('zh', ['您好。', '我想退货。', '是红的吗？', '是的。'],
                               ['您好。', '我想退货。', '红的吗？大的吗？', '是的。']),
    'no-repeated-question': (
        'id', ['Selamat pagi.', 'Saya mau tanya.', 'Nomor pesanan terakhirnya berapa?',
               'Dua belas.', *ID_SENT * 6, 'Warna pesanannya merah?'],
        ['Selamat pagi.', 'Saya mau tanya.', 'Nomor pesanan terakhirnya berapa?', 'Dua belas.',
         *ID_SENT * 6,
         'Nomor pesanan terakhirnya berapa?']),
    'keeps-informed-of-steps': (
        'id', ['Selamat pagi.', 'Kapan sampai?', 'Mohon tunggu sebentar, saya sedang cek.', 12.0,
               'Terima kasih sudah menunggu.'],
        ['Selamat pagi.', 'Kapan sampai?', 'Mohon tunggu sebentar.', 12.0,
         'Terima kasih sudah menunggu.']),
}


@pytest.mark.parametrize('rule', IN_OTHER_LANGUAGES)
def test_what_is_told_by_words_is_told_in_other_languages_too(rule):
    language, kept, broken = IN_OTHER_LANGUAGES[rule]
    assert of(rule, turns_of(kept), language=language).result == 'pass'
    assert of(rule, turns_of(broken), language=language).result == 'fail'


def turns_of(texts):
    """Agent and caller in turn, each for three seconds; a number is a silence after the turn before
    it, of so many seconds, and does not change the speaker."""
    said, at, silent = [], 0.0, False
    for text in texts:
        if isinstance(text, float):
            at, silent = at + text, True
            continue
        last = said[-1][0] if said else CALLER
        who = last if silent else AGENT if last == CALLER else CALLER
        said.append((who, at, at + 3.0, text))
        at, silent = at + 3.4, False
    return said, at + 1.0


def test_a_number_that_is_shown_is_not_asked_for_in_korean():
    asks = turns_of([*KO_ORDER, '전화번호가 어떻게 되세요?'])
    assert of('no-known-data-question', asks, language='ko', caller_id='+82').result == 'fail'
    quiet = turns_of([*KO_ORDER, '월요일에 도착합니다.'])
    assert of('no-known-data-question', quiet, language='ko', caller_id='+82').result == 'pass'


def test_a_silent_caller_is_told_so_in_korean():
    for text, result in (('목소리가 잘 들리지 않습니다.', 'pass'), ('네, 그렇군요.', 'fail')):
        said = [(AGENT, 0.0, 3.0, '안녕하세요.'), (AGENT, 7.0, 9.0, '여보세요, 누구신가요?'),
                (AGENT, 13.0, 16.0, text)]
        assert of('customer-inaudible-procedure', (said, 30.0), language='ko').result == result


def test_fragments_that_were_confirmed_are_counted_in_mandarin():
    said = turns_of(['您好。', '我的号码是十二。', '请您再说一遍好吗？', '十二。',
                     '您刚才说的是十二？'])
    assert of('partial-unheard-confirms', said, language='zh').score == 0.5


def test_longer_answers_that_end_with_a_question_are_counted_in_japanese():
    long = '先週の月曜日に東京の倉庫から発送いたしまして現在はお客様のご住所へ向かっております'
    for text, score in ((f'{long}がよろしいですか？', 1.0), (f'{long}。', 0.0)):
        said = turns_of([' '.join(one) for one in ('はい。', '荷物が届きません。', text)])
        assert of('proactive-questions', said, language='ja').score == score
