package io.foregate.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.engine.Engine;
import io.foregate.error.ForegateException;
import io.foregate.evaluate.NamedText;
import io.foregate.gate.GateFile;
import io.foregate.gate.trace.ScoreSet;
import io.foregate.gguf.GgmlType;
import io.foregate.options.ModelOptions;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.work.WorkListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code foregate trace} and {@code align} do, done from Java. */
class CalibrateTest {
  private static final List<NamedText> TEXTS =
      List.of(
          new NamedText("a/tea.txt", "the heat at tea ".repeat(4)),
          new NamedText("b/eat.txt", "eat the tea ".repeat(4)));

  @TempDir private Path folder;
  private Path model;

  /** Counts, and keeps what is noted. */
  private static final class Notes implements AlignListener {
    private final List<String> notes = new ArrayList<>();
    private long done;
    private int rounds;

    @Override
    public synchronized void advance(long steps) {
      done += steps;
    }

    @Override
    public void note(String sentence) {
      notes.add(sentence);
    }

    @Override
    public void trained(int round, int of, double loss, double recall) {
      rounds++;
    }
  }

  @BeforeEach
  void writeModel() throws IOException {
    model = TinyModelWriter.write(TinyModel.mixture("calibrated", GgmlType.Q8_0), folder);
  }

  private Engine open() {
    return Engine.open(
        model, ModelOptions.defaults().withBackend("cpu").withThreads(1).withContext(16));
  }

  @Test
  void aTraceIsRecordedAndReportedOn() {
    Path file = folder.resolve("tiny.trace");
    var notes = new Notes();
    try (Engine engine = open()) {
      TraceOptions options = TraceOptions.defaults().withTokens(20).withHorizon(1);
      TraceRecording.write(engine, TEXTS, options, file, notes);
      assertThatThrownBy(
              () -> TraceRecording.write(engine, TEXTS, options.withHorizon(9), file, notes))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("The horizon is 9");
    }
    assertThat(notes.notes).singleElement().asString().contains("without trained gates");
    TraceReport report = TraceReport.of(file);
    assertThat(report.texts()).containsExactly("tea.txt", "eat.txt");
    assertThat(report.statistics().tokens()).isEqualTo((int) notes.done);
    assertThat(report.recall()).containsOnlyKeys(ScoreSet.UNTRAINED, ScoreSet.NEXT_ROUTER);
  }

  @Test
  void theImportanceOfInputsIsMeasured() {
    Path file = folder.resolve("tiny.imatrix.gguf");
    try (Engine engine = open()) {
      ImportanceMeasurement.Result result =
          ImportanceMeasurement.write(engine, TEXTS, 10, file, WorkListener.NONE);
      assertThat(result.tokens()).isEqualTo(20);
      assertThat(result.tensors()).isPositive();
    }
    assertThat(file).isNotEmptyFile();
  }

  @Test
  void gatesAreAlignedJudgedAndReportedOn() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "the heat at tea\n".repeat(60));
    Path held = Files.writeString(folder.resolve("held.txt"), "eat the heat\n".repeat(20));
    AlignOptions options =
        AlignOptions.of(List.of(text))
            .withHoldouts(List.of(held))
            .withHorizon(1)
            .withTokens(128)
            .withLength(16);
    Path gates = GateFile.of(model);
    var alignment = new Alignment(gates, options);
    var notes = new Notes();
    try (Engine engine = open()) {
      assertThatThrownBy(() -> alignment.writeReport(folder))
          .isInstanceOf(IllegalStateException.class);
      AlignResult result = alignment.run(engine, notes);
      assertThat(notes.rounds).isEqualTo(result.rounds()).isPositive();
      assertThat(result.gapClosed()).containsOnlyKeys("held");
      assertThat(result.gatesBytes()).isEqualTo(Files.size(gates));
    }
    alignment.writeReport(folder);
    assertThat(folder.resolve("recall-calibrated.json")).content().contains("\"gap_closed\"");
    assertThatThrownBy(() -> new Alignment(gates, options))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("exists");
  }
}
