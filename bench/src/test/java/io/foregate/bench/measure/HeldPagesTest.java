package io.foregate.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.store.MemoryLock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeldPagesTest {
  private static final int SIZE = 1 << 20;

  /** Allows so many locks, and remembers which hold. */
  private static final class CountedLock implements MemoryLock {
    private final List<MemorySegment> held = new ArrayList<>();
    private final int most;

    CountedLock(int most) {
      this.most = most;
    }

    @Override
    public Optional<String> lock(MemorySegment memory) {
      if (held.size() == most) {
        return Optional.of("there are enough");
      }
      held.add(memory);
      return Optional.empty();
    }

    @Override
    public void unlock(MemorySegment memory) {
      assertThat(held.remove(memory)).isTrue();
    }
  }

  private static List<MemorySegment> segments() {
    return List.of(
        MemorySegment.ofArray(new byte[8]),
        MemorySegment.ofArray(new byte[16]),
        MemorySegment.ofArray(new byte[24]));
  }

  @Test
  void allPagesAreLockedUntilTheEnd() {
    var lock = new CountedLock(3);
    try (var pages = new HeldPages(segments(), lock)) {
      assertThat(pages.refusal()).isEmpty();
      pages.renew();
      assertThat(lock.held).hasSize(3);
    }
    assertThat(lock.held).isEmpty();
  }

  @Test
  void whereOneIsRefusedNoneStaysLocked() {
    var lock = new CountedLock(2);
    try (var pages = new HeldPages(segments(), lock)) {
      assertThat(pages.refusal()).contains("there are enough");
      assertThat(lock.held).isEmpty();
    }
    assertThat(lock.held).isEmpty();
  }

  @Test
  void whereLockingIsRefusedPagesAreRead(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("weights"), new byte[SIZE]);
    try (FileChannel channel = FileChannel.open(file);
        Arena arena = Arena.ofConfined()) {
      MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, SIZE, arena);
      try (var pages = new HeldPages(List.of(mapped), new CountedLock(0))) {
        pages.renew();
        assertThat(mapped.isLoaded()).isTrue();
      }
    }
  }
}
