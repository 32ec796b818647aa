"""Writes sample.gguf with the `gguf` package (0.19.0) and NumPy: python3 make-sample.py sample.gguf

A file made by another implementation than ours, with every scalar type and a few tensor types; and the same in shards.
"""
import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quants


def write(**split):
    writer = GGUFWriter(sys.argv[1], "llama", **split)
    writer.add_name("sample \u00e9\u4e2d\U0001f600")
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_float32("test.f32", 1.5)
    writer.add_bool("test.bool", True)
    writer.add_uint64("test.u64", 2**64 - 1)
    writer.add_int64("test.i64", -(2**63))
    writer.add_float64("test.f64", 0.1)
    writer.add_array("test.strings", ["", "a", "\u4e2d\u6587", "\u2581hello"])
    writer.add_array("test.ints", [1, -2, 3])
    writer.add_array("test.floats", [0.5, -0.25])
    writer.add_array("test.bools", [True, False, True])

    rows = np.arange(3 * 64, dtype=np.float32).reshape(3, 64) / 16 - 6
    writer.add_tensor("plain.f32", rows)
    writer.add_tensor("plain.f16", rows.astype(np.float16))
    q8 = quants.quantize(rows, GGMLQuantizationType.Q8_0)
    writer.add_tensor("blocks.q8_0", q8, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.add_tensor("experts.f32", np.arange(2 * 3 * 5, dtype=np.float32).reshape(2, 3, 5))
    writer.add_tensor("vector.i32", np.array([7, 8, 9], dtype=np.int32))

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


write()
write(split_max_tensors=2)
