package io.foregate.tornado.weights;

import io.foregate.backend.GateMatrices;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.kernels.Directory;
import io.foregate.kernels.Planes;
import io.foregate.kernels.UnitFunctions;
import io.foregate.model.ModelConfig;
import io.foregate.model.weights.AttentionWeights;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.model.weights.Matrix;
import io.foregate.model.weights.ModelWeights;
import io.foregate.quant.format.PlanePacker;
import io.foregate.quant.format.Quants;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PlaneLayout;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * All weights that every token needs, as kernels read them: matrices in {@link Planes}, one after
 * the other, norms and F32 matrices in an array of floats, and the {@link Directory} that tells
 * where each is. Matrices of types without planes are decoded to f32, or to f16 in feed-forward
 * networks, which have the records of experts.
 */
public final class DenseWeights {
  private static final System.Logger LOG = System.getLogger(DenseWeights.class.getName());
  private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

  private final List<Runnable> copies = new ArrayList<>();
  private final List<LayerTypes> layers = new ArrayList<>();
  private final int[] records;
  private final int[] entries;
  private final ModelConfig config;

  /** Types that kernels read as f16. */
  private final Set<GgmlType> roundedToF16 = new TreeSet<>();

  private long words;
  private long floatCount;
  private IntArray weights;
  private FloatArray floats;
  private DenseArrays arrays;
  private GateSizes gates = GateSizes.NONE;

