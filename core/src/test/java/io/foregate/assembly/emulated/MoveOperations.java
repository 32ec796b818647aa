package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.Registers.RESULT;

import java.util.Map;

/** Instructions that rearrange lanes. */
final class MoveOperations {
  private static final int HALF = 16;

  private MoveOperations() {}

  static void addTo(Map<String, VectorOperation> all) {
    moves(all);
    permutations(all);
    zips(all);
    parts(all);
    widening(all);
  }

  private static void moves(Map<String, VectorOperation> all) {
    VectorOperation whole =
        (r, to, a, b, bytes, immediate) -> System.arraycopy(r, b, r, RESULT, bytes);
    all.put("vmovdqu", whole);
    all.put("vmovups", whole);
    VectorOperation four = (r, to, a, b, bytes, immediate) -> System.arraycopy(r, b, r, RESULT, 4);
    all.put("vmovss", four);
    all.put("vmovd", four);
    all.put("vmovq", (r, to, a, b, bytes, immediate) -> System.arraycopy(r, b, r, RESULT, 8));
    all.put("vbroadcastss", repeated(4));
    all.put("vpbroadcastb", repeated(1));
    all.put("vpbroadcastw", repeated(2));
    all.put("vpbroadcastd", repeated(4));
    all.put("vpbroadcastq", repeated(8));
    all.put("vbroadcasti128", repeated(16));
    all.put("vbroadcasti64x4", repeated(32));
  }

