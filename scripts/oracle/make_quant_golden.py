#!/usr/bin/env python3
"""Writes the golden vectors that QuantsGoldenTest compares with, from two independent sources.

Decoding comes from the Python package `gguf`; quantization from ggml itself (libggml-base.so, as the npm package
@node-llama-cpp/linux-x64 ships it), because `gguf` has no K-quant encoders. Where both can, they must agree here.

    make_quant_golden.py --ggml .../libggml-base.so --out core/src/test/resources/quant

input.bin   1024 float32: what is quantized
TYPE.bin    256 elements of random blocks | the same decoded (256 float32) | input.bin quantized, where Foregate can
"""

import argparse
import ctypes
import pathlib

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T

BLOCK_TYPES = [T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K]
ACTIVATION_TYPES = [T.Q8_1, T.Q8_K]
# These came later: their random blocks are drawn after all others, so that the older files stay as they are.
CODEBOOK_TYPES = [T.MXFP4, T.IQ4_NL, T.IQ4_XS]
READ_ONLY_TYPES = [T.IQ3_S, T.IQ3_XXS, T.IQ2_S, T.IQ2_XS, T.IQ2_XXS, T.IQ1_S, T.IQ1_M, T.TQ1_0, T.TQ2_0]
# The package still gives Q8_1 the 40 bytes that it had before its scale and sum became fp16.
SIZES = {**GGML_QUANT_SIZES, T.Q8_1: (32, 36)}
# Byte offsets of the fp16 fields of a block; random bits there would mostly decode to NaN or huge values.
HALF_FIELDS = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82],
               T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
               T.MXFP4: [], T.IQ4_NL: [0], T.IQ4_XS: [0], T.IQ3_S: [0], T.IQ3_XXS: [0], T.IQ2_S: [0], T.IQ2_XS: [0],
               T.IQ2_XXS: [0], T.IQ1_S: [0], T.IQ1_M: [], T.TQ1_0: [52], T.TQ2_0: [64]}
RANDOM_ELEMENTS = 256


def quantization_input(rng):
    """Four K blocks: ordinary weights, outliers, structure that breaks searches, and wild magnitudes."""
    ordinary = rng.standard_normal(256) * 0.02
    outliers = rng.standard_normal(256)
    outliers[rng.integers(0, 256, 6)] *= 40
    odd = np.concatenate([np.zeros(64), np.full(32, 0.25), np.full(32, -1.5), np.linspace(-1, 1, 64),
                          np.abs(rng.standard_normal(32)), np.where(np.arange(32) % 2 == 0, 1.0, -1.0)])
    wild = rng.standard_normal(256) * np.exp(rng.uniform(-12, 6, 256))
    return np.concatenate([ordinary, outliers, odd, wild]).astype(np.float32)


def random_blocks(rng, qtype):
    block, size = SIZES[qtype]
    data = rng.integers(0, 256, (RANDOM_ELEMENTS // block, size), dtype=np.uint8)
    for offset in HALF_FIELDS[qtype]:
        scale = (rng.standard_normal(len(data)) * 0.1).astype(np.float16)
        data[:, offset:offset + 2] = scale.view(np.uint8).reshape(-1, 2)
    if qtype == T.IQ1_M:  # the bits of its scale are the upper nibbles of four words
        data[:, 55] = data[:, 55] & 0x0F | 0x20
    return data.reshape(-1)


class Ggml:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)

    def quantize(self, qtype, x):
        block, size = SIZES[qtype]
        out = np.zeros(len(x) // block * size, np.uint8)
        self._call(f"quantize_row_{self._name(qtype)}_ref", x, out, len(x))
        return out

    def dequantize(self, qtype, data):
        block, size = SIZES[qtype]
        out = np.zeros(len(data) // size * block, np.float32)
        self._call(f"dequantize_row_{self._name(qtype)}", data, out, len(out))
        return out

    def _call(self, name, src, dst, n):
        f = getattr(self.lib, name)
        f.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        f.restype = None
        f(src.ctypes.data, dst.ctypes.data, n)

    @staticmethod
    def _name(qtype):
        return qtype.name[:-1].lower() + "K" if qtype.name.endswith("K") else qtype.name.lower()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--ggml", required=True, help="libggml-base.so")
    args.add_argument("--out", required=True, type=pathlib.Path)
    options = args.parse_args()
    ggml = Ggml(options.ggml)
    rng = np.random.default_rng(20261121)
    x = quantization_input(rng)
    (options.out / "input.bin").write_bytes(x.astype("<f4").tobytes())
    for qtype in BLOCK_TYPES + ACTIVATION_TYPES + CODEBOOK_TYPES + READ_ONLY_TYPES:
        parts = []
        if qtype not in ACTIVATION_TYPES:
            blocks = random_blocks(rng, qtype)
            decoded = gguf.quants.dequantize(blocks, qtype).astype("<f4").reshape(-1)
            assert decoded.tobytes() == ggml.dequantize(qtype, blocks).tobytes(), qtype
            parts += [blocks.tobytes(), decoded.tobytes()]
        if qtype in READ_ONLY_TYPES:
            (options.out / f"{qtype.name.lower()}.bin").write_bytes(b"".join(parts))
            continue
        quantized = ggml.quantize(qtype, x)
        try:
            differing = np.count_nonzero(gguf.quants.quantize(x.reshape(1, -1), qtype).reshape(-1) != quantized)
            print(f"{qtype.name}: gguf's quantizer differs from ggml's in {differing} bytes")
        except NotImplementedError:
            pass
        parts.append(quantized.tobytes())
        (options.out / f"{qtype.name.lower()}.bin").write_bytes(b"".join(parts))


if __name__ == "__main__":
    main()
