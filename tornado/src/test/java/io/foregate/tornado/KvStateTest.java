package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.KvState;
import io.foregate.backend.Sequence;
import io.foregate.engine.Engine;
import io.foregate.engine.Session;
import io.foregate.error.ForegateException;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.tornado.device.TornadoSettings;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A session's KV cache leaves the device for a file and comes back, to the bit. */
class KvStateTest {
  private static final int CONTEXT = 96;
  private static final int KEPT = 71;
  private static final int MORE = 5;

  @TempDir private Path folder;

  @BeforeAll
  static void settings() {
    TornadoSettings.apply();
  }

  private static Engine open(String model, String backend, KvType type) {
    return Engine.open(
        Path.of("../models", model + ".gguf"),
        ModelOptions.defaults().withBackend(backend).withContext(CONTEXT).withKvType(type));
  }

  private static int[] tokens() {
    int[] tokens = new int[KEPT + MORE];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = 3 + 7 * i * i % 900;
    }
    return tokens;
  }

  /** What goes on is what would have gone on, and not what a fresh session says. */
  @ParameterizedTest
  @CsvSource({"foregate-demo, F16", "foregate-demo, F32", "foregate-demo-fine, F16"})
  void goesOnBitByBit(String model, KvType type) {
    int[] tokens = tokens();
    Path file = folder.resolve("session.bin");
    try (Engine engine = open(model, "tornado", type);
        Session whole = engine.newSession();
        Session loaded = engine.newSession();
        Session fresh = engine.newSession()) {
      whole.feed(tokens, 0, KEPT);
      whole.save(file, engine.modelHash(), "a note");
      whole.feed(tokens, KEPT, tokens.length);

      loaded.feed(tokens, 20, 40); // what was there is overwritten
      assertThat(loaded.load(file, engine.modelHash())).isEqualTo("a note");
      assertThat(loaded.position()).isEqualTo(KEPT);
      loaded.feed(tokens, KEPT, tokens.length);
      assertThat(loaded.logits()).containsExactly(whole.logits());

      fresh.feed(tokens, KEPT, tokens.length);
      assertThat(fresh.logits()).isNotEqualTo(whole.logits());
    }
  }

  /** Which keeps a vector per position, and no values. */
  @Test
  void latentAttention() {
    TinyFamily family = TinyFamily.dense("deepseek2", CONTEXT);
    try (var model = new TornadoModel(family.config(), family.weights(), 1L << 32, 1L << 32);
        Sequence whole = model.newSequence(CONTEXT, KvType.F16);
        Sequence loaded = model.newSequence(CONTEXT, KvType.F16);
        Arena arena = Arena.ofShared()) {
      for (int position = 0; position < KEPT; position++) {
        feed(family, whole, 7 * position, position);
      }
      KvState from = whole.kvState().orElseThrow();
      KvState to = loaded.kvState().orElseThrow();
      for (int layer = 0; layer < family.config().layers(); layer++) {
        MemorySegment kept = arena.allocate(from.bytes(layer, KEPT));
        from.save(layer, KEPT, kept);
        to.load(layer, KEPT, kept);
      }
      assertThat(feed(family, loaded, 5, KEPT)).containsExactly(feed(family, whole, 5, KEPT));
    }
  }

  private static float[] feed(TinyFamily family, Sequence sequence, int token, int position) {
    float[] logits = new float[family.config().vocabulary()];
    sequence.embed(new int[] {token % logits.length}, 0, 1, position);
    for (int layer = 0; layer < family.config().layers(); layer++) {
      sequence.attention(layer);
      sequence.feedForward(layer);
    }
    sequence.logits(0, 1, logits);
    return logits;
  }

  @Test
  void theProcessorRefusesADevicesBytes() {
    Path file = folder.resolve("session.bin");
    try (Engine device = open("foregate-demo", "tornado", KvType.F16);
        Session session = device.newSession()) {
      session.feed(tokens(), 0, 4);
      session.save(file, device.modelHash(), "");
    }
    try (Engine cpu = open("foregate-demo", "cpu", KvType.F16);
        Session session = cpu.newSession()) {
      assertThatThrownBy(() -> session.load(file, cpu.modelHash()))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining(file.toString());
    }
  }
}
