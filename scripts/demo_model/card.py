"""The model card, written from the figures that the report measured: nothing in it is typed by hand."""

from __future__ import annotations

from .config import KINDS, Demo

_DEAD = 0.01


def render(demo: Demo, figures: dict) -> str:
    """The whole card as Markdown."""
    a = demo.arch
    training, log = figures["training"], figures["training"]["log"]
    parts = [
        f"# {demo.title}",
        f"`{demo.name}.gguf` is a small Mixture-of-Experts language model that Foregate trained for itself, from "
        "scratch: real enough to route like a trained model, small enough to live in git. It is a base model of "
        f"{figures['model']['parameters'] / 1e6:.1f} M parameters "
        f"({figures['model']['active_parameters'] / 1e6:.1f} M active per token): it continues text of the kinds "
        "that it was trained on, and knows nothing else. It is no assistant.",
        _facts(demo, figures),
        f"Every figure here comes from [figures.json]({demo.name}/figures.json), which the script wrote.",
        "## Quality", _quality(figures),
        "## Samples", _samples(figures),
        "## Routing", _routing(figures),
        "## Training",
        f"{log['steps']:,} steps of {demo.recipe.rows} x {a.context} tokens ({training['tokens'] / 1e6:.1f} M tokens) "
        f"in {log['minutes']:.0f} minutes on {training['machine']}, PyTorch {training['torch']}, bfloat16 arithmetic "
        f"over float32 weights. Muon (rate {demo.recipe.lr_muon:g}) for matrices, AdamW for the embedding and norms "
        f"({demo.recipe.lr_adam:g}) and the routers ({demo.recipe.lr_router:g}); {demo.recipe.warmup_steps} steps of "
        f"warm-up, then constant, then linear to zero over the last {demo.recipe.decay_share:.0%} of the time. "
        f"{_restarts(training['cycles'])}Load-balancing loss x {demo.recipe.balance_loss:g}, router z-loss x {demo.recipe.z_loss:g}, no token "
        f"dropped. Mean training loss of the last 50 steps: {log['loss_of_last_50_steps']:.3f} nats per token.",
        f"![Training curve]({demo.name}/training.svg)",
        f"The log is in [training.jsonl]({demo.name}/training.jsonl) (every tenth step). The Hugging Face folder "
        f"that the script writes beside the GGUF was loaded by Transformers' own {a.family.title}: the largest difference "
        f"of a logit on {figures['against_transformers']['positions']:,} held-out positions is "
        f"{figures['against_transformers']['largest_logit_difference']:.1e}.",
        "## Data", _data(demo, figures),
    ]
    return "\n\n".join(parts) + "\n"


def _restarts(cycles: list[dict]) -> str:
    """What followed the first cycle of learning rates."""
    return "".join(f"After {cycle['tokens'] / 1e6:.1f} M tokens the rates started anew at {cycle['peak']:g} times these, "
                   f"for {cycle['minutes']:.0f} minutes more. " for cycle in cycles[1:])


def _facts(demo: Demo, figures: dict) -> str:
    a = demo.arch
    return _table(["", ""], [
        ["file", f"`{demo.name}.gguf`, Q8_0 (routers and norms F32), {figures['gguf']['bytes']:,} bytes"],
        ["SHA-256", f"`{figures['gguf']['sha256']}`"],
        ["architecture", f"{a.family.title} (GGUF `{a.family.gguf}`): {a.layers} layers, d_model {a.d_model}, {a.heads} "
                         f"heads of {a.head_dim}, {a.kv_heads} KV heads, {a.experts} experts of width {a.d_expert}, "
                         f"top-{a.top_k}, {a.family.routing}"],
        ["vocabulary", f"{a.vocab} SentencePiece BPE pieces with byte fallback, tied embedding"],
        ["context", f"{a.context} tokens, RoPE base {a.rope_theta:g}"],
        ["licence", "Apache-2.0 (the weights; the texts' own licences are below)"],
        ["made by", f"`scripts/train-demo-model.py --model {demo.name}`"],
    ])


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _quality(figures: dict) -> str:
    bits = figures["bits_per_byte"]
    rows = [[kind, f"{bits['heldout_q8_0'][kind]:.3f}", f"{bits['heldout_f32'][kind]:.3f}",
             f"{bits['train_q8_0'][kind]:.3f}", f"{bits['heldout_xz'][kind]:.3f}"] for kind in KINDS]
    return ("Bits per byte, on whole documents that were never trained on. A training figure much lower than the "
            "held-out one would mean memorised text, which routes unlike real text; xz (preset 9e, over the same "
            "held-out text) shows how hard it is.\n\n"
            + _table(["text", "held out, Q8_0", "held out, F32", "seen in training, Q8_0", "held out, xz"], rows))


