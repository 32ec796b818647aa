package io.foregate.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.gguf.GgmlType;
import io.foregate.options.HostStore;
import io.foregate.options.TierChoice;
import io.foregate.store.layout.ExpertLayer;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.PackedLayers;
import io.foregate.store.layout.RowLayout;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layouts that do not hold the experts of all layers. */
class PackedLayersTest {
  @TempDir Path folder;
  private StoreModel model;

  @BeforeEach
  void write() {
    model = StoreModel.in(folder, 3);
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** Rows, but not of some types. */
  private record Choosy(Set<GgmlType> foreign) implements ExpertLayout {
    private static final RowLayout ROWS = new RowLayout();

    @Override
    public String id() {
      return "choosy";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public boolean holds(GgmlType type, int columns) {
      return !foreign.contains(type);
    }

    @Override
    public long recordBytes(ExpertShape shape) {
      assertThat(holds(shape)).isTrue();
      return ROWS.recordBytes(shape);
    }

    @Override
    public void pack(ExpertShape shape, ExpertWeights expert, MemorySegment record) {
      ROWS.pack(shape, expert, record);
    }

    @Override
    public ExpertWeights view(ExpertShape shape, MemorySegment record) {
      return ROWS.view(shape, record);
    }
  }

  private PackedLayers without(GgmlType... foreign) {
    return PackedLayers.of(model.layerWeights(), new Choosy(Set.of(foreign)));
  }

  @Test
  void oneForeignMatrixKeepsALayerUnpacked() {
    PackedLayers packed = without(GgmlType.Q3_K);
    int layers = model.layers();
    assertThat(packed.unpacked()).isEqualTo(1);
    assertThat(packed.count()).isEqualTo(layers - 1);
    assertThat(packed.foreignTypes()).isEqualTo("Q3_K");
    int foreign = layers - 2; // Q2_K, Q3_K and Q4_K
    assertThat(packed.at(foreign).isPacked()).isFalse();
    assertThat(packed.at(foreign - 1).isPacked()).isTrue();
    assertThat(packed.at(foreign).lastPacked()).isEqualTo(foreign - 1);
    assertThat(packed.at(layers - 1)).isEqualTo(packed.layers().getLast());
    assertThat(packed.at(layers - 1))
        .isEqualTo(new ExpertLayer(layers - 1, layers - 1, layers - 2, true));
    assertThatThrownBy(packed.at(foreign)::packed).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theStoreHasRecordsOfTheOthers() {
    var layout = new Choosy(Set.of(GgmlType.Q3_K));
    PackedLayers packed = PackedLayers.of(model.layerWeights(), layout);
    HostStore options = HostStore.auto().withTier(TierChoice.RAM);
    long bytes = 0;
    try (ExpertStore store = model.open(layout, options, BuildListener.NONE, Host.system())) {
      for (ExpertLayer at : packed.layers()) {
        ExpertShape shape = packed.shapes().get(at.packed());
        for (int e = 0; e < StoreModel.EXPERTS; e++) {
          MemorySegment record = store.record(at.packed(), e);
          assertThat(model.isExpert(at.model(), e, shape, record)).isTrue();
          bytes += layout.recordBytes(shape);
        }
      }
      assertThat(store.bytes()).isEqualTo(bytes);
      assertThat(store.maxRecordBytes()).isEqualTo(packed.maxRecordBytes(layout));
      assertThat(store.layers()).isEqualTo(packed.count());
      assertThatThrownBy(() -> store.record(packed.count(), 0))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void keepsWhatIsSaidOfPackedLayers() {
    PackedLayers packed = without(GgmlType.Q3_K);
    int layers = model.layers();
    int foreign = layers - 2;
    for (int from = -1; from < layers; from++) {
      int count = layers - 1;
      float[] rows = new float[2 * count];
      for (int row = 0; row < count; row++) {
        int layer = (from + 1 + row) % layers;
        rows[2 * row] = layer;
        rows[2 * row + 1] = -layer;
      }
      int kept = packed.keepPacked(from, rows, count, 2);
      // The row that is missing is the one of `from` itself.
      assertThat(kept).isEqualTo((from + layers) % layers == foreign ? count : count - 1);
      for (int row = 0; row < kept; row++) {
        int last = from < 0 ? -1 : packed.at(from).lastPacked();
        int layer = packed.layers().get((last + 1 + row) % packed.count()).model();
        assertThat(rows[2 * row]).isEqualTo(layer);
        assertThat(rows[2 * row + 1]).isEqualTo(-layer);
      }
    }
  }

  @Test
  void nothingIsPacked() {
    PackedLayers packed = without(GgmlType.values());
    assertThat(packed.count()).isZero();
    assertThat(packed.maxRecordBytes(new RowLayout())).isZero();
    assertThat(packed.unpacked()).isEqualTo(model.layers());
    assertThat(packed.keepPacked(0, new float[4], 2, 2)).isZero();
  }
}
