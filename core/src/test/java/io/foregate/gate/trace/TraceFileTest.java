package io.foregate.gate.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.error.ForegateException;
import io.foregate.gguf.ModelHash;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceFileTest {
  /** Where things are in the header; see TraceWriter. */
  private static final int VERSION_AT = 8;

  private static final int HEADER_BYTES_AT = 12;
  private static final int LAYERS_AT = 48;
  private static final int EXPERTS_AT = 52;
  private static final int USED_AT = 56;
  private static final int RECORD_BYTES_AT = 60;

  @TempDir Path folder;
  private Path file;
  private TraceHeader header;

  @BeforeEach
  void writeTrace() {
    file = folder.resolve("a.trace");
    header = RandomTraces.header(3, 4, 2);
    write(file, RandomTraces.records(header, 20, 1));
  }

  private static void write(Path file, TraceRecords... blocks) {
    try (var writer = new TraceWriter(file, blocks[0].header())) {
      for (TraceRecords block : blocks) {
        writer.append(block);
      }
      writer.finish();
    }
  }

  @Property(tries = 60)
  void whatIsWrittenIsRead(
      @ForAll @IntRange(min = 1, max = 5) int layers,
      @ForAll @IntRange(min = 1, max = 9) int experts,
      @ForAll @IntRange(min = 0, max = 12) int tokens,
      @ForAll long seed)
      throws IOException {
    int used = 1 + Math.floorMod(seed, experts);
    TraceHeader written = RandomTraces.header(layers, experts, used);
    TraceRecords first = RandomTraces.records(written, tokens, seed);
    TraceRecords second = RandomTraces.records(written, 3, ~seed);
    Path path = Files.createTempDirectory("trace").resolve("t");
    try {
      write(path, first, second);
      try (TraceFile read = TraceFile.open(path)) {
        assertThat(read.header()).isEqualTo(written);
        assertThat(read.tokens()).isEqualTo(tokens + 3);
        for (int t = 0; t < tokens; t++) {
          assertSame(read, t, first, t);
        }
        for (int t = 0; t < 3; t++) {
          assertSame(read, tokens + t, second, t);
        }
      }
    } finally {
      Files.deleteIfExists(path);
      Files.delete(path.getParent());
    }
  }

  private static void assertSame(RoutingTrace a, int s, RoutingTrace b, int t) {
    assertThat(a.tokenId(s)).isEqualTo(b.tokenId(t));
    assertThat(a.isPrompt(s)).isEqualTo(b.isPrompt(t));
    assertThat(a.startsText(s)).isEqualTo(b.startsText(t));
    assertThat(a.text(s)).isEqualTo(b.text(t));
    for (int layer = -1; layer < a.header().layers(); layer++) {
      for (int rank = 0; layer >= 0 && rank < a.header().used(); rank++) {
        assertThat(a.expert(s, layer, rank)).isEqualTo(b.expert(t, layer, rank));
        assertThat(a.weight(s, layer, rank)).isEqualTo(b.weight(t, layer, rank));
      }
      for (int set = 0; set < a.header().sets().size(); set++) {
        assertThat(scores(a, s, layer, set)).isEqualTo(scores(b, t, layer, set));
      }
    }
  }

  private static float[] scores(RoutingTrace trace, int token, int layer, int set) {
    var out = new float[trace.header().sets().get(set).horizon() * trace.header().experts()];
    trace.scores(token, layer, set, out);
    return out;
  }

  /** However a file changes while it is checked, the process lives, and says so in a sentence. */
  @Test
  void aFileThatIsCutMeanwhileIsTold() throws Exception {
    write(file, RandomTraces.records(header, 5_000, 1));
    byte[] whole = Files.readAllBytes(file);
    var done = new AtomicBoolean();
    Thread cutter =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; !done.get(); i++) {
                    cut(file, i % 2 == 0 ? 4096 : whole.length);
                  }
                });
    int told = 0;
    try {
      for (int i = 0; i < 50; i++) {
        try (TraceFile opened = TraceFile.open(file)) {
          assertThat(opened.bytes()).isPositive();
        } catch (ForegateException e) {
          assertThat(e).hasMessageContaining(file.toString());
          told++;
        }
      }
    } finally {
      done.set(true);
      cutter.join();
    }
    assertThat(told).isPositive();
  }

  private static void cut(Path file, long length) {
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatIsReadIsNotBeyondTheEnd() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var bytes = new TraceBytes(file, channel);
      cut(file, 100);
      assertThatThrownBy(() -> bytes.read(90, 20))
          .isInstanceOf(ForegateException.class)
          .hasMessageContainingAll(file.toString(), "became shorter while it was read");
    }
  }

  @Test
  void roundsAsTheFormatSays() {
    var random = new Random(3);
    var records = new TraceRecords(header, 1);
    records.add(7, false, true, 1);
    for (int i = 0; i < 1000; i++) {
      var in = new float[2 * 4];
      for (int k = 0; k < in.length; k++) {
        in[k] = random.nextFloat();
      }
      float weight = random.nextFloat();
      records.setScores(0, 1, 0, in);
      records.choice(0, 1, 1, 3, weight);
      float[] out = scores(records, 0, 1, 0);
      for (int k = 0; k < in.length; k++) {
        assertThat(out[k]).isCloseTo(in[k], within(1 / 510f + 1e-6f));
      }
      assertThat(records.weight(0, 1, 1)).isCloseTo(weight, within(weight / 2048 + 1e-7f));
    }
    records.setScores(0, 0, 0, new float[] {-1, 2, 0, 1, 0, 0, 0, 0});
    assertThat(scores(records, 0, 0, 0)).startsWith(0, 1, 0, 1);
  }

  @Test
  void anUnfinishedTraceLeavesNothing() {
    Path other = folder.resolve("b.trace");
    try (var writer = new TraceWriter(other, header)) {
      writer.append(RandomTraces.records(header, 5, 1));
    }
    assertThat(folder.toFile().list()).containsExactly("a.trace");
  }

  @Test
  void aTraceOfAnotherModelIsRefused() {
    try (TraceFile trace = TraceFile.open(file)) {
      trace.requireModel(RandomTraces.MODEL, "a");
      assertThatThrownBy(() -> trace.requireModel(new ModelHash("f".repeat(64)), "this model"))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("a.trace")
          .hasMessageContainingAll("model '" + header.modelName() + "'", "expected 'this model'")
          .message()
          .doesNotContain("0123456789ab", "ffffffffffff");
    }
  }

  @Test
  void scoresThatAreNotThereAreNamed() {
    assertThat(header.set("next")).isEqualTo(1);
    assertThat(header.hasSet("untrained")).isFalse();
    assertThatThrownBy(() -> header.set("untrained"))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("'untrained'")
        .hasMessageContaining("lookahead, next");
  }

  @Test
  void everyCutIsNoticed() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Path cut = folder.resolve("cut.trace");
    for (int length = 0; length < whole.length; length++) {
      Files.write(cut, java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> TraceFile.open(cut).close())
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("cut.trace");
    }
  }

  @Test
  void everyFlippedBitIsNoticed() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Path damaged = folder.resolve("flip.trace");
    for (int at = 0; at < whole.length; at++) {
      byte[] bytes = whole.clone();
      bytes[at] ^= (byte) (1 << at % 8);
      Files.write(damaged, bytes);
      assertThatThrownBy(() -> TraceFile.open(damaged).close())
          .as("byte %d", at)
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("flip.trace");
    }
  }

  @Test
  void whatIsNoTraceSaysSo() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "GGUF but not really");
    fails(text, "is not a routing trace but a GGUF model");
    fails(folder.resolve("missing"), "no such file");
    fails(folder, "is a directory");
  }

  @Test
  void aLaterVersionIsRefused() throws IOException {
    forge(bytes -> bytes.putInt(VERSION_AT, 2), "version 2, expected 1");
  }

  @Test
  void absurdSizesAreRefused() throws IOException {
    forge(bytes -> bytes.putInt(LAYERS_AT, -5), "-5 layers, expected 1 to 4096");
    forge(bytes -> bytes.putInt(LAYERS_AT, 0), "0 layers");
    forge(bytes -> bytes.putInt(EXPERTS_AT, 1 << 30), "1073741824 experts");
    forge(bytes -> bytes.putInt(USED_AT, 5), "5 experts used of 4");
    forge(bytes -> bytes.putInt(RECORD_BYTES_AT, 17), "contradicts itself");
    forge(bytes -> bytes.putInt(LAYERS_AT, 4), "contradicts itself");
    forge(bytes -> bytes.putInt(HEADER_BYTES_AT, -1), "4294967295 bytes");
    int setsAt = RECORD_BYTES_AT + Integer.BYTES + Integer.BYTES + "tiny".length();
    forge(bytes -> bytes.putInt(setsAt, Integer.MAX_VALUE), "2147483647 sets of scores");
    forge(bytes -> bytes.putInt(setsAt + Integer.BYTES, 1 << 20), "a horizon of 1048576 layers");
  }

  @Test
  void contentThatChecksumsDoNotCatch() {
    TraceRecords twice = RandomTraces.records(header, 1, 1);
    twice.choice(0, 2, 0, 1, 0.5f);
    twice.choice(0, 2, 1, 1, 0.5f);
    write(file, twice);
    fails(file, "token 0 uses expert 1 at layer 2 twice");
    TraceRecords beyond = RandomTraces.records(header, 1, 1);
    beyond.choice(0, 1, 0, 4, 0.5f);
    write(file, beyond);
    fails(file, "token 0 uses expert 4 at layer 1, and there are 4");
    var text = new TraceRecords(header, 1);
    text.add(1, false, true, 2);
    write(file, text);
    fails(file, "token 0 is of text 2");
  }

  @Test
  void noTraceHasSuchAHeader() {
    var impossible = new TraceHeader(RandomTraces.MODEL, "x", 1, 2, 3, List.of(), List.of("text"));
    assertThatThrownBy(() -> new TraceWriter(folder.resolve("x"), impossible))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new TraceRecords(impossible, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void recordsHaveRoomForSoMany() {
    var records = new TraceRecords(header, 1);
    records.add(1, false, false, 0);
    assertThatThrownBy(() -> records.add(2, false, false, 0))
        .isInstanceOf(IllegalStateException.class);
    records.clear();
    assertThat(records.tokens()).isZero();
    assertThat(records.capacity()).isEqualTo(1);
  }

  /** Changes the header under a checksum that matches. */
  private void forge(Consumer<ByteBuffer> change, String message) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int end = buffer.getInt(HEADER_BYTES_AT) - Integer.BYTES;
    change.accept(buffer);
    var crc = new CRC32C();
    crc.update(bytes, 0, end);
    buffer.putInt(end, (int) crc.getValue());
    fails(Files.write(folder.resolve("forged.trace"), bytes), message);
  }

  private static void fails(Path path, String message) {
    assertThatThrownBy(() -> TraceFile.open(path).close())
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining(path.getFileName().toString())
        .hasMessageContaining(message);
  }
}
