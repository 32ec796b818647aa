"""Step `tokenizer`: a SentencePiece BPE model with byte fallback, shaped like Llama's."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sentencepiece as spm

from .config import KINDS, Demo, Places
from .data import documents

BOS, EOS = 1, 2


def train(demo: Demo, places: Places) -> None:
    """Trains the tokenizer on an even sample of all kinds, then encodes the corpus."""
    places.run.mkdir(parents=True, exist_ok=True)
    print(f"training a tokenizer of {demo.arch.vocab} pieces", flush=True)
    spm.SentencePieceTrainer.train(
        sentence_iterator=_lines(demo, places), model_prefix=str(places.run / "tokenizer"),
        model_type="bpe", vocab_size=demo.arch.vocab, byte_fallback=True, split_digits=True,
        character_coverage=0.9995, normalization_rule_name="identity", add_dummy_prefix=True,
        remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, max_sentence_length=16_384,
        unk_id=0, bos_id=BOS, eos_id=EOS, pad_id=-1, num_threads=2, minloglevel=1)
    _encode(places)


def load(places: Places) -> spm.SentencePieceProcessor:
    path = places.run / "tokenizer.model"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run the step `tokenizer` first.")
    return spm.SentencePieceProcessor(model_file=str(path))


def token_file(places: Places, kind: str, part: str) -> Path:
    return places.run / f"{kind}.{part}.u16"


def _lines(demo: Demo, places: Places) -> Iterator[str]:
    """Lines of randomly chosen documents, the same number of bytes from every kind."""
    chance = random.Random(demo.recipe.seed)
    for kind in KINDS:
        texts = documents(places, kind, "train")
        chance.shuffle(texts)
        left = demo.corpus.tokenizer_bytes
        for text in texts:
            for line in text.splitlines():
                if line.strip():
                    yield line
            left -= len(text.encode())
            if left <= 0:
                break


def _encode(places: Places) -> None:
    """Writes every document as BOS, tokens, EOS; `tokens.json` records the counts and bytes per kind."""
    processor = load(places)
    facts: dict[str, dict[str, dict[str, int]]] = {}
    for kind in KINDS:
        for part in ("train", "heldout"):
            texts = documents(places, kind, part)
            ids = [t for doc in processor.encode(texts, num_threads=2) for t in (BOS, *doc, EOS)]
            np.asarray(ids, dtype=np.uint16).tofile(token_file(places, kind, part))
            size = sum(len(t.encode()) for t in texts)
            facts.setdefault(kind, {})[part] = {"tokens": len(ids), "bytes": size}
        print(f"{kind}: {facts[kind]['train']['tokens']:,} tokens", flush=True)
    (places.run / "tokens.json").write_text(json.dumps(facts, indent=2) + "\n")
