package io.foregate.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.foregate.error.ForegateException;
import io.foregate.options.TierChoice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a store gives, in whatever tier. */
class ExpertStoreTest {
  @TempDir Path folder;

  private StoreModel model;
  private Arena arena;

  @BeforeEach
  void openModel() {
    model = StoreModel.in(folder, 1);
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeModel() {
    arena.close();
    model.close();
  }

  private MemorySegment target(ExpertStore store) {
    return arena.allocate(store.maxRecordBytes());
  }

  @ParameterizedTest
  @EnumSource(
      value = TierChoice.class,
      names = {"RAM", "FILE"})
  void holdsEveryExpertOfEveryLayer(TierChoice tier) {
    try (ExpertStore store = model.open(tier)) {
      assertThat(store.tier().name()).isEqualTo(tier.name());
      MemorySegment target = target(store);
      long bytes = 0;
      for (int layer = 0; layer < model.layers(); layer++) {
        for (int expert = 0; expert < StoreModel.EXPERTS; expert++) {
          store.read(layer, expert, target);
          assertThat(model.isExpert(layer, expert, store.shape(layer), target)).isTrue();
          MemorySegment record = store.record(layer, expert, target(store));
          assertThat(record.byteSize()).isGreaterThanOrEqualTo(store.recordBytes(layer));
          assertThat(model.isExpert(layer, expert, store.shape(layer), record)).isTrue();
          bytes += store.recordBytes(layer);
        }
        assertThat(store.recordBytes(layer) % 256).isZero();
        assertThat(store.recordBytes(layer)).isLessThanOrEqualTo(store.maxRecordBytes());
      }
      assertThat(store.bytes()).isEqualTo(bytes);
      assertThat(List.of(store.recordBytes(0), store.recordBytes(1), store.recordBytes(2)))
          .as("layers of different types")
          .doesNotHaveDuplicates()
          .contains(store.maxRecordBytes());
    }
  }

  @Test
  void givesRecordsInMemoryWithoutACopy() {
    try (ExpertStore store = model.open(TierChoice.RAM)) {
      for (int layer = 0; layer < model.layers(); layer++) {
        for (int expert = 0; expert < StoreModel.EXPERTS; expert++) {
          MemorySegment record = store.record(layer, expert);
          assertThat(record).isSameAs(store.record(layer, expert, MemorySegment.NULL));
          assertThat(record.isReadOnly()).isTrue();
          assertThat(record.address() % 256).isZero();
          assertThat(record.byteSize()).isEqualTo(store.recordBytes(layer));
        }
      }
    }
  }

  @Test
  void givesNoRecordInMemoryFromAFile() {
    try (ExpertStore store = model.open(TierChoice.FILE)) {
      assertThatThrownBy(() -> store.record(0, 0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TierChoice.class,
      names = {"RAM", "FILE"})
  void refusesWhatIsNotThere(TierChoice tier) {
    try (ExpertStore store = model.open(tier)) {
      MemorySegment target = target(store);
      for (int[] bad : new int[][] {{-1, 0}, {model.layers(), 0}, {0, -1}, {0, 4}}) {
        assertThatThrownBy(() -> store.read(bad[0], bad[1], target))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      MemorySegment small = arena.allocate(store.recordBytes(0) - 1);
      assertThatThrownBy(() -> store.read(0, 0, small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(store.recordBytes(0) + " bytes");
      store.read(0, 0, target);
      assertThatThrownBy(() -> store.read(0, 0, target.asReadOnly()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TierChoice.class,
      names = {"RAM", "FILE"})
  void isReadByManyThreads(TierChoice tier) throws Exception {
    try (ExpertStore store = model.open(tier);
        ExecutorService pool = Executors.newFixedThreadPool(8)) {
      List<Future<Boolean>> readers = new ArrayList<>();
      for (int reader = 0; reader < 8; reader++) {
        var random = new Random(reader);
        readers.add(pool.submit(() -> readsRightly(store, random, 200)));
      }
      for (Future<Boolean> reader : readers) {
        assertThat(reader.get()).isTrue();
      }
    }
  }

  private boolean readsRightly(ExpertStore store, Random random, int times) {
    MemorySegment target = target(store);
    boolean right = true;
    for (int i = 0; i < times; i++) {
      int layer = random.nextInt(model.layers());
      int expert = random.nextInt(StoreModel.EXPERTS);
      store.read(layer, expert, target);
      right &= model.isExpert(layer, expert, store.shape(layer), target);
    }
    return right;
  }

  @ParameterizedTest
  @EnumSource(
      value = TierChoice.class,
      names = {"RAM", "FILE"})
  void refusesUseAfterClose(TierChoice tier) {
    ExpertStore store = model.open(tier);
    MemorySegment target = target(store);
    MemorySegment kept = store.record(0, 0, target);
    store.close();
    store.close();
    assertThatThrownBy(() -> store.read(0, 0, target)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.record(0, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.record(0, 0, target)).isInstanceOf(IllegalStateException.class);
    if (tier == TierChoice.RAM) {
      assertThatThrownBy(() -> kept.get(ValueLayout.JAVA_BYTE, 0))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TierChoice.class,
      names = {"RAM", "FILE"})
  void closesUnderReaders(TierChoice tier) throws Exception {
    for (int round = 0; round < 20; round++) {
      ExpertStore store = model.open(tier);
      var wrong = new AtomicBoolean();
      var readers = new ArrayList<Thread>();
      for (int reader = 0; reader < 4; reader++) {
        MemorySegment target = target(store);
        readers.add(
            Thread.ofPlatform().start(() -> wrong.compareAndSet(false, !readUntil(store, target))));
      }
      Thread.sleep(round % 5);
      store.close();
      for (Thread reader : readers) {
        reader.join();
      }
      assertThat(wrong).isFalse();
    }
  }

  /** Reads until the store is closed; whether all was right up to there. */
  private boolean readUntil(ExpertStore store, MemorySegment target) {
    boolean right = true;
    try {
      while (true) {
        store.read(1, 2, target);
        right &= model.isExpert(1, 2, store.shape(1), target);
      }
    } catch (IllegalStateException e) {
      return right;
    }
  }

  /** Interrupting a thread in a read closes a file channel for all threads. */
  @Test
  void survivesAnInterruptedReader() throws Exception {
    try (ExpertStore store = model.open(TierChoice.FILE)) {
      MemorySegment target = target(store);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> store.read(0, 0, target))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      store.read(0, 0, target);
      assertThat(model.isExpert(0, 0, store.shape(0), target)).isTrue();

      try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
        Future<Boolean> steady = pool.submit(() -> readsRightly(store, new Random(), 2000));
        while (!steady.isDone()) {
          Thread.currentThread().interrupt();
          assertThatThrownBy(() -> store.read(0, 0, target)).hasMessageContaining("interrupted");
          assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(steady.get()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = TierChoice.class,
      names = {"RAM", "FILE"})
  void readsWithoutAllocating(TierChoice tier) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (ExpertStore store = model.open(tier)) {
      MemorySegment target = target(store);
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 200; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 100; i++) {
          store.read(i % 3, i % 4, target);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).isZero();
    }
  }

  @Test
  void hasNothingToKeepOfADenseModel() {
    Path dense = folder.resolve("dense");
    assertThat(dense.toFile().mkdir()).isTrue();
    try (StoreModel other = StoreModel.in(dense, 1, 0)) {
      assertThatThrownBy(() -> other.open(TierChoice.RAM))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("without experts");
    }
  }
}
