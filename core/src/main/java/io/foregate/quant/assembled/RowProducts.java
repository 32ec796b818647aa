package io.foregate.quant.assembled;

import io.foregate.gguf.GgmlType;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.activation.ActivationStores;
import io.foregate.quant.assembled.floats.FloatFrame;
import io.foregate.quant.assembled.floats.FloatLoops;
import io.foregate.quant.assembled.function.FunctionRunner;
import io.foregate.quant.assembled.function.InstructionSet;
import io.foregate.quant.assembled.function.ProductCall;
import io.foregate.quant.assembled.function.WrittenFunctions;
import io.foregate.quant.assembled.group.GroupTypes;
import io.foregate.quant.assembled.lane.LaneTypes;
import io.foregate.quant.assembled.plane.PlaneReads;
import io.foregate.quant.format.Quants;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiFunction;

/** Products of rows with tokens, by type. Lives as long as the process. Thread-safe. */
public final class RowProducts {
  /** The most tokens of one call. */
  public static final int MAX_TOKENS = ProductCall.MAX_TOKENS;

  /** Rows that some types take at a time: calls of whole groups are the quickest. */
  public static final int GROUP = 16;

  /** The fewest rows of a panel. */
  public static final int MIN_PANEL_ROWS = 4;

  /** Numbers of tokens for which there are functions: 1, 2, 4 and 8. */
  private static final int LOGS = Integer.numberOfTrailingZeros(MAX_TOKENS) + 1;

  private static final Set<GgmlType> FLOATS = EnumSet.of(GgmlType.F32, GgmlType.F16, GgmlType.BF16);

