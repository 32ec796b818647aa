package io.foregate.quant.assembled;

import io.foregate.assembly.CodeMemory;
import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.BlockFormat;
import io.foregate.quant.format.Quants;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Products of rows with tokens, by type: a type's code is written when it is first asked for. Lives
 * as long as the process, and its code with it. Thread-safe.
 */
public final class RowProducts {
  /** The most tokens of one call. */
  public static final int MAX_TOKENS = ProductFrame.MAX_TOKENS;

  /** Rows that some types take at a time: calls of whole groups are the quickest. */
  public static final int GROUP = 16;

  /** The fewest rows of a panel. */
  public static final int MIN_PANEL_ROWS = 4;

  private static final Set<GgmlType> FLOATS = EnumSet.of(GgmlType.F32, GgmlType.F16, GgmlType.BF16);

  /** Types of 256 weights to a block. */
  private static final Set<GgmlType> SUPER_BLOCKS =
      EnumSet.of(
          GgmlType.Q2_K,
          GgmlType.Q3_K,
          GgmlType.Q4_K,
          GgmlType.Q5_K,
          GgmlType.Q6_K,
          GgmlType.IQ4_XS,
          GgmlType.TQ1_0,
          GgmlType.TQ2_0,
          GgmlType.IQ3_S,
          GgmlType.IQ3_XXS,
          GgmlType.IQ2_S,
          GgmlType.IQ2_XS,
          GgmlType.IQ2_XXS,
          GgmlType.IQ1_S,
          GgmlType.IQ1_M);

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
  private final ActivationStores stores = new ActivationStores();
  private final PlaneReads planes = new PlaneReads();
  private final FloatLoops loops;
  private final AtomicReferenceArray<Functions> written =
      new AtomicReferenceArray<>(GgmlType.values().length);
  private final AtomicReferenceArray<PanelFunctions> writtenForPanels =
      new AtomicReferenceArray<>(GgmlType.values().length);

  /**
   * A type's code.
   *
   * @param byLogOfTokens a function for one token, for two, four, and eight where registers suffice
   */
  private record Functions(CodeMemory memory, List<MemorySegment> byLogOfTokens) {}

  /**
   * The code for panels of a type.
   *
   * @param unpacking what makes them
   * @param products of them
   * @param rows rows of a group, which is complete in every panel
   * @param bytes of a group's blocks
   */
  private record PanelFunctions(
      CodeMemory memory, MemorySegment unpacking, Functions products, int rows, int bytes) {}

  private RowProducts(InstructionSet set) {
    this.set = set;
    this.loops = new FloatLoops(set);
    this.maxTokens = set.registers() == 32 ? MAX_TOKENS : MAX_TOKENS / 2;
  }

