package io.foregate.convert.family;

import java.util.List;

/** How a source's elements become those of a GGUF tensor. */
public enum Transform {
  NONE {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view;
    }
  },
  /**
   * Hugging Face's Llama rotates element {@code i} of a head with {@code i + size / 2}, GGUF's
   * {@code llama} neighbours: rows of the query matrix (or bias) are interleaved back.
   */
  QUERY_PAIRS {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.split(0, dimensions.get("A")).split(1, 2).swap(1, 2);
    }
  },
  /** As {@link #QUERY_PAIRS}, of keys. */
  KEY_PAIRS {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.split(0, dimensions.get("G")).split(1, 2).swap(1, 2);
    }
  },
  /** The first half of each matrix's rows. */
  FIRST_HALF {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      int rows = view.rank() - 2;
      return view.slice(rows, 0, view.dims()[rows] / 2, 1);
    }
  },
  /** The second half of each matrix's rows. */
  SECOND_HALF {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      int rows = view.rank() - 2;
      long half = view.dims()[rows] / 2;
      return view.slice(rows, half, half, 1);
    }
  },
  /** Rows and columns of each matrix exchanged. */
  TRANSPOSED {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.swap(view.rank() - 2, view.rank() - 1);
    }
  },
  /** Every second column, from the first on. */
  EVEN {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      int columns = view.rank() - 1;
      return view.slice(columns, 0, view.dims()[columns] / 2, 2);
    }
  },
  /** Every second column, from the second on. */
  ODD {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      int columns = view.rank() - 1;
      return view.slice(columns, 1, view.dims()[columns] / 2, 2);
    }
  },
  EVEN_TRANSPOSED {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return TRANSPOSED.apply(EVEN.apply(view, dimensions), dimensions);
    }
  },
  ODD_TRANSPOSED {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return TRANSPOSED.apply(ODD.apply(view, dimensions), dimensions);
    }
  },
  /** MLA's keys out of {@code kv_b_proj}: {@code [A][N + W][L]} becomes {@code [A][L][N]}. */
  LATENT_KEYS {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.split(0, dimensions.get("A")).slice(1, 0, dimensions.get("N"), 1).swap(1, 2);
    }

    @Override
    public int rank(int sourceRank) {
      return 3;
    }
  },
  /** MLA's values out of {@code kv_b_proj}: {@code [A][N + W][L]} becomes {@code [A][W][L]}. */
  LATENT_VALUES {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.split(0, dimensions.get("A"))
          .slice(1, dimensions.get("N"), dimensions.get("W"), 1);
    }

    @Override
    public int rank(int sourceRank) {
      return 3;
    }
  },
  /** Qwen3-Next's queries, keys and values, which lie together by key head: see {@link #parts}. */
  DELTA_CHANNELS {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      throw new IllegalStateException("it comes in parts");
    }

    @Override
    public List<StridedView> parts(StridedView view, Dimensions dimensions) {
      long size = dimensions.get("dH");
      StridedView heads = view.split(0, dimensions.get("dK"));
      return List.of(
          heads.slice(1, 0, size, 1),
          heads.slice(1, size, size, 1),
          heads.slice(1, 2 * size, dimensions.get("dG") * size, 1));
    }
  },
  /** Their gates. */
  DELTA_GATES {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      long size = dimensions.get("dH");
      long group = dimensions.get("dG");
      return view.split(0, dimensions.get("dK")).slice(1, (2 + group) * size, group * size, 1);
    }
  },
  /** Qwen3.5's queries, keys and values, whose value heads take turns in GGUF. */
  TURNED_CHANNELS {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      throw new IllegalStateException("it comes in parts");
    }

    @Override
    public List<StridedView> parts(StridedView view, Dimensions dimensions) {
      long keys = 2 * dimensions.get("dK") * dimensions.get("dH");
      StridedView values = view.slice(0, keys, view.dims()[0] - keys, 1);
      return List.of(view.slice(0, 0, keys, 1), TURNED_HEADS.apply(values, dimensions));
    }
  },
  /** The same of the convolution, {@code [channels][1][kernel]}. */
  TURNED_CONVOLUTION {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      throw new IllegalStateException("it comes in parts");
    }

    @Override
    public List<StridedView> parts(StridedView view, Dimensions dimensions) {
      return TURNED_CHANNELS.parts(view, dimensions);
    }

    @Override
    public int rank(int sourceRank) {
      return 2;
    }
  },
  /** A convolution, {@code [channels][1][kernel]}, as a matrix. */
  CONVOLUTION {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view;
    }

    @Override
    public int rank(int sourceRank) {
      return 2;
    }
  },
  /** Rows (or elements) of value heads, which take turns in GGUF. */
  TURNED_HEADS {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.split(0, dimensions.get("dK")).split(1, dimensions.get("dG")).swap(0, 1);
    }
  },
  /** Columns of value heads, likewise. */
  TURNED_COLUMNS {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.split(1, dimensions.get("dK")).split(2, dimensions.get("dG")).swap(1, 2);
    }

    @Override
    public int columnDims() {
      return 3;
    }
  },
  /** A matrix of one row as a vector. */
  ROW {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view;
    }

    @Override
    public int rank(int sourceRank) {
      return 1;
    }
  },
  /** MXFP4 blocks, {@code [.., rows, blocks, 16]} beside their scales: all rows. */
  MXFP4 {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view;
    }

    @Override
    public int rank(int sourceRank) {
      return sourceRank - 1;
    }
  },
  /** As {@link #MXFP4}: every second row, from the first on. */
  MXFP4_EVEN {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.slice(1, 0, view.dims()[1] / 2, 2);
    }

    @Override
    public int rank(int sourceRank) {
      return sourceRank - 1;
    }
  },
  /** As {@link #MXFP4}: every second row, from the second on. */
  MXFP4_ODD {
    @Override
    public StridedView apply(StridedView view, Dimensions dimensions) {
      return view.slice(1, 1, view.dims()[1] / 2, 2);
    }

    @Override
    public int rank(int sourceRank) {
      return sourceRank - 1;
    }
  };

  /** The source's elements in the target's order; leading dimensions may be split. */
  public abstract StridedView apply(StridedView view, Dimensions dimensions);

  /** The same in pieces that follow each other in the target. */
  public List<StridedView> parts(StridedView view, Dimensions dimensions) {
    return List.of(apply(view, dimensions));
  }

  /** How many of a view's last dimensions make up a row of the target. */
  public int columnDims() {
    return 1;
  }

  /** Dimensions of the target, for a source of so many. */
  public int rank(int sourceRank) {
    return sourceRank;
  }

  public boolean isMxfp4() {
    return this == MXFP4 || this == MXFP4_EVEN || this == MXFP4_ODD;
  }
}
