package io.foregate.bench.offload;

import io.foregate.bench.measure.SyntheticModel;
import io.foregate.gate.trace.TraceHeader;
import io.foregate.gguf.GgmlType;
import java.nio.file.Path;

/**
 * A model of random weights with the layers, experts and top-k of a recorded trace, whose experts
 * are of real size: together a gigabyte, so that few are large (of eight in twelve layers, 10 MB
 * and more each) and many are small, as they are in models that people run. It is not asked what it
 * thinks; its routing is replayed.
 */
public final class SliceModel {
  private static final int WIDTH = 2048;
  private static final int HEADS = 16;
  private static final int KV_HEADS = 4;
  private static final int VOCABULARY = 4096;

  /** Widths of hidden layers are multiples of a K type's block. */
  private static final int BLOCK = 256;

  private static final long BYTES = 1_008_000_000;

  private SliceModel() {}

  /** Bytes of an expert of the model: the same in every layer. */
  public static long expertBytes(GgmlType type, TraceHeader trace) {
    return 3 * type.byteSize((long) WIDTH * hidden(type, trace));
  }

  private static int hidden(GgmlType type, TraceHeader trace) {
    long expertBytes = BYTES / ((long) trace.layers() * trace.experts());
    return BLOCK * (int) Math.ceilDiv(expertBytes, 3 * type.byteSize((long) WIDTH * BLOCK));
  }

  /** Writes the model; the same every time. */
  public static Path write(GgmlType type, TraceHeader trace, Path file) {
    return new SyntheticModel(
            type,
            trace.layers(),
            WIDTH,
            new SyntheticModel.Heads(HEADS, KV_HEADS, WIDTH / HEADS),
            new SyntheticModel.ExpertSizes(trace.experts(), trace.used(), hidden(type, trace)),
            VOCABULARY)
        .write(file);
  }
}
