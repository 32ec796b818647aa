package io.foregate.assembly;

/** Extensions of x86-64 that kernels are written for, as far as they need to be told apart. */
public enum CpuExtension {
  /** Integers in 256 bits, with FMA and the conversions of f16 (F16C): all CPUs have them so. */
  AVX2,
  /** Products of bytes in 256 bits, encoded by VEX. */
  AVX_VNNI,
  /** 512 bits, masks and 32 registers: AVX-512 F, BW, VL and DQ. */
  AVX512,
  /** Products of bytes in up to 512 bits, encoded by EVEX. */
  AVX512_VNNI,
  /** Products of bf16. */
  AVX512_BF16,
  /** Bytes permuted over 512 bits. */
  AVX512_VBMI,
  /** Tiles. A thread may use them once Linux has given its process leave (arch_prctl). */
  AMX_TILE,
  /** Products of tiles of bytes. */
  AMX_INT8,
  /** Products of tiles of bf16. */
  AMX_BF16
}
