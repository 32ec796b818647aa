package io.foregate.bench.slice;

import io.foregate.bench.measure.SyntheticModel;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** Widths of a model that is measured on a device, whatever layers and experts it has. */
public enum SliceShape {
  /** Mixtral 8x7B's. */
  MIXTRAL(4096, 14336, 32, 8),
  /** For trying out the measurement itself. */
  SMALL(512, 768, 8, 2);

  private static final int VOCABULARY = 4096;

  private final int width;
  private final int hidden;
  private final int heads;
  private final int kvHeads;

  SliceShape(int width, int hidden, int heads, int kvHeads) {
    this.width = width;
    this.hidden = hidden;
    this.heads = heads;
    this.kvHeads = kvHeads;
  }

  /**
   * @throws ForegateException naming those that there are when none has the name
   */
  public static SliceShape named(String name) {
    return Arrays.stream(values())
        .filter(shape -> shape.id().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "There is no slice '%s'.".formatted(name), "There are: mixtral, small."));
  }

  String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** A model of these widths. */
  public SyntheticModel model(GgmlType type, int layers, int experts, int used) {
    return new SyntheticModel(
        type,
        layers,
        width,
        new SyntheticModel.Heads(heads, kvHeads, width / heads),
        new SyntheticModel.ExpertSizes(experts, used, hidden),
        VOCABULARY);
  }

  /** Bytes of one of an expert's three matrices. */
  long matrixBytes(GgmlType type) {
    return type.byteSize((long) width * hidden);
  }

  /** Bytes of an expert. */
  long expertBytes(GgmlType type) {
    return 3 * matrixBytes(type);
  }

  /** The file of a model, which says all that it depends on. */
  Path file(Path folder, SyntheticModel model) {
    return folder.resolve(
        "slice-%s-%s-%dx%d.gguf"
            .formatted(id(), model.type(), model.layers(), model.experts().count()));
  }
}
