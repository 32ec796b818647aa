"""Training batches: windows of each kind's documents, reshuffled every epoch, kinds mixed by weight."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .config import KINDS, Demo, Places
from .tokenizer import BOS, token_file


class Stream:
    """An endless, resumable source of batches that never shows a kind more than `max_epochs` times."""

    def __init__(self, demo: Demo, places: Places) -> None:
        self._length = demo.arch.context + 1
        self._rows = demo.recipe.rows
        self._max_epochs = demo.recipe.max_epochs
        self._chance = np.random.default_rng(demo.recipe.seed)
        self._kinds = {kind: _Kind(tokens(places, kind, "train")) for kind in KINDS}
        weights = np.array([demo.corpus.weights[k] * self._kinds[k].size for k in KINDS])
        self._share = weights / weights.sum()

    def batch(self) -> Tensor | None:
        """The next batch, or None when every kind has been shown as often as it may be."""
        share = np.array([s * (self._kinds[k].epochs < self._max_epochs)
                          for k, s in zip(KINDS, self._share, strict=True)])
        if share.sum() == 0:
            return None
        picked = self._chance.choice(KINDS, self._rows, p=share / share.sum())
        return torch.from_numpy(np.stack([self._kinds[k].window(self._length, self._chance) for k in picked]))

    def epochs(self) -> dict[str, float]:
        """How often each kind's text has been shown."""
        return {name: kind.epochs for name, kind in self._kinds.items()}

    def state_dict(self) -> dict:
        return {"chance": self._chance.bit_generator.state,
                "kinds": {name: (kind.order, kind.at, kind.seen) for name, kind in self._kinds.items()}}

    def load_state_dict(self, state: dict) -> None:
        self._chance.bit_generator.state = state["chance"]
        for name, (order, at, seen) in state["kinds"].items():
            self._kinds[name].restore(order, at, seen)


class _Kind:
    """One kind of text: its documents in a random order that changes every epoch."""

    def __init__(self, ids: np.ndarray) -> None:
        self._documents = np.split(ids, np.flatnonzero(ids == BOS)[1:])
        self.size = len(ids)
        self.order: np.ndarray | None = None
        self.at = self.seen = 0
        self._flat = ids

    @property
    def epochs(self) -> float:
        return self.seen / self.size

    def window(self, length: int, chance: np.random.Generator) -> np.ndarray:
        if self.order is None or self.at + length > self.size:
            self.restore(chance.permutation(len(self._documents)), 0, self.seen)
        window = self._flat[self.at:self.at + length].astype(np.int64)
        self.at += length - 1
        self.seen += length - 1
        return window

    def restore(self, order: np.ndarray | None, at: int, seen: int) -> None:
        self.order, self.at, self.seen = order, at, seen
        if order is not None:
            self._flat = np.concatenate([self._documents[i] for i in order])


def tokens(places: Places, kind: str, part: str) -> np.ndarray:
    path = token_file(places, kind, part)
    if not path.exists():
        raise SystemExit(f"{path} is missing: run the step `tokenizer` first.")
    return np.fromfile(path, dtype=np.uint16)
