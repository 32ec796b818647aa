package io.foregate.model.reader;

import io.foregate.gguf.MetadataKey;
import io.foregate.model.AttentionConfig;
import io.foregate.model.Family;
import io.foregate.model.Mixer;
import io.foregate.model.Trait;
import java.util.ArrayList;
import java.util.List;

/** Reads which layers have a gated delta net, and its sizes. */
final class DeltaNetReader {
  private static final int MAX_HEADS = 1 << 16;
  private static final int MAX_HEAD = 1 << 15;
  private static final int MAX_KERNEL = 1 << 10;

  private final ConfigValues values;
  private final Family family;

  DeltaNetReader(ConfigValues values, Family family) {
    this.values = values;
    this.family = family;
  }

  /**
   * What each layer has.
   *
   * @param layers that run
   * @param allLayers layers that the metadata count
   */
  List<Mixer> read(AttentionConfig attention, int layers, int allLayers) {
    Mixer plain = new Mixer.Attention(attention);
    boolean[] recurrent =
        family.has(Trait.DELTA_NET) ? recurrent(layers, allLayers) : new boolean[layers];
    Mixer net = family.has(Trait.DELTA_NET) ? net() : plain;
    List<Mixer> mixers = new ArrayList<>();
    for (boolean isRecurrent : recurrent) {
      mixers.add(isRecurrent ? net : plain);
    }
    return mixers;
  }

  /** As the file says layer by layer, or else all but every fourth, or what it says instead. */
  private boolean[] recurrent(int layers, int allLayers) {
    var recurrent = new boolean[layers];
    if (values.has(MetadataKey.RECURRENT_LAYERS)) {
      int[] flags = values.perLayer(MetadataKey.RECURRENT_LAYERS, allLayers);
      for (int layer = 0; layer < layers; layer++) {
        recurrent[layer] = flags[layer] != 0;
      }
      return recurrent;
    }
    int interval = values.positive(MetadataKey.ATTENTION_INTERVAL, Integer.MAX_VALUE);
    for (int layer = 0; layer < layers; layer++) {
      recurrent[layer] = (layer + 1L) % interval != 0;
    }
    return recurrent;
  }

  private Mixer.DeltaNet net() {
    int headSize = values.positive(MetadataKey.DELTA_HEAD, MAX_HEAD);
    int keyHeads = values.positive(MetadataKey.DELTA_KEY_HEADS, MAX_HEADS);
    int valueHeads = values.positive(MetadataKey.DELTA_VALUE_HEADS, MAX_HEADS);
    values.check(
        valueHeads % keyHeads == 0,
        MetadataKey.DELTA_VALUE_HEADS,
        valueHeads,
        "a multiple of the %d key heads".formatted(keyHeads));
    long width = (long) valueHeads * headSize;
    int stated = values.positive(MetadataKey.DELTA_WIDTH, Integer.MAX_VALUE);
    values.check(
        stated == width,
        MetadataKey.DELTA_WIDTH,
        stated,
        "%d: %d heads of %d elements".formatted(width, valueHeads, headSize));
    int kernel = values.positive(MetadataKey.DELTA_KERNEL, MAX_KERNEL);
    BufferSizes sizes = new BufferSizes(values);
    sizes.checkDeltaNet(keyHeads, valueHeads, headSize, kernel);
    return new Mixer.DeltaNet(
        keyHeads,
        valueHeads,
        headSize,
        kernel,
        family.has(Trait.KEY_HEADS_IN_TURNS)
            ? Mixer.DeltaNet.Pairing.TURNS
            : Mixer.DeltaNet.Pairing.NEIGHBOURS);
  }
}
