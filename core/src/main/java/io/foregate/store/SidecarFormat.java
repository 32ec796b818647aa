package io.foregate.store;

import io.foregate.gguf.ModelHash;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertShape;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The file that holds a store's records; numbers are little-endian.
 *
 * <pre>
 * header   "FGEXPERT" | u32 format version | u32 layout version | layout id, 32 bytes of ASCII
 *          | model hash, 32 bytes | u32 layers with experts
 *          | per such layer: u32 its number, experts, embedding, feedForward,
 *            ggml's numbers of the types of gate, up, down; u64 bytes of a record
 *          | u32 CRC-32C of all above | zeros up to a multiple of 4096
 * records  layer by layer, expert by expert, one after the other
 * table    per record: u32 CRC-32C | u32 CRC-32C of the table above
 * </pre>
 *
 * <p>Nothing of a header is ever read and believed: the model at hand tells what the header has to
 * be, byte by byte, and a file that begins otherwise is not the one that is wanted. The table comes
 * last because it is known last.
 */
final class SidecarFormat {
  static final int VERSION = 1;

  private static final byte[] MAGIC = "FGEXPERT".getBytes(StandardCharsets.US_ASCII);
  private static final int LAYOUT_ID_BYTES = 32;
  private static final int LAYER_BYTES = 7 * Integer.BYTES + Long.BYTES;
  private static final int PAGE = 4096;

  private static final int LAYOUT_AT = MAGIC.length + Integer.BYTES;
  private static final int HASH_AT = LAYOUT_AT + Integer.BYTES + LAYOUT_ID_BYTES;
  private static final int LAYERS_AT = HASH_AT + ModelHash.BYTES;

  private final byte[] header;
  private final long[] offsets;
  private final long tableOffset;

  SidecarFormat(ExpertSource source, ModelHash model) {
    this.header = header(source, model);
    this.offsets = new long[source.records()];
    long at = header.length;
    for (int record = 0; record < offsets.length; record++) {
      offsets[record] = at;
      at += source.recordBytes(record);
    }
    this.tableOffset = at;
  }

  private static byte[] header(ExpertSource source, ModelHash model) {
    int used = LAYERS_AT + Integer.BYTES + source.layers().size() * LAYER_BYTES;
    var header = new byte[Math.ceilDiv(used + Integer.BYTES, PAGE) * PAGE];
    ByteBuffer out = littleEndian(header);
    out.put(MAGIC).putInt(VERSION).putInt(source.layout().version());
    out.put(layoutId(source.layout())).put(model.bytes()).putInt(source.layers().size());
    for (ExpertSource.Layer layer : source.layers()) {
      ExpertShape shape = layer.shape();
      out.putInt(layer.layer()).putInt(layer.experts());
      out.putInt(shape.embedding()).putInt(shape.feedForward());
      out.putInt(shape.gate().id()).putInt(shape.up().id()).putInt(shape.down().id());
      out.putLong(layer.recordBytes());
    }
    out.putInt(Checksum.of(MemorySegment.ofArray(header).asSlice(0, used)));
    return header;
  }

  private static byte[] layoutId(ExpertLayout layout) {
    byte[] id = layout.id().getBytes(StandardCharsets.US_ASCII);
    if (id.length > LAYOUT_ID_BYTES || !layout.id().matches("[a-z0-9-]+")) {
      throw new IllegalArgumentException(
          "layout id '%s', expected up to %d of a-z, 0-9 and -"
              .formatted(layout.id(), LAYOUT_ID_BYTES));
    }
    return Arrays.copyOf(id, LAYOUT_ID_BYTES);
  }

  /** The header that a file of this store has; a whole number of pages. */
  byte[] header() {
    return header.clone();
  }

  int headerBytes() {
    return header.length;
  }

  /** Where a record begins. */
  long offset(int record) {
    return offsets[record];
  }

  /** Where the table of checksums begins. */
  long tableOffset() {
    return tableOffset;
  }

  int tableBytes() {
    return (offsets.length + 1) * Integer.BYTES;
  }

  long fileBytes() {
    return tableOffset + tableBytes();
  }

  /** What is wrong with a file that has this size and begins so, as the end of a sentence. */
  Optional<String> complaint(long size, byte[] begin) {
    int at = Arrays.mismatch(header, begin);
    if (at >= 0 && at < begin.length) {
      return Optional.of(difference(at));
    }
    if (size != fileBytes()) {
      return Optional.of("has %d bytes, expected %d".formatted(size, fileBytes()));
    }
    return Optional.empty();
  }

  private static String difference(int at) {
    if (at < MAGIC.length) {
      return "is not an expert store";
    }
    if (at < LAYOUT_AT) {
      return "has another format version";
    }
    if (at < HASH_AT) {
      return "has another layout, or another version of it";
    }
    if (at < LAYERS_AT) {
      return "was made from another model";
    }
    return "has a damaged header";
  }

  /** The table of these checksums. */
  byte[] table(int[] checksums) {
    var table = new byte[tableBytes()];
    ByteBuffer out = littleEndian(table);
    for (int checksum : checksums) {
      out.putInt(checksum);
    }
    out.putInt(Checksum.of(MemorySegment.ofArray(table).asSlice(0, out.position())));
    return table;
  }

  /** The checksums in a table, or empty if it is damaged. */
  Optional<int[]> checksums(byte[] table) {
    MemorySegment bytes = MemorySegment.ofArray(table);
    ByteBuffer in = littleEndian(table);
    int end = table.length - Integer.BYTES;
    if (Checksum.of(bytes.asSlice(0, end)) != in.getInt(end)) {
      return Optional.empty();
    }
    var checksums = new int[offsets.length];
    in.asIntBuffer().get(checksums);
    return Optional.of(checksums);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
