"""The model in PyTorch, written for speed on few CPU cores (and for a CUDA device where there is one)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Architecture

_OUT_GAIN = 0.5
_QUERY_BLOCK = 128


class Experts(torch.autograd.Function):
    """All routed experts of a layer: tokens sorted by expert, one pair of matrix products per expert.

    Written by hand because every token has exactly `top_k` slots: gathering through the inverse permutation
    replaces autograd's scattered additions, in both directions. Nothing is dropped.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, chosen: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
        tokens, k = chosen.shape
        order = chosen.flatten().argsort(stable=True)
        slot_of = torch.empty_like(order)
        slot_of[order] = torch.arange(order.numel(), device=order.device)
        counts = chosen.flatten().bincount(minlength=gate_up.shape[0]).tolist()
        sorted_x = x.index_select(0, order // k)
        up_out = x.new_empty(order.numel(), gate_up.shape[1])
        hidden = x.new_empty(order.numel(), down.shape[2])
        out = torch.empty_like(sorted_x)
        start = 0
        for e, n in enumerate(counts):
            rows = slice(start, start + n)
            torch.mm(sorted_x[rows], gate_up[e].t(), out=up_out[rows])
            g, u = up_out[rows].chunk(2, 1)
            torch.mul(F.silu(g), u, out=hidden[rows])
            torch.mm(hidden[rows], down[e].t(), out=out[rows])
            start += n
        ctx.save_for_backward(sorted_x, up_out, hidden, out, weight, order, slot_of, gate_up, down)
        ctx.counts = counts
        mixed = out.index_select(0, slot_of.flatten()).view(tokens, k, -1)
        return torch.bmm(weight.to(x.dtype).unsqueeze(1), mixed).squeeze(1)

    @staticmethod
    def backward(ctx, grad: Tensor):
        sorted_x, up_out, hidden, out, weight, order, slot_of, gate_up, down = ctx.saved_tensors
        tokens, k = weight.shape
        sorted_grad = grad.index_select(0, order // k)
        sorted_weight = weight.flatten()[order].to(grad.dtype).unsqueeze(1)
        grad_weight = (sorted_grad * out).sum(1, dtype=torch.float32)[slot_of].view(tokens, k)
        sorted_grad.mul_(sorted_weight)
        grad_x = torch.empty_like(sorted_x)
        grad_gate_up, grad_down = torch.empty_like(gate_up), torch.empty_like(down)
        start = 0
        for e, n in enumerate(ctx.counts):
            rows = slice(start, start + n)
            start += n
            g, u = up_out[rows].chunk(2, 1)
            grad_hidden = sorted_grad[rows] @ down[e]
            torch.mm(sorted_grad[rows].t(), hidden[rows], out=grad_down[e])
            grad_up = torch.empty_like(up_out[rows])
            torch.mul(grad_hidden, F.silu(g), out=grad_up[:, u.shape[1]:])
            grad_up[:, :u.shape[1]] = torch.ops.aten.silu_backward(grad_hidden.mul_(u), g)
            torch.mm(grad_up.t(), sorted_x[rows], out=grad_gate_up[e])
            torch.mm(grad_up, gate_up[e], out=grad_x[rows])
        grad_x = grad_x.index_select(0, slot_of).view(tokens, k, -1).sum(1)
        return grad_x, grad_weight.to(weight.dtype), None, grad_gate_up, grad_down


class Layer(nn.Module):
    """Attention and experts, each behind an RMSNorm."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        d, self.arch = arch.d_model, arch
        self.attn_norm = nn.Parameter(torch.ones(d))
        self.ffn_norm = nn.Parameter(torch.ones(d))
        if arch.family.qk_norm:
            self.q_norm = nn.Parameter(torch.ones(arch.head_dim))
            self.k_norm = nn.Parameter(torch.ones(arch.head_dim))
        self.qkv = nn.Parameter(_matrix((arch.heads + 2 * arch.kv_heads) * arch.head_dim, d))
        self.out = nn.Parameter(_matrix(d, arch.heads * arch.head_dim, gain=_OUT_GAIN))
        self.router = nn.Parameter(torch.randn(arch.experts, d) * 0.02)
        self.gate_up = nn.Parameter(_matrix(arch.experts, 2 * arch.d_expert, d))
        self.down = nn.Parameter(_matrix(arch.experts, d, arch.d_expert, gain=_OUT_GAIN))

    def attend(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        a = self.arch
        rows, length, _ = x.shape
        h = F.rms_norm(x, (a.d_model,), self.attn_norm.to(x.dtype), a.norm_eps)
        heads = F.linear(h, self.qkv.to(x.dtype)).view(rows, length, -1, a.head_dim).transpose(1, 2)
        qk, v = heads.split([a.heads + a.kv_heads, a.kv_heads], 1)
        if a.family.qk_norm:
            scale = torch.cat([self.q_norm.expand(a.heads, -1), self.k_norm.expand(a.kv_heads, -1)]).to(x.dtype)
            qk = F.rms_norm(qk, (a.head_dim,), eps=a.norm_eps) * scale.unsqueeze(1)
        q, k = _rotate(qk, rope).split([a.heads, a.kv_heads], 1)
        mixed = _attention(q, k, v)
        return x + F.linear(mixed.transpose(1, 2).reshape(rows, length, -1), self.out.to(x.dtype))

    def route(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The experts' input and the router's logits (float32)."""
        h = F.rms_norm(x, (self.arch.d_model,), self.ffn_norm.to(x.dtype), self.arch.norm_eps)
        h = h.view(-1, self.arch.d_model)
        return h, F.linear(h, self.router.to(x.dtype)).float()

    def mix(self, x: Tensor, h: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Adds the chosen experts' output, weighted by the softmax over the chosen logits: Mixtral's weights, and those
        of Qwen3-MoE, since renormalising the softmax over all gives the same."""
        top, chosen = logits.topk(self.arch.top_k, -1)
        out = Experts.apply(h, top.softmax(-1), chosen, self.gate_up.to(x.dtype), self.down.to(x.dtype))
        return x + out.view_as(x), chosen


class Model(nn.Module):
    """The whole model. `forward` gives the final hidden states and what each layer's router said."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        self.embedding = nn.Parameter(torch.randn(arch.vocab, arch.d_model) * 0.02)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.layers))
        self.norm = nn.Parameter(torch.ones(arch.d_model))

    def forward(self, tokens: Tensor, dtype: torch.dtype) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        rope = _rope(self.arch, tokens.shape[1], tokens.device, dtype)
        x = F.embedding(tokens, self.embedding).to(dtype)
        routed = []
        for layer in self.layers:
            x = layer.attend(x, rope)
            h, logits = layer.route(x)
            x, chosen = layer.mix(x, h, logits)
            routed.append((logits, chosen))
        return F.rms_norm(x, (self.arch.d_model,), self.norm.to(dtype), self.arch.norm_eps), routed

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embedding.to(hidden.dtype))

    def cross_entropy(self, hidden: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(self.logits(hidden).flatten(0, 1).float(), targets.flatten())


def compile_parts(model: Model) -> None:
    """Compiles what is made of many small operations; the experts' shapes change with every batch, so not them."""
    for layer in model.layers:
        layer.attend = torch.compile(layer.attend, dynamic=False)
        layer.route = torch.compile(layer.route, dynamic=False)
    model.cross_entropy = torch.compile(model.cross_entropy, dynamic=False)


def losses(model: Model, tokens: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy, Mixtral's load-balancing loss (mean over layers) and the routers' z-loss."""
    hidden, routed = model(tokens[:, :-1], dtype)
    cross = model.cross_entropy(hidden, tokens[:, 1:])
    balance, z = cross.new_zeros(()), cross.new_zeros(())
    for logits, chosen in routed:
        share = chosen.flatten().bincount(minlength=model.arch.experts).float() / chosen.numel()
        balance = balance + model.arch.experts * (share * logits.softmax(-1).mean(0)).sum()
        z = z + logits.logsumexp(-1).square().mean()
    return cross, balance / len(routed), z / len(routed)


def _attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal grouped-query attention: PyTorch's own on CUDA; on a CPU blocks of queries, which took half its time."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    rows, heads, length, width = q.shape
    groups = heads // k.shape[1]
    q = (q * width ** -0.5).reshape(-1, groups, length, width)
    keys, values = k.reshape(-1, length, width).transpose(1, 2), v.reshape(-1, length, width)
    blocks = []
    for start in range(0, length, _QUERY_BLOCK):
        end = min(start + _QUERY_BLOCK, length)
        mask = torch.full((end - start, end), -torch.inf, dtype=q.dtype).triu(start + 1).repeat(1, groups, 1)
        queries = q[:, :, start:end].reshape(len(q), -1, width)
        scores = torch.baddbmm(mask, queries, keys[:, :, :end])
        blocks.append((scores.softmax(-1) @ values[:, :end]).view(len(q), groups, -1, width))
    return torch.cat(blocks, 2).view(rows, heads, length, width)


def _matrix(*shape: int, gain: float = 1.0) -> Tensor:
    return torch.randn(*shape) * gain / shape[-1] ** 0.5


def _rope(arch: Architecture, length: int, device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the half-split rotation that Hugging Face's Llama and Mixtral use."""
    powers = torch.arange(0, arch.head_dim, 2, device=device).float() / arch.head_dim
    angles = torch.arange(length, device=device).float().outer(arch.rope_theta ** -powers)
    angles = torch.cat([angles, angles], -1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


def _rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = rope
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin
