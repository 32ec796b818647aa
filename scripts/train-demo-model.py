#!/usr/bin/env python3
"""Trains a small Mixture-of-Experts model from scratch and writes it as GGUF and as a Hugging Face folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from demo_model import config

STEPS = ("data", "tokenizer", "train", "export", "report")


def main() -> None:
    args = _arguments()
    demo = config.DEMOS[args.model]
    demo = config.smoke(demo) if args.smoke else demo
    models = args.models or (args.work / "models" if args.smoke else _repository() / "models")
    places = config.Places(args.work, models.resolve(), demo.name, demo.text)
    for step in args.steps or STEPS:
        run_step(step, demo, places, args)


def run_step(step: str, demo: config.Demo, places: config.Places, args: argparse.Namespace) -> None:
    """Runs one step; modules load here, because PyTorch takes seconds and `--help` should not."""
    if step == "data":
        from demo_model import data
        data.prepare(demo, places)
    elif step == "tokenizer":
        from demo_model import tokenizer
        tokenizer.train(demo, places)
    elif step == "train":
        from demo_model import train
        minutes, tokens = (0.2, 20_000) if args.smoke else (args.minutes, args.tokens)
        train.train(demo, places, train.Budget(minutes, tokens, args.restart), not args.no_compile and not args.smoke,
                    args.workers)
    elif step == "export":
        from demo_model import export
        export.export(demo, places)
    else:
        from demo_model import report
        report.report(demo, places)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"{', '.join(STEPS)} (default: all, in this order)")
    parser.add_argument("--model", choices=sorted(config.DEMOS), default="foregate-demo", help="which demo model")
    parser.add_argument("--work", type=Path, default=Path("build/demo-model"),
                        help="folder for downloads, checkpoints and the Hugging Face folder (default: %(default)s)")
    parser.add_argument("--models", type=Path, help="folder for the GGUF and the model card (default: models/)")
    parser.add_argument("--minutes", type=float, default=90, help="training time (default: %(default)s)")
    parser.add_argument("--tokens", type=float, default=30e6, help="tokens to train on at most (default: %(default)g)")
    parser.add_argument("--restart", type=float, metavar="PEAK", help="when training has ended, go on for --minutes "
                        "more with learning rates that start at PEAK times the recipe's")
    parser.add_argument("--workers", type=int, default=1, help="training processes of one CPU thread each, instead of "
                        "one process with all of them (default: %(default)s)")
    parser.add_argument("--no-compile", action="store_true", help="train without torch.compile")
    parser.add_argument("--smoke", action="store_true", help="a tiny model in under a minute, to test the pipeline")
    args = parser.parse_args()
    args.work = args.work.resolve()
    if unknown := [step for step in args.steps if step not in STEPS]:
        parser.error(f"unknown step {unknown[0]!r}: choose from {', '.join(STEPS)}")
    return args


def _repository() -> Path:
    return Path(__file__).resolve().parent.parent


if __name__ == "__main__":
    main()
