package io.foregate.model.reader;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.MetadataKey;
import io.foregate.model.AttentionConfig;
import io.foregate.model.Families;
import io.foregate.model.Family;
import io.foregate.model.ModelConfig;
import io.foregate.model.RopeConfig;
import io.foregate.model.Scales;
import io.foregate.model.SlidingWindow;
import io.foregate.model.Trait;
import java.util.Arrays;

/**
 * Reads a {@link ModelConfig} from the metadata that llama.cpp's converters write ({@link
 * MetadataKey}), and checks that the numbers fit each other. What a file leaves out is what
 * llama.cpp takes for it; what a family's graph in llama.cpp does not read is not read here.
 */
public final class ModelConfigReader {
  private static final int MAX_HEADS = 1 << 16;

  private final ConfigValues values;
  private final Family family;

  private ModelConfigReader(GgufFile file) {
    this.values = new ConfigValues(file);
    this.family = Families.of(values.architecture(), file.path().toString());
  }

  /**
   * The configuration of a model.
   *
   * @throws ForegateException when the architecture is not supported, or a value is missing,
   *     absurd, or contradicts another
   */
  public static ModelConfig read(GgufFile file) {
    ModelFileCheck.requireModel(file);
    return new ModelConfigReader(file).read();
  }

  private ModelConfig read() {
    GgufFile file = values.file();
    int allLayers = values.positive(MetadataKey.LAYERS, 1 << 12);
    int layers = allLayers - values.count(MetadataKey.PREDICTING_LAYERS, allLayers - 1);
    int embedding = values.positive(MetadataKey.EMBEDDING, 1 << 20);
    int context = values.positive(MetadataKey.CONTEXT, Integer.MAX_VALUE);
    values.requireSupported(
        values.flag(MetadataKey.CAUSAL, true),
        MetadataKey.CAUSAL,
        "false",
        "a model whose tokens see later ones");
    int vocabulary = vocabulary();
    var experts = new ExpertsReader(values, family, layers);
    int feedForward = experts.feedForward(allLayers);
    int heads = values.positiveOfLayers(MetadataKey.HEADS, allLayers, MAX_HEADS);
    var latent = new LatentConfigReader(values, heads, embedding);
    boolean isLatent = family.has(Trait.LATENT_ATTENTION);
    int headSize = isLatent ? latent.headSize() : headSize(heads, embedding);
    RopeConfig rope = new RopeReader(values).read(family, headSize, context);
    AttentionConfig attention =
        isLatent ? latent.read(rope, layers, vocabulary) : attention(heads, allLayers, headSize);
    var config =
        new ModelConfig(
            values.text(MetadataKey.NAME, file.path().getFileName().toString()),
            family,
            layers,
            embedding,
            attention,
            feedForward,
            experts.read(feedForward, allLayers, vocabulary),
            vocabulary,
            context,
            epsilon(),
            rope,
            scales(),
            new DeltaNetReader(values, family).read(attention, layers, allLayers));
    new BufferSizes(values).check(config);
    return config;
  }

  private int headSize(int heads, int embedding) {
    int size = values.positive(MetadataKey.KEY_LENGTH, 1 << 16, embedding / heads);
    values.check(size > 0 && size % 2 == 0, MetadataKey.KEY_LENGTH, size, "even, above 0");
    return size;
  }

  private AttentionConfig attention(int heads, int allLayers, int headSize) {
    int kvHeads =
        values.has(MetadataKey.KV_HEADS)
            ? values.positiveOfLayers(MetadataKey.KV_HEADS, allLayers, heads)
            : heads;
    values.check(heads % kvHeads == 0, MetadataKey.KV_HEADS, kvHeads, "a divisor of " + heads);
    int valueSize = values.positive(MetadataKey.VALUE_LENGTH, 1 << 16, headSize);
    values.check(
        valueSize == headSize, MetadataKey.VALUE_LENGTH, valueSize, "the key's " + headSize);
    float scale = values.reads(MetadataKey.ATTENTION_SCALE) ? scale() : 0;
    return new AttentionConfig(
        heads,
        kvHeads,
        headSize,
        valueSize,
        scale == 0 ? (float) (1 / Math.sqrt(headSize)) : scale,
        window(allLayers, headSize));
  }

  private float scale() {
    return values.factor(MetadataKey.ATTENTION_SCALE, 0);
  }

  private SlidingWindow window(int allLayers, int headSize) {
    if (!family.has(Trait.ALTERNATING_WINDOW)) {
      return SlidingWindow.NONE;
    }
    requireSameHeads(MetadataKey.KEY_LENGTH_WINDOW, headSize);
    requireSameHeads(MetadataKey.VALUE_LENGTH_WINDOW, headSize);
    int positions = values.positive(MetadataKey.SLIDING_WINDOW, Integer.MAX_VALUE);
    return new SlidingWindow(positions, period(allLayers));
  }

  private void requireSameHeads(MetadataKey key, int headSize) {
    int size = values.positive(key, 1 << 16, headSize);
    values.requireSupported(
        size == headSize, key, size, "another size of heads in layers with a window");
  }

  /** A period as {@link SlidingWindow} has it, of a number or of a truth value per layer. */
  private int period(int allLayers) {
    MetadataKey key = MetadataKey.WINDOW_PATTERN;
    if (!values.isPerLayer(key)) {
      int period = values.count(key, Integer.MAX_VALUE);
      return period == 0 ? Integer.MAX_VALUE : period;
    }
    int[] windows = values.perLayer(key, allLayers);
    int first = 0;
    while (first < allLayers && windows[first] != 0) {
      first++;
    }
    int period = first == allLayers ? Integer.MAX_VALUE : first + 1;
    for (int layer = 0; layer < allLayers; layer++) {
      values.requireSupported(
          (windows[layer] != 0) == (layer % period < period - 1),
          key,
          Arrays.toString(windows),
          "an irregular pattern of windows");
    }
    return period;
  }

  private float epsilon() {
    float epsilon = values.real(MetadataKey.NORM_EPSILON);
    values.check(epsilon >= 0 && epsilon < 1, MetadataKey.NORM_EPSILON, epsilon, "0 to 1");
    return epsilon;
  }

  /** Granite's; the logits are divided by what its files call their scale. */
  private Scales scales() {
    if (!values.reads(MetadataKey.LOGIT_SCALE)) {
      return Scales.NONE;
    }
    return new Scales(
        values.factor(MetadataKey.EMBEDDING_SCALE, 1),
        values.factor(MetadataKey.RESIDUAL_SCALE, 1),
        1 / values.positiveReal(MetadataKey.LOGIT_SCALE));
  }

  /** The embedding table tells it, as in llama.cpp: a count in the metadata has no effect. */
  private int vocabulary() {
    GgufTensor embedding = values.file().tensor("token_embd.weight");
    long rows = embedding.dim(1);
    values.checkKey(
        rows >= 1 && rows <= 1 << 24, "token_embd.weight", rows + " rows", "1 to " + (1 << 24));
    return (int) rows;
  }
}
