"""Muon for the weight matrices (batched over equal shapes), AdamW for everything else."""

from __future__ import annotations

import torch
from torch import Tensor

from .config import Recipe
from .model import Model
from .team import Team, views

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_CHUNK = 16
_MATRICES = ("qkv", "out", "gate_up", "down")


class Optimizer:
    """Steps this worker's share of a model's parameters; worker 0 also has all of AdamW's."""

    def __init__(self, model: Model, recipe: Recipe, team: Team, rank: int) -> None:
        self._recipe, self._team, self._rank, self._model = recipe, team, rank, model
        self._per_layer = len(list(model.layers[0].parameters()))
        named = list(enumerate(model.named_parameters()))
        matrices = [(i, p, name.split(".")[-1]) for i, (name, p) in named if name.split(".")[-1] in _MATRICES]
        velocities = views(team.velocity, model)
        self._velocity = [velocities[i] for i, _, _ in matrices]
        self._mine = [(p, velocities[i], _row_blocks(kind, model))
                      for i, p, kind in matrices if self._owner(i) == rank]
        self._chosen = {i for i, _, _ in matrices if self._owner(i) == rank}
        rest = {i: name for i, (name, _) in named if name.split(".")[-1] not in _MATRICES}
        if rank == 0:
            self._chosen |= rest.keys()
        routers = [p for i, (name, p) in named if name.endswith("router")]
        others = [p for i, (name, p) in named if i in rest and not name.endswith("router")]
        groups = [{"params": [model.embedding], "base": recipe.lr_adam},
                  {"params": routers, "base": recipe.lr_router},
                  {"params": [p for p in others if p is not model.embedding], "base": recipe.lr_adam}]
        self._adam = torch.optim.AdamW(groups, lr=recipe.lr_adam, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0,
                                       fused=True)

    def _owner(self, position: int) -> int:
        return position // self._per_layer % self._team.workers

    @torch.no_grad()
    def step(self, scale: float) -> float:
        """Updates the parameters; worker 0 returns the gradient norm of those that AdamW moves, the others 0."""
        self._team.average_into(self._model, self._rank, self._chosen)
        self._muon(self._recipe.lr_muon * scale)
        if self._rank:
            return 0.0
        adam = [p for group in self._adam.param_groups for p in group["params"]]
        norm = torch.nn.utils.clip_grad_norm_(adam, self._recipe.clip)
        for group in self._adam.param_groups:
            group["lr"] = group["base"] * scale
        self._adam.step()
        return norm.item()

    def _muon(self, lr: float) -> None:
        by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        for p, velocity, blocks in self._mine:
            velocity.lerp_(p.grad, 1 - self._recipe.momentum)
            update = p.grad.lerp(velocity, self._recipe.momentum)
            p.mul_(1 - lr * self._recipe.weight_decay)
            for weights, change in zip(p.split(blocks, -2), update.split(blocks, -2), strict=True):
                stack = by_shape.setdefault(change.shape[-2:], [])
                stack += zip(_matrices(weights), _matrices(change), strict=True)
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


def _matrices(tensor: Tensor) -> list[Tensor]:
    return list(tensor.unbind()) if tensor.dim() > 2 else [tensor]


def _row_blocks(kind: str, model: Model) -> list[int]:
    """How a fused parameter's rows divide into the matrices that Muon treats one by one."""
    a = model.arch
    return {"qkv": [a.heads * a.head_dim, a.kv_heads * a.head_dim, a.kv_heads * a.head_dim],
            "out": [a.d_model], "gate_up": [a.d_expert, a.d_expert], "down": [a.d_model]}[kind]


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
