package io.foregate.store;

import io.foregate.store.layout.ExpertLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Writes a sidecar: records are packed in parallel and written one after the other. */
final class SidecarWriter implements RecordBuilder.Destination {
  private final SidecarSink out;
  private final MemorySegment[] window;
  private final ExpertSource source;
  private final int[] checksums;

  private SidecarWriter(SidecarSink out, MemorySegment[] window, ExpertSource source) {
    this.out = out;
    this.window = window;
    this.source = source;
    this.checksums = new int[source.records()];
  }

  /** Writes all of it; closing the sink is left to the caller. */
  static void write(
      SidecarSink out, SidecarFormat format, ExpertSource source, RecordBuilder builder) {
    out.requireSpace(format.fileBytes());
    out.write(MemorySegment.ofArray(format.header()));
    try (Arena arena = Arena.ofShared()) {
      var window = new MemorySegment[Math.min(builder.window(), source.records())];
      for (int i = 0; i < window.length; i++) {
        window[i] = arena.allocate(source.maxRecordBytes(), ExpertLayout.ALIGNMENT);
      }
      var writer = new SidecarWriter(out, window, source);
      builder.build("experts to file", writer);
      out.write(MemorySegment.ofArray(format.table(writer.checksums)));
    }
    out.commit();
  }

  @Override
  public MemorySegment memory(int record) {
    return window[record % window.length].asSlice(0, source.recordBytes(record));
  }

  @Override
  public void packed(int record, MemorySegment memory) {
    checksums[record] = Checksum.of(memory);
    out.write(memory);
  }
}
