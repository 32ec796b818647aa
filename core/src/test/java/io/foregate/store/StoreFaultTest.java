package io.foregate.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.options.HostStore;
import io.foregate.options.TierChoice;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks that are full, memory that is short or may not be locked, and interruptions. */
class StoreFaultTest {
  private static final long NONE_FREE = 0;
  private static final long PLENTY = 1L << 40;

  @TempDir Path folder;

  private StoreModel model;
  private LogRecorder log;

  @BeforeEach
  void openModel() {
    model = StoreModel.in(folder, 1);
    log = new LogRecorder();
  }

  @AfterEach
  void closeModel() {
    log.close();
    model.close();
  }

  /** A disk on which so many bytes still fit. */
  private static final class SmallDisk implements Function<Path, SidecarSink> {
    private final long room;
    private final boolean admits;

    /**
     * @param admits whether the disk says how little room it has
     */
    SmallDisk(long room, boolean admits) {
      this.room = room;
      this.admits = admits;
    }

    @Override
    public SidecarSink apply(Path path) {
      SidecarSink real = SidecarSink.to(path);
      return new SidecarSink() {
        private long left = room;

        @Override
        public void requireSpace(long bytes) {
          if (admits && bytes > room) {
            throw full();
          }
        }

        @Override
        public void write(MemorySegment bytes) {
          left -= bytes.byteSize();
          if (left < 0) {
            throw full();
          }
          real.write(bytes);
        }

        @Override
        public void commit() {
          real.commit();
        }

        @Override
        public void close() {
          real.close();
        }
      };
    }

    private static ForegateException full() {
      return new ForegateException("The disk is full.", "Free some space.");
    }
  }

  /** Refuses the n-th lock, and remembers the others. */
  private static final class StrictLock implements MemoryLock {
    private final int refused;
    private int asked;
    final List<Long> locked = new ArrayList<>();

    StrictLock(int refused) {
      this.refused = refused;
    }

    @Override
    public Optional<String> lock(MemorySegment memory) {
      if (asked++ == refused) {
        return Optional.of("RLIMIT_MEMLOCK forbids it");
      }
      locked.add(memory.address());
      return Optional.empty();
    }

    @Override
    public void unlock(MemorySegment memory) {
      assertThat(locked.remove((Long) memory.address())).isTrue();
    }
  }

  private static Host host(long free, Function<Path, SidecarSink> sinks) {
    return new Host(() -> free, new PosixMemoryLock(), sinks, Host.system().threads());
  }

