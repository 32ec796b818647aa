package io.foregate.store;

import io.foregate.error.ForegateException;
import io.foregate.files.MappedFault;
import io.foregate.model.weights.ExpertTensors;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.LayerWeights;
import io.foregate.store.layout.ExpertLayer;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PackedLayers;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * All experts of a model as records: how large each is, and how it is made from the model's file.
 * Records are numbered through, layer by layer; layers without experts have none, and so have those
 * whose experts the layout does not hold. Immutable.
 */
final class ExpertSource {
  /**
   * One layer with experts.
   *
   * @param layer its number in the model
   * @param first the number of its first record
   */
  record Layer(int layer, int first, ExpertShape shape, long recordBytes, ExpertTensors tensors) {
    int experts() {
      return tensors.gate().size();
    }
  }

  private final Supplier<Path> model;
  private final ExpertLayout layout;
  private final List<Layer> layers;

  /** Per record. */
  private final Layer[] ofRecord;

  private ExpertSource(Supplier<Path> model, ExpertLayout layout, List<Layer> layers) {
    this.model = model;
    this.layout = layout;
    this.layers = List.copyOf(layers);
    Layer last = layers.getLast();
    this.ofRecord = new Layer[last.first() + last.experts()];
    for (Layer layer : layers) {
      Arrays.fill(ofRecord, layer.first(), layer.first() + layer.experts(), layer);
    }
  }

  /**
   * @param model the file to blame where one has become shorter
   * @throws IllegalArgumentException if no layer has experts that the layout holds, or the layout
   *     breaks its contract
   */
  static ExpertSource of(Supplier<Path> model, List<LayerWeights> weights, ExpertLayout layout) {
    List<Layer> layers = new ArrayList<>();
    PackedLayers packed = PackedLayers.of(weights, layout);
    int first = 0;
    for (ExpertLayer at : packed.layers()) {
      ExpertShape shape = packed.shapes().get(at.packed());
      long bytes = layout.recordBytes(shape);
      if (bytes <= 0 || bytes % ExpertLayout.ALIGNMENT != 0) {
        throw new IllegalArgumentException(
            "layout %s has records of %d bytes, expected a multiple of %d"
                .formatted(layout.id(), bytes, ExpertLayout.ALIGNMENT));
      }
      ExpertTensors tensors =
          ((FeedForward.Routed) weights.get(at.model()).feedForward()).experts();
      layers.add(new Layer(at.model(), first, shape, bytes, tensors));
      first += tensors.gate().size();
    }
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("a model without experts to pack needs no expert store");
    }
    return new ExpertSource(model, layout, layers);
  }

  ExpertLayout layout() {
    return layout;
  }

  /** The layers that have experts with records, in order. */
  List<Layer> layers() {
    return layers;
  }

  /**
   * @param packed counted among the layers that have records
   * @throws IndexOutOfBoundsException if there is no such layer
   */
  Layer layer(int packed) {
    return layers.get(packed);
  }

  /**
   * The number of an expert's record.
   *
   * @throws IndexOutOfBoundsException if the layer has no such expert
   */
  int record(int packed, int expert) {
    Layer of = layer(packed);
    return of.first() + Objects.checkIndex(expert, of.experts());
  }

  /** How many records there are. */
  int records() {
    return ofRecord.length;
  }

  long recordBytes(int record) {
    return ofRecord[record].recordBytes();
  }

  long maxRecordBytes() {
    return layers.stream().mapToLong(Layer::recordBytes).max().orElseThrow();
  }

  /** Bytes of all records. */
  long bytes() {
    return layers.stream().mapToLong(layer -> layer.recordBytes() * layer.experts()).sum();
  }

  /** Bytes that the experts take in the model's file. */
  long modelBytes() {
    return layers.stream().map(Layer::tensors).mapToLong(ExpertSource::tensorBytes).sum();
  }

  private static long tensorBytes(ExpertTensors tensors) {
    return Stream.of(tensors.gate(), tensors.up(), tensors.down())
        .flatMap(List::stream)
        .mapToLong(matrix -> matrix.data().byteSize())
        .sum();
  }

  /** "layer 3, expert 5". */
  String name(int record) {
    Layer layer = ofRecord[record];
    return "layer %d, expert %d".formatted(layer.layer(), record - layer.first());
  }

  /**
   * Makes a record from the model's file.
   *
   * @param target as long as the record, or longer
   * @throws ForegateException if the model's file has become shorter
   */
  void pack(int record, MemorySegment target) {
    Layer layer = ofRecord[record];
    ExpertWeights expert = ExpertWeights.of(layer.tensors(), record - layer.first());
    try {
      layout.pack(layer.shape(), expert, target.asSlice(0, layer.recordBytes()));
    } catch (InternalError e) {
      throw MappedFault.rethrow(e, model.get());
    }
  }

  /** A record has been made: its weights in the model's file need not be in memory, too. */
  void letGo(int record) {
    Layer layer = ofRecord[record];
    ExpertWeights expert = ExpertWeights.of(layer.tensors(), record - layer.first());
    MappedPages.letGo(expert.gate().data());
    MappedPages.letGo(expert.up().data());
    MappedPages.letGo(expert.down().data());
  }
}
