"""Step `export`: the trained model as a Hugging Face folder and as GGUF (Q8_0), and both read back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import sentencepiece as spm
import torch
from safetensors.torch import save_file

from .config import Architecture, Demo, Places
from .data import sha256
from .model import Layer, Model
from .stream import tokens
from .tokenizer import BOS, EOS, load
from .train import load_trained

_LICENCE = "apache-2.0"
_Q8_0 = gguf.GGMLQuantizationType.Q8_0
_F32 = gguf.GGMLQuantizationType.F32
_HF_EXTRA: dict[str, Callable[[Architecture], dict]] = {
    "mixtral": lambda a: {"intermediate_size": a.d_expert, "num_local_experts": a.experts, "sliding_window": None},
    "qwen3moe": lambda a: {"intermediate_size": a.d_expert, "moe_intermediate_size": a.d_expert,
                           "num_experts": a.experts, "norm_topk_prob": True, "decoder_sparse_step": 1,
                           "mlp_only_layers": [], "attention_bias": False, "use_sliding_window": False},
}


def export(demo: Demo, places: Places) -> None:
    """Writes both forms, then compares the folder with Transformers' own class on held-out text."""
    model, state = load_trained(demo, places)
    write_hf(demo, places, model)
    places.gguf.parent.mkdir(parents=True, exist_ok=True)
    draft = places.gguf.with_suffix(".tmp")
    write_gguf(demo, load(places), model, draft)
    os.replace(draft, places.gguf)
    facts = {"step": state["step"], "bytes": places.gguf.stat().st_size, "sha256": sha256(places.gguf),
             "transformers": compare_with_transformers(model, places)}
    (places.run / "export.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(f"{places.gguf}: {facts['bytes']:,} bytes; against transformers: {facts['transformers']}", flush=True)


def write_hf(demo: Demo, places: Places, model: Model) -> None:
    """A folder as the Hugging Face hub has them for the family, in float32."""
    a, family = demo.arch, demo.arch.family
    places.hf.mkdir(parents=True, exist_ok=True)
    state = {"model.embed_tokens.weight": model.embedding, "model.norm.weight": model.norm}
    for i, layer in enumerate(model.layers):
        prefix = f"model.layers.{i}."
        state[prefix + "input_layernorm.weight"] = layer.attn_norm
        state[prefix + "post_attention_layernorm.weight"] = layer.ffn_norm
        for name, weight in zip(("q", "k", "v"), _query_key_value(layer, a), strict=True):
            state[prefix + f"self_attn.{name}_proj.weight"] = weight
        state[prefix + "self_attn.o_proj.weight"] = layer.out
        if family.qk_norm:
            state[prefix + "self_attn.q_norm.weight"] = layer.q_norm
            state[prefix + "self_attn.k_norm.weight"] = layer.k_norm
        state[prefix + f"{family.hf_block}.gate.weight"] = layer.router
        for e in range(a.experts):
            gate, up = layer.gate_up[e].chunk(2)
            for name, weight in ((family.hf_gate, gate), (family.hf_down, layer.down[e]), (family.hf_up, up)):
                state[prefix + f"{family.hf_block}.experts.{e}.{name}.weight"] = weight
    save_file({k: v.detach().clone().contiguous() for k, v in state.items()}, places.hf / "model.safetensors",
              metadata={"format": "pt"})
    config = {
        "architectures": [family.hf_class], "model_type": family.hf_type, "vocab_size": a.vocab,
        "hidden_size": a.d_model, "num_hidden_layers": a.layers,
        "num_attention_heads": a.heads, "num_key_value_heads": a.kv_heads, "head_dim": a.head_dim,
        "hidden_act": "silu", "max_position_embeddings": a.context, "rms_norm_eps": a.norm_eps,
        "rope_theta": a.rope_theta, "num_experts_per_tok": a.top_k,
        "router_aux_loss_coef": demo.recipe.balance_loss, "attention_dropout": 0.0,
        "tie_word_embeddings": True, "bos_token_id": BOS, "eos_token_id": EOS, "torch_dtype": "float32",
        **_HF_EXTRA[demo.arch.family_name](a)}
    tokenizer = {
        "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "add_bos_token": True, "add_eos_token": False, "add_prefix_space": True, "legacy": False,
        "clean_up_tokenization_spaces": False, "model_max_length": a.context}
    generation = {"bos_token_id": BOS, "eos_token_id": EOS, "do_sample": True, "temperature": 0.8, "top_p": 0.95}
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    for name, content in (("config", config), ("tokenizer_config", tokenizer), ("generation_config", generation),
                          ("special_tokens_map", special)):
        (places.hf / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    shutil.copy(places.run / "tokenizer.model", places.hf)


def write_gguf(demo: Demo, processor: spm.SentencePieceProcessor, model: Model, path: Path) -> None:
    """GGUF as llama.cpp's converter writes the family: matrices Q8_0, routers and norms F32, output tied."""
    a = demo.arch
    writer = gguf.GGUFWriter(path, a.family.gguf)
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(demo.title)
    writer.add_license(_LICENCE)
    writer.add_size_label(f"{a.experts}x{a.parameters() / a.experts / 1e6:.1f}M")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(a.vocab)
    writer.add_context_length(a.context)
    writer.add_embedding_length(a.d_model)
    writer.add_block_count(a.layers)
    writer.add_feed_forward_length(a.d_expert)
    if a.family_name == "qwen3moe":
        writer.add_expert_feed_forward_length(a.d_expert)
    writer.add_head_count(a.heads)
    writer.add_head_count_kv(a.kv_heads)
    writer.add_key_length(a.head_dim)
    writer.add_value_length(a.head_dim)
    writer.add_rope_dimension_count(a.head_dim)
    writer.add_rope_freq_base(a.rope_theta)
    writer.add_layer_norm_rms_eps(a.norm_eps)
    writer.add_expert_count(a.experts)
    writer.add_expert_used_count(a.top_k)
    _add_tokenizer(writer, processor)
    for name, weight in _gguf_tensors(model):
        values = weight.detach().float().numpy()
        kind = _F32 if values.ndim == 1 or "gate_inp" in name else _Q8_0
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_gguf(demo: Demo, path: Path) -> Model:
    """The model that a GGUF holds, dequantised."""
    found = {t.name: torch.from_numpy(np.array(gguf.quants.dequantize(t.data, t.tensor_type), dtype=np.float32))
             for t in gguf.GGUFReader(path).tensors}
    model, a = Model(demo.arch), demo.arch
    with torch.no_grad():
        model.embedding.copy_(found["token_embd.weight"])
        model.norm.copy_(found["output_norm.weight"])
        for i, layer in enumerate(model.layers):
            part = {k.removeprefix(f"blk.{i}.").removesuffix(".weight"): v for k, v in found.items()
                    if k.startswith(f"blk.{i}.")}
            layer.attn_norm.copy_(part["attn_norm"])
            layer.ffn_norm.copy_(part["ffn_norm"])
            halves = _split_halves if a.family.neighbours else _unchanged
            layer.qkv.copy_(torch.cat([halves(part["attn_q"], a.heads), halves(part["attn_k"], a.kv_heads),
                                       part["attn_v"]]))
            if a.family.qk_norm:
                layer.q_norm.copy_(part["attn_q_norm"])
                layer.k_norm.copy_(part["attn_k_norm"])
            layer.out.copy_(part["attn_output"])
            layer.router.copy_(part["ffn_gate_inp"].view_as(layer.router))
            layer.gate_up.copy_(torch.cat([part["ffn_gate_exps"], part["ffn_up_exps"]], 1))
            layer.down.copy_(part["ffn_down_exps"])
    return model.eval()


def _add_tokenizer(writer: gguf.GGUFWriter, processor: spm.SentencePieceProcessor) -> None:
    pieces, scores, kinds = [], [], []
    for i in range(processor.vocab_size()):
        pieces.append(processor.id_to_piece(i).encode())
        scores.append(processor.get_score(i))
        kinds.append(gguf.TokenType.UNKNOWN if processor.is_unknown(i)
                     else gguf.TokenType.CONTROL if processor.is_control(i)
                     else gguf.TokenType.BYTE if processor.is_byte(i) else gguf.TokenType.NORMAL)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(pieces)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)


def _gguf_tensors(model: Model):
    a = model.arch
    yield "token_embd.weight", model.embedding
    for i, layer in enumerate(model.layers):
        q, k, v = _query_key_value(layer, a)
        gate, up = layer.gate_up.chunk(2, 1)
        rotation = _interleave if a.family.neighbours else _unchanged
        norms = (("attn_q_norm", layer.q_norm), ("attn_k_norm", layer.k_norm)) if a.family.qk_norm else ()
        for name, weight in (
                ("attn_norm", layer.attn_norm), ("attn_q", rotation(q, a.heads)),
                ("attn_k", rotation(k, a.kv_heads)), ("attn_v", v), *norms, ("attn_output", layer.out),
                ("ffn_norm", layer.ffn_norm), ("ffn_gate_inp", layer.router), ("ffn_gate_exps", gate),
                ("ffn_up_exps", up), ("ffn_down_exps", layer.down)):
            yield f"blk.{i}.{name}.weight", weight.contiguous()
    yield "output_norm.weight", model.norm


def _query_key_value(layer: Layer, a: Architecture) -> tuple[torch.Tensor, ...]:
    return layer.qkv.split([a.heads * a.head_dim, a.kv_heads * a.head_dim, a.kv_heads * a.head_dim])


def _interleave(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """From Hugging Face's rotation of halves to llama.cpp's rotation of neighbours ("NORM" RoPE)."""
    return weight.view(heads, 2, -1, weight.shape[1]).transpose(1, 2).reshape(weight.shape)


def _unchanged(weight: torch.Tensor, _: int) -> torch.Tensor:
    return weight


def _split_halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    return weight.view(heads, -1, 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape)


@torch.no_grad()
def compare_with_transformers(model: Model, places: Places, windows: int = 4) -> dict[str, float]:
    """The folder, loaded by Transformers, against this package's model: float32 logits on held-out Java."""
    import transformers
    other = getattr(transformers, model.arch.family.hf_class).from_pretrained(places.hf, dtype=torch.float32).eval()
    length = model.arch.context
    ids = torch.from_numpy(tokens(places, "java", "heldout")[:windows * length].astype("int64")).view(-1, length)
    return _difference(lambda: model.logits(model(ids, torch.float32)[0]), lambda: other(ids).logits)


def _difference(ours: Callable[[], torch.Tensor], theirs: Callable[[], torch.Tensor]) -> dict[str, float]:
    a, b = ours(), theirs()
    return {"largest_logit_difference": round((a - b).abs().max().item(), 6),
            "same_top_token": round((a.argmax(-1) == b.argmax(-1)).float().mean().item(), 6),
            "positions": a.shape[0] * a.shape[1]}
