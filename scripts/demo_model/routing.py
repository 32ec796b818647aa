"""How a trained model routes held-out text: shares, repetitions and entropy, beside Mixtral's published ones."""

from __future__ import annotations

import torch
from torch import Tensor

from .config import KINDS, Places
from .model import Model
from .stream import tokens

MIXTRAL = {
    "source": "Jiang et al., Mixtral of Experts, arXiv 2401.04088, table 5 (layers 0, 15 and 31 of 32)",
    "first_choice": {"Gutenberg": [0.139, 0.261, 0.263], "Github": [0.149, 0.281, 0.197],
                     "Wikipedia (en)": [0.144, 0.236, 0.253]},
    "first_or_second": {"Gutenberg": [0.495, 0.631, 0.522], "Github": [0.499, 0.669, 0.492],
                        "Wikipedia (en)": [0.498, 0.621, 0.518]},
}
_ROWS = 8


@torch.no_grad()
def measure(model: Model, places: Places, windows: int = 48) -> dict:
    """Statistics over up to `windows` held-out windows of every kind, all kinds together and one by one."""
    per_kind = {kind: _of_kind(model, places, kind, windows) for kind in KINDS}
    layers = range(model.arch.layers)
    counted = {kind: rows[0]["tokens"] for kind, rows in per_kind.items()}
    total = sum(counted.values())
    overall = []
    for layer in layers:
        merged = {key: sum(per_kind[k][layer][key] * counted[k] for k in KINDS) / total
                  for key in ("repeats_first", "repeats_any", "entropy_bits", "top_k_mass")}
        merged["share"] = [sum(per_kind[k][layer]["share"][e] * counted[k] for k in KINDS) / total
                           for e in range(model.arch.experts)]
        overall.append(_rounded(merged))
    chance_any = 1.0
    for slot in range(model.arch.top_k):
        chance_any *= (model.arch.experts - model.arch.top_k - slot) / (model.arch.experts - slot)
    return {"tokens": total, "chance_first": 1 / model.arch.experts, "chance_any": round(1 - chance_any, 4),
            "layers": overall, "kinds": {k: [_rounded(row) for row in rows] for k, rows in per_kind.items()},
            "mixtral": MIXTRAL}


def _of_kind(model: Model, places: Places, kind: str, windows: int) -> list[dict]:
    length, a = model.arch.context, model.arch
    ids = torch.from_numpy(tokens(places, kind, "heldout").astype("int64"))
    ids = ids[:min(windows, max(1, len(ids) // length)) * length].view(-1, length)
    sums = [{"share": torch.zeros(a.experts), "repeats_first": 0.0, "repeats_any": 0.0, "entropy_bits": 0.0,
             "top_k_mass": 0.0} for _ in range(a.layers)]
    for rows in ids.split(_ROWS):
        _, routed = model(rows, torch.float32)
        for total, (logits, chosen) in zip(sums, routed, strict=True):
            _add(total, logits, chosen.view(*rows.shape, a.top_k), a.experts)
    pairs = ids.numel() - len(ids)
    return [{"tokens": ids.numel(), "share": (t["share"] / (ids.numel() * a.top_k)).tolist(),
             "repeats_first": t["repeats_first"] / pairs, "repeats_any": t["repeats_any"] / pairs,
             "entropy_bits": t["entropy_bits"] / ids.numel(), "top_k_mass": t["top_k_mass"] / ids.numel()}
            for t in sums]


def _add(total: dict, logits: Tensor, chosen: Tensor, experts: int) -> None:
    before, after = chosen[:, :-1], chosen[:, 1:]
    probabilities = logits.softmax(-1)
    total["share"] += chosen.flatten().bincount(minlength=experts)
    total["repeats_first"] += (before[..., 0] == after[..., 0]).sum().item()
    total["repeats_any"] += (before.unsqueeze(-1) == after.unsqueeze(-2)).flatten(-2).any(-1).sum().item()
    total["entropy_bits"] += -(probabilities * probabilities.clamp_min(1e-30).log2()).sum().item()
    total["top_k_mass"] += probabilities.topk(chosen.shape[-1], -1).values.sum().item()


def _rounded(row: dict) -> dict:
    return {k: [round(x, 4) for x in v] if isinstance(v, list) else v if isinstance(v, int) else round(v, 4)
            for k, v in row.items()}
