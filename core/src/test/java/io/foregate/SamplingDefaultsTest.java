package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.TinyGguf;
import io.foregate.gguf.GgufMetadata;
import io.foregate.gguf.GgufValue;
import io.foregate.options.GenerateOptions;
import io.foregate.options.ModelOptions;
import io.foregate.options.Sampling;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The defaults that a file brings. */
class SamplingDefaultsTest {
  @TempDir Path folder;

  @Test
  void aFilesValuesAreTheDefaults() {
    Map<String, GgufValue> values =
        Map.of(
            "general.sampling.temp", new GgufValue.F32(0),
            "general.sampling.top_k", new GgufValue.I32(20),
            "general.sampling.top_p", new GgufValue.F32(0.5f),
            "general.sampling.min_p", new GgufValue.F32(0.25f),
            "general.sampling.penalty_repeat", new GgufValue.F32(1.5f),
            "general.sampling.penalty_last_n", new GgufValue.I32(-1));
    assertThat(SamplingDefaults.of(GgufMetadata.of("file", values)))
        .isEqualTo(
            Sampling.open()
                .withTemperature(0)
                .withTopK(20)
                .withTopP(0.5f)
                .withMinP(0.25f)
                .withRepeatPenalty(1.5f)
                .withRepeatLastN(Integer.MAX_VALUE));
  }

  /** Options that leave sampling open are the file's, of texts, streams and conversations. */
  @Test
  void generationsTakeWhatTheFileRecommends() {
    Path plain = TinyGguf.mixture().write(folder.resolve("plain.gguf"));
    Path greedy =
        TinyGguf.withMetadata(
            plain,
            folder.resolve("greedy.gguf"),
            Map.of("general.sampling.temp", new GgufValue.F32(0)));
    GenerateOptions open = GenerateOptions.defaults().withMaxTokens(12).withSeed(5);
    ModelOptions small = ModelOptions.defaults().withThreads(1).withContext(64);
    try (Model without = Model.open(plain, small);
        Model with = Model.open(greedy, small)) {
      String best = without.generate("the", open.withTemperature(0)).text();
      String drawn = without.generate("the", open.withTemperature(0.8f)).text();
      assertThat(drawn).isNotEqualTo(best);
      assertThat(without.generate("the", open).text()).isEqualTo(drawn);
      assertThat(with.generate("the", open).text()).isEqualTo(best);
      assertThat(with.generate("the", open.withTemperature(0.8f)).text()).isEqualTo(drawn);
      try (Stream<String> pieces = with.stream("the", open)) {
        assertThat(pieces.collect(Collectors.joining())).isEqualTo(best);
      }
      assertThat(answer(with, open)).isEqualTo(answer(without, open.withTemperature(0)));
      assertThat(answer(without, open)).isNotEqualTo(answer(with, open));
      assertThat(with.sampling()).isEqualTo(Sampling.open().withTemperature(0));
    }
  }

  private static String answer(Model model, GenerateOptions options) {
    try (Chat chat = model.chat(options)) {
      return chat.send("hat", text -> {}).text();
    }
  }

  @Test
  void whatAFileDoesNotSayOrSaysWronglyIsOurs() {
    Map<String, GgufValue> values =
        Map.of(
            "general.sampling.temp", new GgufValue.F32(-1),
            "general.sampling.top_p", new GgufValue.Str("most"));
    assertThat(SamplingDefaults.of(GgufMetadata.of("file", values))).isEqualTo(Sampling.open());
  }
}
