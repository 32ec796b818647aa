package io.foregate.gate.trace;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.InputFile;
import io.foregate.files.MappedFault;
import io.foregate.gguf.ModelHash;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A trace in a file, checked whole when it is opened and then mapped, so that reading it later
 * cannot fail unless someone cuts it meanwhile (an {@link InternalError}). {@link TraceWriter}
 * describes the format. Readable by many threads until it is closed.
 */
public final class TraceFile implements RoutingTrace, AutoCloseable {
  private final Path path;
  private final Arena arena;
  private final MemorySegment data;
  private final TraceHeader header;
  private final TraceLayout layout;
  private final long firstRecord;
  private final int tokens;

  private TraceFile(Path path, Arena arena, MemorySegment data, TraceCheck checked) {
    this.path = path;
    this.arena = arena;
    this.data = data;
    this.header = checked.header();
    this.layout = checked.layout();
    this.firstRecord = checked.firstRecord();
    this.tokens = checked.tokens();
  }

  /**
   * Opens a trace.
   *
   * @throws ForegateException if it cannot be read, is no trace, or is damaged
   */
  public static TraceFile open(Path path) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = InputFile.open(path, FileKind.TRACE)) {
      var bytes = new TraceBytes(path, channel);
      TraceCheck checked = TraceCheck.of(path, bytes);
      MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes.size(), arena);
      return new TraceFile(path, arena, data, checked);
    } catch (IOException e) {
      arena.close();
      throw InputFile.unreadable(path, e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw MappedFault.rethrow(e, path);
    }
  }

  /**
   * Refuses a trace of another model.
   *
   * @param name the model's, for the message
   * @throws ForegateException if it is one
   */
  public void requireModel(ModelHash model, String name) {
    if (!header.model().equals(model)) {
      throw new ForegateException(
          "%s: was recorded with %s".formatted(path, ModelHash.other(header.modelName(), name)),
          "Record a trace with this model: foregate trace.");
    }
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
