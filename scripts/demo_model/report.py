"""Step `report`: measures the exported model on held-out text, draws samples, and writes the model card."""

from __future__ import annotations

import json
import lzma
import platform
import shutil
from pathlib import Path

import matplotlib
import torch

from . import card, routing
from .config import KINDS, Demo, Places
from .data import documents, sha256
from .export import read_gguf
from .model import Model
from .tokenizer import BOS, EOS, load
from .train import evaluate, load_trained

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402  (the backend has to be chosen first)

_PROMPTS = {
    "bible": "Genesis 51\n\n1 And it came to pass",
    "novels": "CHAPTER IV\n\nMiss Bennet",
    "wordnet": "lighthouse (noun): a",
    "manuals": "The CREATE INDEX command is used to",
    "java": "package org.apache.commons.collections4;\n\nimport java.util.List;\n\n/**\n *",
}
_SAMPLE_TOKENS = 160
_TEMPERATURE = 0.8
_TOP_P = 0.95
_CPU = torch.device("cpu")


def report(demo: Demo, places: Places) -> None:
    """Writes the figures as JSON, the training curve, and from these the card."""
    if not places.gguf.exists():
        raise SystemExit(f"{places.gguf} is missing: run the step `export` first.")
    trained, state = load_trained(demo, places)
    model = read_gguf(demo, places.gguf)
    places.facts.mkdir(parents=True, exist_ok=True)
    print("measuring on held-out text", flush=True)
    figures = {
        "model": {**demo.as_dict(), "parameters": demo.arch.parameters(),
                  "active_parameters": demo.arch.active_parameters()},
        "gguf": {"bytes": places.gguf.stat().st_size, "sha256": sha256(places.gguf)},
        "training": {**state, "machine": f"{torch.get_num_threads()} CPU threads ({platform.machine()})",
                     "torch": torch.__version__, "log": _log_summary(places)},
        "corpus": json.loads((places.corpus / "corpus.json").read_text()),
        "tokens": json.loads((places.run / "tokens.json").read_text()),
        "against_transformers": json.loads((places.run / "export.json").read_text())["transformers"],
        "bits_per_byte": {
            "heldout_f32": evaluate(trained, places, torch.float32, _CPU),
            "heldout_q8_0": evaluate(model, places, torch.float32, _CPU),
            "train_q8_0": evaluate(model, places, torch.float32, _CPU, rows=96, part="train"),
            "heldout_xz": {kind: _xz(places, kind) for kind in KINDS}},
        "routing": routing.measure(model, places),
        "samples": [_sample(demo, model, places, kind, prompt) for kind, prompt in _PROMPTS.items()],
    }
    (places.facts / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    _thin_log(places, places.facts / "training.jsonl")
    _curve(places, places.facts / "training.svg")
    shutil.copy(places.run / "tokenizer.model", places.facts / "tokenizer.model")
    places.models.joinpath(f"{demo.name}.md").write_text(card.render(demo, figures))
    print(f"{demo.name}.md: held-out bits per byte {figures['bits_per_byte']['heldout_q8_0']}", flush=True)


def _entries(places: Places) -> list[dict]:
    """The log without the steps that a resumed run did again (the later entry counts)."""
    lines = (places.run / "train.jsonl").read_text().splitlines()
    return sorted({e["step"]: e for e in map(json.loads, lines)}.values(), key=lambda e: e["step"])


def _log_summary(places: Places) -> dict:
    entries = _entries(places)
    last = entries[-50:]
    return {"minutes": entries[-1]["minutes"], "steps": entries[-1]["step"],
            "loss_of_last_50_steps": round(sum(e["loss"] for e in last) / len(last), 4),
            "balance_loss_of_last_50_steps": round(sum(e["balance"] for e in last) / len(last), 4),
            "median_tokens_per_second": sorted(e["tok_s"] for e in entries)[len(entries) // 2]}


def _thin_log(places: Places, path: Path) -> None:
    entries = _entries(places)
    kept = [e for e in entries if e["step"] % 10 == 1 or "held_out_bpb" in e or e is entries[-1]]
    path.write_text("".join(json.dumps(e) + "\n" for e in kept))


def _xz(places: Places, kind: str) -> float:
    text = "".join(documents(places, kind, "heldout")).encode()
    return round(8 * len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)) / len(text), 4)


def _curve(places: Places, path: Path) -> None:
    entries = _entries(places)
    matplotlib.rcParams["svg.hashsalt"] = "foregate"
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6))
    width = min(10, len(entries))
    smooth = [sum(e["loss"] for e in entries[max(0, i - width):i + 1]) / len(entries[max(0, i - width):i + 1])
              for i in range(len(entries))]
    left.plot([e["tokens"] / 1e6 for e in entries], smooth)
    left.set(xlabel="million tokens", ylabel="training loss (nats per token)")
    measured = [e for e in entries if "held_out_bpb" in e]
    for kind in KINDS:
        right.plot([e["tokens"] / 1e6 for e in measured], [e["held_out_bpb"][kind] for e in measured], label=kind)
    right.set(xlabel="million tokens", ylabel="held-out bits per byte")
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


@torch.no_grad()
def _sample(demo: Demo, model: Model, places: Places, kind: str, prompt: str) -> dict[str, str]:
    """Text after a prompt, drawn with temperature and nucleus sampling from a fixed seed."""
    chance = torch.Generator().manual_seed(demo.recipe.seed)
    processor = load(places)
    start = [BOS, *processor.encode(prompt)]
    ids = list(start)
    while len(ids) < min(len(start) + _SAMPLE_TOKENS, demo.arch.context):
        logits = model.logits(model(torch.tensor([ids]), torch.float32)[0][:, -1])[0]
        ordered, index = (logits / _TEMPERATURE).softmax(-1).sort(descending=True)
        ordered = ordered * (ordered.cumsum(0) - ordered < _TOP_P)
        ids.append(index[torch.multinomial(ordered, 1, generator=chance)].item())
        if ids[-1] == EOS:
            break
    return {"kind": kind, "prompt": prompt, "text": processor.decode(ids)}
