package io.foregate.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.inspect.TensorPart;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.work.WorkListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code foregate quantize} does, done from Java. */
class QuantizationTest {
  private static final TypeRule EXPERTS = TypeRule.ofPart(TensorPart.EXPERTS, "q4_0");

  @TempDir private Path folder;
  private Path model;
  private Path out;

  @BeforeEach
  void writeModel() throws Exception {
    model = TinyModelWriter.write(TinyModel.mixture("whole", GgmlType.F32), folder);
    out = folder.resolve("small.gguf");
  }

  /** Counts what it is told. */
  private static final class Counter implements WorkListener {
    private long total;
    private long done;

    @Override
    public void begin(String task, long total, String unit) {
      this.total += total;
    }

    @Override
    public void advance(long steps) {
      done += steps;
    }
  }

  @Test
  void theLastRuleDecidesAndTheRestIsKept() {
    var counter = new Counter();
    QuantizeReport report =
        Quantization.write(
            model,
            out,
            QuantizeOptions.of(EXPERTS, TypeRule.parse("0=Q8_0")).withThreads(1),
            counter);
    try (GgufFile file = GgufFile.open(out)) {
      assertThat(file.tensor("blk.0.ffn_up_exps.weight").type()).isEqualTo(GgmlType.Q8_0);
      assertThat(file.tensor("blk.1.ffn_up_exps.weight").type()).isEqualTo(GgmlType.Q4_0);
      assertThat(file.tensor("blk.1.attn_q.weight").type()).isEqualTo(GgmlType.F32);
    }
    long weights = report.tensors().stream().mapToLong(QuantizeReport.Tensor::weights).sum();
    assertThat(counter.total).isEqualTo(weights).isEqualTo(counter.done);
    assertThat(report.typesAfter()).containsOnlyKeys("Q8_0", "Q4_0");
    assertThat(report.bytesAfter()).isLessThan(report.bytesBefore());
  }

  @Test
  void aListenerMayCancel() {
    WorkListener cancels =
        new WorkListener() {
          @Override
          public boolean isCancelled() {
            return true;
          }
        };
    assertThatThrownBy(() -> Quantization.write(model, out, QuantizeOptions.of(EXPERTS), cancels))
        .isInstanceOf(CancellationException.class);
    assertThat(out).doesNotExist();
  }

  @Test
  void refusesInSentences() throws Exception {
    assertThatThrownBy(() -> TypeRule.ofPart(TensorPart.EXPERTS, "Q9_X"))
        .isInstanceOf(ForegateException.class)
        .hasMessage("'Q9_X' is no type that can be written");
    assertThatThrownBy(() -> write(TypeRule.parse("70-90=Q4_0")))
        .isInstanceOf(ForegateException.class)
        .hasMessageEndingWith("is meant by 70-90=Q4_0");
    Files.writeString(out, "precious");
    assertThatThrownBy(() -> write(EXPERTS))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("small.gguf exists");
    out = model;
    assertThatThrownBy(() -> write(EXPERTS))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("both the model to read and the file to write");
  }

  private void write(TypeRule rule) {
    Quantization.write(model, out, QuantizeOptions.of(rule), WorkListener.NONE);
  }
}
