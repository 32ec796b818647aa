package io.foregate.bench.slice;

import io.foregate.backend.Backend;
import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.bench.measure.SyntheticModel;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.HostStore;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.store.BuildListener;
import io.foregate.store.ExpertStore;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A few layers of a generated model on a device, whose steps and copies can be made one by one. Its
 * slots hold each expert once and as many more that no kernel reads.
 */
final class SteppedModel implements AutoCloseable {
  private static final int LAYERS = 2;
  private static final int EXPERTS = 4;
  private static final int USED = 2;
  private static final int SPARE = 4;

  /** What a model of a type and shape needs, whichever way it is copied. */
  static final class Source implements AutoCloseable {
    private final GgufFile file;
    private final ModelConfig config;
    private final ModelWeights weights;
    private final Backend backend;
    private final ExpertStore store;

    Source(Backend backend, SliceShape shape, GgmlType type, Path work) throws IOException {
      SyntheticModel model = shape.model(type, LAYERS, EXPERTS, USED);
      Path path = shape.file(Files.createDirectories(work), model);
      if (!Files.exists(path)) {
        model.write(path);
      }
      this.file = GgufFile.open(path);
      this.backend = backend;
      this.config = ModelConfigReader.read(file);
      this.weights = ModelReader.read(file, config);
      try (BackendModel any = backend.open(config, weights, 0)) {
        this.store =
            ExpertStore.open(
                file, weights, any.expertLayout(), HostStore.auto(), BuildListener.NONE);
      }
    }

    ModelConfig config() {
      return config;
    }

    @Override
    public void close() {
      store.close();
      file.close();
    }
  }

  private final Source source;
  private final BackendModel model;
  private final ExpertSlots slots;
  private final Sequence sequence;
  private final int[] token = new int[1];
  private final int[] ids = new int[USED];
  private final int[] places = new int[USED];
  private final float[] gateInput;
  private final float[] logits;
  private int position;

  /**
   * @param positions the most tokens
   * @throws io.foregate.error.ForegateException if the engine cannot be used
   */
  SteppedModel(Source source, String engine, int positions) {
    this.source = source;
    this.gateInput = new float[source.config.embedding()];
    this.logits = new float[source.config.vocabulary()];
    this.model = source.backend.open(source.config, source.weights, 0);
    try {
      this.slots = model.newSlots(LAYERS * EXPERTS + SPARE, new Link(0, engine));
      for (int id = 0; id < LAYERS * EXPERTS; id++) {
        slots.copy(record(id), id);
      }
      this.sequence = model.newSequence(positions, KvType.F16);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private MemorySegment record(int number) {
    int id = number % (LAYERS * EXPERTS);
    return source.store.record(id / EXPERTS, id % EXPERTS);
  }

  long expertBytes() {
    return source.store.maxRecordBytes();
  }

  /** Computes a token, all layers. */
  void token() {
    token[0] = position % source.config.vocabulary();
    sequence.embed(token, 0, 1, position);
    for (int layer = 0; layer < LAYERS; layer++) {
      sequence.attention(layer);
      Routing routing = sequence.route(layer);
      for (int rank = 0; rank < USED; rank++) {
        ids[rank] = routing.ids()[rank];
        places[rank] = layer * EXPERTS + ids[rank];
      }
      sequence.gateInput(0, gateInput);
      sequence.runExperts(layer, slots, ids, places, USED);
      sequence.combineExperts(layer);
    }
    sequence.logits(0, 1, logits);
    position++;
  }

  /**
   * Computes the first tokens of a sequence in one batch, all layers, anew each time.
   *
   * @return how many
   */
  int batch() {
    int[] tokens = IntStream.range(0, sequence.maxBatch()).toArray();
    sequence.embed(tokens, 0, tokens.length, 0);
    for (int layer = 0; layer < LAYERS; layer++) {
      int first = layer * EXPERTS;
      sequence.attention(layer);
      Routing routing = sequence.route(layer);
      int[] all = Arrays.stream(routing.ids(), 0, tokens.length * USED).distinct().toArray();
      int[] slotOf = Arrays.stream(all).map(expert -> first + expert).toArray();
      sequence.runExperts(layer, slots, all, slotOf, all.length);
      sequence.combineExperts(layer);
    }
    sequence.logits(tokens.length - 1, tokens.length, logits);
    return tokens.length;
  }

  /** Copies the experts of a store one after another to slots that no kernel reads. */
  void copy(int number) {
    slots.copy(record(number), LAYERS * EXPERTS + number % SPARE);
  }

  @Override
  public void close() {
    sequence.close();
    slots.close();
    model.close();
  }
}
