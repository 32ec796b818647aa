package io.foregate.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgufFile;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.HostStore;
import io.foregate.options.TierChoice;
import io.foregate.store.layout.PlaneLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Experts that have been made records are in memory once. */
@EnabledOnOs(OS.LINUX)
class MappedPagesTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");

  @TempDir Path folder;

  /** A copy of the model, as other tests of this process may have mapped that itself. */
  @Test
  void recordsInMemoryAreTheOnlyCopy() throws IOException {
    Path model = Files.copy(DEMO, folder.resolve("model.gguf"));
    try (GgufFile file = GgufFile.open(model)) {
      ModelWeights weights = ModelReader.read(file, ModelConfigReader.read(file));
      ExpertSource source = ExpertSource.of(() -> model, weights.layers(), new PlaneLayout());
      long experts = source.modelBytes();
      assertThat(experts).isGreaterThan(Files.size(model) / 2);
      var options = HostStore.auto().withTier(TierChoice.RAM);
      try (ExpertStore store =
          ExpertStore.open(file, weights, new PlaneLayout(), options, BuildListener.NONE)) {
        assertThat(store.tier()).isEqualTo(Tier.RAM);
        assertThat(resident(model)).isLessThan(Files.size(model) - experts * 9 / 10);
      }
    }
  }

  @Test
  void whatIsLetGoComesBack() throws IOException {
    Path path = folder.resolve("bytes");
    byte[] bytes = new byte[3 * 4096 + 5];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7);
    }
    Files.write(path, bytes);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      MemorySegment mapped =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes.length, arena).asReadOnly();
      assertThat(mapped.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
      assertThat(resident(path)).isEqualTo(4 * 4096);
      MappedPages.letGo(mapped.asSlice(4100, 4096));
      assertThat(resident(path)).isEqualTo(2 * 4096);
      assertThat(mapped.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
  }

  @Test
  void otherMemoryIsLeftAlone() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(8192, 4096).fill((byte) 3);
      MappedPages.letGo(memory);
      MappedPages.letGo(memory.asReadOnly());
      assertThat(memory.get(ValueLayout.JAVA_BYTE, 4096)).isEqualTo((byte) 3);
      MappedPages.letGo(MemorySegment.ofArray(new byte[9]));
    }
  }

  /** Bytes of a mapped file that are in this process, whole pages. */
  private static long resident(Path file) throws IOException {
    long bytes = 0;
    boolean found = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        found = line.endsWith(file.toRealPath().toString());
      } else if (found && line.startsWith("Rss:")) {
        bytes += 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return bytes;
  }
}
