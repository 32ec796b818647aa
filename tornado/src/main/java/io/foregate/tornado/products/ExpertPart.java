package io.foregate.tornado.products;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Tiles;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.PlaneLayout;
import java.util.Locale;

/** One of the three products of a feed-forward network, in the order in which they run. */
enum ExpertPart {
  GATE(Directory.GATE_PROJECTION_BIAS, Tiles.STORE),
  /** Its result meets what {@link #GATE} left. */
  UP(Directory.UP_PROJECTION_BIAS, Tiles.UNIT),
  DOWN(Directory.DOWN_PROJECTION_BIAS, Tiles.STORE);

  private final int biasPart;
  private final int mode;

  ExpertPart(int biasPart, int mode) {
    this.biasPart = biasPart;
    this.mode = mode;
  }

  /** Name of its task. */
  String task() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Of the {@link Directory}. */
  int biasPart() {
    return biasPart;
  }

  /** See {@link Tiles}. */
  int mode() {
    return mode;
  }

  /** Type of its matrix, as kernels are told. */
  int type(ExpertShape shape) {
    GgmlType type =
        switch (this) {
          case GATE -> shape.gate();
          case UP -> shape.up();
          case DOWN -> shape.down();
        };
    return type.id();
  }

  /** Words from a record's first to its matrix. */
  int offset(ExpertShape shape) {
    long bytes =
        switch (this) {
          case GATE -> 0;
          case UP -> PlaneLayout.upOffset(shape);
          case DOWN -> PlaneLayout.downOffset(shape);
        };
    return (int) (bytes / 4);
  }

  int rows(ExpertShape shape) {
    return this == DOWN ? shape.embedding() : shape.feedForward();
  }

  int columns(ExpertShape shape) {
    return this == DOWN ? shape.feedForward() : shape.embedding();
  }

  /**
   * Pairs of a token that read the same row: all, but for {@link #DOWN}, where each has its own.
   */
  int share(int used) {
    return this == DOWN ? 1 : used;
  }
}
