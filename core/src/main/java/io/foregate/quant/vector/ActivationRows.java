package io.foregate.quant.vector;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.PlaneProducts;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.format.LittleEndian;
import io.foregate.quant.format.Quants;
import io.foregate.quant.format.UnpackedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;

/**
 * Rows of activations as matrix products want them: rounded or quantized to ggml's {@code
 * vec_dot_type} of the weights that they are about to meet.
 *
 * <p>Reusable: {@link #set} overwrites a row and allocates nothing. Not thread-safe, except that
 * threads may set different rows at the same time; a product must see them set (happens-before is
 * the caller's business).
 */
public final class ActivationRows {
  /** Elements that share a scale in Q8_0 and Q8_1. */
  static final int BLOCK = 32;

  /** What reads the arrays; or, if it is machine code, {@link #blocks}. */
  private final VectorKernels kernels;

  private final GgmlType dotType;
  private final int rows;
  private final int maxCols;
  private int cols;

  /**
   * Rows as {@link ActivationLayout} has them, {@link #blockStride} bytes apart: for machine code.
   * Then the arrays are empty, and else this is.
   */
  final MemorySegment blocks;

  /** Bytes from one row of {@link #blocks} to the next. */
  final long blockStride;

  /** How often each row was set. */
  private final int[] versions;

  /** {@link #blocks} in the order of planes, by type: of those that met some. */
  private final Map<GgmlType, OrderedRows> ordered = new EnumMap<>(GgmlType.class);

  /** Where rows came from, the newest array first. */
  private HeapFloats source = HeapFloats.of(0);

  private HeapFloats otherSource = source;

  /** What the quantized elements stand for, {@code [rows][maxCols]}. */
  final float[] values;

  /**
   * Integer codes -127..127 (Q8_K: -128..127), {@code [rows][maxCols]}; unused by F32, F16 and
   * BF16.
   */
  final short[] codes;

  /** One scale per 32 elements, {@code [rows][maxCols / 32]}; Q8_K repeats its one scale. */
  final float[] scales;

  /**
   * Sums of 32 elements' values as ggml stores them (Q8_1 rounds them to fp16), {@code
   * [rows][maxCols / 32]}.
   */
  final float[] sums32;

  /** Sums of 16 elements' values, {@code [rows][maxCols / 16]}; Q8_K only. */
  final float[] sums16;

  /**
   * {@link #codes} as {@link Pairs#pack} arranges them, {@code [rows][maxCols / 2]}; Q8_K only, and
   * empty where nothing reads it, as are both sums of codes.
   */
  final int[] pairs;

  /** Sums of 16 codes, {@code [rows][maxCols / 16]}. */
  final int[] codeSums16;

  /** Sums of 32 codes, {@code [rows][maxCols / 32]}. */
  final int[] codeSums32;

  /**
   * {@link #values} once more for products of batches, {@code [rows / N][maxCols][N]} with N the
   * lanes of a vector: element i of N rows side by side. Empty where nothing reads it.
   */
  final float[] panels;

  /**
   * @param kernels the products that will read this
   * @param weights the type of the weights that it will meet; others with the same {@link
   *     Quants#dotType} and {@link VectorKernels#readsBlocks} will do, too
   * @param rows how many rows it can hold
   * @param maxCols longest row
   */
  public ActivationRows(VectorKernels kernels, GgmlType weights, int rows, int maxCols) {
    boolean readsBlocks = kernels.readsBlocks(weights);
    this.kernels = !readsBlocks && kernels instanceof AssembledKernels a ? a.others() : kernels;
    this.dotType = Quants.dotType(weights);
    this.rows = rows;
    this.maxCols = Math.ceilDiv(maxCols, UnpackedBlock.MAX_BLOCK) * UnpackedBlock.MAX_BLOCK;
    int elements = Math.multiplyExact(rows, this.maxCols);
    if (readsBlocks) {
      this.blockStride = ActivationLayout.of(dotType).rowBytes(this.maxCols);
      this.blocks = Arena.ofAuto().allocate(rows * blockStride, 64);
      elements = 0;
    } else {
      this.blockStride = 0;
      this.blocks = MemorySegment.NULL;
    }
    this.versions = new int[rows];
    this.values = new float[elements];
    this.codes = new short[elements];
    this.scales = new float[elements / BLOCK];
    this.sums32 = new float[elements / BLOCK];
    this.sums16 = new float[elements / 16];
    // Where machine code reads the rows, no class that mentions the Vector API is looked at.
    boolean vectors = !readsBlocks && this.kernels instanceof PanamaKernels;
    int packed = vectors ? elements : 0;
    this.pairs = new int[packed / 2];
    this.codeSums16 = new int[packed / 16];
    this.codeSums32 = new int[packed / BLOCK];
    boolean panelled = vectors && elements > 0 && rows > PanamaMatMul.FEW;
    int panels = panelled ? Math.ceilDiv(rows, Lanes.N) * Lanes.N : 0;
    this.panels = new float[Math.multiplyExact(panels, this.maxCols)];
  }

