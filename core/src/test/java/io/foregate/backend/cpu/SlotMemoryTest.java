package io.foregate.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.Sequence;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.FeedForward;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.RowLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlotMemoryTest {
  private static final TinyModel TINY = TinyModel.mixture("slots", GgmlType.Q4_K);

  @TempDir Path folder;

  private GgufFile gguf;
  private ModelConfig config;
  private ModelWeights weights;
  private BackendModel model;
  private final Arena arena = Arena.ofShared();

  @BeforeEach
  void open() throws IOException {
    gguf = GgufFile.open(TinyModelWriter.write(TINY, folder));
    config = ModelConfigReader.read(gguf);
    weights = ModelReader.read(gguf, config);
    model = new CpuBackend().open(config, weights, 2);
  }

  @AfterEach
  void close() {
    model.close();
    gguf.close();
    arena.close();
  }

  /** Packed as a store would. */
  private MemorySegment record(int layer, int expert) {
    var routed = (FeedForward.Routed) weights.layers().get(layer).feedForward();
    ExpertShape shape = ExpertShape.of(routed.experts());
    MemorySegment record = arena.allocate(model.expertLayout().recordBytes(shape), 256);
    model.expertLayout().pack(shape, ExpertWeights.of(routed.experts(), expert), record);
    return record.asReadOnly();
  }

  private interface Places {
    int of(int layer, int expert);
  }

  private float[] logits(ExpertMemory memory, Places places) {
    int[] tokens = TINY.tokens();
    float[] logits = new float[config.vocabulary()];
    try (Sequence sequence = model.newSequence(tokens.length, KvType.F16)) {
      for (int t = 0; t < tokens.length; t++) {
        sequence.embed(tokens, t, t + 1, t);
        for (int layer = 0; layer < config.layers(); layer++) {
          sequence.attention(layer);
          int[] ids = sequence.route(layer).ids().clone();
          for (int i = 0; i < config.expertsUsed(); i++) {
            int[] place = {places.of(layer, ids[i])};
            sequence.runExperts(layer, memory, new int[] {ids[i]}, place, 1);
          }
          sequence.combineExperts(layer);
        }
      }
      sequence.logits(0, 1, logits);
    }
    return logits;
  }

  @Test
  void expertsGiveTheSameBitsFromTheFileFromRecordsAndFromSlots() {
    int experts = config.experts();
    float[] expected = logits(model.residentExperts(), (layer, e) -> layer * experts + e);
    ExpertRecords records = this::record;
    assertThat(logits(model.hostExperts(records), (layer, e) -> layer * experts + e))
        .containsExactly(expected);
    try (ExpertSlots slots = model.newSlots(2, Link.DEFAULT)) {
      int[] next = {0};
      Places copied =
          (layer, e) -> {
            next[0] ^= 1;
            slots.copy(record(layer, e), next[0]);
            return next[0];
          };
      assertThat(logits(slots, copied)).containsExactly(expected);
    }
  }

  @Test
  void aSlotComesBackAsItWent() {
    MemorySegment record = record(1, 2);
    try (ExpertSlots slots = model.newSlots(3, Link.DEFAULT)) {
      slots.copy(record, 2);
      MemorySegment back = arena.allocate(record.byteSize());
      slots.copyBack(2, back);
      assertThat(back.mismatch(record)).isEqualTo(-1);
    }
  }

  @Test
  void copiesTakeAsLongAsOverTheLink() {
    MemorySegment from = arena.allocate(3 << 20);
    from.fill((byte) 7);
    MemorySegment to = arena.allocate(from.byteSize());
    double gbps = 0.1;
    long start = System.nanoTime();
    new ThrottledLink(gbps).copy(from, 0, to, 0, from.byteSize());
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo((long) (from.byteSize() / gbps));
    assertThat(to.mismatch(from)).isEqualTo(-1);
  }

  @Test
  void useAfterCloseIsAnError() {
    MemorySegment record = record(0, 0);
    ExpertSlots slots = model.newSlots(1, Link.DEFAULT);
    slots.close();
    slots.close();
    assertThatThrownBy(() -> slots.copy(record, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void partsOfARecordArePadded() {
    var layout = new RowLayout();
    var shape = new ExpertShape(32, 3, GgmlType.Q8_0, GgmlType.F32, GgmlType.F32);
    assertThat(layout.recordBytes(shape)).isEqualTo(256 + 512 + 512);
  }
}
