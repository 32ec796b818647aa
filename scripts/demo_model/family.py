"""What tells one family of models from another: blocks, and the names that GGUF and Hugging Face use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Facts about a family of Mixture-of-Experts models."""

    title: str
    gguf: str
    """`general.architecture`."""
    hf_class: str
    hf_type: str
    qk_norm: bool
    """An RMSNorm over each head of queries and keys, before they are rotated."""
    neighbours: bool
    """Whether llama.cpp rotates neighbouring elements (its "NORM" RoPE); Hugging Face always rotates halves."""
    hf_block: str
    hf_gate: str
    hf_up: str
    hf_down: str
    routing: str


FAMILIES = {
    "mixtral": Family("Mixtral", "llama", "MixtralForCausalLM", "mixtral", qk_norm=False, neighbours=True,
                      hf_block="block_sparse_moe", hf_gate="w1", hf_up="w3", hf_down="w2",
                      routing="softmax over the chosen"),
    "qwen3moe": Family("Qwen3-MoE", "qwen3moe", "Qwen3MoeForCausalLM", "qwen3_moe", qk_norm=True, neighbours=False,
                       hf_block="mlp", hf_gate="gate_proj", hf_up="up_proj", hf_down="down_proj",
                       routing="softmax over all, renormalised over the chosen"),
}
