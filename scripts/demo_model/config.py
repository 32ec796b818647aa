"""Every fact about a demo model in one place: its architecture, its training recipe and its corpus."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .family import FAMILIES, Family


@dataclass(frozen=True)
class Architecture:
    """A decoder with RMSNorm, RoPE, grouped-query attention, SwiGLU experts and a tied embedding."""

    family_name: str = "mixtral"
    layers: int = 12
    d_model: int = 256
    heads: int = 8
    kv_heads: int = 2
    head_dim: int = 32
    d_expert: int = 256
    experts: int = 8
    top_k: int = 2
    vocab: int = 4096
    context: int = 512
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-5

    @property
    def family(self) -> Family:
        return FAMILIES[self.family_name]

    def parameters(self) -> int:
        """Total number of parameters (the tied embedding counted once)."""
        attention = self.d_model * self.head_dim * 2 * (self.heads + self.kv_heads)
        experts = self.experts * 3 * self.d_model * self.d_expert
        norms = 2 * self.d_model + 2 * self.head_dim * self.family.qk_norm
        layer = attention + experts + self.experts * self.d_model + norms
        return self.vocab * self.d_model + self.layers * layer + self.d_model

    def active_parameters(self) -> int:
        """Parameters that one token meets."""
        idle = self.layers * (self.experts - self.top_k) * 3 * self.d_model * self.d_expert
        return self.parameters() - idle


@dataclass(frozen=True)
class Recipe:
    """Optimisation: Muon for matrices, AdamW for the rest, and a warm-up / stable / decay schedule."""

    rows: int = 24
    lr_muon: float = 0.015
    lr_adam: float = 3e-3
    lr_router: float = 2e-3
    momentum: float = 0.95
    weight_decay: float = 0.1
    warmup_steps: int = 30
    decay_share: float = 0.5
    balance_loss: float = 0.01
    z_loss: float = 1e-3
    clip: float = 1.0
    max_epochs: float = 3.0
    seed: int = 20260


@dataclass(frozen=True)
class Jar:
    """A -sources.jar on Maven Central, all under the Apache License 2.0."""

    group: str
    artifact: str
    version: str

    @property
    def path(self) -> str:
        folder = f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}"
        return f"{folder}/{self.artifact}-{self.version}-sources.jar"


@dataclass(frozen=True)
class Corpus:
    """Where the text comes from, how much is held out, and how often each kind is drawn relative to its size."""

    debian: tuple[str, ...] = (
        "bible-kjv", "bible-kjv-text", "wordnet-base", "r-cran-janeaustenr", "sqlite3-doc", "postgresql-doc-15",
    )
    jars: tuple[Jar, ...] = (
        Jar("com.google.guava", "guava", "33.3.1-jre"),
        Jar("org.apache.commons", "commons-lang3", "3.17.0"),
        Jar("org.apache.commons", "commons-collections4", "4.4"),
        Jar("org.apache.commons", "commons-compress", "1.27.1"),
        Jar("org.apache.commons", "commons-text", "1.12.0"),
        Jar("org.apache.commons", "commons-csv", "1.12.0"),
        Jar("commons-io", "commons-io", "2.18.0"),
        Jar("com.fasterxml.jackson.core", "jackson-databind", "2.18.2"),
    )
    held_out_per_mille: int = 20
    max_documents: int | None = None
    weights: dict[str, float] = field(default_factory=lambda: {
        "bible": 1.5, "novels": 1.5, "wordnet": 0.8, "manuals": 1.0, "java": 0.9,
    })
    test_bytes: int = 32_000
    tokenizer_bytes: int = 4_000_000


KINDS = ("bible", "novels", "wordnet", "manuals", "java")


@dataclass(frozen=True)
class Demo:
    """One demo model: a name and everything that defines it."""

    name: str
    title: str
    arch: Architecture = Architecture()
    recipe: Recipe = Recipe()
    corpus: Corpus = Corpus()
    text: str = "foregate-demo"
    """Whose held-out text it is tested on: models of one corpus share it."""

    def as_dict(self) -> dict:
        return asdict(self)


DEMOS = {
    "foregate-demo": Demo("foregate-demo", "Foregate demo (Mixtral architecture)"),
    "foregate-demo-fine": Demo(
        "foregate-demo-fine", "Foregate fine-grained demo (Qwen3-MoE architecture)",
        Architecture(family_name="qwen3moe", layers=8, d_expert=64, experts=32, top_k=4), Recipe(rows=16)),
}


def smoke(demo: Demo) -> Demo:
    """A tiny variant of a demo model that trains in seconds: it proves the pipeline, not the model."""
    return replace(
        demo,
        name=demo.name + "-smoke",
        text=demo.text + "-smoke",
        arch=replace(demo.arch, layers=2, context=64, vocab=512),
        recipe=replace(demo.recipe, rows=4, warmup_steps=2),
        corpus=replace(demo.corpus, jars=(Jar("org.apache.commons", "commons-csv", "1.12.0"),), max_documents=20,
                       held_out_per_mille=300, test_bytes=2_000, tokenizer_bytes=40_000),
    )


@dataclass(frozen=True)
class Places:
    """Folders: `work` (outside git) holds everything large, `models` what is committed."""

    work: Path
    models: Path
    name: str
    text: str

    @property
    def downloads(self) -> Path:
        return self.work / "downloads"

    @property
    def corpus(self) -> Path:
        return self.work / "corpus"

    @property
    def run(self) -> Path:
        return self.work / self.name

    @property
    def hf(self) -> Path:
        return self.run / "hf"

    @property
    def gguf(self) -> Path:
        return self.models / f"{self.name}.gguf"

    @property
    def facts(self) -> Path:
        return self.models / self.name

    @property
    def held_out(self) -> Path:
        return self.models / f"{self.text}-heldout"
