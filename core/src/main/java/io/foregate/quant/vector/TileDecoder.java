package io.foregate.quant.vector;

import static io.foregate.quant.vector.Lanes.F;
import static io.foregate.quant.vector.Lanes.N;
import static io.foregate.quant.vector.Lanes.broadcast;
import static io.foregate.quant.vector.Lanes.toFloats;
import static io.foregate.quant.vector.Native.MEMORY;
import static io.foregate.quant.vector.Native.ORDER;
import static jdk.incubator.vector.VectorOperators.B2F;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFactor;
import io.foregate.quant.format.Quants;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;

/**
 * Decodes part of a weight row in native memory to floats for {@link PanamaMatMul}. The values are
 * those of {@link Quants#decode}, up to the fused rounding of {@code scale * q - min}.
 */
final class TileDecoder {
  private static final MethodHandle[] ROWS =
      MethodTable.of(
          TileDecoder.class,
          MethodType.methodType(
              void.class, long.class, long.class, float[].class, int.class, int.class),
          KDots.TYPES);

  private TileDecoder() {}

  /**
   * @param row address of the first block
   * @param n elements, a multiple of the block size
   * @param scratch of the calling thread
   */
  static void decode(GgmlType type, long row, float[] out, int to, int n, Scratch scratch) {
    switch (type) {
      case F32, F16, BF16 -> floats(type, row, out, to, n);
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 -> {
        for (int i = 0; i < n; i += 32) {
          block32(type, Native.at(row + (i >> 5) * (long) type.blockBytes()), out, to + i);
        }
      }
      case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> blocks256(type, row, out, to, n >> 8);
      case MXFP4, IQ4_NL -> {
        for (int i = 0; i < n; i += 32) {
          lookUp32(type, Native.at(row + (i >> 5) * (long) type.blockBytes()), out, to + i);
        }
      }
      case IQ4_XS -> {
        for (int i = 0; i < n; i += 256) {
          iq4xs(Native.at(row + (i >> 8) * 136L), out, to + i);
        }
      }
      default -> UnpackedDots.decode(type, row, out, to, n, scratch.block);
    }
  }

