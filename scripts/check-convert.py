#!/usr/bin/env python3
"""Holds `foregate convert` to transformers: makes a tiny random model of every family, saves it as a Hugging Face folder, converts
it, and compares next-token probabilities, transformers' with those of the GGUF file in Foregate and in llama.cpp.

Needs transformers and tokenizers; llama.cpp from scripts/oracle/install. Exit code 1 if anything disagrees."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

REPOSITORY = Path(__file__).resolve().parent.parent
VOCABULARY = 512
POSITIONS = 96
# F32 weights on both sides; llama.cpp and Foregate keep keys and values in F32 here. Differences beyond this are no rounding.
LARGEST_DIFFERENCE = 2e-5
# MXFP4 is multiplied with activations of 8 bits.
LARGEST_DIFFERENCE_MXFP4 = 3e-2
FP4 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

COMMON = dict(
    vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=256, bos_token_id=0, eos_token_id=1, pad_token_id=1, tie_word_embeddings=False,
)
MLA = dict(
    kv_lora_rank=32, qk_nope_head_dim=16, qk_rope_head_dim=8, v_head_dim=16, num_key_value_heads=4, num_hidden_layers=3,
    intermediate_size=96, moe_intermediate_size=32, n_routed_experts=8, num_experts_per_tok=2, n_shared_experts=2,
    first_k_dense_replace=1, n_group=1, topk_group=1,
)
GRANITE = dict(
    intermediate_size=32, num_local_experts=8, num_experts_per_tok=2, embedding_multiplier=6.0, logits_scaling=3.0,
    residual_multiplier=0.22, attention_multiplier=0.3,
)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=64, beta_fast=32, beta_slow=1)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=64,
)
QWEN_EXPERTS = dict(intermediate_size=96, moe_intermediate_size=32, num_experts=8, num_experts_per_tok=2)
# Twice as many value heads as key heads, which files of the two families order in different ways.
DELTA_NETS = dict(
    QWEN_EXPERTS, num_hidden_layers=4, full_attention_interval=2, head_dim=64, shared_expert_intermediate_size=96,
    linear_num_key_heads=3, linear_num_value_heads=6, linear_key_head_dim=16, linear_value_head_dim=16,
    rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.25, mrope_section=[3, 3, 2]),
)
# The published gpt-oss say truncate=False. GGUF has no place for that: its readers round the bounds of YaRN's ramp.
GPT_OSS = dict(
    intermediate_size=64, num_local_experts=4, num_experts_per_tok=2, head_dim=64, sliding_window=32,
    rope_parameters=dict(YARN, rope_theta=150000.0, truncate=True), attention_bias=True,
)
FAMILIES = {
    "llama": ("Llama", dict(intermediate_size=96)),
    "llama-bias-rope3": ("Llama", dict(intermediate_size=96, attention_bias=True, rope_parameters=LLAMA3)),
    "mistral": ("Mistral", dict(intermediate_size=96, head_dim=32, sliding_window=None)),
    "mixtral": ("Mixtral", dict(intermediate_size=96, num_local_experts=4, num_experts_per_tok=2)),
    "qwen2": ("Qwen2", dict(intermediate_size=96, tie_word_embeddings=True)),
    "qwen2-yarn": ("Qwen2", dict(intermediate_size=96, rope_parameters=YARN)),
    "qwen2moe": ("Qwen2Moe", dict(QWEN_EXPERTS, shared_expert_intermediate_size=96)),
    "qwen3": ("Qwen3", dict(intermediate_size=96, head_dim=32, tie_word_embeddings=True)),
    "qwen3moe": ("Qwen3Moe", dict(QWEN_EXPERTS, head_dim=32, norm_topk_prob=True)),
    "qwen3next": ("Qwen3Next", DELTA_NETS),
    "qwen3_5": ("Qwen3_5", dict(DELTA_NETS, intermediate_size=96)),
    "qwen3_5moe": ("Qwen3_5Moe", DELTA_NETS),
    # llama.cpp reads OLMoE with as many key heads as query heads, as the published ones have.
    "olmoe": ("Olmoe", dict(intermediate_size=32, num_experts=8, num_experts_per_tok=2, num_key_value_heads=4)),
    "granitemoe": ("GraniteMoe", GRANITE),
    "granitemoeshared": ("GraniteMoeShared", dict(GRANITE, shared_intermediate_size=96, tie_word_embeddings=True)),
    "phimoe": (
        "Phimoe",
        dict(intermediate_size=32, num_local_experts=4, num_experts_per_tok=2, attention_bias=True, lm_head_bias=True),
    ),
    # llama.cpp knows the variant with plain queries, V2-Lite, by its 27 layers.
    "deepseek2-lite": ("DeepseekV2", dict(MLA, q_lora_rank=None, num_hidden_layers=27)),
    "deepseek2": ("DeepseekV2", dict(MLA, q_lora_rank=24, routed_scaling_factor=1.5)),
    "gpt-oss": ("GptOss", GPT_OSS),
    "gpt-oss-mxfp4": ("GptOss", GPT_OSS),
}
# llama.cpp reads Phi-3.5-MoE with RMSNorm where the model has LayerNorm, and with plain top-k where it has "sparse mixer" routing
# (src/models/phi3.cpp, phimoe.cpp). GGUF files of the family are defined by that reader, so only it is compared.
NOT_AS_TRANSFORMERS = {"phimoe"}


def main() -> int:
    args = _arguments()
    names = args.families or list(FAMILIES)
    args.work.mkdir(parents=True, exist_ok=True)
    tokens = [int(t) for t in torch.randint(2, VOCABULARY, (POSITIONS,), generator=torch.Generator().manual_seed(5))]
    for name in names:
        folder = args.work / name
        expected = make(name, folder, tokens)
        torch.save(expected, args.work / f"{name}.pt")
        gguf = args.work / f"{name}.gguf"
        run([*args.foregate, "convert", folder, "-o", gguf, "--force"])
        (args.work / f"{name}.tokens").write_text(",".join(map(str, tokens)) + "\n")
    llama = {}
    if not args.no_llama:
        run(["node", REPOSITORY / "scripts/oracle/llama-eval-all.mjs", args.work])
        llama = {name: json.loads((args.work / f"{name}.llama.json").read_text()) for name in names}
    print(f"{'family':20} {'transformers - Foregate':>24} {'transformers - llama.cpp':>25} {'llama.cpp - Foregate':>21}")
    agrees = True
    for name in names:
        agrees &= compare(name, args, tokens, torch.load(args.work / f"{name}.pt"), llama.get(name))
    return 0 if agrees else 1


def make(name: str, folder: Path, tokens: list[int]) -> torch.Tensor:
    """Saves a random model, and returns its probabilities after each token: [positions, vocabulary]."""
    family, settings = FAMILIES[name]
    torch.manual_seed(7)
    kind = family + ("Text" if family.startswith("Qwen3_5") else "")
    config = getattr(transformers, kind + "Config")(**{**COMMON, **settings})
    model = getattr(transformers, family + "ForCausalLM")(config).eval()
    with torch.no_grad():
        for parameter, weights in model.named_parameters():
            if "norm" in parameter and parameter.endswith("weight"):
                weights.copy_(1 + 0.3 * torch.randn_like(weights))
            elif weights.dim() == 1 or "bias" in parameter:
                weights.copy_(0.3 * torch.randn_like(weights))
            else:
                weights.copy_(0.15 * torch.randn_like(weights))
    packed = mxfp4_experts(model) if name.endswith("mxfp4") else {}
    model.save_pretrained(folder, max_shard_size="1GB" if packed else "200KB")
    if packed:
        file = folder / "model.safetensors"
        plain = {key: value for key, value in load_file(file).items() if not key.endswith(("gate_up_proj", "down_proj"))}
        save_file({**plain, **packed}, file, metadata={"format": "pt"})
    tokenizer(folder)
    with torch.no_grad():
        return torch.softmax(model(torch.tensor([tokens])).logits[0].double(), -1)


def mxfp4_experts(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Gives a gpt-oss random experts that MXFP4 holds exactly, and returns them packed as its published files have them."""
    packed = {}
    for name, weights in model.named_parameters():
        if name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            experts, columns, rows = weights.shape
            codes = torch.randint(0, 16, (experts, rows, columns // 32, 32), dtype=torch.uint8)
            scales = torch.randint(121, 124, (experts, rows, columns // 32), dtype=torch.uint8)
            values = torch.tensor(FP4)[codes.long()] * torch.exp2(scales.float() - 127).unsqueeze(-1)
            weights.data.copy_(values.reshape(experts, rows, columns).transpose(1, 2))
            packed[name + "_blocks"] = codes[..., ::2] | codes[..., 1::2] << 4
            packed[name + "_scales"] = scales
    return packed


def tokenizer(folder: Path) -> None:
    """A byte-level tokenizer of as many tokens as the model has."""
    bpe = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated", invert=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    bpe.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    text = (REPOSITORY / "models/foregate-demo-heldout/novels.txt").read_text(encoding="utf-8")
    bpe.train_from_iterator([text], trainer)
    assert bpe.get_vocab_size() == VOCABULARY
    bpe.save(str(folder / "tokenizer.json"))
    settings = dict(bos_token="<s>", eos_token="</s>", add_bos_token=False, tokenizer_class="PreTrainedTokenizerFast")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def compare(name: str, args: argparse.Namespace, tokens: list[int], expected: torch.Tensor, llama: dict | None) -> bool:
    own, why = evaluate(args, args.work / f"{name}.gguf", tokens)
    by_transformers = difference(expected, own)
    by_llama = difference(expected, llama)
    between = None if own is None or llama is None else difference(full(own), llama)
    print(f"{name:20} {shown(by_transformers):>24} {shown(by_llama):>25} {shown(between):>21}  {why}")
    held = [between] if name in NOT_AS_TRANSFORMERS else [by_transformers, by_llama, between]
    known = [value for value in held if value is not None]
    largest = LARGEST_DIFFERENCE_MXFP4 if name.endswith("mxfp4") else LARGEST_DIFFERENCE
    return (not known or max(known) <= largest) and (own is not None or args.allow_unread)


def evaluate(args: argparse.Namespace, gguf: Path, tokens: list[int]) -> tuple[dict | None, str]:
    command = [*args.foregate, "eval", "-m", gguf, "--kv-type", "F32", "--top", VOCABULARY, "--json"]
    command += ["--tokens", ",".join(map(str, tokens))]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-2][-90:]
    return json.loads(done.stdout), ""


def full(own: dict) -> torch.Tensor:
    table = torch.zeros(POSITIONS, VOCABULARY, dtype=torch.float64)
    for row, position in enumerate(own["positions"]):
        for candidate in position["next"]:
            table[row, candidate["id"]] = candidate["p"]
    return table


def difference(expected: torch.Tensor, answer: dict | None) -> float | None:
    """The largest difference of a probability, among those that the answer lists."""
    if answer is None:
        return None
    assert len(answer["positions"]) == POSITIONS
    return max(
        abs(float(expected[row, candidate["id"]]) - candidate["p"])
        for row, position in enumerate(answer["positions"])
        for candidate in position["next"]
    )


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"


def run(command: list) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", help="families to check; default: all")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "core/target/check-convert", help="folder for the models")
    parser.add_argument("--foregate", nargs="+", default=[REPOSITORY / "scripts/foregate"], help="how to run Foregate")
    parser.add_argument("--no-llama", action="store_true", help="do not ask llama.cpp")
    parser.add_argument("--allow-unread", action="store_true", help="families that Foregate cannot read yet are no failure")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
