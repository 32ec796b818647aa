package io.foregate.store;

import io.foregate.gguf.GgmlType;
import io.foregate.model.FeedForward;
import io.foregate.model.LayerWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The layers whose experts a layout has records for, and which can therefore move. What other
 * layers' experts look like no kernel of the device reads: they stay in the model's file, and the
 * processor computes them. Packed layers are counted from 0. Immutable.
 */
public final class PackedLayers {
  /** By packed layer, its number in the model. */
  private final int[] layers;

  /** By layer of the model, how many packed layers there are up to it, itself included. */
  private final int[] upTo;

  private final List<ExpertShape> shapes = new ArrayList<>();
  private final List<Integer> routed = new ArrayList<>();

  /** Types that the layout does not hold. */
  private final Set<GgmlType> foreign = new TreeSet<>();

  private PackedLayers(List<LayerWeights> model, ExpertLayout layout) {
    var found = new int[model.size()];
    this.upTo = new int[model.size()];
    int count = 0;
    for (int layer = 0; layer < model.size(); layer++) {
      if (model.get(layer).feedForward() instanceof FeedForward.Routed layerExperts) {
        routed.add(layer);
        ExpertShape shape = ExpertShape.of(layerExperts.experts());
        if (layout.holds(shape)) {
          shapes.add(shape);
          found[count++] = layer;
        } else {
          addForeign(shape, layout);
        }
      }
      upTo[layer] = count;
    }
    this.layers = Arrays.copyOf(found, count);
  }

  private void addForeign(ExpertShape shape, ExpertLayout layout) {
    addForeign(shape.gate(), shape.embedding(), layout);
    addForeign(shape.up(), shape.embedding(), layout);
    addForeign(shape.down(), shape.feedForward(), layout);
  }

  private void addForeign(GgmlType type, int columns, ExpertLayout layout) {
    if (!layout.holds(type, columns)) {
      foreign.add(type);
    }
  }

  /** Those of a model. */
  public static PackedLayers of(List<LayerWeights> model, ExpertLayout layout) {
    return new PackedLayers(model, layout);
  }

  /** How many there are. */
  public int count() {
    return layers.length;
  }

  /** Whether a layer of the model is one. */
  public boolean contains(int layer) {
    return upTo[layer] > (layer == 0 ? 0 : upTo[layer - 1]);
  }

  /** The last one up to a layer of the model, itself included; -1 where there is none. */
  public int lastUpTo(int layer) {
    return layer < 0 ? -1 : upTo[layer] - 1;
  }

  /** The number of a packed layer in the model. */
  public int layer(int packed) {
    return layers[packed];
  }

  /** What experts look like, by packed layer. */
  public List<ExpertShape> shapes() {
    return List.copyOf(shapes);
  }

  /** Layers with experts that are not packed. */
  public int unpacked() {
    return routed.size() - layers.length;
  }

  /** Bytes of the largest record; 0 where there is none. */
  public long maxRecordBytes(ExpertLayout layout) {
    return shapes.stream().mapToLong(layout::recordBytes).max().orElse(0);
  }

  /** The types for which layers are not packed, as a list for people. */
  public String foreignTypes() {
    return foreign.stream().map(Enum::name).collect(Collectors.joining(", "));
  }

  /**
   * Of rows that speak of the layers with experts behind one, and after the last of the first
   * again, keeps those of packed layers, without gaps.
   *
   * @param routed that one, counted among the layers with experts; -1 for before the first
   * @param rows {@code [count][length]}; at most as many rows as there are layers with experts
   * @return how many are left
   */
  public int keepPacked(int routed, float[] rows, int count, int length) {
    int kept = 0;
    for (int row = 0; row < count; row++) {
      if (contains(this.routed.get((routed + 1 + row) % this.routed.size()))) {
        if (kept < row) {
          System.arraycopy(rows, row * length, rows, kept * length, length);
        }
        kept++;
      }
    }
    return kept;
  }
}
