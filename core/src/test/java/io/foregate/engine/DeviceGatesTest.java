package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.backend.BackendModel;
import io.foregate.backend.GateMatrices;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.CpuBackend;
import io.foregate.engine.experts.ExpertMovement;
import io.foregate.engine.experts.LoadedModel;
import io.foregate.engine.experts.Offload;
import io.foregate.gguf.GgufFile;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.model.reader.ModelReader;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.KvType;
import io.foregate.options.Offloading;
import io.foregate.schedule.policy.Policy;
import io.foregate.store.BuildListener;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device that scores gates itself is asked what they say, and what it says is fetched. */
class DeviceGatesTest {
  private static final Path DEMO = Path.of("../models/foregate-demo.gguf");
  private static final int CONTEXT = 32;

  /** The expert that the device's scores are for, whatever the layer. */
  private static final int MARKED = 5;

  private static final Policy ONE_AHEAD = Policy.mixtralOffloading().withPrefetchCount(1);

  @TempDir private Path folder;
  private GgufFile file;
  private ModelConfig config;
  private ModelWeights weights;
  private boolean takesGates;
  private GateMatrices offered;

  /** What a sequence was asked, in order, one token at a time. */
  private final List<String> calls = new ArrayList<>();

  @BeforeEach
  void open() {
    file = GgufFile.open(DEMO);
    config = ModelConfigReader.read(file);
    weights = ModelReader.read(file, config);
  }

  @AfterEach
  void close() {
    file.close();
  }

  @Test
  void fetchesWhatTheDevicesScoresAreFor() throws IOException {
    takesGates = true;
    assertThat(fetchedAhead()).containsExactly(MARKED);
    assertThat(offered.horizon()).isEqualTo(1);
    assertThat(offered.points()).hasSize(config.layers() + 1);
    List<String> token = new ArrayList<>(List.of("embed", "gateScores"));
    for (int layer = 0; layer < config.layers(); layer++) {
      token.addAll(List.of("route", "gateScores"));
    }
    token.add("gateInput"); // the last layer's: the next token's first gates read it, too
    assertThat(calls.subList(0, token.size())).isEqualTo(token);
  }

  @Test
  void scoresOnTheHostForADeviceThatDoesNot() throws IOException {
    assertThat(fetchedAhead()).hasSizeGreaterThan(2);
    assertThat(offered).isNotNull();
  }

  @Test
  void tellsTheDeviceThatASequenceWasCut() {
    takesGates = true;
    try (BackendModel model = device();
        Offload offload = offload(model);
        Session session = session(model, offload)) {
      session.feed(new int[] {1, 2}, 0, 2);
      assertThat(calls).doesNotContain("forgetGateInput");
      session.truncate(1);
      assertThat(calls).endsWith("forgetGateInput");
    }
  }

  /** The experts of which a copy was begun before they were due. */
  private Set<Integer> fetchedAhead() throws IOException {
    Path events = folder.resolve("events.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("foregate.Copy").withoutThreshold();
      recording.start();
      try (BackendModel model = device();
          Offload offload = offload(model);
          Session session = session(model, offload)) {
        for (int i = 0; i < CONTEXT; i++) {
          session.feed(new int[] {100 + 7 * i}, 0, 1);
        }
      }
      recording.stop();
      recording.dump(events);
    }
    Set<Integer> ahead = new TreeSet<>();
    for (RecordedEvent copy : RecordingFile.readAllEvents(events)) {
      if (copy.getEventType().getName().equals("foregate.Copy") && copy.getBoolean("speculative")) {
        ahead.add(copy.getInt("expert"));
      }
    }
    return ahead;
  }

  private Offload offload(BackendModel model) {
    ExpertMovement movement =
        ExpertMovement.of(Offloading.of(ONE_AHEAD.name(), "75%")).withPolicy(ONE_AHEAD);
    return Offload.open(
        new LoadedModel(file, config, weights, model), movement, () -> 0, BuildListener.NONE);
  }

  private Session session(BackendModel model, Offload offload) {
    Sequence sequence = model.newSequence(CONTEXT, KvType.F16);
    return new Session(
        config, sequence, offload.runner(sequence), new DeviceLock(), () -> Path.of("a test"));
  }

  /** The CPU, with gates of its own if it is to have them. */
  private BackendModel device() {
    BackendModel model = new CpuBackend().open(config, weights, 2);
    return (BackendModel)
        Proxy.newProxyInstance(
            BackendModel.class.getClassLoader(),
            new Class<?>[] {BackendModel.class},
            (proxy, method, args) ->
                switch (method.getName()) {
                  case "useGates" -> {
                    offered = (GateMatrices) args[0];
                    yield takesGates;
                  }
                  case "newSequence" -> scored((Sequence) method.invoke(model, args));
                  default -> method.invoke(model, args);
                });
  }

  private Sequence scored(Sequence sequence) {
    return (Sequence)
        Proxy.newProxyInstance(
            Sequence.class.getClassLoader(),
            new Class<?>[] {Sequence.class},
            (proxy, method, args) -> {
              switch (method.getName()) {
                case "embed", "route", "gateScores", "gateInput", "forgetGateInput" ->
                    calls.add(method.getName());
                default -> {}
              }
              if (method.getName().equals("gateScores") && takesGates) {
                float[] scores = (float[]) args[0];
                Arrays.fill(scores, 0);
                scores[MARKED] = 9;
                return true;
              }
              return method.invoke(sequence, args);
            });
  }
}
