"""Models of the real kinds, small enough to be built by a test: no weights are downloaded.

`tiny_whisper` is a whole Whisper (encoder, decoder, 51,865 tokens) that has been told what to say:
its decoder's position embeddings point at the tokens of a text, whatever it hears. `tiny_aligner`
is a wav2vec2 with a letter alphabet and random weights.
"""

import json
from pathlib import Path

LANGUAGES = 99
NORMAL_TOKENS = 50257


def tiny_whisper(folder, text, language='en', words=()):
    """A CTranslate2 Whisper that says `text` in every stretch and hears `language`; its folder.

    `words` are tokens besides single bytes, each with a space before it: Whisper never says the
    token of a space alone.
    """
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    source = Path(folder) / 'transformers'
    tokenizer = _whisper_tokenizer(source, words)
    config = WhisperConfig(
        vocab_size=51865, d_model=64, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, num_mel_bins=80, suppress_tokens=[], begin_suppress_tokens=[],
        decoder_start_token_id=50258, bos_token_id=50257, eos_token_id=50257, pad_token_id=50257)
    torch.manual_seed(7)
    model = WhisperForConditionalGeneration(config)
    prompt = ['<|startoftranscript|>', f'<|{language}|>', '<|transcribe|>', '<|notimestamps|>']
    said = tokenizer.encode(text).ids
    # What follows each position: the language after the first, the text after the prompt.
    follows = {0: tokenizer.token_to_id(prompt[1])}
    follows |= {len(prompt) - 1 + n: token for n, token in enumerate([*said, 50257])}
    with torch.no_grad():
        decoder = model.model.decoder
        decoder.embed_tokens.weight.zero_()
        decoder.embed_positions.weight.zero_()
        # A direction may stand for one token only, so a repeated token sums up its positions.
        for position, token in follows.items():
            decoder.embed_positions.weight[position, position] = 1000.0
            decoder.embed_tokens.weight[token, position] = 10.0
        for layer in decoder.layers:
            for part in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
                part.weight.zero_()
                part.bias.zero_()
    model.save_pretrained(source)
    out = Path(folder) / 'ctranslate2'
    TransformersConverter(str(source), copy_files=['tokenizer.json']).convert(str(out))
    config = json.loads((out / 'config.json').read_text())
    config['lang_ids'] = [tokenizer.token_to_id(token) for token in _language_tokens()]
    (out / 'config.json').write_text(json.dumps(config))
    return out


def _whisper_tokenizer(folder, words):
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    spelt = {f'Ġ{word}': [*_merges(f'Ġ{word}')] for word in words}
    merges = list(dict.fromkeys(pair for pairs in spelt.values() for pair in pairs))
    tokens = list(dict.fromkeys([*letters, *(a + b for a, b in merges)]))
    tokens += [f'<{n}>' for n in range(NORMAL_TOKENS - len(tokens) - 1)]
    tokens.append('')  # by which CTranslate2 knows a multilingual vocabulary
    tokenizer = Tokenizer(models.BPE(vocab={token: n for n, token in enumerate(tokens)},
                                     merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ['<|endoftext|>', '<|startoftranscript|>',
               *_language_tokens(), '<|translate|>',
               '<|transcribe|>', '<|startoflm|>', '<|startofprev|>', '<|nospeech|>',
               '<|notimestamps|>']
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / 'tokenizer.json'))
    (folder / 'tokenizer_config.json').write_text(json.dumps(
        {'tokenizer_class': 'PreTrainedTokenizerFast', 'eos_token': '<|endoftext|>'}))
    return tokenizer


def _language_tokens():
    from faster_whisper.tokenizer import _LANGUAGE_CODES
    return [f'<|{code}|>' for code in _LANGUAGE_CODES[:LANGUAGES]]


def _merges(word):
    return [(word[:n], word[n]) for n in range(1, len(word))]


def tiny_aligner(folder, letters="abcdefghijklmnopqrstuvwxyz'"):
    """A wav2vec2 for forced alignment with this alphabet; its folder."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder = Path(folder)
    folder.mkdir(parents=True)
    tokens = ['<pad>', '<s>', '</s>', '<unk>', '|', *letters]
    (folder / 'vocab.json').write_text(json.dumps({token: n for n, token in enumerate(tokens)}))
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / 'vocab.json'))
    extractor = Wav2Vec2FeatureExtractor(return_attention_mask=False)
    Wav2Vec2Processor(feature_extractor=extractor, tokenizer=tokenizer).save_pretrained(folder)
    torch.manual_seed(11)
    Wav2Vec2ForCTC(Wav2Vec2Config(
        vocab_size=len(tokens), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, conv_dim=(16,) * 7, num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2, pad_token_id=0)).save_pretrained(folder)
    return folder
