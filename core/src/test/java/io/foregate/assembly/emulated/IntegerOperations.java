package io.foregate.assembly.emulated;

import static io.foregate.assembly.emulated.Registers.RESULT;
import static io.foregate.assembly.emulated.VectorOperation.each;
import static io.foregate.assembly.emulated.VectorOperation.ints;
import static io.foregate.assembly.emulated.VectorOperation.longs;
import static io.foregate.assembly.emulated.VectorOperation.words;

import java.util.Map;

/** Instructions that compute with integers. */
final class IntegerOperations {
  private IntegerOperations() {}

  static void addTo(Map<String, VectorOperation> all) {
    sums(all);
    products(all);
    shifts(all);
    all.put("vpand", longs((a, b) -> a & b));
    all.put("vpandn", longs((a, b) -> ~a & b));
    all.put("vpor", longs((a, b) -> a | b));
    all.put("vpxor", longs((a, b) -> a ^ b));
    all.put("vpternlogd", IntegerOperations::anyFunction);
    all.put("vpabsb", each((a, b) -> Math.abs(b)));
    all.put("vpsignb", each((a, b) -> a * Integer.signum(b)));
    all.put("vpminsd", ints((a, b) -> Math.min(a, b)));
    all.put("vpmaxsd", ints((a, b) -> Math.max(a, b)));
    all.put("vpmaxud", ints((a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b));
    all.put("vpcmpeqb", each((a, b) -> a == b ? -1 : 0));
    all.put("vpcmpeqd", ints((a, b) -> a == b ? -1 : 0));
    all.put("vpcmpgtd", ints((a, b) -> a > b ? -1 : 0));
  }

  private static void sums(Map<String, VectorOperation> all) {
    all.put("vpaddb", each((a, b) -> a + b));
    all.put("vpaddw", words((a, b) -> a + b));
    all.put("vpaddd", IntegerOperations::add);
    all.put("vpsubb", each((a, b) -> a - b));
    all.put("vpsubw", words((a, b) -> a - b));
    all.put("vpsubd", ints((a, b) -> a - b));
    all.put("vphaddd", FloatOperations.pairs((a, b) -> a + b));
    all.put("vpsadbw", IntegerOperations::distances);
  }

  private static void products(Map<String, VectorOperation> all) {
    all.put("vpmulld", ints((a, b) -> a * b));
    all.put("vpmullw", words((a, b) -> a * b));
    all.put("vpmaddwd", IntegerOperations::addPairs);
    all.put("vpdpwssd", ints((to, a, b) -> dotOfWords(to, a, b)));
    all.put("vpdpbusd", IntegerOperations::addDots);
    all.put("vpmaddubsw", IntegerOperations::saturatedPairs);
  }

  private static void shifts(Map<String, VectorOperation> all) {
    all.put("vpsllvd", ints((a, b) -> isBelow(b, 32) ? a << b : 0));
    all.put("vpsrlvd", ints((a, b) -> isBelow(b, 32) ? a >>> b : 0));
    all.put("vpsravd", ints((a, b) -> a >> (isBelow(b, 32) ? b : 31)));
    all.put("vprolvd", ints((a, b) -> Integer.rotateLeft(a, b)));
    all.put("vpsrlvq", longs((a, b) -> b >= 0 && b < 64 ? a >>> b : 0));
    all.put("vpsrlvw", words((a, b) -> isBelow(b & 0xFFFF, 16) ? (a & 0xFFFF) >>> b : 0));
    all.put("vpsllvw", words((a, b) -> isBelow(b & 0xFFFF, 16) ? a << b : 0));
    all.put("vpsrlw", shifted(2, (a, n) -> n < 16 ? (a & 0xFFFF) >>> n : 0));
    all.put("vpsraw", shifted(2, (a, n) -> a >> Math.min(n, 15)));
    all.put("vpsllw", shifted(2, (a, n) -> n < 16 ? a << n : 0));
    all.put("vpsrld", shifted(4, (a, n) -> n < 32 ? (a & 0xFFFF_FFFFL) >>> n : 0));
    all.put("vpsrad", shifted(4, (a, n) -> a >> Math.min(n, 31)));
    all.put("vpslld", shifted(4, (a, n) -> n < 32 ? a << n : 0));
    all.put("vpsrlq", shifted(8, (a, n) -> n < 64 ? a >>> n : 0));
    all.put("vpsllq", shifted(8, (a, n) -> n < 64 ? a << n : 0));
  }

  /** A lane with its sign, by the immediate. */
  private interface Shift {
    long apply(long a, int count);
  }

  private static VectorOperation shifted(int size, Shift shift) {
    return (r, to, a, b, bytes, immediate) -> {
      for (int i = 0; i < bytes; i += size) {
        switch (size) {
          case 2 ->
              Lanes.setShort(r, RESULT + i, (int) shift.apply(Lanes.getShort(r, b + i), immediate));
          case 4 ->
              Lanes.setInt(r, RESULT + i, (int) shift.apply(Lanes.getInt(r, b + i), immediate));
          default -> Lanes.setLong(r, RESULT + i, shift.apply(Lanes.getLong(r, b + i), immediate));
        }
      }
    };
  }

  // Those that most code waits for have loops of their own.

  private static void add(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 4) {
      Lanes.setInt(r, RESULT + i, Lanes.getInt(r, a + i) + Lanes.getInt(r, b + i));
    }
  }

