package io.foregate.store.layout;

import io.foregate.gguf.GgmlType;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The layers whose experts a layout has records for, and which can therefore move. What other
 * layers' experts look like no kernel of the device reads: they stay in the model's file, and the
 * CPU computes them. Packed layers are counted from 0. Immutable.
 */
public final class PackedLayers {
  /** By layer of the model; {@code null} where it has no experts. */
  private final ExpertLayer[] byModel;

  private final List<ExpertLayer> routed = new ArrayList<>();
  private final List<ExpertLayer> packed = new ArrayList<>();
  private final List<ExpertShape> shapes = new ArrayList<>();

  /** Types that the layout does not hold. */
  private final Set<GgmlType> foreign = new TreeSet<>();

  private PackedLayers(List<LayerWeights> model, ExpertLayout layout) {
    byModel = new ExpertLayer[model.size()];
    for (int layer = 0; layer < model.size(); layer++) {
      if (model.get(layer).feedForward() instanceof FeedForward.Routed layerExperts) {
        add(layer, ExpertShape.of(layerExperts.experts()), layout);
      }
    }
  }

  private void add(int layer, ExpertShape shape, ExpertLayout layout) {
    boolean holds = layout.holds(shape);
    int last = holds ? packed.size() : packed.size() - 1;
    var found = new ExpertLayer(layer, routed.size(), last, holds);
    byModel[layer] = found;
    routed.add(found);
    if (holds) {
      packed.add(found);
      shapes.add(shape);
    } else {
      addForeign(shape, layout);
    }
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
    return packed.size();
  }

  /** The packed layers, in order. */
  public List<ExpertLayer> layers() {
    return List.copyOf(packed);
  }

  /**
   * A layer with experts, packed or not.
   *
   * @param model its number in the model
   * @throws IllegalArgumentException if it has no experts
   */
  public ExpertLayer at(int model) {
    ExpertLayer layer = byModel[model];
    if (layer == null) {
      throw new IllegalArgumentException("layer " + model + " has no experts");
    }
    return layer;
  }

  /** What experts look like, by packed layer. */
  public List<ExpertShape> shapes() {
    return List.copyOf(shapes);
  }

  /** Layers with experts that are not packed. */
  public int unpacked() {
    return routed.size() - packed.size();
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
      if (this.routed.get((routed + 1 + row) % this.routed.size()).isPacked()) {
        if (kept < row) {
          System.arraycopy(rows, row * length, rows, kept * length, length);
        }
        kept++;
      }
    }
    return kept;
  }
}
