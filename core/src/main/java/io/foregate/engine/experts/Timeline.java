package io.foregate.engine.experts;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import io.foregate.schedule.CopyOrder;
import io.foregate.schedule.ScheduleListener;
import io.foregate.schedule.state.ExpertGrid;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Notes what the scheduler does and writes it as a file in Chrome's trace event format (JSON object
 * format, "complete" events; Trace Event Format, Google 2016), which Perfetto and chrome://tracing
 * draw: layers, computing, stalls and copies on a track each.
 *
 * <p>Noting takes no lock of its own (the scheduler's driver holds one), and memory for at most
 * {@value #MAX_EVENTS} events; what comes later is counted and left out.
 */
public final class Timeline implements ScheduleListener, AutoCloseable {
  /** Some hundred thousand layers. */
  static final int MAX_EVENTS = 2_000_000;

  private static final int FIELDS = 4;
  private static final int LAYERS = 1;
  private static final int COMPUTE = 2;
  private static final int STALLS = 3;
  private static final int COPIES = 4;
  private static final int BACK = 5;
  private static final String[] TRACKS = {
    "", "layers", "compute", "stalls", "copies to the device", "copies back"
  };

  private final PartFile file;
  private final ExpertGrid grid;

  /** Per event: track and flag, subject, start, end. */
  private long[] events = new long[FIELDS << 12];

  private int count;
  private long left;

  private Timeline(PartFile file, ExpertGrid grid) {
    this.file = file;
    this.grid = grid;
  }

  /**
   * Begins a timeline. The file appears when it is closed, if anything happened.
   *
   * @throws io.foregate.error.ForegateException if the file cannot be written
   */
  static Timeline create(Path path, ExpertGrid grid) {
    return new Timeline(PartFile.create(path, FileKind.TIMELINE), grid);
  }

  @Override
  public void copied(CopyOrder order, long start, long end, boolean failed) {
    int flag = failed ? 2 : order.speculative() ? 1 : 0;
    note(order.writeBack() ? BACK : COPIES, flag, order.expert(), start, end);
  }

  @Override
  public void stalled(int layer, long start, long end) {
    note(STALLS, 0, layer, start, end);
  }

  @Override
  public void computed(int layer, int experts, boolean onHost, long start, long end) {
    note(COMPUTE, onHost ? 1 : 0, (long) layer << 32 | experts, start, end);
  }

  @Override
  public void layer(int layer, int tokens, long routed, long end) {
    note(LAYERS, 0, (long) layer << 32 | tokens, routed, end);
  }

  private void note(int track, int flag, long subject, long start, long end) {
    if (count == MAX_EVENTS) {
      left++;
      return;
    }
    int at = count * FIELDS;
    if (at == events.length) {
      events = Arrays.copyOf(events, Math.min(2 * events.length, MAX_EVENTS * FIELDS));
    }
    events[at] = (long) track << 32 | flag;
    events[at + 1] = subject;
    events[at + 2] = start;
    events[at + 3] = end;
    count++;
  }

  /** Writes the file, unless nothing happened: a run that fails at once replaces no file. */
  @Override
  public void close() {
    if (count == 0) {
      file.close();
      return;
    }
    try (file;
        JsonGenerator json = new JsonFactory().createGenerator(new Bytes(file))) {
      write(json);
      json.flush();
      file.commit();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // only our own stream could have thrown it
    }
  }

  private void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("displayTimeUnit", "ms");
    json.writeObjectFieldStart("otherData");
    json.writeNumberField("eventsLeftOut", left);
    json.writeEndObject();
    json.writeArrayFieldStart("traceEvents");
    for (int track = LAYERS; track < TRACKS.length; track++) {
      writeTrack(json, track);
    }
    long first = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      first = Math.min(first, events[i * FIELDS + 2]);
    }
    for (int i = 0; i < count; i++) {
      writeEvent(json, i * FIELDS, first);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeTrack(JsonGenerator json, int track) throws IOException {
    json.writeStartObject();
    json.writeStringField("ph", "M");
    json.writeStringField("name", "thread_name");
    json.writeNumberField("pid", 1);
    json.writeNumberField("tid", track);
    json.writeObjectFieldStart("args");
    json.writeStringField("name", TRACKS[track]);
    json.writeEndObject();
    json.writeEndObject();
  }

  private void writeEvent(JsonGenerator json, int at, long first) throws IOException {
    int track = (int) (events[at] >> 32);
    int flag = (int) events[at];
    long subject = events[at + 1];
    json.writeStartObject();
    json.writeStringField("ph", "X");
    json.writeStringField("name", name(track, subject));
    json.writeStringField("cat", category(track, flag));
    json.writeNumberField("pid", 1);
    json.writeNumberField("tid", track);
    json.writeNumberField("ts", (events[at + 2] - first) / 1e3);
    json.writeNumberField("dur", (events[at + 3] - events[at + 2]) / 1e3);
    json.writeEndObject();
  }

  private String name(int track, long subject) {
    return switch (track) {
      case LAYERS -> "layer %d, %d tokens".formatted(subject >> 32, (int) subject);
      case COMPUTE -> "layer %d, %d experts".formatted(subject >> 32, (int) subject);
      case STALLS -> "layer %d".formatted(subject);
      default -> {
        int id = (int) subject;
        yield "layer %d, expert %d".formatted(grid.layer(id), grid.expert(id));
      }
    };
  }

  private static String category(int track, int flag) {
    return switch (track) {
      case LAYERS -> "layer";
      case COMPUTE -> flag == 1 ? "host" : "device";
      case STALLS -> "stall";
      default -> flag == 2 ? "failed" : flag == 1 ? "speculative" : "demand";
    };
  }

  /** What the generator writes goes on to the file. */
  private static final class Bytes extends OutputStream {
    private final PartFile file;

    Bytes(PartFile file) {
      this.file = file;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      file.write(MemorySegment.ofArray(bytes).asSlice(from, length));
    }
  }
}
