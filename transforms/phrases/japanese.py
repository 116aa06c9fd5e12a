"""Japanese for the matcher: characters in kana, common kanji words by their reading."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from transforms.phrases.kanji import READING
from transforms.phrases.letters import NOT, Folds, bare, duration_pattern, pattern_end, to_letters
from transforms.phrases.tongue import FORBIDDEN, Costs, Tokens, Tongue


# Kanji words of calls and their readings: recognition writes one for the other, and homophones.
def _text(words: str) -> list[str]:
    return words.split()


_READINGS = dict(pair.split(':') for pair in _text('''
    申し訳:もうしわけ 申しわけ:もうしわけ 申し上げ:もうしあげ 申します:もうします
    申し伝え:もうしつたえ 申:もう 致し:いたし 致す:いたす 下さ:くださ 頂き:いただき
    頂け:いただけ 頂く:いただく 頂い:いただい 頂戴:ちょうだい 御座い:ござい 有難う:ありがとう
    有り難う:ありがとう 宜し:よろし 繋:つな 他に:ほかに 外に:ほかに 仰:おっしゃ 良い:よい
    良か:よか 左様:さよう 分か:わか 判:わか 出来:でき 伺:うかが 承知:しょうち
    承り:うけたまわり 承認:しょうにん 電話:でんわ 待:ま 願:ねが 名前:なまえ 用件:ようけん
    確認:かくにん 少々:しょうしょう 時間:じかん 度:ど 一度:いちど 今一度:いまいちど 今:いま
    何:なに 何か:なにか 何で:なんで 何の:なんの 何て:なんて 何と:なんと 様:さま 者:もの
    方:かた 私:わたくし 私ども:わたくしども 個人:こじん 情報:じょうほう 保護:ほご
    本人:ほんにん 契約:けいやく 教え:おしえ 聞:き 聴:き 言:い 言葉:ことば 話:はな
    お話:おはなし 声:こえ 音声:おんせい 担当者:たんとうしゃ 担当:たんとう 部署:ぶしょ
    責任者:せきにんしゃ 上司:じょうし 上席:じょうせき 上長:じょうちょう 代わ:かわ 替わ:かわ
    変わ:かわ 転送:てんそう 折り返し:おりかえし 折返し:おりかえし 連絡:れんらく
    後ほど:のちほど 以内:いない 改めて:あらためて 番号:ばんごう 週末:しゅうまつ 一日:いちにち
    休日:きゅうじつ 連休:れんきゅう 過ご:すご 失礼:しつれい 恐れ入:おそれい 手数:てすう
    差し支え:さしつかえ 迷惑:めいわく 不便:ふべん 心配:しんぱい 不安:ふあん 不快:ふかい
    不明:ふめい 点:てん 思い:おもい 気持ち:きもち 察し:さっし 詫び:わび 感謝:かんしゃ
    協力:きょうりょく 利用:りよう 意見:いけん 貴重:きちょう 指摘:してき 提案:ていあん
    質問:しつもん 困:こま 手伝:てつだ 内容:ないよう 案内:あんない 説明:せつめい 以上:いじょう
    認識:にんしき 間違:まちが 整理:せいり 復唱:ふくしょう 繰り返:くりかえ 読み上げ:よみあげ
    権限:けんげん 判断:はんだん 一存:いちぞん 通話:つうわ 終了:しゅうりょう 控え:ひかえ
    丁寧:ていねい 乱暴:らんぼう 暴言:ぼうげん 続:つづ 落ち着:おちつ 大き:おおき 聞き取:ききと
    遠:とお 途切:とぎ 雑音:ざつおん 電波:でんぱ 状況:じょうきょう 切:き 別:べつ 直:なお
    都合:つごう 大丈夫:だいじょうぶ 忙:いそが 規則:きそく 無理:むり 知:し 先ほど:さきほど
    先程:さきほど 了解:りょうかい 誰:だれ 自己紹介:じこしょうかい 会社:かいしゃ
    住所:じゅうしょ 予約:よやく 商品:しょうひん 注文:ちゅうもん 問題:もんだい 対応:たいおう
    対処:たいしょ 理由:りゆう 可能:かのう 必要:ひつよう 書:か 漢字:かんじ 調:しら
    保留:ほりゅう 許:ゆる 恐縮:きょうしゅく 念:ねん 本日:ほんじつ 明日:あす 昨日:きのう
    今日:きょう 今後:こんご 世話:せわ 問い合わせ:といあわせ 問合せ:といあわせ 受付:うけつけ
    窓口:まどぐち 専門:せんもん 関係:かんけい 報告:ほうこく 相談:そうだん 変更:へんこう
    手続き:てつづき 手続:てつづき 開始:かいし 料金:りょうきん 請求:せいきゅう 支払:しはら
    届:とど 送:おく 返品:へんぴん 交換:こうかん 修理:しゅうり 苦情:くじょう 満足:まんぞく
    次第:しだい 資料:しりょう 詳し:くわし 長らく:ながらく 平素:へいそ 愛顧:あいこ
    参考:さんこう 役:やく 受け:うけ 答え:こたえ 限り:かぎり 場合:ばあい 観点:かんてん
    素敵:すてき 楽し:たのし 体:からだ 元気:げんき 年:とし 迎え:むかえ 伝え:つたえ
    直接:ちょくせつ 席:せき 外し:はずし 戻り:もどり 戻:もど 伝言:でんごん 通り:とおり
    大変:たいへん 本当:ほんとう 絶対:ぜったい 約束:やくそく 保証:ほしょう 最悪:さいあく
    遅:おそ 早:はや 急:いそ
    終わ:おわ 終え:おえ 思う:おもう 思っ:おもっ 思え:おもえ 違い:ちがい 違う:ちがう 違っ:ちがっ
    忘れ:わすれ
    考え:かんがえ 覚え:おぼえ 決め:きめ 選:えら 始ま:はじま 開け:あけ 閉ま:しま 置い:おい 押し:おし
    払っ:はらっ 払い:はらい 探し:さがし 壊れ:こわれ 動か:うごか 助か:たすか 呼び:よび 言っ:いっ
    行っ:いっ
'''))

_ENDINGS = {
    # one class of polite endings; the negative question asks the same
    'ませんでしょうか': 'ますか', 'ませんか': 'ますか', 'ますでしょうか': 'ますか',
    'くださいませ': 'ください', 'よろしいですか': 'よろしいでしょうか',
    'しております': 'します', 'いたしております': 'します', 'いたします': 'します',
    'いたしました': 'しました', 'いただきまして': 'いただき', 'いたしまして': 'しまして',
    'ありません': 'ございません', 'ございませんでした': 'ございません', 'わたし': 'わたくし',
    'ございました': 'ございます', 'もうしわけありません': 'もうしわけございません',
    'もうしわけございませんでした': 'もうしわけございません',
}
_NOT = {'ません': ('ま', 'せ', NOT + 'ん'), 'ない': ('な', NOT + 'い'), 'なかった': ('な',
    NOT + 'か', 'っ', 'た'),
        'かねます': ('か', NOT + 'ね', 'ま', 'す')}
# Here there is no "not": what is said to be polite, and words that hold the letters.
_HARMLESS = ('もうしわけございません', 'もうしわけありません', 'いらない', 'ないよう', 'いない',
    'すみません', 'あんない',
             'おこない', 'しないで', 'まちがいない')
_FILLERS = ('えーと', 'えっと', 'えーっと', 'あのー', 'えー', 'あー', 'まあ')


_STABLE = _NOT | to_letters({string: string for string in _HARMLESS}) | dict.fromkeys(_FILLERS, ())
_KANJI = Folds(to_letters(READING | {'内': 'うち'} | _READINGS),
    lambda word: bare(word.replace('〜', '')))
_KANA = Folds(_STABLE | to_letters(_ENDINGS))
_AS_SPOKEN = Folds(_STABLE)


def _split(raw: Sequence[str]) -> Tokens:
    return _kana(raw, _KANA)


def _spoken(raw: Sequence[str]) -> Tokens:
    return _kana(raw, _AS_SPOKEN)


def _kana(raw: Sequence[str], folds: Folds) -> Tokens:
    read = _KANJI(raw)
    kana = folds.folded(''.join(read.tokens), range(len(read.tokens)))
    return Tokens(kana.tokens, [read.first[at] for at in kana.first],
                  [read.last[at] for at in kana.last])


_ROWS = ('あぁアァ', 'いぃイィ', 'うぅウゥ', 'えぇエェ', 'おぉオォを', 'かがカガ', 'きぎキギ',
    'くぐクグ', 'けげケゲ',
         'こごコゴ', 'さざサザ', 'しじシジぢ', 'すずスズづ', 'せぜセゼ', 'そぞソゾ', 'ただタダ',
         'ちチ', 'つっツッ',
         'てでテデ', 'とどトド', 'なナ', 'にニ', 'ぬヌ', 'ねネ', 'のノ', 'はばぱハバパ',
         'ひびぴヒビピ', 'ふぶぷフブプ',
         'へべぺヘベペ', 'ほぼぽホボポ', 'まマ', 'みミ', 'むム', 'めメ', 'もモ', 'やゃヤャ',
         'ゆゅユュ', 'よょヨョ', 'らラ',
         'りリ', 'るル', 'れレ', 'ろロ', 'わワ', 'んン')
_SOUND = {kana: row[0] for row in _ROWS for kana in row}
_VOWEL = {row[0]: 'あいうえお'[n] for n, row in enumerate(_ROWS[:5])}
for _n, _row in enumerate(_ROWS[5:35]):
    _VOWEL[_row[0]] = 'あいうえお'[_n % 5]
_VOWEL |= dict(zip('やゆよらりるれろわん', 'あうおあいうえおあん', strict=True))
_PARTICLES = frozenset('はがをにでもねよのー')


def _sound(token: str) -> str:
    return _SOUND.get(token, token)


@lru_cache(maxsize=262144)
def _cost(heard: str, meant: str) -> float:
    if heard == meant:
        return 0.0
    if heard[0] == NOT or meant[0] == NOT:
        return 0.1 if NOT + heard == meant else FORBIDDEN
    a, b = _SOUND.get(heard), _SOUND.get(meant)
    if a is None or b is None:
        return 1.0
    if a == b:
        return 0.25
    return 0.6 if _VOWEL.get(a) == _VOWEL.get(b) else 0.9


def _heard_for(heard: str, meant: Sequence[str]) -> Costs:
    return np.array([_cost(heard, token) for token in meant], np.float32)


def _negation(token: str) -> bool:
    return token[0] == NOT


def _lost(token: str) -> float:
    if token[0] == NOT:
        return FORBIDDEN
    return 0.4 if token in _PARTICLES else 0.85


def _weight(token: str) -> float:
    return 0.5 if token in _PARTICLES else 1.0


def _added(token: str) -> float:
    if token[0] == NOT:
        return FORBIDDEN
    return 0.35 if token in _PARTICLES else 0.7


_DURATIONS = duration_pattern(
    '[0-9]+(?:[~-]?[0-9]+)?|[一二三四五六七八九十数]+(?:、?[一二三四五六七八九十]+)?',
    '秒|分間?|ふん', 'じかん|時間|日|にち|えいぎょう日|営業日|週間')
_NO_NAME = frozenset('はがをにでもとのへ')


def _duration_end(tokens: Sequence[str], start: int, span: str | None) -> int | None:
    return pattern_end(_DURATIONS[span], tokens, start)


def _name_ends(tokens: Sequence[str], at: int) -> list[int]:
    ends = []
    for end in range(at + 1, min(at + 8, len(tokens)) + 1):
        token = tokens[end - 1]
        if token[0] == NOT or token in _NO_NAME or token.isdigit():
            break
        ends.append(end)
        for title in (['さ', 'ま'], ['さ', 'ん']):
            if list(tokens[end:end + 2]) == title:
                ends.append(end + 2)
    return sorted(ends, key=lambda end: abs(end - at - 2))


JAPANESE = Tongue(
    letters=True, tokenise=_split, spoken=_spoken, unfolded=_spoken, sound=_sound,
    heard_for=_heard_for, lost=_lost, added=_added, negation=_negation,
    duration_end=_duration_end, name_ends=_name_ends,
    whole_turn=frozenset({'えっ', 'はあ'}),
    weight=_weight, allowance=(0.34, 2.7), name_letters=2)
