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
from .team import Team

_EVAL_ROWS = 8


@dataclass(frozen=True)
class Budget:
    """When training ends: after so many minutes of wall-clock time or so many tokens, whichever is first.

    Training that has ended goes on as a further cycle (a warm restart, Loshchilov & Hutter 2017): the minutes
    count from its start, and its learning rates peak at `restart` times the recipe's.
    """

    minutes: float
    tokens: float
    restart: float | None = None
    checkpoint_s: float = 150.0
    evaluate_s: float = 600.0


def device_and_dtype() -> tuple[torch.device, torch.dtype]:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu"), torch.bfloat16


def train(demo: Demo, places: Places, budget: Budget, compiled: bool, workers: int) -> None:
    """Trains from the last checkpoint, if there is one, to the end of the budget."""
    torch.manual_seed(demo.recipe.seed)
    device, _ = device_and_dtype()
    workers = workers if device.type == "cpu" else 1
    if demo.recipe.rows % workers:
        raise SystemExit(f"{demo.recipe.rows} rows do not divide among {workers} workers.")
    team = Team.of(Model(demo.arch).to(device), workers)
    job = (demo, places, budget, compiled, team)
    if workers == 1:
        _work(0, *job)
    else:
        torch.multiprocessing.spawn(_work, job, workers)


def _work(rank: int, demo: Demo, places: Places, budget: Budget, compiled: bool, team: Team) -> None:
    """One worker: its rows of every batch, its share of the parameters. Worker 0 also keeps the books."""
    device, dtype = device_and_dtype()
    torch.set_flush_denormal(True)
    if team.workers > 1:
        torch.set_num_threads(1)
    model = Model(demo.arch).to(device)
    team.join(model, rank)
    optimizer, stream = Optimizer(model, demo.recipe, team, rank), Stream(demo, places)
    books = Books(places, budget, stream)
    _resume(places, model if rank == 0 else None, optimizer, stream, books)
    books.begin_cycle()
    if compiled:
        compile_parts(model)
    while True:
        began = time.time()
        if rank == 0:
            team.progress[0] = books.progress(began)
        team.gradients[rank].zero_()
        team.barrier.wait()
        progress = team.progress.item()
        batch = stream.batch() if progress < 1 else None
        if batch is None:
            break
        cross, balance, z = losses(model, batch[rank::team.workers].to(device), dtype)
        (cross + demo.recipe.balance_loss * balance + demo.recipe.z_loss * z).backward()
        team.figures[rank] = torch.stack([cross, balance, z]).detach()
        team.barrier.wait()
        cycle = books.state["cycles"][-1]
        scale = cycle["peak"] * _schedule(demo, books.state["step"] - cycle["step"], progress)
        norm = optimizer.step(scale)
        books.state["step"] += 1
        books.state["tokens"] += demo.recipe.rows * demo.arch.context
        team.barrier.wait()
        if rank == 0:
            cross, balance, z = team.figures.mean(0).tolist()
            books.enter({"loss": round(cross, 4), "balance": round(balance, 4), "z": round(z, 3),
                         "norm": round(norm, 3), "lr": round(scale, 4),
                         "tok_s": round(demo.recipe.rows * demo.arch.context / (time.time() - began))},
                        model, optimizer)
    if rank == 0:
        books.save(model, optimizer, done=True)


def _resume(places: Places, model: Model | None, optimizer: Optimizer, stream: Stream, books: Books) -> None:
    """Goes on from the last checkpoint, if there is one; only the worker that is given a model loads the tensors."""
    if not checkpoint_path(places).exists():
        return
    saved = torch.load(checkpoint_path(places), weights_only=False)
    stream.load_state_dict(saved["stream"])
    books.state = saved["state"]
    if model is not None:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        print(f"resuming at step {books.state['step']}", flush=True)


class Books:
    """The log, the checkpoints and the held-out measurements of a run."""

    def __init__(self, places: Places, budget: Budget, stream: Stream) -> None:
        self._places, self._budget, self._stream = places, budget, stream
        self.state = {"step": 0, "tokens": 0, "cycles": [], "done": False}
        self._saved = self._evaluated = time.time()

    def progress(self, now: float) -> float:
        """From 0 to 1: the share of the budget that is spent."""
        if self.state["done"]:
            return 1.0
        return max((now - self.state["cycles"][-1]["started"]) / (60 * self._budget.minutes),
                   self.state["tokens"] / self._budget.tokens)

    def begin_cycle(self) -> None:
        """Starts the first cycle, or, when training has ended and the budget asks for it, one more."""
        cycles = self.state["cycles"]
        if not cycles or (self.state["done"] and self._budget.restart):
            cycles.append({"step": self.state["step"], "tokens": self.state["tokens"], "started": time.time(),
                           "peak": self._budget.restart if cycles else 1.0, "minutes": 0.0})
            self.state["done"] = False

    def enter(self, entry: dict, model: Model, optimizer: Optimizer) -> None:
        now = time.time()
        cycle = self.state["cycles"][-1]
        cycle["minutes"] = round((now - cycle["started"]) / 60, 2)
        entry = {"step": self.state["step"], "tokens": self.state["tokens"], **entry,
                 "minutes": round(sum(c["minutes"] for c in self.state["cycles"]), 2)}
        if now - self._evaluated > self._budget.evaluate_s:
            device, dtype = device_and_dtype()
            entry["held_out_bpb"] = evaluate(model, self._places, dtype, device, _EVAL_ROWS)
            self._evaluated = time.time()
        if now - self._saved > self._budget.checkpoint_s:
            self.save(model, optimizer)
        with open(self._places.run / "train.jsonl", "a") as log:
            log.write(json.dumps(entry) + "\n")
        if self.state["step"] % 10 == 1 or "held_out_bpb" in entry:
            print(" ".join(f"{k}={v}" for k, v in entry.items()), flush=True)

    def save(self, model: Model, optimizer: Optimizer, done: bool = False) -> None:
        self.state["done"] = done
        path = checkpoint_path(self._places)
        draft = path.with_suffix(".tmp")
        torch.save({"model": {k: v.clone() for k, v in model.state_dict().items()},
                    "optimizer": optimizer.state_dict(), "stream": self._stream.state_dict(),
                    "state": self.state, "epochs": self._stream.epochs()}, draft)
        os.replace(draft, path)
        self._saved = time.time()
        if done:
            print(f"finished: {self.state['step']} steps, {self.state['tokens']:,} tokens", flush=True)


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
