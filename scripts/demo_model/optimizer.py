"""Muon for the weight matrices (batched over equal shapes), AdamW for everything else."""

from __future__ import annotations

import torch
from torch import Tensor

from .config import Recipe
from .model import Model

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_CHUNK = 16


class Optimizer:
    """Steps all of a model's parameters; `scale` is the schedule's factor on every learning rate."""

    def __init__(self, model: Model, recipe: Recipe) -> None:
        self._recipe = recipe
        self._matrices = [p for layer in model.layers for p in (layer.qkv, layer.out, layer.gate_up, layer.down)]
        self._velocity = [torch.zeros_like(p) for p in self._matrices]
        self._widths = [_row_blocks(name, model) for _ in model.layers for name in ("qkv", "out", "gate_up", "down")]
        routers = [layer.router for layer in model.layers]
        norms = [p for layer in model.layers for p in (layer.attn_norm, layer.ffn_norm)] + [model.norm]
        groups = [{"params": [model.embedding], "base": recipe.lr_adam},
                  {"params": routers, "base": recipe.lr_router},
                  {"params": norms, "base": recipe.lr_adam}]
        self._adam = torch.optim.AdamW(groups, lr=recipe.lr_adam, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0,
                                       fused=True)

    @torch.no_grad()
    def step(self, scale: float) -> float:
        """Updates the parameters and returns the gradient norm of those that AdamW moves."""
        adam = [p for group in self._adam.param_groups for p in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(adam, self._recipe.clip)
        for group in self._adam.param_groups:
            group["lr"] = group["base"] * scale
        self._adam.step()
        self._muon(self._recipe.lr_muon * scale)
        return norm.item()

    def _muon(self, lr: float) -> None:
        by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        for p, velocity, blocks in zip(self._matrices, self._velocity, self._widths, strict=True):
            velocity.lerp_(p.grad, 1 - self._recipe.momentum)
            update = p.grad.lerp(velocity, self._recipe.momentum)
            p.mul_(1 - lr * self._recipe.weight_decay)
            for weights, change in zip(p.split(blocks, -2), update.split(blocks, -2), strict=True):
                stack = by_shape.setdefault(change.shape[-2:], [])
                for one, delta in zip(weights.flatten(0, -3) if p.dim() > 2 else [weights],
                                      change.flatten(0, -3) if p.dim() > 2 else [change], strict=True):
                    stack.append((one, delta))
        for stack in by_shape.values():
            for first in range(0, len(stack), _CHUNK):
                chunk = stack[first:first + _CHUNK]
                steps = _orthogonal(torch.stack([change for _, change in chunk]))
                torch._foreach_add_([weights for weights, _ in chunk], list(steps.unbind()), alpha=-lr)

    def state_dict(self) -> dict:
        return {"adam": self._adam.state_dict(), "velocity": self._velocity}

    def load_state_dict(self, state: dict) -> None:
        self._adam.load_state_dict(state["adam"])
        for mine, saved in zip(self._velocity, state["velocity"], strict=True):
            mine.copy_(saved)

    def zero_grad(self) -> None:
        for p in self._matrices:
            p.grad = None
        self._adam.zero_grad()


def _row_blocks(name: str, model: Model) -> list[int]:
    """How a fused parameter's rows divide into the matrices that Muon treats one by one."""
    a = model.arch
    return {"qkv": [a.heads * a.head_dim, a.kv_heads * a.head_dim, a.kv_heads * a.head_dim],
            "out": [a.d_model], "gate_up": [a.d_expert, a.d_expert], "down": [a.d_model]}[name]


def _orthogonal(change: Tensor) -> Tensor:
    """Five Newton-Schulz steps in bfloat16: nearly U V^T of each matrix of the batch."""
    a, b, c = _NEWTON_SCHULZ
    x = change.bfloat16()
    wide = x.shape[-2] <= x.shape[-1]
    x = x if wide else x.mT
    x = x / (x.float().norm(dim=(-2, -1), keepdim=True) + 1e-7).to(x.dtype)
    for _ in range(5):
        gram = x @ x.mT
        poly = (gram @ gram).mul_(c).add_(gram, alpha=b)
        x = (poly @ x).add_(x, alpha=a)
    x = x if wide else x.mT
    return x.float() * max(1.0, x.shape[-2] / x.shape[-1]) ** 0.5
