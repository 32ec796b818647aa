package io.foregate.convert;

import io.foregate.convert.TargetTensor.Part;
import io.foregate.convert.family.Dimensions;
import io.foregate.convert.family.HfFamily;
import io.foregate.convert.family.StridedView;
import io.foregate.convert.family.TensorRule;
import io.foregate.convert.source.HfConfig;
import io.foregate.convert.source.HfFolder;
import io.foregate.convert.source.SourceTensor;
import io.foregate.convert.source.SourceType;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Matches a folder's tensors with the rules of its family. Every tensor has to mean something, have
 * the shape that the configuration calls for, and none may be missing: one that is left out would
 * give fluent nonsense.
 */
final class TensorPlan {
  private static final String AGAIN =
      "config.json and the weights contradict each other: download both again from one revision.";
  private static final String BLOCKS = "_blocks";
  private static final String SCALES = "_scales";

  private static final String OUTPUT = "lm_head.weight";
  private static final String TIED = "tie_word_embeddings";

  /** What reads pictures, and what predicts further tokens: no part of the text's model. */
  private static final String OTHER_PARTS = "(model\\.visual|mtp)\\..*";

  /** The text's part of a model that reads pictures, too. */
  private static final String TEXT_PART = "model.language_model.";

  /** What old checkpoints carry beside weights: it is computed anew. */
  private static final String COMPUTED = ".*(rotary_emb\\.inv_freq|attention\\.masked_bias)";

  private final HfFamily family;
  private final HfConfig config;
  private final HfFolder folder;
  private final Dimensions dimensions;
  private final int layers;
  private final boolean tied;
  private final Map<TensorRule, Pattern> patterns = new LinkedHashMap<>();

  /** Sources by target, and by expert in it. */
  private final Map<String, Found> found = new LinkedHashMap<>();

  private static final class Found {
    final TensorRule rule;
    final Map<Integer, SourceTensor> parts = new TreeMap<>();

    Found(TensorRule rule) {
      this.rule = rule;
    }
  }

  private TensorPlan(HfFamily family, HfConfig config, HfFolder folder) {
    this.family = family;
    this.config = config;
    this.folder = folder;
    this.dimensions = new Dimensions(config);
    this.layers = Math.toIntExact(config.size("num_hidden_layers"));
    this.tied = config.bool(TIED, false);
    family.tensors().forEach(rule -> patterns.put(rule, rule.pattern()));
  }

  /**
   * The GGUF's tensors, in the order in which a forward pass needs them.
   *
   * @param type of matrices, where theirs is free
   */
  static List<TargetTensor> of(HfFamily family, HfConfig config, HfFolder folder, OutType type) {
    return new TensorPlan(family, config, folder).plan(type);
  }

  /** Which tensors the file will not have, a sentence for each reason. */
  static List<String> leftOut(HfConfig config, HfFolder folder) {
    List<String> notes = new ArrayList<>();
    List<String> computed =
        folder.tensors().keySet().stream().filter(name -> name.matches(COMPUTED)).toList();
    if (!computed.isEmpty()) {
      notes.add(
          "'%s'%s left out: whoever reads the file computes such anew"
              .formatted(
                  computed.getFirst(),
                  computed.size() == 1
                      ? " is"
                      : " and %d like it are".formatted(computed.size() - 1)));
    }
    List<String> others =
        folder.tensors().keySet().stream().filter(name -> name.matches(OTHER_PARTS)).toList();
    if (!others.isEmpty()) {
      notes.add(
          "%d tensors are left out, which read pictures or predict further tokens ('%s')"
              .formatted(others.size(), others.getFirst()));
    }
    if (config.bool(TIED, false) && folder.tensors().containsKey(OUTPUT)) {
      notes.add(
          "'%s' is left out: config.json's '%s' says that the embedding is the output's, too"
              .formatted(OUTPUT, TIED));
    }
    return notes;
  }

