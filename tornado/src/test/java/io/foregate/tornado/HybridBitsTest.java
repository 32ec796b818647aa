package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.schedule.state.ScheduleStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which experts the CPU computes changes no bit: {@code hybrid}, over a link so slow that the CPU
 * has its share of the experts on every machine, beside {@code resident}, token by token over
 * held-out text.
 *
 * <p>{@code -Dforegate.hybrid.tokens=10000} compares more; {@code -Dforegate.report=FOLDER} writes
 * what was found.
 */
class HybridBitsTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final Path TEXT = Path.of("../models/foregate-demo-heldout/novels.txt");
  private static final int TOKENS = Integer.getInteger("foregate.hybrid.tokens", 300);

  @TempDir private Path folder;

  @Test
  void hybridHasTheBitsOfResident() throws IOException {
    try (var _ = new BackendPath(folder, AgreementTest.OverASlowLink.class);
        Engine resident = open(Offloading.resident());
        Engine hybrid = open(Offloading.of("hybrid", "25%"))) {
      int[] tokens = resident.tokenizer().encode(Files.readString(TEXT), true, false);
      assertThat(tokens.length).isGreaterThanOrEqualTo(TOKENS);
      for (int from = 0; from < TOKENS; from += resident.context()) {
        int length = Math.min(resident.context(), TOKENS - from);
        compare(resident, hybrid, Arrays.copyOfRange(tokens, from, from + length), from);
      }
      ScheduleStatistics s = hybrid.scheduleStatistics().orElseThrow();
      assertThat(s.hostExperts()).as("experts of the CPU").isGreaterThan(TOKENS);
      assertThat(s.hits()).as("experts of the device").isGreaterThan(TOKENS);
      Map<String, Object> found = new LinkedHashMap<>();
      found.put("tokens", TOKENS);
      found.put("experts_on_the_processor", s.hostExperts());
      found.put("experts_on_the_device", s.hits() + s.lates() + s.misses() - s.hostExperts());
      FoundReport.write(
          "hybrid-bits",
          "logits of policy hybrid that have the bits of policy resident",
          Map.of("model", DEMO.getFileName().toString()),
          found);
    }
  }

  private static void compare(Engine resident, Engine hybrid, int[] tokens, int first) {
    try (Session one = resident.newSession();
        Session two = hybrid.newSession()) {
      for (int i = 0; i < tokens.length; i++) {
        one.feed(tokens, i, i + 1);
        two.feed(tokens, i, i + 1);
        assertThat(two.logits()).as("token %d", first + i).containsExactly(one.logits());
      }
    }
  }

  private static Engine open(Offloading experts) {
    return Engine.open(
        DEMO, ModelOptions.defaults().withBackend("slow-link").withOffloading(experts));
  }
}