  private static VectorOperation repeated(int size) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += size) {
        System.arraycopy(r, b, r, RESULT + i, size);
      }
    };
  }

  private static void permutations(Map<String, VectorOperation> all) {
    all.put("vpermd", permuted(4));
    all.put("vpermps", permuted(4));
    all.put("vpermw", permuted(2));
    all.put("vpermb", permuted(1));
    all.put("vpermi2d", MoveOperations::ofTwoTables);
    all.put("vpshufb", MoveOperations::shuffleBytes);
    all.put("vpshufd", chosen(4, true));
    all.put("vpermilps", chosen(4, true));
    all.put("vpermq", chosen(8, true));
    all.put("vshufps", chosen(4, false));
    all.put(
        "vmovshdup",
        (r, to, a, b, bytes, immediate) -> {
          for (int i = 0; i < bytes; i += 4) {
            System.arraycopy(r, b + (i | 4), r, RESULT + i, 4);
          }
        });
    all.put(
        "vpblendd",
        (r, to, a, b, bytes, immediate) -> {
          for (int i = 0; i < bytes; i += 4) {
            System.arraycopy(r, (((immediate >> (i / 4)) & 1) != 0 ? b : a) + i, r, RESULT + i, 4);
          }
        });
  }

  /** Lanes of the last operand, by numbers in the second. */
  private static VectorOperation permuted(int size) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += size) {
        int lane = size == 1 ? r[a + i] : Lanes.getShort(r, a + i);
        System.arraycopy(r, b + (lane & bytes / size - 1) * size, r, RESULT + i, size);
      }
    };
  }

  /** Lanes of the second and the last operand, by numbers in the first. */
  private static void ofTwoTables(byte[] r, int to, int a, int b, int bytes, int immediate) {
    int lanes = bytes / 4;
    for (int i = 0; i < bytes; i += 4) {
      int lane = Lanes.getInt(r, to + i);
      int table = (lane & lanes) != 0 ? b : a;
      System.arraycopy(r, table + (lane & lanes - 1) * 4, r, RESULT + i, 4);
    }
  }

  private static void shuffleBytes(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i++) {
      int from = r[b + i];
      r[RESULT + i] = from < 0 ? 0 : r[a + i / HALF * HALF + from % HALF];
    }
  }

  /**
   * Of each four lanes any, by two bits of the immediate each.
   *
   * @param single whether all are the last operand's; else the first two are the second's
   */
  private static VectorOperation chosen(int size, boolean single) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += size) {
        int lane = i / size;
        int from = (immediate >> (lane % 4 * 2)) & 3;
        int source = single || lane % 4 >= 2 ? b : a;
        System.arraycopy(r, source + (lane / 4 * 4 + from) * size, r, RESULT + i, size);
      }
    };
  }

  private static void zips(Map<String, VectorOperation> all) {
    String[] low = {"vpunpcklbw", "vpunpcklwd", "vpunpckldq", "vpunpcklqdq"};
    String[] high = {"vpunpckhbw", "vpunpckhwd", "vpunpckhdq", "vpunpckhqdq"};
    for (int i = 0; i < low.length; i++) {
      all.put(low[i], zipped(1 << i, 0));
      all.put(high[i], zipped(1 << i, HALF / 2));
    }
    all.put(
        "vmovhlps",
        (r, to, a, b, bytes, immediate) -> {
          System.arraycopy(r, b + 8, r, RESULT, 8);
          System.arraycopy(r, a + 8, r, RESULT + 8, 8);
        });
    all.put("vpackssdw", packed(4));
    all.put("vpacksswb", packed(2));
  }

  /** Lanes of both operands in turns, of a half of each 128 bits. */
  private static VectorOperation zipped(int size, int first) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += size) {
        int source = i / size % 2 == 0 ? a : b;
        int at = i / HALF * HALF + first + i % HALF / (2 * size) * size;
        System.arraycopy(r, source + at, r, RESULT + i, size);
      }
    };
  }

  /** Lanes of half the size, saturated: the second operand's, then the last's, of 128 bits. */
  private static VectorOperation packed(int size) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += size / 2) {
        int at = (i % HALF < HALF / 2 ? a : b) + i / HALF * HALF + i % (HALF / 2) * 2;
        if (size == 4) {
          Lanes.setShort(r, RESULT + i, IntegerOperations.saturated(Lanes.getInt(r, at)));
        } else {
          r[RESULT + i] = (byte) Math.clamp(Lanes.getShort(r, at), -128, 127);
        }
      }
    };
  }

  private static void parts(Map<String, VectorOperation> all) {
    all.put("vinserti128", inserted(16));
    all.put("vinserti64x4", inserted(32));
    all.put("vpinsrb", inserted(1));
    all.put("vpinsrw", inserted(2));
    all.put("vpinsrd", inserted(4));
    all.put("vpinsrq", inserted(8));
    all.put("vextracti128", extracted(16));
    all.put("vextracti64x4", extracted(32));
    all.put("vpalignr", MoveOperations::align);
    all.put(
        "vpsrldq",
        (r, to, a, b, bytes, immediate) -> {
          int count = Math.min(immediate, HALF);
          for (int i = 0; i < bytes; i += HALF) {
            System.arraycopy(r, b + i + count, r, RESULT + i, HALF - count);
          }
        });
    all.put(
        "vpslldq",
        (r, to, a, b, bytes, immediate) -> {
          int count = Math.min(immediate, HALF);
          for (int i = 0; i < bytes; i += HALF) {
            System.arraycopy(r, b + i, r, RESULT + i + count, HALF - count);
          }
        });
  }

  private static VectorOperation inserted(int size) {
    return (r, to, a, b, bytes, immediate) -> {
      System.arraycopy(r, a, r, RESULT, bytes);
      System.arraycopy(r, b, r, RESULT + (immediate & bytes / size - 1) * size, size);
    };
  }

  private static VectorOperation extracted(int size) {
    return (r, to, a, b, bytes, immediate) ->
        System.arraycopy(r, b + (immediate & bytes / size - 1) * size, r, RESULT, size);
  }

  /** Bytes of the second operand behind those of the last, from the immediate on. */
  private static void align(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i++) {
      int from = i % HALF + immediate;
      int lane = i / HALF * HALF;
      r[RESULT + i] =
          from < HALF ? r[b + lane + from] : from < 2 * HALF ? r[a + lane + from - HALF] : 0;
    }
  }

  private static void widening(Map<String, VectorOperation> all) {
    all.put("vpmovsxbw", widened(1, 2, true));
    all.put("vpmovsxbd", widened(1, 4, true));
    all.put("vpmovsxwd", widened(2, 4, true));
    all.put("vpmovzxbw", widened(1, 2, false));
    all.put("vpmovzxbd", widened(1, 4, false));
    all.put("vpmovzxwd", widened(2, 4, false));
  }

  private static VectorOperation widened(int from, int size, boolean signed) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes / size; i++) {
        int value = from == 1 ? r[b + i] : Lanes.getShort(r, b + 2 * i);
        int bits = signed ? value : value & ((1 << (8 * from)) - 1);
        if (size == 2) {
          Lanes.setShort(r, RESULT + 2 * i, bits);
        } else {
          Lanes.setInt(r, RESULT + 4 * i, bits);
        }
      }
    };
  }
}
