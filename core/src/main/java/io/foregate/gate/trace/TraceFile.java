package io.foregate.gate.trace;

import io.foregate.error.ForegateException;
import io.foregate.gguf.ModelHash;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A trace in a file, mapped and checked whole when it is opened, so that reading it later cannot
 * fail unless someone cuts it meanwhile (an {@link InternalError}). {@link TraceWriter} describes
 * the format. Readable by many threads until it is closed.
 */
public final class TraceFile implements RoutingTrace, AutoCloseable {
  private final Path path;
  private final Arena arena;
  private final MemorySegment data;
  private final TraceHeader header;
  private final TraceLayout layout;
  private final long firstRecord;
  private final int tokens;

  private TraceFile(
      Path path, Arena arena, MemorySegment data, TraceHeader header, long firstRecord) {
    this.path = path;
    this.arena = arena;
    this.data = data;
    this.header = header;
    this.layout = new TraceLayout(header);
    this.firstRecord = firstRecord;
    this.tokens = countTokens();
    var crc = new CRC32C();
    for (int i = 0; i < tokens; i++) {
      checkRecord(i, crc);
    }
  }

  /**
   * Opens a trace.
   *
   * @throws ForegateException if it cannot be read, is no trace, or is damaged
   */
  public static TraceFile open(Path path) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      var reader = new TraceHeaderReader(path, data);
      return new TraceFile(path, arena, data, reader.read(), reader.position());
    } catch (NoSuchFileException e) {
      arena.close();
      throw new ForegateException(path + ": no such file", "Check the path.", e);
    } catch (IOException e) {
      arena.close();
      throw new ForegateException(
          path + ": cannot read the file: " + e.getMessage(), "Is it a file?", e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Refuses a trace of another model.
   *
   * @throws ForegateException if it is one
   */
  public void requireModel(ModelHash model) {
    if (!header.model().equals(model)) {
      throw new ForegateException(
          "%s: was recorded with the model %s (hash %s), expected hash %s"
              .formatted(path, header.modelName(), header.model().shortHex(), model.shortHex()),
          "Record a trace with this model: foregate trace.");
    }
  }

  private int countTokens() {
    long footer = data.byteSize() - TraceWriter.FOOTER_BYTES;
    long body = footer - firstRecord;
    if (body < 0 || !isFooter(footer)) {
      throw damaged("its end is missing", "The file was cut short: record it again.");
    }
    long count = data.get(TraceLayout.U64, footer + Long.BYTES);
    if (count < 0 || count > Integer.MAX_VALUE || count * layout.recordBytes() != body) {
      throw damaged(
          "it says %s tokens of %d bytes, and has %d bytes for them"
              .formatted(Long.toUnsignedString(count), layout.recordBytes(), body),
          "Record it again.");
    }
    return (int) count;
  }

  private boolean isFooter(long at) {
    MemorySegment magic = MemorySegment.ofArray(TraceWriter.FOOTER_MAGIC);
    int covered = TraceWriter.FOOTER_BYTES - Integer.BYTES;
    return data.asSlice(at, magic.byteSize()).mismatch(magic) < 0
        && data.get(TraceLayout.U32, at + covered)
            == TraceLayout.checksum(data.asSlice(at, covered), new CRC32C());
  }

  private void checkRecord(int token, CRC32C crc) {
    long at = at(token);
    if (!layout.isSealed(data, at, crc)) {
      throw damaged("the checksum of token %d does not match".formatted(token), "Record it again.");
    }
    if ((layout.flags(data, at) & ~TraceLayout.FLAGS) != 0) {
      throw damaged("token %d has unknown flags".formatted(token), "Use a newer Foregate.");
    }
    if (layout.text(data, at) >= header.texts().size()) {
      throw damaged(
          "token %d is of text %d, and there are %d"
              .formatted(token, layout.text(data, at), header.texts().size()),
          "Record it again.");
    }
    for (int layer = 0; layer < header.layers(); layer++) {
      checkChoice(token, layer);
    }
  }

  private void checkChoice(int token, int layer) {
    for (int rank = 0; rank < header.used(); rank++) {
      int expert = expert(token, layer, rank);
      if (expert >= header.experts()) {
        throw damaged(
            "token %d uses expert %d at layer %d, and there are %d"
                .formatted(token, expert, layer, header.experts()),
            "Record it again.");
      }
      for (int other = 0; other < rank; other++) {
        if (expert == expert(token, layer, other)) {
          throw damaged(
              "token %d uses expert %d at layer %d twice".formatted(token, expert, layer),
              "Record it again.");
        }
      }
    }
  }

  private ForegateException damaged(String what, String hint) {
    return new ForegateException(path + ": the trace is damaged: " + what, hint);
  }

  /** Its size. */
  public long bytes() {
    return data.byteSize();
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
    return firstRecord + (long) token * layout.recordBytes();
  }

  /** Reading after this is an error. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
