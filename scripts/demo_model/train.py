"""Step `train`: the training loop. Resumable; ends when its budget of time or tokens is spent."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from .config import KINDS, Demo, Places
from .model import Model, compile_parts, losses
from .optimizer import Optimizer
from .stream import Stream, tokens

_EVAL_ROWS = 8


@dataclass(frozen=True)
class Budget:
    """When training ends: after so many minutes of wall-clock time or so many tokens, whichever is first."""

    minutes: float
    tokens: float
    checkpoint_s: float = 150.0
    evaluate_s: float = 600.0


def device_and_dtype() -> tuple[torch.device, torch.dtype]:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu"), torch.bfloat16


def train(demo: Demo, places: Places, budget: Budget, compiled: bool) -> None:
    """Trains from the last checkpoint, if there is one, to the end of the budget."""
    device, dtype = device_and_dtype()
    torch.set_flush_denormal(True)
    torch.manual_seed(demo.recipe.seed)
    model = Model(demo.arch).to(device)
    optimizer, stream = Optimizer(model, demo.recipe), Stream(demo, places)
    state = {"step": 0, "tokens": 0, "started": time.time(), "done": False}
    if checkpoint_path(places).exists():
        saved = torch.load(checkpoint_path(places), weights_only=False)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        stream.load_state_dict(saved["stream"])
        state = saved["state"]
        print(f"resuming at step {state['step']}", flush=True)
    if compiled:
        compile_parts(model)
    _loop(demo, places, budget, model, optimizer, stream, state, device, dtype)


def _loop(demo, places, budget, model, optimizer, stream, state, device, dtype) -> None:
    per_step = demo.recipe.rows * demo.arch.context
    saved_at = evaluated_at = time.time()
    with open(places.run / "train.jsonl", "a", buffering=1) as log:
        while not state["done"]:
            began = time.time()
            progress = _progress(state, budget, began)
            batch = stream.batch() if progress < 1 else None
            if batch is None:
                break
            scale = _schedule(demo, state["step"], progress)
            cross, balance, z = losses(model, batch.to(device), dtype)
            (cross + demo.recipe.balance_loss * balance + demo.recipe.z_loss * z).backward()
            norm = optimizer.step(scale)
            optimizer.zero_grad()
            state["step"] += 1
            state["tokens"] += per_step
            now = time.time()
            entry = {"step": state["step"], "tokens": state["tokens"], "loss": round(cross.item(), 4),
                     "balance": round(balance.item(), 4), "z": round(z.item(), 3), "norm": round(norm, 3),
                     "lr": round(scale, 4), "tok_s": round(per_step / (now - began)),
                     "minutes": round((now - state["started"]) / 60, 2)}
            if now - evaluated_at > budget.evaluate_s:
                entry["held_out_bpb"] = evaluate(model, places, dtype, device, _EVAL_ROWS)
                evaluated_at = time.time()
            if now - saved_at > budget.checkpoint_s:
                _save(places, model, optimizer, stream, state)
                saved_at = time.time()
            log.write(json.dumps(entry) + "\n")
            if state["step"] % 10 == 1 or "held_out_bpb" in entry:
                print(" ".join(f"{k}={v}" for k, v in entry.items()), flush=True)
    state["done"] = True
    _save(places, model, optimizer, stream, state)
    print(f"finished: {state['step']} steps, {state['tokens']:,} tokens", flush=True)


def _progress(state: dict, budget: Budget, now: float) -> float:
    return max((now - state["started"]) / (60 * budget.minutes), state["tokens"] / budget.tokens)


def _schedule(demo: Demo, step: int, progress: float) -> float:
    """Warm-up, then constant, then linear to zero at the end of the budget."""
    warm = min(1.0, (step + 1) / demo.recipe.warmup_steps)
    return warm * min(1.0, (1 - progress) / demo.recipe.decay_share)


def checkpoint_path(places: Places) -> Path:
    return places.run / "checkpoint.pt"


def load_trained(demo: Demo, places: Places) -> tuple[Model, dict]:
    """The model of the last checkpoint, and the state of its training."""
    if not checkpoint_path(places).exists():
        raise SystemExit(f"{checkpoint_path(places)} is missing: run the step `train` first.")
    saved = torch.load(checkpoint_path(places), weights_only=False, map_location="cpu")
    model = Model(demo.arch)
    model.load_state_dict(saved["model"])
    return model.eval(), {**saved["state"], "epochs": saved["epochs"]}


def _save(places: Places, model: Model, optimizer: Optimizer, stream: Stream, state: dict) -> None:
    path = checkpoint_path(places)
    draft = path.with_suffix(".tmp")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "stream": stream.state_dict(),
                "state": state, "epochs": stream.epochs()}, draft)
    os.replace(draft, path)


@torch.no_grad()
def evaluate(model: Model, places: Places, dtype: torch.dtype, device: torch.device,
             rows: int | None = None, part: str = "heldout") -> dict[str, float]:
    """Bits per byte of each kind of text (of the first `rows` windows of a part, or of all of it)."""
    facts = json.loads((places.run / "tokens.json").read_text())
    result = {}
    for kind in KINDS:
        ids, length = torch.from_numpy(tokens(places, kind, part).astype("int64")), model.arch.context
        windows = ids[:(len(ids) - 1) // length * length + 1]
        starts = list(range(0, len(windows) - 1, length))[:rows]
        bits = count = 0.0
        for first in range(0, len(starts), _EVAL_ROWS):
            batch = torch.stack([windows[s:s + length + 1] for s in starts[first:first + _EVAL_ROWS]]).to(device)
            hidden, _ = model(batch[:, :-1], dtype)
            loss = torch.nn.functional.cross_entropy(
                model.logits(hidden).float().flatten(0, 1), batch[:, 1:].flatten(), reduction="sum")
            bits += loss.item() / 0.6931471805599453
            count += batch[:, 1:].numel()
        per_token = facts[kind][part]["tokens"] / facts[kind][part]["bytes"]
        result[kind] = round(bits / count * per_token, 4)
    return result