  private static void blocks256(GgmlType type, long row, float[] out, int to, int blocks) {
    try {
      ROWS[type.ordinal()].invokeExact(row, (long) type.blockBytes(), out, to, blocks);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static void floats(GgmlType type, long row, float[] out, int to, int n) {
    int i = 0;
    if (type == GgmlType.F32) {
      for (; i <= n - N; i += N) {
        Native.floats(Native.at(row + 4L * i)).intoArray(out, to + i);
      }
    } else if (type == GgmlType.F16) {
      for (; i <= n - N; i += N) {
        Native.f16Lanes(Native.at(row + 2L * i)).intoArray(out, to + i);
      }
    } else {
      for (; i <= n - N; i += N) {
        Native.bf16s(Native.at(row + 2L * i)).intoArray(out, to + i);
      }
    }
    for (; i < n; i++) {
      out[to + i] =
          switch (type) {
            case F32 -> Native.f32(Native.at(row + 4L * i));
            case F16 -> Native.f16(Native.at(row + 2L * i));
            default -> Native.bf16(Native.at(row + 2L * i));
          };
    }
  }

  private static void block32(GgmlType type, long p, float[] out, int to) {
    FloatVector d = broadcast(Native.f16(p));
    switch (type) {
      case Q8_0 -> {
        for (int j = 0; j < 32; j += N) {
          Native.byteFloats(p + 2 + j).mul(d).intoArray(out, to + j);
        }
      }
      case Q4_0 -> {
        FloatVector centre = d.mul(-8);
        for (int j = 0; j < 16; j += N) {
          ShortVector bytes = Native.unsignedBytes(p + 2 + j);
          store(Lanes.low4(bytes), d, centre, out, to + j);
          store(Lanes.high4(bytes), d, centre, out, to + 16 + j);
        }
      }
      case Q4_1 -> {
        FloatVector m = broadcast(Native.f16(p + 2));
        for (int j = 0; j < 16; j += N) {
          ShortVector bytes = Native.unsignedBytes(p + 4 + j);
          store(Lanes.low4(bytes), d, m, out, to + j);
          store(Lanes.high4(bytes), d, m, out, to + 16 + j);
        }
      }
      case Q5_0 -> fiveBits(p + 6, Native.i32(p + 2), d, d.mul(-16), out, to);
      default -> fiveBits(p + 8, Native.i32(p + 4), d, broadcast(Native.f16(p + 2)), out, to);
    }
  }

  private static void fiveBits(
      long p, int bits, FloatVector d, FloatVector add, float[] out, int to) {
    for (int j = 0; j < 16; j += N) {
      ShortVector bytes = Native.unsignedBytes(p + j);
      VectorMask<Short> low = Lanes.bits(bits >>> j);
      VectorMask<Short> high = Lanes.bits(bits >>> (16 + j));
      store(Lanes.low4(bytes).add((short) 16, low), d, add, out, to + j);
      store(Lanes.high4(bytes).add((short) 16, high), d, add, out, to + 16 + j);
    }
  }

  private static void lookUp32(GgmlType type, long p, float[] out, int to) {
    if (type == GgmlType.MXFP4) {
      float d = BlockFactor.halfPower(Native.u8(p));
      lookUp(CodebookDots.MXFP4, p + 1, broadcast(d), out, to);
    } else {
      lookUp(CodebookDots.IQ4, p + 2, broadcast(Native.f16(p)), out, to);
    }
  }

  private static void iq4xs(long p, float[] out, int to) {
    float d = Native.f16(p);
    int high = Native.u8(p + 2) | (Native.u8(p + 3) << 8);
    int low = Native.i32(p + 4);
    for (int j = 0; j < 8; j++) {
      int scale = (((low >>> (4 * j)) & 15) | (((high >>> (2 * j)) & 3) << 4)) - 32;
      lookUp(CodebookDots.IQ4, p + 8 + 16L * j, broadcast(d * scale), out, to + 32 * j);
    }
  }

  /** 16 bytes: low nibbles are 16 elements, high ones the next. */
  private static void lookUp(ByteVector values, long p, FloatVector d, float[] out, int to) {
    ByteVector bytes = ByteVector.fromMemorySegment(ByteVector.SPECIES_128, MEMORY, p, ORDER);
    ByteVector low = bytes.and((byte) 15).selectFrom(values);
    ByteVector high = CodebookDots.high4(bytes).selectFrom(values);
    ((FloatVector) low.convertShape(B2F, F, 0)).mul(d).intoArray(out, to);
    ((FloatVector) high.convertShape(B2F, F, 0)).mul(d).intoArray(out, to + 16);
    if (N == 8) {
      ((FloatVector) low.convertShape(B2F, F, 1)).mul(d).intoArray(out, to + 8);
      ((FloatVector) high.convertShape(B2F, F, 1)).mul(d).intoArray(out, to + 24);
    }
  }

  private static void store(
      ShortVector q, FloatVector scale, FloatVector add, float[] out, int to) {
    toFloats(q).fma(scale, add).intoArray(out, to);
  }

  static void q2k(long row, long bytes, float[] out, int to, int blocks) {
    for (int i = 0; i < blocks; i++) {
      q2(Native.at(row + i * bytes), out, to + 256 * i);
    }
  }

  static void q3k(long row, long bytes, float[] out, int to, int blocks) {
    for (int i = 0; i < blocks; i++) {
      q3(Native.at(row + i * bytes), out, to + 256 * i);
    }
  }

  static void q4k(long row, long bytes, float[] out, int to, int blocks) {
    for (int i = 0; i < blocks; i++) {
      q4(Native.at(row + i * bytes), out, to + 256 * i);
    }
  }

  static void q5k(long row, long bytes, float[] out, int to, int blocks) {
    for (int i = 0; i < blocks; i++) {
      q5(Native.at(row + i * bytes), out, to + 256 * i);
    }
  }

  static void q6k(long row, long bytes, float[] out, int to, int blocks) {
    for (int i = 0; i < blocks; i++) {
      q6(Native.at(row + i * bytes), out, to + 256 * i);
    }
  }

  private static void q4(long p, float[] out, int to) {
    float d = Native.f16(p);
    float dmin = Native.f16(p + 2);
    long scales = KScales.k4Scales(p + 4);
    long mins = KScales.k4Mins(p + 4);
    for (int g = 0; g < 4; g++) {
      FloatVector s0 = broadcast(d * ((scales >>> (16 * g)) & 63));
      FloatVector s1 = broadcast(d * ((scales >>> (16 * g + 8)) & 63));
      FloatVector m0 = broadcast(-dmin * ((mins >>> (16 * g)) & 63));
      FloatVector m1 = broadcast(-dmin * ((mins >>> (16 * g + 8)) & 63));
      for (int j = 0; j < 32; j += N) {
        ShortVector bytes = Native.unsignedBytes(p + 16 + 32L * g + j);
        store(Lanes.low4(bytes), s0, m0, out, to + 64 * g + j);
        store(Lanes.high4(bytes), s1, m1, out, to + 64 * g + 32 + j);
      }
    }
  }

  private static void q5(long p, float[] out, int to) {
    float d = Native.f16(p);
    float dmin = Native.f16(p + 2);
    long scales = KScales.k4Scales(p + 4);
    long mins = KScales.k4Mins(p + 4);
    for (int g = 0; g < 4; g++) {
      FloatVector s0 = broadcast(d * ((scales >>> (16 * g)) & 63));
      FloatVector s1 = broadcast(d * ((scales >>> (16 * g + 8)) & 63));
      FloatVector m0 = broadcast(-dmin * ((mins >>> (16 * g)) & 63));
      FloatVector m1 = broadcast(-dmin * ((mins >>> (16 * g + 8)) & 63));
      for (int j = 0; j < 32; j += N) {
        ShortVector bytes = Native.unsignedBytes(p + 48 + 32L * g + j);
        ShortVector fifth = Lanes.right(Native.unsignedBytes(p + 16 + j), 2 * g);
        ShortVector q0 = Lanes.low4(bytes).or(Lanes.left(fifth, 4).and((short) 16));
        ShortVector q1 = Lanes.high4(bytes).or(Lanes.left(fifth, 3).and((short) 16));
        store(q0, s0, m0, out, to + 64 * g + j);
        store(q1, s1, m1, out, to + 64 * g + 32 + j);
      }
    }
  }

  private static void q6(long p, float[] out, int to) {
    float d = Native.f16(p + 208);
    for (int half = 0; half < 2; half++) {
      long scales = Native.i64(p + 192 + 8L * half);
      for (int i = 0; i < 2 * 32; i += N) {
        int pair = i >> 5; // of runs of 32: 0 and 2, or 1 and 3
        int j = i & 31;
        ShortVector a = Native.unsignedBytes(p + 64L * half + i);
        ShortVector h = Native.unsignedBytes(p + 128 + 32L * half + j);
        long s = scales >>> (16 * pair + (j >> 4 << 3));
        ShortVector low = Lanes.left(h, 4 - 2 * pair).and((short) 48);
        ShortVector high = Lanes.right(h, 2 * pair).and((short) 48);
        int o = to + 128 * half + i;
        centred(Lanes.low4(a).or(low), d * (byte) s, 32, out, o);
        centred(Lanes.high4(a).or(high), d * (byte) (s >>> 32), 32, out, o + 64);
      }
    }
  }

  private static void centred(ShortVector q, float scale, float centre, float[] out, int to) {
    store(q, broadcast(scale), broadcast(-scale * centre), out, to);
  }

  private static void q2(long p, float[] out, int to) {
    float d = Native.f16(p + 80);
    float dmin = Native.f16(p + 82);
    for (int half = 0; half < 2; half++) {
      long packed = Native.i64(p + 8L * half);
      for (int j = 0; j < 32; j += N) {
        ShortVector a = Native.unsignedBytes(p + 16 + 32L * half + j);
        for (int run = 0; run < 4; run++) {
          int code = (int) (packed >>> (16 * run + (j >> 4 << 3)));
          FloatVector scale = broadcast(d * (code & 15));
          FloatVector min = broadcast(-dmin * ((code >>> 4) & 15));
          ShortVector q = Lanes.right(a, 2 * run).and((short) 3);
          store(q, scale, min, out, to + 128 * half + 32 * run + j);
        }
      }
    }
  }

  private static void q3(long p, float[] out, int to) {
    float d = Native.f16(p + 108);
    for (int half = 0; half < 2; half++) {
      long scales = KScales.q3Scales(p + 96, 4 * half);
      for (int j = 0; j < 32; j += N) {
        ShortVector a = Native.unsignedBytes(p + 32 + 32L * half + j);
        ShortVector h = Lanes.right(Native.unsignedBytes(p + j), 4 * half);
        for (int run = 0; run < 4; run++) {
          float scale = d * (byte) (scales >>> (16 * run + (j >> 4 << 3)));
          ShortVector third = Lanes.left(Lanes.right(h, run).and((short) 1), 2);
          ShortVector q = Lanes.right(a, 2 * run).and((short) 3).or(third);
          centred(q, scale, 4, out, to + 128 * half + 32 * run + j);
        }
      }
    }
  }
}