def _samples(figures: dict) -> str:
    blocks = ["Drawn from the Q8_0 file at temperature 0.8, top-p 0.95, one seed, first try. Each begins with its "
              "prompt."]
    for sample in figures["samples"]:
        text = "\n".join("    " + line for line in sample["text"].strip().splitlines())
        prompt = sample["prompt"].replace("\n", "\\n")
        blocks.append(f"**{sample['kind']}**, prompt `{prompt}`\n\n{text}")
    return "\n\n".join(blocks)


def _routing(figures: dict) -> str:
    routing = figures["routing"]
    rows = [[str(i), " ".join(f"{s:.1%}" for s in layer["share"]), f"{layer['repeats_first']:.1%}",
             f"{layer['repeats_any']:.1%}", f"{layer['entropy_bits']:.2f}", f"{layer['top_k_mass']:.1%}"]
            for i, layer in enumerate(routing["layers"])]
    smallest = min(s for layer in routing["layers"] for s in layer["share"])
    mixtral = routing["mixtral"]
    published = [[name, *(f"{x:.1%}" for x in mixtral["first_choice"][name]),
                  *(f"{x:.1%}" for x in mixtral["first_or_second"][name])] for name in mixtral["first_choice"]]
    return "\n\n".join([
        f"Over {routing['tokens']:,} held-out tokens of all kinds. "
        + ("No expert is dead" if smallest >= _DEAD else f"Some expert is dead (below {_DEAD:.0%})")
        + f": the smallest share in any layer is {smallest:.1%}. By chance, a token repeats its predecessor's first "
        f"expert in {routing['chance_first']:.1%} and any of its experts in {routing['chance_any']:.1%} of the cases. "
        "Entropy is that of the router's softmax over all experts.",
        _table(["layer", "share of tokens, expert by expert", "repeats first", "repeats any", "entropy (bits)",
                "weight of the chosen"], rows),
        f"Published for Mixtral 8x7B ({mixtral['source']}):",
        _table(["text", "first, layer 0", "layer 15", "layer 31", "first or second, layer 0", "layer 15", "layer 31"],
               published)])


def _data(demo: Demo, figures: dict) -> str:
    corpus, counts, epochs = figures["corpus"], figures["tokens"], figures["training"]["epochs"]
    total = sum(corpus["kinds"][k]["train"]["bytes"] for k in KINDS)
    kinds = [[k, f"{corpus['kinds'][k]['train']['documents']:,}", f"{corpus['kinds'][k]['train']['bytes']:,}",
              f"{counts[k]['train']['tokens']:,}", f"{epochs[k]:.2f}",
              f"{corpus['kinds'][k]['heldout']['bytes']:,}"] for k in KINDS]
    sources = [[s["name"], s["version"], s["licence"], f"{s['bytes']:,}", f"`{s['sha256']}`"]
               for s in corpus["sources"]]
    return "\n\n".join([
        f"{total / 1e6:.1f} MB of text of {len(KINDS)} kinds. Exact duplicates are dropped; licence headers of source "
        "files are stripped so that they are not memorised; documents (chapters, dictionary pages, manual pages, "
        f"files) are held out by a hash of their name, {demo.corpus.held_out_per_mille / 10:g} % of them. "
        f"`{demo.text}-heldout/` holds a part of the held-out text for tests.",
        _table(["kind", "documents", "bytes", "tokens", "epochs", "bytes held out"], kinds),
        "What it was made from (as downloaded):",
        _table(["source", "version", "licence", "bytes", "SHA-256"], sources)])
