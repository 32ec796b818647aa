#!/usr/bin/env python3
"""Writes the grids of ggml's IQ1, IQ2 and IQ3 types as Foregate reads them (quant.format.Codebook), from the Python package `gguf`
(MIT licence), which keeps each element's position in its type's alphabet.

    make_codebooks.py --out core/src/main/resources/io/foregate/quant/format/codebooks.bin

Grids follow each other in the order of TYPES: entries of 8 elements (IQ1, IQ2) in 2 bytes, 2 bits each, or of 4 elements
(IQ3) in 2 bytes, 4 bits each; the first element in the lowest bits. What is written is read again and held to the package's grid.
"""

import argparse
import pathlib

import numpy as np
from gguf import quants

TYPES = [quants.IQ2_XXS, quants.IQ2_XS, quants.IQ2_S, quants.IQ3_XXS, quants.IQ3_S, quants.IQ1_S]


def packed(qtype):
    qtype.init_grid()
    grid = qtype.grid.reshape(qtype.grid_shape)
    positions = np.searchsorted(np.array(qtype.grid_map, np.float32), grid)
    bits = 16 // qtype.grid_shape[1]
    shifts = np.arange(0, 16, bits)
    data = (positions << shifts).sum(axis=1).astype("<u2")
    unpacked = np.array(qtype.grid_map, np.float32)[(data[:, None] >> shifts) & ((1 << bits) - 1)]
    assert np.array_equal(unpacked, grid), qtype
    return data.tobytes()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--out", required=True, type=pathlib.Path)
    args.parse_args().out.write_bytes(b"".join(packed(qtype) for qtype in TYPES))


if __name__ == "__main__":
    main()
