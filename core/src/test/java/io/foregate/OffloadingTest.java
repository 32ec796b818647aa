package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.options.GenerateOptions;
import io.foregate.options.HostStore;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Offloading by way of the public API, on the demo model. */
class OffloadingTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final GenerateOptions GREEDY =
      GenerateOptions.defaults().withMaxTokens(12).withTemperature(0);

  @TempDir private Path folder;

  /** Notes what it is told. */
  private static final class Progress implements LoadListener {
    final List<Long> begun = new ArrayList<>();
    long done;

    @Override
    public void begin(String task, long bytes) {
      begun.add(bytes);
    }

    @Override
    public void advance(long bytes) {
      done += bytes;
    }
  }

  private static Model open(Offloading offloading, LoadListener listener) {
    return Model.open(DEMO, ModelOptions.defaults().withOffloading(offloading), listener);
  }

  @Test
  void everyOptionDoesWhatItSays() {
    Path timeline = folder.resolve("timeline.json");
    Offloading offloading =
        Offloading.lookahead("25%")
            .withLinkGbps(2)
            .withGates(Path.of("../models/foregate-demo.gates.safetensors"))
            .withStore(HostStore.auto().withTier("File").withFolder(folder))
            .withTimeline(timeline);
    var progress = new Progress();
    String text;
    try (Model model = open(offloading, progress)) {
      text = model.generate("And it came to pass", GREEDY).text();
      ExpertStats stats = model.expertStats().orElseThrow();
      assertThat(stats.hits() + stats.lates() + stats.misses()).isPositive();
      assertThat(stats.speculativeCopies()).isPositive();
      assertThat(stats.copies()).isGreaterThanOrEqualTo(stats.speculativeCopies());
      assertThat(stats.wastedBytes()).isLessThanOrEqualTo(stats.copiedBytes());
    }
    assertThat(timeline).isNotEmptyFile();
    assertThat(progress.begun).hasSize(1);
    assertThat(progress.done).isPositive().isEqualTo(progress.begun.getFirst());
    try (Model model = Model.open(DEMO)) {
      assertThat(model.generate("And it came to pass", GREEDY).text()).isEqualTo(text);
      assertThat(model.expertStats()).isEmpty();
    }
  }

  @Test
  void aStoreThatIsFoundTakesNoTime() {
    Offloading offloading =
        Offloading.of("lru", "50%")
            .withStore(HostStore.auto().withTier("file").withFolder(folder).withLock(false));
    open(offloading, new Progress()).close();
    var second = new Progress();
    open(offloading, second).close();
    assertThat(second.begun).isEmpty();
  }

  @Test
  void nonsenseIsRefused() {
    for (Offloading nonsense :
        List.of(
            Offloading.of("magic", "50%"),
            Offloading.of("oracle", "50%"),
            Offloading.of("oracle", "50%").withOracleTrace(folder.resolve("none")))) {
      assertThatThrownBy(() -> open(nonsense, new Progress()).close())
          .as(nonsense.toString())
          .isInstanceOf(ForegateException.class);
    }
  }

  /** What means nothing whatever the model is refused where it is said. */
  @Test
  void nonsenseIsRefusedWhereItIsSaid() {
    for (ThrowingCallable said :
        List.<ThrowingCallable>of(
            () -> Offloading.lookahead("many"),
            () -> Offloading.of("lru", "many"),
            () -> Offloading.lookahead("50%").withLinkGbps(Double.NaN),
            () -> HostStore.auto().withTier("cloud"))) {
      assertThatThrownBy(said).isInstanceOf(ForegateException.class);
    }
  }
}
