package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufArray;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufValue;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.oracle.TinyDeltaNets;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.placement.ModelSizes;
import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.policy.PredictorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Models whose layers keep a state beside keys and values: it has no past to go back to. */
class RecurrentStateTest {
  private static final int CONTEXT = 100;
  private static final int PROMPT = 24;

  @TempDir private static Path folder;
  private static TinyModel tiny;
  private static Path model;

  @BeforeAll
  static void write() throws IOException {
    tiny = TinyDeltaNets.next("recurrent", Map.of());
    model = TinyModelWriter.write(tiny, folder);
  }

  private static ModelOptions options() {
    return ModelOptions.defaults().withThreads(2).withContext(CONTEXT);
  }

  private static Stream<Arguments> policiesAndBudgets() {
    return Policy.all().stream()
        .filter(policy -> policy.prediction().predictor() != PredictorKind.ORACLE) // knows a trace
        .flatMap(
            policy ->
                Stream.of("8", "50%", "100%")
                    .filter(slots -> !policy.name().equals("resident") || slots.equals("100%"))
                    .map(slots -> Arguments.of(policy, slots)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("policiesAndBudgets")
  void noPolicyChangesABit(Policy policy, String slots) {
    List<float[]> expected = logits(options());
    Offloading experts = Offloading.of(policy.name(), slots);
    List<float[]> logits = logits(options().withOffloading(experts));
    for (int i = 0; i < expected.size(); i++) {
      assertThat(logits.get(i)).as("logits %d", i).containsExactly(expected.get(i));
    }
  }

  /** Logits after a prompt, and after each token behind it. */
  private static List<float[]> logits(ModelOptions options) {
    try (Engine engine = Engine.open(model, options);
        Session session = engine.newSession()) {
      return logits(session);
    }
  }

  private static List<float[]> logits(Session session) {
    int[] tokens = tiny.tokens();
    List<float[]> all = new ArrayList<>();
    session.feed(tokens, 0, PROMPT);
    all.add(session.logits().clone());
    for (int i = PROMPT; i < tokens.length; i++) {
      session.feed(tokens, i, i + 1);
      all.add(session.logits().clone());
    }
    return all;
  }

  @Test
  void whereItStandsNothingIsForgotten() {
    int[] tokens = tiny.tokens();
    try (Engine engine = Engine.open(model, options());
        Session session = engine.newSession()) {
      session.feed(tokens, 0, PROMPT);
      assertThat(session.truncate(PROMPT)).isEqualTo(PROMPT);
      session.feed(tokens, PROMPT, PROMPT + 1);
      assertThat(session.logits()).containsExactly(logits(options()).get(1));
    }
  }

  @Test
  void goingBackBeginsAnew() {
    try (Engine engine = Engine.open(model, options());
        Session session = engine.newSession()) {
      List<float[]> first = logits(session);
      assertThat(session.truncate(PROMPT)).isZero();
      assertThat(session.position()).isZero();
      assertThat(session.commonPrefix(tiny.tokens())).isZero();
      List<float[]> again = logits(session);
      for (int i = 0; i < first.size(); i++) {
        assertThat(again.get(i)).as("logits %d", i).containsExactly(first.get(i));
      }
    }
  }

  /** Some layers have seen the batch, others have not: what is left is nothing. */
  @Test
  void aBatchThatFailsLeavesNoHalfAState() {
    int[] tokens = tiny.tokens();
    try (Engine engine = Engine.open(model, options());
        Session session = engine.newSession()) {
      session.feed(tokens, 0, PROMPT);
      session.onRouting(
          (layer, position, routing, inputs) -> {
            if (layer == 1) {
              throw new IllegalStateException("on purpose");
            }
          });
      assertThatThrownBy(() -> session.feed(tokens, PROMPT, PROMPT + 4))
          .hasMessageContaining("on purpose");
      assertThat(session.position()).isZero();
      session.onRouting((layer, position, routing, inputs) -> {});
      assertThat(logits(session).getFirst()).containsExactly(logits(options()).getFirst());
    }
  }

  /** Such as one of memory, after which a program may go on. */
  @Test
  void anErrorLeavesNoHalfAState() {
    int[] tokens = tiny.tokens();
    try (Engine engine = Engine.open(model, options());
        Session session = engine.newSession()) {
      session.feed(tokens, 0, PROMPT);
      session.onRouting(
          (layer, position, routing, inputs) -> {
            if (layer == 1) {
              throw new OutOfMemoryError("on purpose");
            }
          });
      assertThatThrownBy(() -> session.feed(tokens, PROMPT, PROMPT + 4))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessage("on purpose");
      assertThat(session.position()).isZero();
      session.onRouting((layer, position, routing, inputs) -> {});
      assertThat(logits(session).getFirst()).containsExactly(logits(options()).getFirst());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileKeepsIt(KvType type) {
    int[] tokens = tiny.tokens();
    Path file = folder.resolve("session-" + type);
    try (Engine engine = Engine.open(model, options().withKvType(type));
        Session whole = engine.newSession();
        Session loaded = engine.newSession()) {
      whole.feed(tokens, 0, PROMPT);
      whole.save(file, engine.modelHash(), "a note");
      whole.feed(tokens, PROMPT, tokens.length);
      loaded.feed(tokens, 3, 9);
      assertThat(loaded.load(file, engine.modelHash())).isEqualTo("a note");
      assertThat(loaded.position()).isEqualTo(PROMPT);
      loaded.feed(tokens, PROMPT, tokens.length);
      assertThat(loaded.logits()).containsExactly(whole.logits());
    }
  }

  /** A file that is refused leaves the session as it was. */
  @Test
  void aDamagedFileChangesNothing() throws IOException {
    int[] tokens = tiny.tokens();
    Path file = folder.resolve("damaged");
    try (Engine engine = Engine.open(model, options());
        Session session = engine.newSession()) {
      session.feed(tokens, 0, PROMPT);
      session.save(file, engine.modelHash(), "");
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 100]++;
      Files.write(file, bytes);
      assertThatThrownBy(() -> session.load(file, engine.modelHash()))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("do not match their checksum");
      session.feed(tokens, PROMPT, PROMPT + 1);
      assertThat(session.logits()).containsExactly(logits(options()).get(1));
    }
  }

  /** Two layers of each kind; 6 matrices of 32 x 32, and 3 tokens' 384 inputs. */
  @ParameterizedTest
  @EnumSource
  void memoryCountsBoth(KvType type) throws IOException {
    long state = 2L * Float.BYTES * (6 * 32 * 32 + 3 * 384);
    long cache = 2L * 128 * 2 * (64 + 64) * type.bytes();
    try (Engine engine = Engine.open(model, options().withKvType(type));
        Session session = engine.newSession()) {
      assertThat(session.kvBytes()).isEqualTo(state + cache);
    }
    try (GgufFile file = GgufFile.open(model)) {
      ModelConfig config = ModelConfigReader.read(file);
      assertThat(ModelSizes.of(config, 0).kvCache(128, type)).isEqualTo(state + cache);
    }
  }

  @Test
  void layersMayBeNamedOneByOne() throws IOException {
    List<GgufValue> values =
        Stream.of(true, false, true, false).<GgufValue>map(GgufValue.Bool::new).toList();
    GgufValue flags = GgufArray.of(GgufValue.Type.BOOL, values);
    Path named =
        TinyModelWriter.write(
            TinyDeltaNets.next(
                "named",
                Map.of(
                    "attention.recurrent_layers",
                    flags,
                    "full_attention_interval",
                    new GgufValue.U32(3))),
            folder);
    try (GgufFile file = GgufFile.open(named)) {
      ModelConfig config = ModelConfigReader.read(file);
      assertThat(config.attentionLayers()).isEqualTo(2);
      assertThat(config.hasAttention(0)).isFalse();
      assertThat(config.hasAttention(1)).isTrue();
    }
  }

  @Test
  void refusesMetadataThatContradictsItself() throws IOException {
    refuses("ssm.conv_kernel", 0, "is 0, expected 1 to");
    refuses("ssm.conv_kernel", 3, "ssm_conv1d", "expected [3, 384]");
    refuses("ssm.state_size", 1 << 20, "is 1048576, expected 1 to");
    refuses("ssm.state_size", 64, "'qwen3next.ssm.inner_size' is 192, expected 384");
    refuses("ssm.group_count", 4, "is 6, expected a multiple of the 4 key heads");
    refuses("ssm.group_count", 2, "attn_qkv", "expected [256, 320]");
    refuses("ssm.group_count", 0, "is 0, expected 1 to");
    refuses("ssm.time_step_rank", 0, "is 0, expected 1 to");
    refuses("ssm.inner_size", 191, "is 191, expected 192: 6 heads of 32 elements");
    refuses("full_attention_interval", 0, "is 0, expected 1 to");
    refuses("full_attention_interval", 3, "blk.1.attn_qkv");
  }

  @Test
  void refusesSectionsThatDoNotRotate() throws IOException {
    refusesSections("[3, 3, 0, 2]", "asks for pairs that do not rotate", 3, 3, 0, 2);
    refusesSections("[0, 0, 0, 0]", "expected four numbers of pairs", 0, 0, 0, 0);
    refusesSections("[8]", "expected four numbers of pairs", 8);
    refusesSections("[-1, 4, 4, 0]", "expected four numbers of pairs", -1, 4, 4, 0);
  }

  private static void refusesSections(String found, String words, int... sections)
      throws IOException {
    Map<String, GgufValue> changed = Map.of("rope.dimension_sections", GgufArray.ofInts(sections));
    refuses(TinyDeltaNets.qwen35moe("bad", changed), "is " + found, words);
  }

  private static void refuses(String key, int value, String... words) throws IOException {
    refuses(TinyDeltaNets.next("bad", Map.of(key, new GgufValue.U32(value))), words);
  }

  private static void refuses(TinyModel bad, String... words) throws IOException {
    Path file = TinyModelWriter.write(bad, folder);
    assertThatThrownBy(() -> Engine.open(file, options()).close())
        .as(Arrays.toString(words))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> assertThat(e.getMessage()).contains(file.toString()).contains(words));
  }
}
