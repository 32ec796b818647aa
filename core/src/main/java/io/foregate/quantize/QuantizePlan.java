package io.foregate.quantize;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.inspect.TensorPart;
import io.foregate.quant.format.Quants;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What becomes of each tensor: the last rule that covers it decides. Norms, biases and routers are
 * not rounded: they are small, and what they say decides much.
 *
 * @param targets types of the tensors to round anew, in the file's order
 */
record QuantizePlan(Map<GgufTensor, Target> targets) {

  /**
   * @param wanted what the rule asked for
   * @param type what the tensor's rows allow, see {@link Quants#fitting}
   */
  record Target(GgmlType wanted, GgmlType type) {}

  static QuantizePlan of(GgufFile file, List<TypeRule> rules) {
    Map<GgufTensor, Target> targets = new LinkedHashMap<>();
    List<TypeRule> unused = new ArrayList<>(rules);
    for (GgufTensor tensor : file.tensors()) {
      if (!isMatrix(tensor)) {
        continue;
      }
      TypeRule last = null;
      for (TypeRule rule : rules) {
        if (rule.covers(tensor)) {
          unused.remove(rule);
          last = rule;
        }
      }
      if (last != null && last.type().isPresent()) {
        GgmlType wanted = last.type().get();
        GgmlType type = Quants.fitting(wanted, tensor.dim(0));
        requireReadable(file, tensor);
        targets.put(tensor, new Target(wanted, type));
      }
    }
    if (!unused.isEmpty()) {
      throw nothingFor(file, unused.getFirst());
    }
    return new QuantizePlan(targets);
  }

  private static boolean isMatrix(GgufTensor tensor) {
    TensorPart part = TensorPart.of(tensor.name());
    return tensor.name().endsWith(".weight")
        && tensor.rank() >= 2
        && part != TensorPart.NORM
        && part != TensorPart.ROUTER;
  }

  private static void requireReadable(GgufFile file, GgufTensor tensor) {
    if (!Quants.supports(tensor.type())) {
      throw new ForegateException(
          "%s: tensor '%s' has type %s, which cannot be read"
              .formatted(file.path(), tensor.name(), tensor.type()),
          "Begin with a model in one of: %s.".formatted(TypeRule.types(Quants::supports)));
    }
  }

  private static ForegateException nothingFor(GgufFile file, TypeRule rule) {
    boolean moe =
        file.tensors().stream().anyMatch(t -> TensorPart.of(t.name()) == TensorPart.EXPERTS);
    return new ForegateException(
        "%s: none of the %d tensors is meant by %s"
            .formatted(file.path(), file.tensors().size(), rule),
        moe
            ? "[[ModelFile.tensors]] lists their names; norms, biases and routers stay as they"
                + " are, and without an output matrix the embedding is it."
            : "This model is dense: it has no experts, try [[feed forward]] and [[attention]].");
  }
}