  private DenseWeights(ModelConfig config, ModelWeights model) {
    this.config = config;
    this.records = new int[config.layers()];
    this.entries = new int[(config.layers() + 1) * Directory.PARTS];
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(add(layer, model.layers().get(layer)));
    }
    int last = config.layers();
    put(last, Directory.EMBEDDING, model.embedding());
    float scale = config.scales().logits(); // of a product: it may as well be of what it reads
    put(last, Directory.LAST_NORM, scaled(model.outputNorm().weight(), scale));
    put(last, Directory.LAST_NORM_BIAS, scaled(model.outputNorm().bias(), scale));
    put(last, Directory.LOGITS_BIAS, scaled(model.output().bias(), scale));
    Matrix output = model.output().weight();
    if (output.equals(model.embedding())) {
      entries[last * Directory.PARTS + Directory.LOGITS] =
          entries[last * Directory.PARTS + Directory.EMBEDDING];
    } else {
      put(last, Directory.LOGITS, output);
    }
  }

  /**
   * Lays out a model's weights.
   *
   * @throws ForegateException when there is a type that no kernel reads, or they are too many for
   *     one array
   */
  public static DenseWeights of(ModelConfig config, ModelWeights model) {
    var dense = new DenseWeights(config, model);
    size(dense.words, "quantized words");
    size(dense.floatCount, "floats");
    if (!dense.roundedToF16.isEmpty()) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "Feed-forward weights of every token are of types that TornadoVM has no kernels for {0}:"
              + " they are kept as F16 on the device.",
          dense.roundedToF16);
    }
    return dense;
  }

  /**
   * Adds lookahead gates, unless they do not fit the kernels or the arrays: rows of a multiple of
   * 32, a gate for every layer.
   *
   * @param most bytes that the weights may take with them
   * @throws IllegalStateException if {@link #arrays} has been called, or they have been added
   */
  public boolean add(GateMatrices offered, long most) {
    if (arrays != null || gates.present()) {
      throw new IllegalStateException("gates come first, and once");
    }
    long more = 0;
    for (GateMatrices.Point point : offered.points()) {
      more += bytes(point.first()) + bytes(point.output()) + 4L * point.bias().length;
    }
    boolean fit =
        config.moe().leadingDense() == 0
            && config.scales().embedding() == 1 // gates read embeddings as they are
            && config.embedding() % Planes.UNIT == 0
            && offered.hidden() % Planes.UNIT == 0
            && bytes() + more <= Math.min(most, 4L * MAX_ELEMENTS);
    if (fit) {
      gates = GateSizes.of(offered);
      for (int point = 0; point < offered.points().size(); point++) {
        // the directory's last row is that of the token itself
        put(point == 0 ? config.layers() : point - 1, offered.points().get(point));
      }
    }
    return fit;
  }

  private static long bytes(Matrix matrix) {
    return matrix == null ? 0 : matrix.rows() * matrix.rowBytes();
  }

  private void put(int layer, GateMatrices.Point point) {
    put(layer, Directory.GATE_FIRST, point.first());
    put(layer, Directory.GATE_BIAS, point.bias());
    if (point.output() != null) {
      put(layer, Directory.GATE_OUTPUT, point.output());
    }
  }

  /** Sizes of the gates among them. */
  public GateSizes gates() {
    return gates;
  }

  /** TornadoVM has no empty arrays. */
  private static int size(long count, String what) {
    if (count > MAX_ELEMENTS) {
      throw new ForegateException(
          "The model's dense weights are %d %s, more than one device array holds."
              .formatted(count, what),
          "Run it on the CPU ([[backend=cpu]]).");
    }
    return Math.max(1, (int) count);
  }

  private LayerTypes add(int layer, LayerWeights w) {
    AttentionBlocks blocks = AttentionBlocks.of(config, layer, w);
    putNorms(layer, w);
    FeedForwardTypes feedForward =
        switch (w.feedForward()) {
          case FeedForward.Routed routed -> addRouted(layer, routed);
          case FeedForward.Dense d ->
              FeedForwardTypes.dense(addNetwork(layer, d), config.family().activation());
        };
    int output = put(layer, Directory.OUTPUT, w.attention().output().weight());
    put(layer, Directory.OUTPUT_BIAS, w.attention().output().bias());
    return switch (w.attention()) {
      case AttentionWeights.Grouped grouped -> {
        putVectors(layer, grouped);
        int query = put(layer, Directory.QUERY, grouped.query().weight());
        int key = put(layer, Directory.KEY, grouped.key().weight());
        int value = put(layer, Directory.VALUE, grouped.value().weight());
        yield new LayerTypes(query, key, value, output, blocks, Optional.empty(), feedForward);
      }
      case AttentionWeights.Latent latent -> {
        put(layer, Directory.KEY_NORM, latent.latentNorm().weight());
        int query = put(layer, Directory.QUERY, latent.queryInput());
        int key = put(layer, Directory.KEY, latent.latent());
        Optional<LatentMaps> maps = Optional.of(addMaps(layer, latent));
        yield new LayerTypes(query, key, key, output, blocks, maps, feedForward);
      }
      case AttentionWeights.DeltaNet _ -> throw new IllegalArgumentException("no kernels");
    };
  }

  private LatentMaps addMaps(int layer, AttentionWeights.Latent latent) {
    OptionalInt up = OptionalInt.empty();
    if (latent.lowRank().isPresent()) {
      put(layer, Directory.QUERY_NORM, latent.lowRank().get().norm().weight());
      up = OptionalInt.of(put(layer, Directory.QUERY_UP, latent.query()));
    }
    AttentionWeights.KeyMaps keys = latent.keys();
    return new LatentMaps(
        up,
        putHeads(layer, Directory.KEY_MAPS, keys.matrices(), keys.transposed()),
        putHeads(layer, Directory.VALUE_MAPS, latent.values(), false));
  }

  private FeedForwardTypes addRouted(int layer, FeedForward.Routed routed) {
    int router = put(layer, Directory.ROUTER, routed.router().weight());
    put(layer, Directory.ROUTER_BIAS, routed.router().bias());
    put(layer, Directory.SELECTION_BIAS, routed.selectionBias());
    put(layer, Directory.GATE_PROJECTION_BIAS, routed.biases().gate());
    put(layer, Directory.UP_PROJECTION_BIAS, routed.biases().up());
    put(layer, Directory.DOWN_PROJECTION_BIAS, routed.biases().down());
    int unit = FeedForwardTypes.unit(config.family().activation());
    return new FeedForwardTypes(
        router,
        FeedForwardTypes.formula(config.moe().router(), routed),
        config.expertsUsed(),
        kernelShape(ExpertShape.of(routed.experts())),
        routed.biases().isPresent() ? unit + UnitFunctions.BIASED : unit,
        routed.shared().map(shared -> addShared(layer, shared)));
  }

  /**
   * The shape that a layer's kernels are compiled for. Where the CPU computes the experts, the
   * device only adds up: kernels of f16 are there to run for no expert.
   */
  private static ExpertShape kernelShape(ExpertShape shape) {
    return new PlaneLayout().holds(shape)
        ? shape
        : new ExpertShape(
            shape.embedding(), shape.feedForward(), GgmlType.F16, GgmlType.F16, GgmlType.F16);
  }

  private FeedForwardTypes.Shared addShared(int layer, FeedForward.Shared shared) {
    put(layer, Directory.SHARED_GATE, shared.gate());
    return new FeedForwardTypes.Shared(
        addNetwork(layer, shared.network()), shared.gate().length > 0);
  }

  private ExpertShape addNetwork(int layer, FeedForward.Dense network) {
    var shape =
        new ExpertShape(
            network.gate().columns(),
            network.gate().rows(),
            f16Type(network.gate()),
            f16Type(network.up()),
            f16Type(network.down()));
    requirePlanes(shape);
    putRecord(layer, shape, new ExpertWeights(network.gate(), network.up(), network.down()));
    return shape;
  }

  private void putNorms(int layer, LayerWeights w) {
    put(layer, Directory.ATTENTION_NORM, w.attentionNorm().weight());
    put(layer, Directory.ATTENTION_NORM_BIAS, w.attentionNorm().bias());
    put(layer, Directory.FEED_FORWARD_NORM, w.feedForwardNorm().weight());
    put(layer, Directory.FEED_FORWARD_NORM_BIAS, w.feedForwardNorm().bias());
  }

  private void putVectors(int layer, AttentionWeights.Grouped attention) {
    put(layer, Directory.QUERY_BIAS, attention.query().bias());
    put(layer, Directory.KEY_BIAS, attention.key().bias());
    put(layer, Directory.VALUE_BIAS, attention.value().bias());
    put(layer, Directory.QUERY_NORM, attention.queryNorm().weight());
    put(layer, Directory.KEY_NORM, attention.keyNorm().weight());
    put(layer, Directory.SINKS, attention.sinks());
  }

  private static float[] scaled(float[] vector, float scale) {
    float[] result = vector.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] *= scale;
    }
    return result;
  }

  /** Takes note where it is not the matrix's own. */
  private GgmlType f16Type(Matrix matrix) {
    GgmlType type = F16Matrix.type(matrix);
    if (type != matrix.type()) {
      roundedToF16.add(matrix.type());
    }
    return type;
  }

  private static void requirePlanes(ExpertShape shape) {
    if (!new PlaneLayout().holds(shape)) {
      throw new ForegateException(
          "Feed-forward networks of %d inputs and %d hidden units cannot run on TornadoVM."
              .formatted(shape.embedding(), shape.feedForward()),
          "It reads rows of a multiple of %d weights: choose [[backend=cpu]]."
              .formatted(Planes.UNIT));
    }
  }

  private void putRecord(int layer, ExpertShape shape, ExpertWeights experts) {
    var layout = new PlaneLayout();
    long bytes = layout.recordBytes(shape);
    long at = words;
    words += bytes / 4;
    records[layer] = (int) at;
    copies.add(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            var read =
                new ExpertWeights(
                    F16Matrix.of(experts.gate(), arena),
                    F16Matrix.of(experts.up(), arena),
                    F16Matrix.of(experts.down(), arena));
            layout.pack(shape, read, weights.getSegment().asSlice(4 * at, bytes));
          }
        });
  }

  private void put(int layer, int part, float[] vector) {
    int at = (int) floatCount;
    entries[layer * Directory.PARTS + part] = at;
    floatCount += vector.length;
    copies.add(
        () -> {
          for (int i = 0; i < vector.length; i++) {
            floats.set(at + i, vector[i]);
          }
        });
  }

  /** Returns the type that kernels see. */
  private int put(int layer, int part, Matrix matrix) {
    entries[layer * Directory.PARTS + part] = (int) place(matrix);
    return kernelType(matrix);
  }

  /** A matrix per head, all of one type and shape. */
  private LatentMaps.HeadMaps putHeads(
      int layer, int part, List<Matrix> heads, boolean transposed) {
    int type = put(layer, part, heads.getFirst());
    int first = entries[layer * Directory.PARTS + part];
    int end = (int) (type == Planes.F32 ? floatCount : words);
    heads.subList(1, heads.size()).forEach(this::place);
    return new LatentMaps.HeadMaps(type, end - first, transposed);
  }

  /** Where a matrix begins, among the words or the floats. */
  private long place(Matrix matrix) {
    if (PlanePacker.holds(matrix.type(), matrix.columns())) {
      var packer = new PlanePacker(matrix.type(), matrix.rows(), matrix.columns());
      long at = words;
      words += packer.bytes() / 4;
      copies.add(() -> packer.pack(matrix.data(), weights.getSegment(), 4 * at));
      return at;
    }
    long at = floatCount;
    floatCount += (long) matrix.rows() * matrix.columns();
    copies.add(() -> decode(matrix, at));
    return at;
  }

  private void decode(Matrix matrix, long at) {
    float[] row = new float[matrix.columns()];
    for (int r = 0; r < matrix.rows(); r++) {
      Quants.decode(matrix.type(), matrix.data(), r * matrix.rowBytes(), row, 0, row.length);
      for (int i = 0; i < row.length; i++) {
        floats.set((int) (at + (long) r * row.length + i), row[i]);
      }
    }
  }

  /** A matrix as kernels see it. */
  public static DenseMatrix matrix(int part, Matrix matrix) {
    return new DenseMatrix(part, kernelType(matrix), matrix.rows(), matrix.columns());
  }

  /** The type that kernels see of a matrix. */
  private static int kernelType(Matrix matrix) {
    return PlanePacker.holds(matrix.type(), matrix.columns()) ? matrix.type().id() : Planes.F32;
  }

  /** What is on the device of them; the first call sorts them. */
  public DenseArrays arrays() {
    if (arrays == null) {
      weights = new IntArray(size(words, "quantized words"));
      floats = new FloatArray(size(floatCount, "floats"));
      copies.forEach(Runnable::run);
      copies.clear();
      arrays = new DenseArrays(weights, floats, IntArray.fromArray(entries));
    }
    return arrays;
  }

  /** By layer. */
  public List<LayerTypes> layers() {
    return layers;
  }

  /** The first word of the record of a dense layer's network, or of a layer's shared expert. */
  public int record(int layer) {
    return records[layer];
  }

  /** Bytes on the device. */
  public long bytes() {
    return 4 * (words + floatCount + entries.length);
  }
}
