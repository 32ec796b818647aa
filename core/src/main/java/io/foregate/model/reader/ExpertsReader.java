package io.foregate.model.reader;

import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.MetadataKey;
import io.foregate.model.Family;
import io.foregate.model.MoeConfig;
import io.foregate.model.RouterConfig;
import io.foregate.model.RouterScore;
import io.foregate.model.Trait;
import java.util.Optional;

/** Reads what a model's {@link MoeConfig} and its dense blocks are, widths first. */
final class ExpertsReader {
  private static final int MAX_WIDTH = 1 << 24;

  /** Vocabulary of GLM-4.7-Flash, whose first files lack the gating function. */
  private static final int GLM_FLASH_TOKENS = 154_880;

  private final ConfigValues values;
  private final Family family;
  private final int layers;

  ExpertsReader(ConfigValues values, Family family, int layers) {
    this.values = values;
    this.family = family;
    this.layers = layers;
  }

  /**
   * The hidden width of a dense block, 0 where nothing has one.
   *
   * @param allLayers layers that the metadata count
   */
  int feedForward(int allLayers) {
    int stated = values.ofLayers(MetadataKey.FEED_FORWARD, allLayers, MAX_WIDTH, 0);
    return stated > 0 ? stated : widthOf("blk.0.ffn_down.weight").orElse(0);
  }

  /**
   * @param feedForward a dense block's hidden width
   * @param vocabulary tokens
   */
  MoeConfig read(int feedForward, int allLayers, int vocabulary) {
    int experts = values.count(MetadataKey.EXPERTS, 1 << 16);
    if (experts == 0 || !values.reads(MetadataKey.EXPERTS)) {
      return MoeConfig.NONE;
    }
    int leadingDense = values.count(MetadataKey.LEADING_DENSE, layers - 1);
    int used = used(experts, allLayers);
    int width = expertWidth(feedForward, used, allLayers, leadingDense);
    return new MoeConfig(
        experts,
        used,
        width,
        sharedWidth(width, feedForward),
        leadingDense,
        router(experts, used, vocabulary));
  }

  private int used(int experts, int allLayers) {
    int used = values.positiveOfLayers(MetadataKey.EXPERTS_USED, allLayers, experts);
    for (int layer : values.perLayer(MetadataKey.EXPERTS_USED, allLayers)) {
      values.requireSupported(
          layer == used,
          MetadataKey.EXPERTS_USED,
          layer,
          "another number in one layer than in others");
    }
    return used;
  }

  /**
   * The key, where the family has one; else, where it has none, the width of dense blocks. A
   * missing key is the tensors' width, which is a share of the dense one in all that llama.cpp
   * loads.
   */
  private int expertWidth(int feedForward, int used, int allLayers, int leadingDense) {
    boolean own = values.reads(MetadataKey.EXPERT_WIDTH);
    int stated = values.ofLayers(MetadataKey.EXPERT_WIDTH, allLayers, MAX_WIDTH, 0);
    if (stated > 0 || (!own && feedForward > 0)) {
      return stated > 0 ? stated : feedForward;
    }
    String prefix = "blk." + leadingDense + ".ffn_down";
    return widthOf(prefix + "_exps.weight")
        .or(() -> widthOf(prefix + ".0.weight"))
        .orElse(feedForward / used);
  }

  /** What a product that comes back from a hidden layer reads. */
  private Optional<Integer> widthOf(String tensor) {
    GgufFile file = values.file();
    Optional<GgufTensor> found = file.find(tensor);
    return found.map(t -> (int) Math.min(t.dim(0), MAX_WIDTH));
  }

  /** Some files give a width, some a number of experts, some neither. */
  private int sharedWidth(int expertWidth, int feedForward) {
    if (!family.has(Trait.SHARED_EXPERT)) {
      return 0;
    }
    if (values.reads(MetadataKey.SHARED_EXPERTS)) {
      return Math.multiplyExact(values.count(MetadataKey.SHARED_EXPERTS, 1 << 6), expertWidth);
    }
    int width =
        values.has(MetadataKey.SHARED_WIDTH)
            ? values.count(MetadataKey.SHARED_WIDTH, MAX_WIDTH)
            : 0;
    if (width > 0 || !family.has(Trait.SHARED_GATE)) {
      return width;
    }
    return values.has(MetadataKey.FEED_FORWARD)
        ? feedForward
        : widthOf("blk.0.ffn_down_shexp.weight").orElse(0);
  }

  private RouterConfig router(int experts, int used, int vocabulary) {
    RouterConfig router = family.router();
    int groups = Math.max(1, values.count(MetadataKey.EXPERT_GROUPS, experts));
    values.check(
        experts % groups == 0, MetadataKey.EXPERT_GROUPS, groups, "a divisor of " + experts);
    int groupsUsed = groups == 1 ? 1 : values.positive(MetadataKey.EXPERT_GROUPS_USED, groups);
    int reachable = experts / groups * groupsUsed;
    values.check(
        used <= reachable,
        MetadataKey.EXPERTS_USED,
        used,
        "at most the %d experts of %d groups".formatted(reachable, groupsUsed));
    float scale = values.real(MetadataKey.EXPERT_SCALE);
    return new RouterConfig(
        score(router.score(), vocabulary),
        values.flag(MetadataKey.EXPERT_NORM, router.renormalized()),
        scale == 0 || !values.reads(MetadataKey.EXPERT_SCALE) ? 1 : scale,
        groups,
        groupsUsed);
  }

  /** By the numbers that llama.cpp gives to gating functions; 0 leaves it to the family. */
  private RouterScore score(RouterScore fallback, int vocabulary) {
    if (!values.reads(MetadataKey.GATING)) {
      return fallback;
    }
    int function = values.count(MetadataKey.GATING, Integer.MAX_VALUE);
    Optional<RouterScore> score = RouterScore.ofFunction(function);
    values.requireSupported(
        function == 0 || score.isPresent(),
        MetadataKey.GATING,
        function,
        "another function than softmax and sigmoid");
    boolean glmFlash = vocabulary == GLM_FLASH_TOKENS && (layers == 47 || layers == 48);
    return score.orElse(glmFlash ? RouterScore.SIGMOID : fallback);
  }
}