  /** Products for an instruction set that the CPU has; empty if the system lets no code be run. */
  public static Optional<RowProducts> of(InstructionSet set) {
    return CodeMemory.of(new byte[] {(byte) 0xC3})
        .map(
            probe -> {
              probe.close();
              return new RowProducts(set);
            });
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

  /** The types that have products here. */
  public static Set<GgmlType> types() {
    return TYPES;
  }

  private static Set<GgmlType> allTypes() {
    Set<GgmlType> types = EnumSet.copyOf(SUPER_BLOCKS);
    types.addAll(GroupTypes.ALL.keySet());
    types.addAll(FLOATS);
    return Collections.unmodifiableSet(types);
  }

  /** The most tokens of a call for which there is a function: a power of two. */
  public int tokensAtOnce(int tokens) {
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
    MemorySegment function = functions(type).byLogOfTokens.get(logOf(tokens));
    call(function, type, weights, weightsAt, rowBytes, rows, cols, x, xAt, y, xStride, yStride);
  }

  /** Whether rows of a type can be unpacked: so that many tokens can meet them. */
  public static boolean hasPanels(GgmlType type) {
    return !FLOATS.contains(type) && TYPES.contains(type);
  }

  /** Bytes of a panel of {@code rows} rows. */
  public long panelBytes(GgmlType type, int cols, int rows) {
    PanelFunctions functions = panelFunctions(type);
    long blocks = cols / type.blockSize();
    return Math.ceilDiv(rows, functions.rows) * blocks * functions.bytes;
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
    MemorySegment function = panelFunctions(type).unpacking;
    call(function, type, weights, weightsAt, rowBytes, rows, cols, panel, 0, panel, 0, 0);
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
    MemorySegment function = panelFunctions(type).products.byLogOfTokens.get(logOf(tokens));
    long rowBytes = panelBytes(type, cols, 1);
    call(function, type, panel, 0, rowBytes, rows, cols, x, xAt, y, xStride, yStride);
  }

  private void checkPanel(GgmlType type, int cols, int rows, MemorySegment panel) {
    if (!hasPanels(type) || rows < MIN_PANEL_ROWS) {
      throw new IllegalArgumentException("no panel has %d rows of %s".formatted(rows, type));
    }
    Objects.checkFromIndexSize(0, panelBytes(type, cols, rows), panel.byteSize());
  }

  private static void checkSizes(
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

  private static int logOf(int tokens) {
    return Integer.numberOfTrailingZeros(tokens);
  }

  private static void call(
      MemorySegment function,
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
    try {
      CALL.invokeExact(
          function,
          weights,
          weightsAt,
          rowBytes,
          (long) rows,
          blocks,
          x,
          xAt,
          y,
          xStride,
          4L * yStride);
    } catch (RuntimeException | Error e) { // such as memory that was closed
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private Functions functions(GgmlType type) {
    Functions functions = written.getAcquire(type.ordinal());
    return functions != null ? functions : write(type);
  }

  private synchronized Functions write(GgmlType type) {
    Functions functions = written.get(type.ordinal());
    if (functions == null) {
      functions = functions(tokens -> code(type, tokens));
      written.set(type.ordinal(), functions);
    }
    return functions;
  }

  private PanelFunctions panelFunctions(GgmlType type) {
    PanelFunctions functions = writtenForPanels.getAcquire(type.ordinal());
    return functions != null ? functions : writeForPanels(type);
  }

  private synchronized PanelFunctions writeForPanels(GgmlType type) {
    PanelFunctions functions = writtenForPanels.get(type.ordinal());
    if (functions == null) {
      functions = SUPER_BLOCKS.contains(type) ? panelsOf256(type) : panelsOf32(type);
      writtenForPanels.set(type.ordinal(), functions);
    }
    return functions;
  }

  private PanelFunctions panelsOf256(GgmlType type) {
    SuperBlockCode block = SuperBlockCode.of(BlockFormat.of(type));
    SuperBlockCode unpacked = block.unpacked();
    CodeMemory unpacking = memory(ProductFrame.writeUnpacking(set, block));
    Functions products = functions(tokens -> ProductFrame.write(set, unpacked, tokens));
    return new PanelFunctions(unpacking, unpacking.at(0), products, 1, unpacked.weightBytes());
  }

  private PanelFunctions panelsOf32(GgmlType type) {
    Supplier<Blocks32> block = GroupTypes.ALL.get(type);
    CodeMemory unpacking = memory(GroupFrame.writeUnpacking(set, block.get()));
    Functions products = functions(tokens -> GroupFrame.writeUnpacked(set, block.get(), tokens));
    int bytes = block.get().panelBytes(set);
    return new PanelFunctions(unpacking, unpacking.at(0), products, set.bits() / 32, bytes);
  }

  /** Writes the product of rows as they are with so many tokens. */
  byte[] code(GgmlType type, int tokens) {
    return switch (type) {
      case F32, F16, BF16 -> FloatFrame.write(set, new FloatRows(type), tokens);
      default ->
          SUPER_BLOCKS.contains(type)
              ? ProductFrame.write(set, SuperBlockCode.of(BlockFormat.of(type)), tokens)
              : GroupFrame.write(set, GroupTypes.ALL.get(type).get(), tokens);
    };
  }

  private Functions functions(IntFunction<byte[]> byTokens) {
    var code = new ByteArrayOutputStream();
    var begins = new ArrayList<Integer>();
    for (int tokens = 1; tokens <= maxTokens; tokens *= 2) {
      begins.add(code.size());
      code.writeBytes(byTokens.apply(tokens));
      code.writeBytes(new byte[-code.size() & 63]);
    }
    CodeMemory memory = memory(code.toByteArray());
    return new Functions(memory, begins.stream().map(memory::at).toList());
  }

  private static CodeMemory memory(byte[] code) {
    return CodeMemory.of(code)
        .orElseThrow(() -> new IllegalStateException("the system lets no more code be run"));
  }
}
