package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.options.HostStore;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.options.TierChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What offloading refuses, survives and reports, on the demo model. */
class OffloadTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final String PROMPT = "And it came to pass in those days";
  private static final List<String> EXPERTS = List.of("ffn_gate_exps", "ffn_up_exps");

  @TempDir private Path folder;

  private static Offloading options(String policy, String slots) {
    return Offloading.of(policy, slots);
  }

  private HostStore inFile() {
    return HostStore.auto().withTier(TierChoice.FILE).withFolder(folder);
  }

  private static Engine open(Path model, Offloading options) {
    return Engine.open(
        model, ModelOptions.defaults().withThreads(2).withContext(64).withOffloading(options));
  }

  private static void refuses(Offloading options, String... words) {
    assertThatThrownBy(() -> open(DEMO, options).close())
        .isInstanceOf(ForegateException.class)
        .message()
        .contains(words);
  }

  @Test
  void refusesBeforeAStoreIsBuilt() {
    refuses(options("lru", "1").withStore(inFile()), "1 slot of");
    Path nowhere = folder.resolve("none/timeline.json");
    refuses(options("lru", "50%").withStore(inFile()).withTimeline(nowhere), "no such directory");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void residentExpertsHaveNoTimeline() {
    Path timeline = folder.resolve("timeline.json");
    refuses(Offloading.resident().withTimeline(timeline), "timeline.json", "resident");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatFailsAtOnceReplacesNoTimeline() throws IOException {
    Path timeline = Files.writeString(folder.resolve("timeline.json"), "of another run");
    HostStore nowhere = inFile().withFolder(folder.resolve("none"));
    refuses(options("lru", "50%").withTimeline(timeline).withStore(nowhere), "no such directory");
    assertThat(timeline).hasContent("of another run");
    assertThat(folder.toFile().list()).containsExactly("timeline.json");
  }

  @Test
  void aStoreThatIsCutInUseChangesNoBit() throws IOException {
    float[] expected;
    try (Engine engine = open(DEMO, Offloading.resident());
        Session session = engine.newSession()) {
      feed(session, engine.tokenizer().encode(PROMPT, true, false), () -> {});
      expected = session.logits().clone();
    }
    try (Engine engine = open(DEMO, options("lru", "25%").withStore(inFile()));
        Session session = engine.newSession()) {
      feed(session, engine.tokenizer().encode(PROMPT, true, false), () -> cut(store()));
      assertThat(session.logits()).containsExactly(expected);
    }
  }

  /** On a slow link, so that the CPU has its share of the experts, of which it reads each. */
  @Test
  void hybridComputesFromAStoreInAFile() throws IOException {
    int[] prompt;
    float[] expected;
    try (Engine engine = open(DEMO, Offloading.resident());
        Session session = engine.newSession()) {
      prompt = engine.tokenizer().encode(PROMPT, true, false);
      feed(session, prompt, () -> {});
      expected = session.logits().clone();
    }
    Offloading slow = options("hybrid", "25%").withStore(inFile()).withLinkGbps(0.05);
    try (Engine engine = open(DEMO, slow);
        Session session = engine.newSession()) {
      feed(session, prompt, () -> {});
      assertThat(session.logits()).containsExactly(expected);
      assertThat(engine.scheduleStatistics().orElseThrow().hostExperts()).isPositive();
    }
  }

  @Test
  void aStoreAndAModelThatAreDamagedInUseStopTheTokens() throws IOException {
    Path model = Files.copy(DEMO, folder.resolve(DEMO.getFileName()));
    try (Engine engine = open(model, options("lru", "25%").withStore(inFile()));
        Session session = engine.newSession()) {
      int[] tokens = engine.tokenizer().encode(PROMPT, true, false);
      session.feed(tokens, 0, 1);
      cut(store());
      damageExperts(model);
      assertThatThrownBy(() -> session.feed(tokens, 1, tokens.length))
          .isInstanceOf(ForegateException.class)
          .rootCause()
          .hasMessageContaining(store().getFileName().toString());
      assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
      assertThat(session.position()).isEqualTo(1);
    }
  }

  @Test
  void flightRecorderGetsEveryKindOfEvent() throws IOException {
    Path file = folder.resolve("events.jfr");
    try (Recording recording = new Recording()) {
      for (String event : List.of("Layer", "Copy", "Stall", "Eviction")) {
        recording.enable("foregate." + event).withoutThreshold();
      }
      recording.start();
      try (Engine engine = open(DEMO, options("lru", "25%").withLinkGbps(0.5));
          Session session = engine.newSession()) {
        feed(session, engine.tokenizer().encode(PROMPT, true, false), () -> {});
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    Map<String, List<RecordedEvent>> byName =
        events.stream().collect(Collectors.groupingBy(event -> event.getEventType().getName()));
    assertThat(byName)
        .containsOnlyKeys("foregate.Layer", "foregate.Copy", "foregate.Stall", "foregate.Eviction");
    Stream.of("foregate.Layer", "foregate.Copy", "foregate.Stall")
        .flatMap(name -> byName.get(name).stream())
        .forEach(event -> assertThat(event.getDuration("took")).isPositive());
    assertThat(byName.get("foregate.Copy"))
        .allSatisfy(event -> assertThat(event.getLong("bytes")).isPositive())
        .allSatisfy(event -> assertThat(event.getInt("expert")).isBetween(0, 7));
    assertThat(byName.get("foregate.Layer").size() % 12).isZero();
  }

  private Path store() {
    return folder.resolve("foregate-demo.rows.experts");
  }

  /** One token at a time, so that experts come and go, with something happening after the first. */
  private static void feed(Session session, int[] tokens, Runnable afterFirst) {
    for (int i = 0; i < tokens.length; i++) {
      session.feed(tokens, i, i + 1);
      if (i == 0) {
        afterFirst.run();
      }
    }
  }

  private static void cut(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(5000);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void damageExperts(Path model) throws IOException {
    try (GgufFile file = GgufFile.open(model);
        FileChannel channel = FileChannel.open(model, StandardOpenOption.WRITE)) {
      for (GgufTensor tensor : file.tensors()) {
        if (EXPERTS.stream().anyMatch(tensor.name()::contains)) {
          var zeros = ByteBuffer.allocate(Math.toIntExact(tensor.byteSize()));
          channel.write(zeros, file.dataOffset() + tensor.offset());
        }
      }
    }
  }
}