  private List<TargetTensor> plan(OutType type) {
    folder.tensors().values().forEach(this::match);
    List<TargetTensor> targets = new ArrayList<>();
    for (TensorRule rule : family.tensors()) {
      if (!rule.hasLayer() && rule.target().startsWith("token_embd")) {
        add(targets, rule, 0, type);
      }
    }
    for (int layer = 0; layer < layers; layer++) {
      for (TensorRule rule : family.tensors()) {
        if (rule.hasLayer()) {
          add(targets, rule, layer, type);
        }
      }
    }
    for (TensorRule rule : family.tensors()) {
      if (!rule.hasLayer() && !rule.target().startsWith("token_embd")) {
        add(targets, rule, 0, type);
      }
    }
    return targets;
  }

  private void match(SourceTensor source) {
    if (source.name().matches(COMPUTED)
        || (tied && source.name().equals(OUTPUT))
        || (family.hasOtherParts() && source.name().matches(OTHER_PARTS))
        || isScales(source.name())) {
      return;
    }
    String name = source.name();
    if (family.hasOtherParts() && name.startsWith(TEXT_PART)) {
      name = "model." + name.substring(TEXT_PART.length());
    }
    boolean known = false;
    for (var entry : patterns.entrySet()) {
      TensorRule rule = entry.getKey();
      Matcher matcher = entry.getValue().matcher(name);
      if (matcher.matches()) {
        known = true;
        int layer = rule.hasLayer() ? Integer.parseInt(matcher.group("l")) : 0;
        if (rule.hasLayer() && layer >= layers) {
          throw new ForegateException(
              "%s is of layer %d, and config.json's 'num_hidden_layers' is %d"
                  .formatted(source.where(), layer, layers),
              AGAIN);
        }
        int expert = rule.isPerExpert() ? Integer.parseInt(matcher.group("e")) : 0;
        requireShape(source, rule);
        Found target = found.computeIfAbsent(rule.target(layer), _ -> new Found(rule));
        if (!target.rule.equals(rule)) {
          throw new ForegateException(
              "%s is also there as '%s'".formatted(source.where(), target.rule.source()), AGAIN);
        }
        target.parts.put(expert, source);
      }
    }
    if (!known) {
      throw new ForegateException(
          "%s means nothing in a model of class %s"
              .formatted(source.where(), config.architecture()),
          "The model differs from the family's others (an adapter, a quantized copy, a head of"
              + " another kind?): convert the plain one.");
    }
  }

  /** Scales travel with their blocks. */
  private boolean isScales(String name) {
    return name.endsWith(SCALES)
        && folder
            .tensors()
            .containsKey(name.substring(0, name.length() - SCALES.length()) + BLOCKS);
  }

  private void requireShape(SourceTensor source, TensorRule rule) {
    List<Long> expected = new ArrayList<>();
    for (String size : rule.shape()) {
      try {
        expected.add(dimensions.get(size));
      } catch (IllegalArgumentException e) {
        throw new ForegateException(
            "%s: config.json does not tell its size '%s'".formatted(source.where(), size),
            AGAIN,
            e);
      }
    }
    if (!source.shape().equals(expected)) {
      throw new ForegateException(
          "%s has shape %s, expected %s from config.json"
              .formatted(source.where(), source.shape(), expected),
          AGAIN);
    }
    if ((source.type() == SourceType.U8) != rule.transform().isMxfp4()) {
      throw new ForegateException(
          "%s has type %s, expected %s"
              .formatted(
                  source.where(),
                  source.type(),
                  rule.transform().isMxfp4() ? "U8" : "a floating-point type"),
          "Convert the original weights, not a quantized copy.");
    }
  }

  /** Adds a rule's target of a layer, once, if there is one. */
  private void add(List<TargetTensor> targets, TensorRule rule, int layer, OutType type) {
    String name = rule.target(layer);
    Found sources = found.remove(name);
    if (sources != null) {
      targets.add(target(name, sources, type));
    } else if (isNeeded(rule, layer) && targets.stream().noneMatch(t -> t.name().equals(name))) {
      throw new ForegateException(
          "%s: tensor '%s' is missing"
              .formatted(
                  folder.path(), rule.source().replace("{l}", "" + layer).replace("{e}", "0")),
          AGAIN);
    }
  }

