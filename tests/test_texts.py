import pytest

from transforms.rules import texts


@pytest.mark.parametrize(('language', 'text', 'found'), [
    ('en', 'Okay. What is it? It costs 3.5 euros. Is it red?', ['What is it?', 'Is it red?']),
    ('en', 'what is it', []), ('id', 'Baik. Nomornya berapa?', ['Nomornya berapa?']),
    ('ko', '네. 성함이 어떻게 되시나요', ['성함이 어떻게 되시나요']),
    ('ja', 'はい。お待ちいただけますか。', ['お待ちいただけますか。']),
    ('zh', '好的。您还需要吗', ['您还需要吗'])])
def test_questions_are_told_by_their_mark_or_their_ending(language, text, found):
    assert texts.questions(text, language) == found


@pytest.mark.parametrize(('language', 'question', 'is_open'), [
    ('en', 'And what happened?', True), ('en', 'Is that what you want?', False),
    ('id', 'Nomornya berapa?', True), ('id', 'Sudah datang?', False),
    ('ko', '언제 사셨나요?', True), ('ja', 'いつですか', True), ('zh', '是红的吗', False)])
def test_open_questions_ask_for_more_than_yes_or_no(language, question, is_open):
    assert texts.is_open(question, language) is is_open


@pytest.mark.parametrize(('language', 'text', 'found'), [
    ('en', 'it is five five five, one two 34.', ['5551234']), ('en', '555-1234', ['5551234']),
    ('en', 'one of two', []), ('zh', '号码是一三八零零', ['13800']),
    ('ko', '공일공 1234 번', ['0101234']), ('id', 'nol delapan satu dua', ['0812'])])
def test_numbers_are_read_as_written_or_spelt_out(language, text, found):
    assert texts.numbers(text, language, 4) == found


@pytest.mark.parametrize(('language', 'text', 'seconds'), [
    ('en', 'about two minutes', 120.0), ('en', 'in 30 seconds', 30.0),
    ('en', 'half a minute', 30.0), ('en', 'a few seconds', texts.SOME), ('en', '2 hours', None),
    ('zh', '一分钟左右', 60.0), ('zh', '几秒钟就好', texts.SOME),
    ('id', 'dua menit', 120.0),
    ('ko', '1분 정도', 60.0), ('ja', '数秒お待ちください', texts.SOME),
    ('fr', 'deux minutes', None)])
def test_durations_come_to_seconds(language, text, seconds):
    assert texts.duration_s(text, language) == seconds


@pytest.mark.parametrize(('language', 'one', 'other'), [
    ('en', 'What is the number of your order?', 'And the number of the order is?'),
    ('id', 'Nomor pesanan Anda berapa?', 'Jadi nomor pesanan itu?'),
    ('ko', '주문 번호가 어떻게 되세요', '주문 번호는 어떻게 되세요'),
    ('zh', '您的订单号码是多少', '请问订单号码'),
    ('ja', '注文番号をお願いします', '注文番号は')])
def test_texts_that_say_the_same_share_their_content_words(language, one, other):
    a, b = (texts.content_words(text, language) for text in (one, other))
    assert texts.similarity(a, b) >= 0.6
    assert texts.similarity(a, texts.content_words('xyz', language)) == 0.0


def test_a_name_is_what_stands_in_the_slot_of_a_phrase():
    phrases = ('my name is {name}', 'this is {name} calling', '私{name}と申します')
    assert texts.slot_of('My name is Ann Lee.', phrases) == 'ann lee'
    assert texts.slot_of('私山田と申します', phrases) == '山田'
    assert texts.slot_of('hello there', phrases) is None


@pytest.mark.parametrize(('text', 'language'), [
    ('What is it that you want?', 'en'), ('Apa yang bisa saya bantu?', 'id'), ('무엇을', 'ko'),
    ('どうぞ', 'ja'), ('您好', 'zh'), ('123', None)])
def test_a_language_is_told_by_script_and_common_words(text, language):
    assert texts.language_of(text) == language


def test_a_name_is_heard_though_a_letter_is_wrong():
    assert texts.calls('Thank you, Mr Johnsen', 'Peter Johnson', 'en')
    assert not texts.calls('Thank you, sir', 'Peter Johnson', 'en')


@pytest.mark.parametrize(('language', 'request_', 'text', 'taken'), [
    ('en', 'my bill is far too high', 'So the bill is high.', True),
    ('en', 'my bill is far too high', 'The billing is highly seasonal.', False),  # other words
    ('en', 'my bill is far too high', 'One moment please.', False),
    ('ko', '요금이 너무 많아요', '요금은 확인하겠습니다.', False),
    ('ko', '요금이 이상해요', '요금을 확인하겠습니다.', True),
    ('zh', '账单太高', '您的账单太贵', True)])
def test_a_request_is_taken_up_by_the_words_that_carry_its_meaning(language, request_, text, taken):
    words = texts.content_words(request_, language)
    assert texts.takes_up(text, words, 0.4, language) is taken
    shared = len(words & texts.content_words(text, language))
    assert (shared >= 0.4 * len(words)) is taken
