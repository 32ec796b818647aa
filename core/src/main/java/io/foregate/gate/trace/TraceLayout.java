package io.foregate.gate.trace;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Where things lie in the record of a token. All little-endian and unpadded:
 *
 * <pre>
 * u32 token id
 * u16 flags: bit 0 part of a prompt, bit 1 first of its text; others 0
 * u16 index of the text
 * per set of scores: as in a layer, made before layer 0 from the token's id
 * per layer:
 *   u16 x used            chosen experts, best first
 *   f16 x used            their router weights: relative error at most 2^-11
 *   per set of scores:
 *     u8 x horizon x experts   probability * 255, rounded: absolute error at most 1/510
 * u32 CRC-32C of the bytes before it
 * </pre>
 *
 * <p>Eight bits are enough for scores: decisions compare them with thresholds and with each other,
 * and a predictor is wrong by far more than 0.002.
 */
final class TraceLayout {
  static final int PROMPT = 1;
  static final int STARTS_TEXT = 2;
  static final int FLAGS = PROMPT | STARTS_TEXT;

  static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int FLAGS_AT = 4;
  private static final int TEXT_AT = 6;
  private static final int PREFIX_BYTES = 8;
  private static final int CRC_BYTES = 4;
  private static final float SCORE_STEPS = 255;

  private final int experts;
  private final int used;
  private final int tokenScoreBytes;
  private final int layerBytes;
  private final int recordBytes;
  private final int[] setAt;
  private final int[] setLength;

  /** The layout for a header without a {@link TraceHeader#flaw}. */
  TraceLayout(TraceHeader header) {
    this.experts = header.experts();
    this.used = header.used();
    this.setAt = new int[header.sets().size()];
    this.setLength = new int[header.sets().size()];
    int at = 0;
    for (int i = 0; i < setAt.length; i++) {
      setAt[i] = at;
      setLength[i] = header.sets().get(i).horizon() * experts;
      at += setLength[i];
    }
    this.tokenScoreBytes = at;
    this.layerBytes = 4 * used + at;
    this.recordBytes = Math.toIntExact(recordBytes(header));
  }

  static long recordBytes(TraceHeader header) {
    long scores = 0;
    for (ScoreSet set : header.sets()) {
      scores += (long) set.horizon() * header.experts();
    }
    return PREFIX_BYTES + scores + (4L * header.used() + scores) * header.layers() + CRC_BYTES;
  }

  int recordBytes() {
    return recordBytes;
  }

  int tokenId(MemorySegment data, long record) {
    return data.get(U32, record);
  }

  int flags(MemorySegment data, long record) {
    return Short.toUnsignedInt(data.get(U16, record + FLAGS_AT));
  }

  int text(MemorySegment data, long record) {
    return Short.toUnsignedInt(data.get(U16, record + TEXT_AT));
  }

  void prefix(MemorySegment data, long record, int tokenId, int flags, int text) {
    data.set(U32, record, tokenId);
    data.set(U16, record + FLAGS_AT, (short) flags);
    data.set(U16, record + TEXT_AT, (short) text);
  }

  int expert(MemorySegment data, long record, int layer, int rank) {
    return Short.toUnsignedInt(data.get(U16, layerAt(record, layer) + 2L * rank));
  }

  float weight(MemorySegment data, long record, int layer, int rank) {
    return Float.float16ToFloat(data.get(U16, layerAt(record, layer) + 2L * (used + rank)));
  }

  void choice(
      MemorySegment data, long record, int layer, int rank, int expert, float routerWeight) {
    long at = layerAt(record, layer);
    data.set(U16, at + 2L * rank, (short) expert);
    data.set(U16, at + 2L * (used + rank), Float.floatToFloat16(routerWeight));
  }

  void scores(MemorySegment data, long record, int layer, int set, float[] out) {
    long at = scoresAt(record, layer, set);
    for (int i = 0; i < setLength[set]; i++) {
      out[i] = Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, at + i)) / SCORE_STEPS;
    }
  }

  void setScores(MemorySegment data, long record, int layer, int set, float[] in) {
    long at = scoresAt(record, layer, set);
    for (int i = 0; i < setLength[set]; i++) {
      int code = Math.round(Math.clamp(in[i], 0f, 1f) * SCORE_STEPS);
      data.set(ValueLayout.JAVA_BYTE, at + i, (byte) code);
    }
  }

  /** Writes the checksum of a record that is complete. */
  void seal(MemorySegment data, long record, CRC32C crc) {
    data.set(U32, record + recordBytes - CRC_BYTES, checksum(data, record, crc));
  }

  boolean isSealed(MemorySegment data, long record, CRC32C crc) {
    return data.get(U32, record + recordBytes - CRC_BYTES) == checksum(data, record, crc);
  }

  private int checksum(MemorySegment data, long record, CRC32C crc) {
    return checksum(data.asSlice(record, recordBytes - CRC_BYTES), crc);
  }

  static int checksum(MemorySegment bytes, CRC32C crc) {
    crc.reset();
    crc.update(bytes.asByteBuffer());
    return (int) crc.getValue();
  }

  private long layerAt(long record, int layer) {
    return record + PREFIX_BYTES + tokenScoreBytes + (long) layer * layerBytes;
  }

  private long scoresAt(long record, int layer, int set) {
    long at = layer < 0 ? record + PREFIX_BYTES : layerAt(record, layer) + 4L * used;
    return at + setAt[set];
  }
}