  private ExpertStore open(TierChoice tier, Host host) {
    return model.open(HostStore.auto().withTier(tier), BuildListener.NONE, host);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> !file.equals(model.path())).toList();
    }
  }

  @Test
  void leavesNothingOnAFullDisk() throws IOException {
    open(TierChoice.FILE, Host.system()).close();
    long size = Files.size(model.sidecar());
    Files.delete(model.sidecar());
    for (long room : new long[] {0, 5000, size / 2, size - 1}) {
      for (boolean admits : new boolean[] {true, false}) {
        assertThatThrownBy(() -> open(TierChoice.FILE, host(PLENTY, new SmallDisk(room, admits))))
            .isInstanceOf(ForegateException.class)
            .hasMessage("The disk is full.");
        assertThat(files()).isEmpty();
      }
    }
    open(TierChoice.FILE, host(PLENTY, new SmallDisk(size, true))).close();
    assertThat(files()).containsExactly(model.sidecar());
  }

  @Test
  void keepsAnUnfitFileWhenItCannotBeReplaced() throws IOException {
    Files.writeString(model.sidecar(), "FGEXPERT old");
    assertThatThrownBy(() -> open(TierChoice.FILE, host(PLENTY, new SmallDisk(9000, false))))
        .hasMessage("The disk is full.");
    assertThat(model.sidecar()).hasContent("FGEXPERT old");
  }

  @Test
  void takesNoOtherFilesPlace() throws IOException {
    Files.writeString(model.sidecar(), "notes on experts");
    assertThatThrownBy(() -> open(TierChoice.FILE, Host.system()))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("is not an expert store but a text file");
    assertThat(model.sidecar()).hasContent("notes on experts");
  }

  @Test
  void saysWhenTheFolderIsMissingOrAnotherRunIsWriting() throws IOException {
    HostStore options = HostStore.auto().withTier(TierChoice.FILE);
    assertThatThrownBy(
            () ->
                model.open(
                    options.withFolder(folder.resolve("absent")),
                    BuildListener.NONE,
                    Host.system()))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("no such directory");
    try (SidecarSink other = SidecarSink.to(model.sidecar())) {
      other.write(MemorySegment.ofArray(new byte[1]));
      assertThatThrownBy(() -> open(TierChoice.FILE, Host.system()))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("another run is writing it");
      assertThat(files())
          .containsExactly(model.sidecar().resolveSibling("model.rows.experts.part"));
    }
    open(TierChoice.FILE, Host.system()).close();
    assertThat(files()).containsExactly(model.sidecar());
  }

  @Test
  void choosesByFreeMemory() {
    Function<Path, SidecarSink> disk = SidecarSink::to;
    try (ExpertStore store = open(TierChoice.AUTO, host(PLENTY, disk))) {
      assertThat(store.tier()).isEqualTo(Tier.RAM);
      assertThat(store.reason()).contains("fit into");
      assertThat(model.sidecar()).doesNotExist();
    }
    try (ExpertStore store = open(TierChoice.AUTO, host(NONE_FREE, disk))) {
      assertThat(store.tier()).isEqualTo(Tier.FILE);
      assertThat(store.reason()).contains("exceed");
      assertThat(model.sidecar()).exists();
    }
    assertThat(log.warnings()).isEmpty();
  }

  @Test
  void autoTakesTheMarginWhenThereIsNoDiskEither() throws IOException {
    var noDisk = new SmallDisk(0, true);
    long bytes;
    try (ExpertStore store = open(TierChoice.RAM, Host.system())) {
      bytes = store.bytes();
    }
    try (ExpertStore store = open(TierChoice.AUTO, host(bytes, noDisk))) {
      assertThat(store.tier()).isEqualTo(Tier.RAM);
      assertThat(store.reason()).contains("The disk is full.");
      assertThat(log.warnings()).hasSize(1).first().asString().contains("The disk is full.");
    }
    assertThatThrownBy(() -> open(TierChoice.AUTO, host(bytes - 1, noDisk)))
        .hasMessage("The disk is full.");
    assertThat(files()).isEmpty();
  }

  @Test
  void saysWhenTheSystemRefusesTheMemory() {
    var huge = new OddLayout(1L << 60, () -> {});
    assertThatThrownBy(
            () ->
                model.open(
                    huge,
                    HostStore.auto().withTier(TierChoice.RAM),
                    BuildListener.NONE,
                    Host.system()))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e).hasMessageContaining("memory");
              assertThat(e.hint()).contains("store file");
            });
  }

  @Test
  void passesOnWhatPackingThrows() throws IOException {
    var failing =
        new OddLayout(
            256,
            () -> {
              throw new ArithmeticException("a bug in a layout");
            });
    for (TierChoice tier : List.of(TierChoice.RAM, TierChoice.FILE)) {
      HostStore options = HostStore.auto().withTier(tier);
      assertThatThrownBy(() -> model.open(failing, options, BuildListener.NONE, Host.system()))
          .isInstanceOf(ArithmeticException.class);
      assertThat(files()).isEmpty();
    }
  }

  @Test
  void endsWhenItIsInterrupted() throws IOException {
    Thread builder = Thread.currentThread();
    for (TierChoice tier : List.of(TierChoice.RAM, TierChoice.FILE)) {
      HostStore options = HostStore.auto().withTier(tier);
      var interrupting = new OddLayout(256, builder::interrupt);
      assertThatThrownBy(() -> model.open(interrupting, options, BuildListener.NONE, Host.system()))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(files()).isEmpty();
    }
  }

  /** Records of any size, filled by any means. */
  private record OddLayout(long bytes, Runnable packing) implements ExpertLayout {
    @Override
    public String id() {
      return "odd";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public long recordBytes(ExpertShape shape) {
      return bytes;
    }

    @Override
    public void pack(ExpertShape shape, ExpertWeights expert, MemorySegment record) {
      packing.run();
    }

    @Override
    public ExpertWeights view(ExpertShape shape, MemorySegment record) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void locksAllMemoryUntilItIsClosed() {
    var lock = new StrictLock(-1);
    ExpertStore store = openLocked(TierChoice.RAM, lock);
    assertThat(lock.locked).hasSize(model.layers() * StoreModel.EXPERTS);
    store.close();
    assertThat(lock.locked).isEmpty();
    store.close();
    assertThat(log.warnings()).isEmpty();
  }

  @Test
  void warnsOnceAndGoesOnWhenLockingIsForbidden() {
    for (int refused = 0; refused < model.layers(); refused++) {
      var lock = new StrictLock(refused);
      try (ExpertStore store = openLocked(TierChoice.RAM, lock);
          Arena arena = Arena.ofConfined()) {
        assertThat(lock.locked).as("all or nothing").isEmpty();
        assertThat(log.warnings())
            .singleElement()
            .asString()
            .contains("RLIMIT_MEMLOCK", "ulimit -l", "without the lock");
        MemorySegment target = arena.allocate(store.maxRecordBytes());
        store.read(1, 1, target);
        assertThat(model.isExpert(1, 1, store.shape(1), target)).isTrue();
      }
      log.warnings().clear();
    }
  }

  @Test
  void warnsThatAFileIsNotLocked() {
    openLocked(TierChoice.FILE, new StrictLock(0)).close();
    assertThat(log.warnings()).singleElement().asString().contains("no memory of theirs to lock");
  }

  private ExpertStore openLocked(TierChoice tier, MemoryLock lock) {
    return model.open(
        HostStore.auto().withTier(tier).withLock(true),
        BuildListener.NONE,
        new Host(() -> PLENTY, lock, SidecarSink::to, Host.system().threads()));
  }
}