  private static final Set<GgmlType> TYPES = allTypes();

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  @SuppressWarnings("restricted")
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.ofVoid(
                  ValueLayout.ADDRESS,
                  LONG,
                  LONG,
                  LONG,
                  LONG,
                  ValueLayout.ADDRESS,
                  LONG,
                  ValueLayout.ADDRESS,
                  LONG,
                  LONG),
              Linker.Option.critical(false));

  private final InstructionSet set;
  private final int maxTokens;
  private final ActivationStores stores;
  private final PlaneReads planes;
  private final FloatLoops loops;
  private final PlaneProducts planeProducts;

  /** Functions by type, and the logarithm of the tokens that they take. */
  private final WrittenFunctions functions;

  /** The same for panels. */
  private final WrittenFunctions panelFunctions;

  /** By type, what makes panels. */
  private final WrittenFunctions unpacking;

  private final AtomicReferenceArray<PanelGroup> groups =
      new AtomicReferenceArray<>(GgmlType.values().length);

  /**
   * Of panels of a type.
   *
   * @param rows rows of a group, which is complete in every panel
   * @param bytes of a group's blocks
   */
  private record PanelGroup(int rows, int bytes) {}

  private RowProducts(InstructionSet set, FunctionRunner runner) {
    this.set = set;
    this.stores = new ActivationStores(runner);
    this.planes = new PlaneReads(runner);
    this.loops = new FloatLoops(set, runner);
    this.maxTokens = set.registers() == 32 ? MAX_TOKENS : MAX_TOKENS / 2;
    GgmlType[] types = GgmlType.values();
    this.functions = written(this::code, runner);
    this.panelFunctions = written(this::panelCode, runner);
    this.unpacking = new WrittenFunctions(types.length, i -> unpackingCode(types[i]), runner);
    this.planeProducts = new PlaneProducts(set, maxTokens, runner);
  }

  /** Products for an instruction set that the CPU has; empty if the system lets no code be run. */
  public static Optional<RowProducts> of(InstructionSet set) {
    return WrittenFunctions.arePossible()
        ? Optional.of(new RowProducts(set, null))
        : Optional.empty();
  }

  /** The same for any instruction set, with what runs the functions. */
  public static RowProducts elsewhere(InstructionSet set, FunctionRunner runner) {
    return new RowProducts(set, runner);
  }

  /** The instruction set. */
  public InstructionSet set() {
    return set;
  }

  /** What stores activations as the products read them. */
  public ActivationStores stores() {
    return stores;
  }

  /** What makes rows that the products can take out of planes. */
  public PlaneReads planes() {
    return planes;
  }

  /** Loops over floats with the same instructions. */
  public FloatLoops loops() {
    return loops;
  }

  /** Products of rows that stay in planes. */
  public PlaneProducts planeProducts() {
    return planeProducts;
  }

  /** The types that have products here. */
  public static Set<GgmlType> types() {
    return TYPES;
  }

  private static Set<GgmlType> allTypes() {
    Set<GgmlType> types = EnumSet.copyOf(LaneTypes.all());
    types.addAll(GroupTypes.all());
    types.addAll(FLOATS);
    return Collections.unmodifiableSet(types);
  }

  /** The most tokens of a call for which there is a function: a power of two. */
  public int tokensAtOnce(int tokens) {
    return atOnce(tokens, maxTokens);
  }

  private static int atOnce(int tokens, int maxTokens) {
    return Math.min(maxTokens, Integer.highestOneBit(tokens));
  }

  /**
   * {@code y[t * yStride + r]} becomes the product of weight row {@code r} with the activations of
   * token {@code t}, {@code xStride} bytes after those of the token before.
   *
   * @param tokens a result of {@link #tokensAtOnce}
   * @throws IndexOutOfBoundsException if one of the memories is too small
   */
  public void multiply(
      GgmlType type,
      MemorySegment weights,
      long weightsAt,
      int cols,
      int rows,
      MemorySegment x,
      long xAt,
      long xStride,
      int tokens,
      MemorySegment y,
      int yStride) {
    checkSizes(type, cols, rows, x, xAt, xStride, tokens, y, yStride);
    long rowBytes = type.byteSize(cols);
    Objects.checkFromIndexSize(weightsAt, rows * rowBytes, weights.byteSize());
    int function = number(type, tokens, maxTokens);
    call(
        functions, function, type, weights, weightsAt, rowBytes, rows, cols, x, xAt, y, xStride,
        yStride);
  }

  /** Whether rows of a type can be unpacked: so that many tokens can meet them. */
  public static boolean hasPanels(GgmlType type) {
    return !FLOATS.contains(type) && TYPES.contains(type);
  }

  /** Bytes of a panel of {@code rows} rows. */
  public long panelBytes(GgmlType type, int cols, int rows) {
    PanelGroup group = group(type);
    long blocks = cols / type.blockSize();
    return Math.ceilDiv(rows, group.rows) * blocks * group.bytes;
  }

  /**
   * Unpacks rows, at least {@link #MIN_PANEL_ROWS} of them, into a panel for {@link
   * #multiplyPanel}.
   *
   * @throws IndexOutOfBoundsException if one of the memories is too small
   */
  public void unpack(
      GgmlType type,
      MemorySegment weights,
      long weightsAt,
      int cols,
      int rows,
      MemorySegment panel) {
    long rowBytes = type.byteSize(cols);
    Objects.checkFromIndexSize(weightsAt, rows * rowBytes, weights.byteSize());
    checkPanel(type, cols, rows, panel);
    call(
        unpacking,
        type.ordinal(),
        type,
        weights,
        weightsAt,
        rowBytes,
        rows,
        cols,
        panel,
        0,
        panel,
        0,
        0);
  }

  /** As {@link #multiply}, of rows that were unpacked: the results have the same bits. */
  public void multiplyPanel(
      GgmlType type,
      MemorySegment panel,
      int cols,
      int rows,
      MemorySegment x,
      long xAt,
      long xStride,
      int tokens,
      MemorySegment y,
      int yStride) {
    checkSizes(type, cols, rows, x, xAt, xStride, tokens, y, yStride);
    checkPanel(type, cols, rows, panel);
    int function = number(type, tokens, maxTokens);
    long rowBytes = panelBytes(type, cols, 1);
    call(
        panelFunctions,
        function,
        type,
        panel,
        0,
        rowBytes,
        rows,
        cols,
        x,
        xAt,
        y,
        xStride,
        yStride);
  }

  private void checkPanel(GgmlType type, int cols, int rows, MemorySegment panel) {
    if (!hasPanels(type) || rows < MIN_PANEL_ROWS) {
      throw new IllegalArgumentException("no panel has %d rows of %s".formatted(rows, type));
    }
    Objects.checkFromIndexSize(0, panelBytes(type, cols, rows), panel.byteSize());
  }

  /** Whether activations and results are as large as a product needs them. */
  static void checkSizes(
      GgmlType type,
      int cols,
      int rows,
      MemorySegment x,
      long xAt,
      long xStride,
      int tokens,
      MemorySegment y,
      int yStride) {
    ActivationLayout layout = ActivationLayout.of(Quants.dotType(type));
    long xBytes = (long) cols / layout.elements() * layout.bytes();
    Objects.checkFromIndexSize(xAt, (tokens - 1) * xStride + xBytes, x.byteSize());
    Objects.checkFromIndexSize(0, 4L * ((tokens - 1L) * yStride + rows), y.byteSize());
    if (rows <= 0 || cols <= 0) {
      throw new IllegalArgumentException("%d rows of %d columns".formatted(rows, cols));
    }
  }

  /** Functions by {@link #number}, of what writes one for a type and so many tokens. */
  static WrittenFunctions written(
      BiFunction<GgmlType, Integer, byte[]> writer, FunctionRunner runner) {
    GgmlType[] types = GgmlType.values();
    return new WrittenFunctions(
        types.length * LOGS, i -> writer.apply(types[i / LOGS], 1 << (i % LOGS)), runner);
  }

  /**
   * The number of a function that takes so many tokens.
   *
   * @throws IllegalArgumentException if there is none
   */
  static int number(GgmlType type, int tokens, int maxTokens) {
    if (atOnce(tokens, maxTokens) != tokens) {
      throw new IllegalArgumentException("no function takes %d tokens".formatted(tokens));
    }
    return type.ordinal() * LOGS + Integer.numberOfTrailingZeros(tokens);
  }

  private static void call(
      WrittenFunctions functions,
      int number,
      GgmlType type,
      MemorySegment weights,
      long weightsAt,
      long rowBytes,
      int rows,
      int cols,
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long xStride,
      int yStride) {
    long blocks = cols / type.blockSize();
    long yBytes = 4L * yStride;
    if (functions.areElsewhere()) {
      functions.call(
          number, y, weights, weightsAt, rowBytes, (long) rows, blocks, x, xAt, y, xStride, yBytes);
      return;
    }
    try {
      CALL.invokeExact(
          functions.get(number),
          weights,
          weightsAt,
          rowBytes,
          (long) rows,
          blocks,
          x,
          xAt,
          y,
          xStride,
          yBytes);
    } catch (RuntimeException | Error e) { // such as memory that was closed
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Threads may find it out at the same time: it is the same for all. */
  private PanelGroup group(GgmlType type) {
    PanelGroup group = groups.getAcquire(type.ordinal());
    if (group == null) {
      group =
          hasLanes(type)
              ? new PanelGroup(1, LaneTypes.panelBytes(type))
              : new PanelGroup(GroupTypes.rows(set), GroupTypes.panelBytes(set, type));
      groups.setRelease(type.ordinal(), group);
    }
    return group;
  }

  byte[] unpackingCode(GgmlType type) {
    return hasLanes(type)
        ? LaneTypes.unpackingCode(set, type)
        : GroupTypes.unpackingCode(set, type);
  }

  /** Writes the product of rows that were unpacked with so many tokens. */
  byte[] panelCode(GgmlType type, int tokens) {
    return hasLanes(type)
        ? LaneTypes.panelCode(set, type, tokens)
        : GroupTypes.panelCode(set, type, tokens);
  }

  /** Writes the product of rows as they are with so many tokens. */
  byte[] code(GgmlType type, int tokens) {
    if (FLOATS.contains(type)) {
      return FloatFrame.write(set, type, tokens);
    }
    return hasLanes(type) ? LaneTypes.code(set, type, tokens) : GroupTypes.code(set, type, tokens);
  }

  /** Whether sub-blocks of a type are in lanes; else rows are, or it has floats. */
  private static boolean hasLanes(GgmlType type) {
    return LaneTypes.all().contains(type);
  }
}
