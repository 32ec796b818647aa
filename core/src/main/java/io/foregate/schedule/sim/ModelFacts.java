package io.foregate.schedule.sim;

import io.foregate.gate.LookaheadGates;
import io.foregate.gguf.GgmlType;
import io.foregate.model.AttentionConfig;
import io.foregate.options.KvType;
import io.foregate.placement.ModelSizes;
import java.util.List;
import java.util.Map;

/**
 * Sizes of a model that a device is to run.
 *
 * @param name short, e.g. {@code mixtral-8x7b}
 * @param title its full name
 * @param layers transformer blocks
 * @param embedding width of the residual stream
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headSize elements of one head
 * @param feedForward hidden width of an expert
 * @param experts experts of a layer
 * @param used experts per token
 * @param vocabulary tokens; the embedding and the output matrix are separate
 * @param context positions of the KV cache, which is on the device in F16
 * @param denseType type of all weights that are not experts'
 * @param expertTypes type of the experts' weights, by the name that stands behind the colon in
 *     {@code --profile}
 * @param sources documents that the figures are from
 */
record ModelFacts(
    String name,
    String title,
    int layers,
    int embedding,
    int heads,
    int kvHeads,
    int headSize,
    int feedForward,
    int experts,
    int used,
    int vocabulary,
    int context,
    GgmlType denseType,
    Map<String, GgmlType> expertTypes,
    List<String> sources) {

  /** Gate, up and down of one expert. */
  long expertBytes(GgmlType type) {
    return 3 * type.byteSize((long) embedding * feedForward);
  }

  /** Query, key, value and output matrices of one layer. */
  long attentionBytes() {
    long query = (long) embedding * heads * headSize;
    long key = (long) embedding * kvHeads * headSize;
    return 2 * denseType.byteSize(query) + 2 * denseType.byteSize(key);
  }

  /** The router of one layer, F32 as routers are. */
  long routerBytes() {
    return (long) embedding * experts * Float.BYTES;
  }

  /** Lookahead gates of one layer with their usual horizon and hidden layer, F32. */
  long gateBytes() {
    long scores = (long) LookaheadGates.DEFAULT_HORIZON * experts;
    long hidden = LookaheadGates.DEFAULT_HIDDEN;
    return ((scores + hidden) * embedding + hidden * scores) * Float.BYTES;
  }

  /** The output matrix. */
  long headBytes() {
    return denseType.byteSize((long) embedding * vocabulary);
  }

  /** Keys and values of one layer and position. */
  long kvBytesPerPosition() {
    return 2L * kvHeads * headSize * KvType.F16.bytes();
  }

  /** What every token needs on the device: all weights but the experts', and gates. */
  ModelSizes sizes() {
    var attention = AttentionConfig.of(heads, kvHeads, headSize);
    return new ModelSizes(
        layers * (attentionBytes() + routerBytes() + gateBytes()) + 2 * headBytes(),
        layers,
        attention.keptSize(),
        0,
        ModelSizes.activations(embedding, attention, (long) used * feedForward, used),
        headSize,
        vocabulary);
  }
}
