package io.foregate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.backend.Sequence;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.options.KvType;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.TinyDeepSeek;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SessionFileTest {
  private static final int CONTEXT = 200;
  private static final int KEPT = 70; // a whole tile and a part of one
  private static final int[] TOKENS = TinyModel.mixture("tokens", GgmlType.F32).tokens();

  @TempDir static Path models;
  @TempDir private Path folder;
  private static Path mixture;
  private static Path dense;
  private static Path latent;

  @BeforeAll
  static void writeModels() throws IOException {
    mixture = TinyModelWriter.write(TinyModel.mixture("session-moe", GgmlType.F32), models);
    dense = TinyModelWriter.write(TinyModel.dense("session-dense", GgmlType.Q8_0), models);
    latent = TinyModelWriter.write(TinyDeepSeek.lite("session-latent", 2, Map.of()), models);
  }

  private static Engine open(Path model, KvType kvType) {
    return Engine.open(
        model, ModelOptions.defaults().withThreads(2).withContext(CONTEXT).withKvType(kvType));
  }

  private static int[] tokens() {
    int[] tokens = new int[KEPT + 20];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = TOKENS[i % TOKENS.length];
    }
    return tokens;
  }

  private Path save(Engine engine) {
    Path file = folder.resolve("session.bin");
    try (Session session = engine.newSession()) {
      session.feed(tokens(), 0, KEPT);
      session.save(file, engine.modelHash(), "a note");
    }
    return file;
  }

  @ParameterizedTest
  @EnumSource
  void goesOnBitByBit(KvType type) {
    int[] tokens = tokens();
    for (Path model : List.of(mixture, dense, latent)) {
      try (Engine engine = open(model, type);
          Session whole = engine.newSession();
          Session loaded = engine.newSession()) {
        whole.feed(tokens, 0, KEPT);
        whole.feed(tokens, KEPT, tokens.length);

        loaded.feed(new int[] {3, 4, 5}, 0, 3);
        assertThat(loaded.load(save(engine), engine.modelHash())).isEqualTo("a note");
        assertThat(loaded.position()).isEqualTo(KEPT);
        assertThat(loaded.commonPrefix(tokens)).isEqualTo(KEPT);
        assertThatThrownBy(loaded::logits).isInstanceOf(IllegalStateException.class);
        loaded.feed(tokens, KEPT, tokens.length);
        assertThat(loaded.logits()).containsExactly(whole.logits());
      }
    }
  }

  @Test
  void anEmptySessionIsOneToo() {
    Path file = folder.resolve("empty.bin");
    try (Engine engine = open(mixture, KvType.F16);
        Session session = engine.newSession()) {
      session.save(file, engine.modelHash(), "");
      session.feed(TOKENS, 0, 5);
      session.load(file, engine.modelHash());
      assertThat(session.position()).isZero();
    }
  }

  @Test
  void refusesWhatWasMadeOtherwise() {
    Path file;
    try (Engine engine = open(mixture, KvType.F16)) {
      file = save(engine);
      ModelOptions small = ModelOptions.defaults().withThreads(2).withContext(KEPT - 1);
      try (Engine other = Engine.open(mixture, small)) {
        refuses(other, file, "has 70 tokens", "context of 69", "larger context");
      }
    }
    try (Engine other = open(dense, KvType.F16)) {
      refuses(other, file, "is of model", "Open the model");
    }
    try (Engine other = open(mixture, KvType.F32)) {
      refuses(other, file, "KV cache of type F16, expected F32", "KV cache");
    }
  }

  private static void refuses(Engine engine, Path file, String... words) {
    try (Session session = engine.newSession()) {
      session.feed(TOKENS, 0, 7);
      assertThatThrownBy(() -> session.load(file, engine.modelHash()))
          .isInstanceOfSatisfying(
              ForegateException.class,
              e -> assertThat(e.getMessage() + " " + e.hint()).contains(words));
      assertThat(session.position()).isEqualTo(7);
      assertThat(session.logits()).isNotEmpty();
    }
  }

  /** Files that know no name of their model: written before there was one. */
  @Test
  void goesOnFromFilesOfOlderVersions() throws IOException {
    try (Engine engine = open(mixture, KvType.F16);
        Session session = engine.newSession()) {
      Path file = save(engine);
      ByteBuffer whole = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      int length = whole.getInt(8);
      String header = new String(whole.array(), 12, length, StandardCharsets.UTF_8);
      byte[] older =
          header.replaceFirst(",\"name\":\"[^\"]*\"", "").getBytes(StandardCharsets.UTF_8);
      assertThat(older.length).isLessThan(length);
      int rest = whole.capacity() - 12 - length - 4;
      ByteBuffer out =
          ByteBuffer.allocate(12 + older.length + rest + 4).order(ByteOrder.LITTLE_ENDIAN);
      out.put(whole.array(), 0, 8).putInt(older.length).put(older);
      out.put(whole.array(), 12 + length, rest);
      var crc = new CRC32C();
      crc.update(out.array(), 0, out.position());
      out.putInt((int) crc.getValue());
      Files.write(file, out.array());
      assertThat(session.load(file, engine.modelHash())).isEqualTo("a note");
      assertThat(session.position()).isEqualTo(KEPT);
      try (Engine other = open(dense, KvType.F16)) {
        refuses(other, file, "is of another model than", "Open the model");
      }
    }
  }

  @Test
  void asksForTheDisksRoomBeforeTheWork() {
    try (Engine engine = open(mixture, KvType.F16);
        Session session = engine.newSession()) {
      session.requireRoom(folder.resolve("a.session"), KEPT);
      assertThatThrownBy(() -> session.requireRoom(folder.resolve("no/a.session"), KEPT))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("no such directory");
      assertThat(folder).isEmptyDirectory();
    }
  }

  /** Cut anywhere, or with any byte changed: one sentence, and the session is as it was. */
  @Test
  void refusesDamage() throws IOException {
    try (Engine engine = open(mixture, KvType.F16)) {
      byte[] good = Files.readAllBytes(save(engine));
      Path file = folder.resolve("damaged.bin");
      var random = new Random(5);
      for (int i = 0; i < 60; i++) {
        int at = i < 20 ? i : random.nextInt(good.length);
        Files.write(file, Arrays.copyOf(good, at));
        refuses(engine, file, folder.toString());
        byte[] bad = good.clone();
        bad[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, bad);
        refuses(engine, file, folder.toString());
      }
      Files.write(file, Arrays.copyOf(good, good.length + 1));
      refuses(engine, file, "damaged");
      refuses(engine, folder.resolve("absent.bin"), "no such file");
    }
  }

  /** As a device's, whose cache does not leave it. */
  @Test
  void saysThatABackendCannotDoIt() {
    InvocationHandler answers =
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "capacity" -> CONTEXT;
              case "kvState" -> Optional.empty();
              default -> null;
            };
    var sequence =
        (Sequence)
            Proxy.newProxyInstance(
                Sequence.class.getClassLoader(), new Class<?>[] {Sequence.class}, answers);
    Path file = folder.resolve("session.bin");
    try (Engine engine = open(mixture, KvType.F16);
        var session =
            new Session(
                engine.config(), sequence, null, new DeviceLock(), () -> Path.of("a model"))) {
      assertThatThrownBy(() -> session.save(file, engine.modelHash(), ""))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("cannot save or load");
      assertThat(file).doesNotExist();
    }
  }

  @Test
  void leavesNothingHalfWritten() throws IOException {
    try (Engine engine = open(mixture, KvType.F16);
        Session session = engine.newSession()) {
      session.feed(TOKENS, 0, 5);
      Path nowhere = folder.resolve("no/such/folder.bin");
      assertThatThrownBy(() -> session.save(nowhere, engine.modelHash(), ""))
          .isInstanceOf(ForegateException.class);
      save(engine);
      try (Stream<Path> files = Files.list(folder)) {
        assertThat(files).containsExactly(folder.resolve("session.bin"));
      }
    }
  }
}