  private boolean isNeeded(TensorRule rule, int layer) {
    boolean routed = layer >= family.denseLayers(config, dimensions);
    boolean isNet = family.isDeltaNet(config, layer);
    return switch (rule.need()) {
      case ALWAYS -> true;
      case DENSE_LAYERS -> !routed;
      case ROUTED_LAYERS -> routed;
      case SHARED -> routed && dimensions.has("S");
      case ATTENTION_LAYERS -> !isNet;
      case DELTA_LAYERS -> isNet;
      case UNTIED -> !tied;
      case COMPRESSED_QUERIES -> dimensions.has("C");
      case PLAIN_QUERIES -> !dimensions.has("C");
      case OPTIONAL -> false;
    };
  }

  private TargetTensor target(String name, Found sources, OutType type) {
    TensorRule rule = sources.rule;
    List<Part> parts = new ArrayList<>();
    for (SourceTensor source : sources.parts.values()) {
      long[] dims = source.shape().stream().mapToLong(n -> n).toArray();
      for (StridedView view : rule.transform().parts(StridedView.of(dims), dimensions)) {
        parts.add(part(source, rule, view));
      }
    }
    if (rule.isPerExpert() && parts.size() != dimensions.get("E")) {
      throw new ForegateException(
          "%s: there are %d of %d experts' '%s'"
              .formatted(folder.path(), parts.size(), dimensions.get("E"), rule.source()),
          AGAIN);
    }
    List<Long> shape = shape(parts.getFirst(), rule);
    if (rule.isPerExpert()) {
      shape.add((long) parts.size());
    } else if (parts.size() > 1) {
      long columns = shape.getFirst();
      shape = List.of(columns, parts.stream().mapToLong(p -> p.view().elements()).sum() / columns);
    }
    GgmlType chosen = rule.transform().isMxfp4() ? GgmlType.MXFP4 : type.of(name, shape);
    return new TargetTensor(name, shape, parts, chosen);
  }

  private Part part(SourceTensor source, TensorRule rule, StridedView view) {
    if (!rule.transform().isMxfp4()) {
      return new Part(source, view, Optional.empty(), rule.elements());
    }
    String name = source.name().replace(BLOCKS, SCALES);
    SourceTensor scales = folder.tensors().get(name);
    if (scales == null
        || scales.type() != SourceType.U8
        || !scales.shape().equals(source.shape().subList(0, source.shape().size() - 1))) {
      throw new ForegateException(
          "%s: there are no U8 scales '%s' of shape %s"
              .formatted(
                  source.where(), name, source.shape().subList(0, source.shape().size() - 1)),
          AGAIN);
    }
    return new Part(source, view, Optional.of(scales), rule.elements());
  }

  /** The target's shape, innermost first: a view's leading dimensions are merged to its rank. */
  private static List<Long> shape(Part part, TensorRule rule) {
    long[] dims = part.view().dims();
    if (rule.transform().isMxfp4()) { // the last two are blocks and bytes of a row
      dims = Arrays.copyOf(dims, dims.length - 1);
      dims[dims.length - 1] *= GgmlType.MXFP4.blockSize();
    }
    int inner = rule.transform().columnDims();
    if (inner > 1) { // dimensions that make up a row
      long[] merged = Arrays.copyOf(dims, dims.length - inner + 1);
      merged[merged.length - 1] = 1;
      for (int i = dims.length - inner; i < dims.length; i++) {
        merged[merged.length - 1] *= dims[i];
      }
      dims = merged;
    }
    int rank = rule.transform().rank(rule.shape().size());
    List<Long> shape = new ArrayList<>();
    if (rank == 1) {
      shape.add(Arrays.stream(dims).reduce(1, (a, b) -> a * b));
      return shape;
    }
    for (int i = 0; i < rank - 1; i++) {
      shape.add(dims[dims.length - 1 - i]);
    }
    long rest = 1;
    for (int i = 0; i <= dims.length - rank; i++) {
      rest *= dims[i];
    }
    shape.add(rest);
    return shape;
  }
}