  private static void addPairs(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 4) {
      Lanes.setInt(r, RESULT + i, dotOfWords(0, Lanes.getInt(r, a + i), Lanes.getInt(r, b + i)));
    }
  }

  private static void addDots(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 4) {
      int sum = Lanes.getInt(r, to + i);
      Lanes.setInt(r, RESULT + i, dotOfBytes(sum, Lanes.getInt(r, a + i), Lanes.getInt(r, b + i)));
    }
  }

  private static void saturatedPairs(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 2) {
      int pair = pair(Lanes.getShort(r, a + i), Lanes.getShort(r, b + i));
      Lanes.setShort(r, RESULT + i, saturated(pair));
    }
  }

  private static boolean isBelow(int count, int limit) {
    return Integer.compareUnsigned(count, limit) < 0;
  }

  /** Unsigned bytes of {@code a} with signed ones of {@code b}; sums wrap. */
  private static int dotOfBytes(int sum, int a, int b) {
    return sum + pair(a, b) + pair(a >>> 16, b >> 16);
  }

  /** The lowest two bytes only. */
  private static int pair(int a, int b) {
    return (a & 0xFF) * (byte) b + (a >> 8 & 0xFF) * (byte) (b >> 8);
  }

  private static int dotOfWords(int sum, int a, int b) {
    return sum + (short) a * (short) b + (a >> 16) * (b >> 16);
  }

  /** The nearest number of 16 bits. */
  static int saturated(int value) {
    return Math.clamp(value, Short.MIN_VALUE, Short.MAX_VALUE);
  }

  private static void distances(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i += 8) {
      int sum = 0;
      for (int j = i; j < i + 8; j++) {
        sum += Math.abs((r[a + j] & 0xFF) - (r[b + j] & 0xFF));
      }
      Lanes.setLong(r, RESULT + i, sum);
    }
  }

  /** Each bit is the immediate's of the number that three bits make. */
  private static void anyFunction(byte[] r, int to, int a, int b, int bytes, int immediate) {
    for (int i = 0; i < bytes; i++) {
      int result = 0;
      for (int bit = 0; bit < 8; bit++) {
        int number =
            (((r[to + i] >> bit) & 1) << 2)
                | (((r[a + i] >> bit) & 1) << 1)
                | ((r[b + i] >> bit) & 1);
        result |= (immediate >> number & 1) << bit;
      }
      r[RESULT + i] = (byte) result;
    }
  }
}
