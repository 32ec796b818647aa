package io.foregate.quant.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Some bits of each of a row of integers, and where in a block they stand.
 *
 * <p>Bit {@code n} of a block is bit {@code n & 7} of byte {@code n >> 3}. A format is a few of
 * these: Q5_0 for example has one with the low four bits of its codes, 16 bytes of which hold 32,
 * and one with their fifth bits, packed one after the other.
 *
 * <p>Blocks are byte arrays with {@value #PADDING} bytes more than they need. Immutable.
 */
public final class BitPlane {
  /** Bytes that may be read beyond a block; they are not changed. */
  public static final int PADDING = 8;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final int width;
  private final long mask;

  /** The integers' bit that the lowest of these bits is. */
  private final int to;

  /** Index of the first integer. */
  private final int first;

  /** Of each integer, the first bit in the block. */
  private final int[] places;

  /** Integers whose bits lie at the same place of neighbouring bytes. */
  private final int run;

  /** Whether bits follow each other without gaps, whole integers to a byte. */
  private final boolean dense;

  private BitPlane(int width, int to, int first, int[] places) {
    this.width = width;
    this.mask = (1L << width) - 1;
    this.to = to;
    this.first = first;
    this.places = places;
    this.run = insideBytes(width, places) ? equalSteps(places, 8) : 1;
    this.dense =
        8 % width == 0
            && places.length * width % 8 == 0
            && places[0] % 8 == 0
            && equalSteps(places, width) == places.length;
  }

  private static boolean insideBytes(int width, int[] places) {
    return Arrays.stream(places).allMatch(place -> (place & 7) + width <= 8);
  }

  /** The longest stretch, dividing all of them, in which places are {@code step} apart. */
  private static int equalSteps(int[] places, int step) {
    int length = 1;
    while (length < places.length && places[length] == places[length - 1] + step) {
      length++;
    }
    for (int i = 1; i < places.length; i++) {
      if ((i % length != 0 && places[i] != places[i - 1] + step) || places.length % length != 0) {
        return 1;
      }
    }
    return length;
  }

  /**
   * {@code count} integers of {@code width} bits whose places are {@code stride} bits apart.
   *
   * @param at the first one's first bit
   */
  public static BitPlane strided(int width, int at, int stride, int count) {
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = at + i * stride;
    }
    return new BitPlane(width, 0, 0, places);
  }

  /**
   * {@code count} integers of {@code width} bits one after the other.
   *
   * @param at the first one's byte
   */
  public static BitPlane dense(int width, int at, int count) {
    return strided(width, 8 * at, width, count);
  }

  /**
   * ggml's usual order: {@code run} bytes hold {@code 8 / width} times as many integers, the first
   * {@code run} of them in the bytes' lowest bits, the next ones above.
   *
   * @param at the first one's byte
   */
  static BitPlane runs(int width, int at, int run, int count) {
    int perByte = 8 / width;
    return strided(width, 8 * at, 8, run)
        .times(perByte, width)
        .times(count / (run * perByte), 8 * run);
  }

  /** This {@code n} times, {@code stride} bits apart. */
  BitPlane times(int n, int stride) {
    int[] all = new int[n * places.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = places[i % places.length] + i / places.length * stride;
    }
    return new BitPlane(width, to, first, all);
  }

  /** The same bits as those from {@code bit} on of their integers. */
  public BitPlane above(int bit) {
    return new BitPlane(width, bit, first, places);
  }

  /** The same bits as those of integers from {@code index} on. */
  public BitPlane from(int index) {
    return new BitPlane(width, to, index, places);
  }

  /** Whole integers of {@code width} bits whose first bits are at these places. */
  static BitPlane at(int width, int[] places) {
    return new BitPlane(width, 0, 0, places.clone());
  }

  /** The same bits in a longer block, so many behind its first. */
  BitPlane behind(int bits) {
    return new BitPlane(width, to, first, Arrays.stream(places).map(p -> p + bits).toArray());
  }

  /** The same bits as those of integers so many earlier; the first ones are left out. */
  BitPlane earlier(int count) {
    return new BitPlane(width, to, first - count, places);
  }

  /** Whether an integer has bits here. */
  boolean holds(int index) {
    return index >= first && index < first + places.length;
  }

  /** Where an integer's bits stand that are here. */
  BitField field(int index) {
    return new BitField(places[index - first], width, to);
  }

  /** How many bits of an integer these are. */
  public int width() {
    return width;
  }

  /** The first bit in the block of an integer, the first of those that have bits here being 0. */
  public int place(int index) {
    return places[index];
  }

  /** First bits in the block, of each integer. */
  int[] places() {
    return places.clone();
  }

  /** The integers' bit that the lowest of these bits is. */
  int bit() {
    return to;
  }

  /** One more than the highest bit that these can set. */
  int top() {
    return to + width;
  }

  /** These bits of the first integer. */
  int first(byte[] block) {
    return (int) bits(block, places[0]) << to;
  }

  /** Adds these bits to the integers {@code out[at ..]}. */
  public void read(byte[] block, int[] out, int at) {
    int o = at + first;
    if (run > 1) {
      for (int i = 0; i < places.length; i += run) {
        readRun(block, places[i], out, o + i);
      }
    } else if (dense) {
      readDense(block, out, o);
    } else {
      for (int i = 0; i < places.length; i++) {
        out[o + i] |= (int) bits(block, places[i]) << to;
      }
    }
  }

  private void readRun(byte[] block, int place, int[] out, int o) {
    int b = place >> 3;
    int shift = place & 7;
    int bits = (int) mask;
    for (int i = 0; i < run; i++) {
      out[o + i] |= ((block[b + i] >> shift) & bits) << to;
    }
  }

  private void readDense(byte[] block, int[] out, int o) {
    int b = places[0] >> 3;
    int bits = (int) mask;
    for (int i = 0; i < places.length; b++) {
      for (int shift = 0; shift < 8; shift += width, i++) {
        out[o + i] |= ((block[b] >> shift) & bits) << to;
      }
    }
  }

  private long bits(byte[] block, int place) {
    return ((long) LONG.get(block, place >> 3) >>> (place & 7)) & mask;
  }

  /** Sets these bits of a block, where they are zero, from the integers {@code in[at ..]}. */
  public void write(int[] in, int at, byte[] block) {
    int o = at + first;
    if (run > 1) {
      for (int i = 0; i < places.length; i += run) {
        writeRun(in, o + i, block, places[i]);
      }
    } else if (dense) {
      writeDense(in, o, block);
    } else {
      for (int i = 0; i < places.length; i++) {
        int b = places[i] >> 3;
        long bits = ((in[o + i] >>> to) & mask) << (places[i] & 7);
        LONG.set(block, b, (long) LONG.get(block, b) | bits);
      }
    }
  }

  private void writeRun(int[] in, int o, byte[] block, int place) {
    int b = place >> 3;
    int shift = place & 7;
    int bits = (int) mask;
    for (int i = 0; i < run; i++) {
      block[b + i] |= (byte) (((in[o + i] >>> to) & bits) << shift);
    }
  }

  private void writeDense(int[] in, int o, byte[] block) {
    int b = places[0] >> 3;
    int bits = (int) mask;
    for (int i = 0; i < places.length; b++) {
      int packed = 0;
      for (int shift = 0; shift < 8; shift += width, i++) {
        packed |= ((in[o + i] >>> to) & bits) << shift;
      }
      block[b] |= (byte) packed;
    }
  }
}
