package io.foregate.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.cli.TinyGguf;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import io.foregate.model.reader.ModelConfigReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GateFileTest {
  private static final ModelHash MODEL = new ModelHash("ab".repeat(32));

  @TempDir private Path folder;
  private ModelConfig config;
  private LookaheadGates gates;
  private Path file;

  @BeforeEach
  void write() {
    Path model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
    try (GgufFile gguf = GgufFile.open(model)) {
      config = ModelConfigReader.read(gguf);
    }
    gates = LookaheadGatesTest.random(GateShape.of(config, 1, 3));
    file = GateFile.of(model);
    GateFile.write(file, gates, MODEL, Map.of("seed", "1"));
  }

  @Test
  void liesBesideTheModel() {
    assertThat(file).isEqualTo(folder.resolve("tiny.gates.safetensors"));
    assertThat(GateFile.of(Path.of("model.bin"))).isEqualTo(Path.of("model.bin.gates.safetensors"));
  }

  @Test
  void comesBackAsItWas() {
    LookaheadGates read = GateFile.read(file, MODEL, config);
    assertThat(read.aligned()).isTrue();
    assertThat(read.shape()).isEqualTo(gates.shape());
    for (int p = 0; p < gates.shape().points(); p++) {
      GateWeights expected = gates.point(p);
      GateWeights found = read.point(p);
      assertThat(found.first().data().mismatch(expected.first().data())).isEqualTo(-1);
      assertThat(found.output().data().mismatch(expected.output().data())).isEqualTo(-1);
      assertThat(found.bias()).isEqualTo(expected.bias());
      assertThat(found.sharpness()).isEqualTo(expected.sharpness());
      for (int i = 0; i < expected.history().length; i++) {
        assertThat(found.history()[i])
            .isEqualTo(Float.float16ToFloat(Float.floatToFloat16(expected.history()[i])));
      }
    }
  }

  @Test
  void replacesAnOlderSidecar() {
    GateFile.write(file, gates, MODEL, Map.of("seed", "2"));
    assertThat(GateFile.read(file, MODEL, config).shape()).isEqualTo(gates.shape());
  }

  @Test
  void refusesAnotherModel() {
    assertThatThrownBy(() -> GateFile.read(file, new ModelHash("cd".repeat(32)), config))
        .isInstanceOf(ForegateException.class)
        .hasMessage("%s: was made for another model than '%s'", file, config.name());
    GateFile.write(file, gates, MODEL, Map.of(GateFile.MODEL_NAME, "old"));
    assertThatThrownBy(() -> GateFile.read(file, new ModelHash("cd".repeat(32)), config))
        .isInstanceOf(ForegateException.class)
        .hasMessage("%s: was made for model 'old', expected '%s'", file, config.name());
  }

  @Test
  void refusesAFileThatIsNotThere() {
    Path missing = folder.resolve("no.gates.safetensors");
    assertThatThrownBy(() -> GateFile.read(missing, MODEL, config))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 1 + length / 9) {
      Files.write(file, Arrays.copyOf(whole, length));
      refused();
    }
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));
    refused();
  }

  @Test
  void refusesEveryFlippedBitOrReadsTheSame() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    int header = (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
    var random = new Random(5);
    for (int trial = 0; trial < 300; trial++) {
      byte[] broken = whole.clone();
      int at = trial % 3 == 0 ? random.nextInt(8) : random.nextInt(8 + header, whole.length);
      broken[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, broken);
      refused();
    }
    for (int trial = 0; trial < 300; trial++) {
      byte[] broken = whole.clone();
      broken[8 + random.nextInt(header)] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, broken);
      try { // what is in the header may be told differently, but nothing else may be thrown
        assertThat(GateFile.read(file, MODEL, config).shape()).isEqualTo(gates.shape());
      } catch (ForegateException e) {
        assertThat(e.getMessage()).contains(file.toString());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MAX_VALUE, Long.MIN_VALUE, 0, 1, 1L << 40})
  void refusesAnAbsurdHeaderLength(long length) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    Files.write(file, bytes);
    assertThatThrownBy(() -> GateFile.read(file, MODEL, config))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("header");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"format\":\"foregate l|\"format\":\"somebody l|is not lookahead gates but a safetensors"
            + " file",
        "\"version\":\"2\"|\"version\":\"1\"|version '1'",
        "\"horizon\":\"1\"|\"horizon\":\"2\"|horizon",
        "\"horizon\":\"1\"|\"horizon\":\"x\"|horizon",
        "\"experts\":\"4\"|\"experts\":\"8\"|experts",
        "\"hidden\":\"3\"|\"hidden\":\"4\"|token.first",
        "layer.1.bias|layer.9.bias|layer.1.bias",
        "\"dtype\":\"F16\"|\"dtype\":\"F32\"|token.first",
        "\"data_offsets\":[0,|\"data_offsets\":[8,|damaged",
        "\"data_offsets\":[0,|\"data_offsets\":[-,|not JSON",
        "__metadata__|__metadatum__|__metadatum__",
      })
  void refusesAHeaderThatSaysSomethingElse(String from, String to, String told) throws IOException {
    edit(header -> header.replaceFirst(Pattern.quote(from), to));
    assertThatThrownBy(() -> GateFile.read(file, MODEL, config))
        .isInstanceOf(ForegateException.class)
        .hasMessageContainingAll(file.toString(), told);
  }

  @Test
  void refusesAHeaderOfManyBrackets() throws IOException {
    edit(header -> "[".repeat(header.length()));
    refused();
  }

  private void edit(UnaryOperator<String> change) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
    String edited = change.apply(header).stripTrailing();
    assertThat(edited).isNotEqualTo(header.stripTrailing()).hasSizeLessThanOrEqualTo(length + 64);
    byte[] head = edited.getBytes(StandardCharsets.UTF_8);
    ByteBuffer out =
        ByteBuffer.allocate(8 + head.length + bytes.length - 8 - length)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(head.length).put(head).put(bytes, 8 + length, bytes.length - 8 - length);
    Files.write(file, out.array());
  }

  private void refused() {
    assertThatThrownBy(() -> GateFile.read(file, MODEL, config))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining(file.toString());
  }
}
