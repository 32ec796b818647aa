package io.foregate.gate.trace;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Records of a few tokens in memory, to be filled layer by layer and then appended to a file. Used
 * by one thread; filling allocates nothing.
 */
public final class TraceRecords implements RoutingTrace {
  private final TraceHeader header;
  private final TraceLayout layout;
  private final byte[] bytes;
  private final MemorySegment data;
  private final CRC32C crc = new CRC32C();
  private final int capacity;
  private int tokens;

  /**
   * @param capacity the most tokens that it holds
   * @throws IllegalArgumentException if no trace can have such a header
   */
  public TraceRecords(TraceHeader header, int capacity) {
    if (header.flaw() != null) {
      throw new IllegalArgumentException(header.flaw());
    }
    this.header = header;
    this.layout = new TraceLayout(header);
    this.capacity = capacity;
    this.bytes = new byte[Math.multiplyExact(layout.recordBytes(), capacity)];
    this.data = MemorySegment.ofArray(bytes);
  }

  /** The most tokens that it holds. */
  public int capacity() {
    return capacity;
  }

  /** Forgets all tokens. */
  public void clear() {
    tokens = 0;
    Arrays.fill(bytes, (byte) 0);
  }

  /** Adds a token; its routing follows, by index. */
  public void add(int tokenId, boolean prompt, boolean startsText, int text) {
    if (tokens == capacity) {
      throw new IllegalStateException("no room for more than %d tokens".formatted(capacity));
    }
    int flags = (prompt ? TraceLayout.PROMPT : 0) | (startsText ? TraceLayout.STARTS_TEXT : 0);
    layout.prefix(data, at(tokens), tokenId, flags, text);
    tokens++;
  }

  /** Sets a chosen expert and its weight. */
  public void choice(int token, int layer, int rank, int expert, float weight) {
    layout.choice(data, at(token), layer, rank, expert, weight);
  }

  /**
   * Sets what a predictor said at a layer, or, with layer -1, before the first.
   *
   * @param in as {@link #scores} gives it; values are rounded to 1/255
   */
  public void setScores(int token, int layer, int set, float[] in) {
    layout.setScores(data, at(token), layer, set, in);
  }

  /** The records, each with its checksum. */
  MemorySegment sealedBytes() {
    for (int i = 0; i < tokens; i++) {
      layout.seal(data, at(i), crc);
    }
    return data.asSlice(0, at(tokens));
  }

  @Override
  public TraceHeader header() {
    return header;
  }

  @Override
  public int tokens() {
    return tokens;
  }

  @Override
  public int tokenId(int token) {
    return layout.tokenId(data, at(token));
  }

  @Override
  public boolean isPrompt(int token) {
    return (layout.flags(data, at(token)) & TraceLayout.PROMPT) != 0;
  }

  @Override
  public boolean startsText(int token) {
    return (layout.flags(data, at(token)) & TraceLayout.STARTS_TEXT) != 0;
  }

  @Override
  public int text(int token) {
    return layout.text(data, at(token));
  }

  @Override
  public int expert(int token, int layer, int rank) {
    return layout.expert(data, at(token), layer, rank);
  }

  @Override
  public float weight(int token, int layer, int rank) {
    return layout.weight(data, at(token), layer, rank);
  }

  @Override
  public void scores(int token, int layer, int set, float[] out) {
    layout.scores(data, at(token), layer, set, out);
  }

  private long at(int token) {
    return (long) token * layout.recordBytes();
  }
}
