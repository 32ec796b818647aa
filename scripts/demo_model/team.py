"""Data-parallel training by processes of one thread each, over shared memory.

Where other programs want the same cores, two processes that meet once a step lose much less time than two threads
that meet in every operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Team:
    """What the processes share: flat parameters, optimizer state, one gradient and one row of figures each."""

    parameters: Tensor
    velocity: Tensor
    gradients: Tensor
    figures: Tensor
    progress: Tensor
    barrier: Barrier

    @staticmethod
    def of(model: nn.Module, workers: int) -> Team:
        size = sum(p.numel() for p in model.parameters())
        flat = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
        barrier = torch.multiprocessing.get_context("spawn").Barrier(workers)
        shared = (flat, torch.zeros(size), torch.zeros(workers, size), torch.zeros(workers, 3), torch.zeros(1))
        return Team(*(t.share_memory_() if flat.device.type == "cpu" else t.to(flat.device) for t in shared), barrier)

    @property
    def workers(self) -> int:
        return len(self.gradients)

    def join(self, model: nn.Module, rank: int) -> None:
        """Makes the shared parameters the model's own, and this worker's gradient theirs."""
        own = views(self.gradients[rank], model)
        for p, value, gradient in zip(model.parameters(), views(self.parameters, model), own, strict=True):
            p.data = value
            p.grad = gradient

    def average_into(self, model: nn.Module, rank: int, chosen: set[int]) -> None:
        """Adds the other workers' gradients to this worker's, for the parameters whose positions are chosen."""
        for other in range(self.workers):
            if other != rank:
                for i, (p, g) in enumerate(zip(model.parameters(), views(self.gradients[other], model), strict=True)):
                    if i in chosen:
                        p.grad.add_(g)
        for i, p in enumerate(model.parameters()):
            if i in chosen:
                p.grad.div_(self.workers)


def views(flat: Tensor, model: nn.Module) -> list[Tensor]:
    """A flat tensor cut into the shapes of a model's parameters."""
    parts = flat.split([p.numel() for p in model.parameters()])
    return [part.view_as(p) for part, p in zip(parts, model.parameters(), strict=True)]
