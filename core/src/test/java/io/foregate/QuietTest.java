package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.options.GenerateOptions;
import io.foregate.options.HostStore;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that uses the library sees nothing on its standard error that it did not write. */
class QuietTest {
  @TempDir private Path folder;

  /** What java.util.logging would print, as it is when nobody has set it up. */
  private static final class Console extends Handler {
    private final List<String> lines = new ArrayList<>();

    @Override
    public void publish(LogRecord log) {
      lines.add(log.getLevel() + " " + new SimpleFormatter().formatMessage(log));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void theLibrarySaysNothing() throws Exception {
    Path file = TinyModelWriter.write(TinyModel.mixture("quiet", GgmlType.Q8_0), folder);
    Path damaged = Files.write(folder.resolve("damaged.gguf"), new byte[64]);
    Logger root = Logger.getLogger("");
    var console = new Console();
    var written = new ByteArrayOutputStream();
    PrintStream before = System.err;
    root.addHandler(console);
    System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      use(file, ModelOptions.defaults());
      for (String tier : List.of("ram", "file")) {
        var store = HostStore.auto().withTier(tier).withFolder(folder).withLock(true);
        use(
            file,
            ModelOptions.defaults().withOffloading(Offloading.lookahead("75%").withStore(store)));
      }
      assertThatThrownBy(() -> Model.open(damaged)).isInstanceOf(ForegateException.class);
    } finally {
      System.setErr(before);
      root.removeHandler(console);
    }
    assertThat(console.lines).isEmpty();
    assertThat(written.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  private static void use(Path file, ModelOptions options) {
    var few = GenerateOptions.defaults().withMaxTokens(2);
    try (Model model = Model.open(file, options.withThreads(1).withContext(64))) {
      model.generate("a", few);
      assertThatThrownBy(() -> model.generate("a".repeat(500), few))
          .isInstanceOfSatisfying(
              ForegateException.class,
              e -> assertThat(e.getMessage() + e.hint()).doesNotContain("--", "[["));
      try (Chat chat = model.chat(few)) {
        chat.send("a", _ -> {});
      }
    }
  }
}