  /** Rows that fit. */
  public int rows() {
    return rows;
  }

  /** What the rows are rounded or quantized to. */
  public GgmlType dotType() {
    return dotType;
  }

  /** The length given to the last {@link #set}. */
  public int cols() {
    return cols;
  }

  /** Where row {@code row} begins in the arrays of elements. */
  int start(int row) {
    return row * maxCols;
  }

  /** Where panel {@code panel} begins in {@link #panels}. */
  int panelStart(int panel) {
    return panel * maxCols * Lanes.N;
  }

  /**
   * Stores {@code src[srcOffset .. srcOffset + cols)} as row {@code row}. All rows that one product
   * reads must have been set with the same {@code cols}.
   *
   * @throws IllegalArgumentException if {@code cols} is no multiple of the type's block size or too
   *     long
   */
  public void set(float[] src, int srcOffset, int cols, int row) {
    if (cols > maxCols || cols % dotType.blockSize() != 0) {
      throw new IllegalArgumentException(
          "a row of "
              + cols
              + " elements does not fit: at most "
              + maxCols
              + ", a multiple of "
              + dotType.blockSize());
    }
    this.cols = cols;
    versions[row]++;
    if (kernels instanceof AssembledKernels a) {
      a.stores().store(dotType, segmentOf(src), srcOffset, cols, blocks, row * blockStride);
    } else if (kernels instanceof PanamaKernels) {
      PanamaActivations.set(this, dotType, src, srcOffset, cols, start(row));
      if (panels.length > 0) {
        intoPanel(row, cols);
      }
    } else {
      ScalarActivations.set(this, dotType, src, srcOffset, cols, start(row));
    }
  }

  /**
   * Rows of {@link #blocks} in the order that a type's planes have.
   *
   * @param versions which of those that were set they are; 0 for none
   */
  private record OrderedRows(MemorySegment blocks, int[] versions) {}

  /** Brings rows into the order of a type's planes. One thread at a time. */
  void order(PlaneProducts products, GgmlType type, int from, int to) {
    OrderedRows all = ordered.get(type);
    if (all == null) {
      all = new OrderedRows(Arena.ofAuto().allocate(rows * blockStride, 64), new int[rows]);
      ordered.put(type, all);
    }
    for (int row = from; row < to; row++) {
      if (all.versions[row] != versions[row]) {
        long at = row * blockStride;
        products.order(type, cols, blocks, at, all.blocks, at);
        all.versions[row] = versions[row];
      }
    }
  }

  /**
   * All rows, of which those in question are in the order of a type's planes.
   *
   * @throws IllegalStateException unless {@link #order} was called for them
   */
  MemorySegment ordered(GgmlType type, int from, int to) {
    OrderedRows all = ordered.get(type);
    for (int row = from; row < to; row++) {
      if (all == null || all.versions[row] != versions[row]) {
        throw new IllegalStateException("row %d is in no order of %s".formatted(row, type));
      }
    }
    return all.blocks;
  }

  /** Rows come from one or two arrays, whose segments would otherwise be objects per call. */
  private MemorySegment segmentOf(float[] src) {
    HeapFloats last = source;
    if (last.isOf(src)) {
      return last.segment();
    }
    HeapFloats other = otherSource;
    if (other.isOf(src)) {
      return other.segment();
    }
    HeapFloats next = HeapFloats.of(src);
    otherSource = last;
    source = next;
    return next.segment();
  }

  /** Adds the squares of a row's values to {@code sums[offset ..]}. */
  public void addSquares(int row, float[] sums, int offset) {
    int from = start(row);
    for (int i = 0; i < cols; i++) {
      float value = blockStride > 0 ? blockValue(row, i) : values[from + i];
      sums[offset + i] += value * value;
    }
  }

  /** What an element of {@link #blocks} stands for. */
  private float blockValue(int row, int i) {
    ActivationLayout layout = ActivationLayout.of(dotType);
    long block = row * blockStride + (long) (i / layout.elements()) * layout.bytes();
    long code = block + layout.place(i % layout.elements());
    return switch (layout) {
      case FLOATS -> blocks.get(LittleEndian.FLOAT, block);
      case BLOCKS_OF_32 ->
          blocks.get(ValueLayout.JAVA_BYTE, code)
              * blocks.get(LittleEndian.FLOAT, block + ActivationLayout.SCALE_32);
      case BLOCKS_OF_256 ->
          blocks.get(ValueLayout.JAVA_BYTE, code)
              * blocks.get(LittleEndian.FLOAT, block + ActivationLayout.SCALE_256);
    };
  }

  private void intoPanel(int row, int cols) {
    int from = start(row);
    int to = panelStart(row / Lanes.N) + row % Lanes.N;
    for (int i = 0; i < cols; i++) {
      panels[to + i * Lanes.N] = values[from + i];
    }
  }
}
