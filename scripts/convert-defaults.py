#!/usr/bin/env python3
"""Writes what transformers' configuration classes fill in where a config.json leaves a key out.

Prints JSON: by a model's class, the keys that convert reads and their defaults. Kept as
core/src/main/resources/io/foregate/convert/source/hf-defaults.json; --check compares, for any version of transformers.
--fields prints all fields of the classes instead (ConversionDefaultsTest's hf-fields.json); null where a default depends on others.
Keys whose default depends on others (a head's size, the number of key heads in Llama) are left to the rules of convert.
"""

import argparse
import json
import pathlib
import re
import sys

import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent / "core/src/main"
SOURCES = ROOT / "java/io/foregate/convert"
TABLE = ROOT / "resources/io/foregate/convert/source/hf-defaults.json"
SPELLINGS = {"PhiMoE": "Phimoe", "Qwen3_5": "Qwen3_5Text", "Qwen3_5Moe": "Qwen3_5MoeText"}


def literals():
    """Every string that convert's sources hold: the keys are among them."""
    return set(re.findall(r'"(\w+)"', "".join(file.read_text() for file in SOURCES.rglob("*.java"))))


def simple(config):
    values = {k: v for k, v in config.to_dict().items() if isinstance(v, (bool, int, float, str))}
    rope = getattr(config, "rope_parameters", None) or {}
    if "rope_theta" in rope:
        values["rope_theta"] = rope["rope_theta"]
    if rope.get("rope_type", "default") != "default":
        values["rope_parameters"] = rope
    return values


def defaults(name, keys):
    family = name.removesuffix("ForCausalLM")
    config = getattr(transformers, SPELLINGS.get(family, family) + "Config")
    first = simple(config())
    sizes = {"hidden_size": 4 * first["hidden_size"], "num_attention_heads": 2 * first["num_attention_heads"]}
    if "qk_rope_head_dim" in first:
        sizes["qk_rope_head_dim"] = 2 * first["qk_rope_head_dim"]
    second = simple(config(**sizes))
    return {k: v for k, v in sorted(first.items()) if k in keys and (k in sizes or second.get(k) == v) and is_fact(k)}


def is_fact(key):
    """Of the model, and not of the class or of its tokenizer."""
    return not key.endswith("_token_id") and key not in ("dtype", "model_type", "transformers_version")


def fields(name):
    """Every field of a class, with its default where that is a fact of the model and independent."""
    family = name.removesuffix("ForCausalLM")
    config = getattr(transformers, SPELLINGS.get(family, family) + "Config")()
    every = set(config.to_dict())
    known = defaults(name, every)
    return {k: known.get(k) for k in sorted(every)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the table; exit code 1 if it differs")
    parser.add_argument("--fields", action="store_true", help="print all fields")
    args = parser.parse_args()
    names = sorted(re.findall(r'"(\w+ForCausalLM)"', (SOURCES / "family/HfFamilies.java").read_text()))
    keys = literals()
    if args.fields:
        print(json.dumps({name: fields(name) for name in names}, indent=2))
        return
    table = json.dumps({name: defaults(name, keys) for name in names}, indent=2) + "\n"
    if not args.check:
        sys.stdout.write(table)
    elif table != TABLE.read_text():
        sys.exit(f"{TABLE} is not what transformers {transformers.__version__} says")


if __name__ == "__main__":
    main()
