#!/usr/bin/env python3
"""Trains two small vocabularies and writes them as GGUF files without tensors, with variants for llama.cpp.

The vocabularies are trained to tell right from wrong, not to compress: merges cross word boundaries, digits, white space
and punctuation, so that almost every difference in splitting or in merge order shows in the ids.

usage: make-vocabularies.py TEXTS.json OUT WORK     (OUT: spm.gguf, bpe.gguf, variants.json; WORK: one GGUF per variant)
"""

import io
import json
import sys
from pathlib import Path

import gguf
import sentencepiece
import tokenizers

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
PREFIX = "tokenizer.ggml."

# One name of each group that llama.cpp treats alike, and both spellings of the same where models use both.
PRES = ["default", "gpt-2", "olmo", "refact", "llama-bpe", "dbrx", "qwen2", "qwen35", "deepseek-llm", "deepseek-coder", "deepseek-v3",
        "tekken", "gpt-4o", "bailingmoe", "falcon"]


def spm_vocabulary(texts):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for text in texts[:130] for line in text.split("\n") if line] * 2), model_writer=model,
        model_type="bpe", vocab_size=1500, byte_fallback=True, character_coverage=0.98, split_by_whitespace=False,
        split_by_number=False, split_by_unicode_script=False, split_digits=False, max_sentencepiece_length=12,
        normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
        user_defined_symbols=["<tool>"], control_symbols=["<|im_start|>", "<|im_end|>"], num_threads=1, minloglevel=2)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    ids = range(pieces.get_piece_size())
    types = [UNKNOWN if pieces.is_unknown(i) else CONTROL if pieces.is_control(i) else BYTE if pieces.is_byte(i) else NORMAL for i in ids]
    tokens = [pieces.id_to_piece(i) for i in ids]
    types[tokens.index("<tool>")] = USER_DEFINED
    return {"model": "llama", "tokens": tokens, "scores": [pieces.get_score(i) for i in ids], "token_type": types,
            "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0}


def bpe_vocabulary(texts):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=1200, initial_alphabet=alphabet, max_token_length=12, show_progress=False)
    tokenizer.train_from_iterator([text for text in texts if "<" not in text] * 2, trainer)
    trained = json.loads(tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(trained["vocab"].items(), key=lambda entry: entry[1])]
    types = [NORMAL] * len(tokens)
    # Whole words without merges to make them: only vocabularies that prefer whole words find them.
    for word in ["Ġheaven", "Ġtimes", "Hello", "ĠHello", "Ġworld", "Ġ22", "4444", "333", "22", "'re", "public", "ä½łå¥½"]:
        if word not in tokens:
            tokens.append(word)
            types.append(NORMAL)
    # Marked normal, as some converters do with what is a control token all the same: <|im_end|>.
    for token, kind in [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL), ("<|im_start|>", CONTROL), ("<|im_end|>", NORMAL),
                        ("<|endoftext|>", CONTROL), ("<|eot_id|>", CONTROL), ("<tool>", USER_DEFINED), ("    ", USER_DEFINED)]:
        tokens.append(token)
        types.append(kind)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in trained["merges"]]
    return {"model": "gpt2", "pre": "default", "tokens": tokens, "scores": None, "token_type": types, "merges": merges,
            "bos_token_id": tokens.index("<s>"), "eos_token_id": tokens.index("</s>")}


def write(path, vocabulary):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Foregate's test vocabulary")
    writer.add_context_length(512)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model(vocabulary["model"])
    writer.add_token_list(vocabulary["tokens"])
    writer.add_token_types(vocabulary["token_type"])
    if vocabulary["scores"] is not None:
        writer.add_token_scores(vocabulary["scores"])
    for key in ("pre", "add_space_prefix"):
        if key in vocabulary:
            {"pre": writer.add_tokenizer_pre, "add_space_prefix": writer.add_add_space_prefix}[key](vocabulary[key])
    if "merges" in vocabulary:
        writer.add_token_merges(vocabulary["merges"])
    for key in ("bos_token_id", "eos_token_id", "unknown_token_id"):
        if key in vocabulary:
            writer.add_uint32(PREFIX + key, vocabulary[key])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def variants(spm, bpe):
    """Name, base file, and what is changed in it; the Java test makes the same changes."""
    yield "spm", "spm.gguf", spm, {}
    yield "spm-no-prefix", "spm.gguf", spm, {"add_space_prefix": False}
    yield "spm-ties", "spm.gguf", spm, {"scores": [score // 100 for score in spm["scores"]]}
    for pre in PRES:
        yield pre, "bpe.gguf", bpe, {"pre": pre}


def main():
    texts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    out, work = Path(sys.argv[2]), Path(sys.argv[3])
    spm, bpe = spm_vocabulary(texts), bpe_vocabulary(texts)
    write(out / "spm.gguf", spm)
    write(out / "bpe.gguf", bpe)
    listed = []
    for name, base, vocabulary, changes in variants(spm, bpe):
        write(work / f"{name}.gguf", vocabulary | changes)
        listed.append({"name": name, "base": base, "set": {PREFIX + key: value for key, value in changes.items()}})
    (out / "variants.json").write_text("[\n" + ",\n".join(json.dumps(variant) for variant in listed) + "\n]\n")


if __name__ == "__main__":
    main()
