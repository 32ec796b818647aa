package io.foregate.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.options.KvType;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code foregate inspect} prints, asked from Java. */
class ModelFileTest {
  @TempDir private Path folder;

  private ModelFile open() throws Exception {
    return ModelFile.open(
        TinyModelWriter.write(TinyModel.mixture("inspected", GgmlType.Q8_0), folder));
  }

  @Test
  void saysWhatTheFileHolds() throws Exception {
    try (ModelFile file = open()) {
      Inspection facts = file.inspect(100, KvType.F32);
      assertThat(facts.supported()).isTrue();
      assertThat(facts.tensors()).isEqualTo(file.tensors().size());
      assertThat(facts.parameters()).isGreaterThan(facts.activeParameters());
      assertThat(facts.kvCache().context()).isEqualTo(100);
      assertThat(facts.kvCache().bytes())
          .isEqualTo(2 * file.inspect(100, KvType.F16).kvCache().bytes());
      assertThat(file.tensors().stream().mapToLong(ModelFile.Tensor::bytes).sum())
          .isEqualTo(facts.residentBytes() + facts.experts().bytes());
      assertThat(file.metadata()).containsKey("general.architecture");
    }
  }

  @Test
  void saysHowManyExpertsFit() throws Exception {
    try (ModelFile file = open()) {
      Inspection facts = file.inspect(16, KvType.F16);
      long rest = facts.residentBytes() + facts.kvCache().bytes() + facts.scratchBytes();
      long needed = rest + 3 * facts.experts().bytesEach();
      VramFit fit = VramFit.of(facts, needed + needed / 15 + 1); // a sixteenth is the driver's
      assertThat(fit.restBytes()).isBetween(needed - rest, needed - rest + 1);
      assertThat(fit.expertSlots()).isEqualTo(3);
      assertThat(fit.experts()).isEqualTo(facts.experts().count());
      CopyBound bound = CopyBound.of(facts, fit, 10);
      assertThat(bound.hitRate()).isEqualTo(3.0 / fit.experts());
      assertThat(bound.tokensPerSecond()).isPositive();
    }
  }

  @Test
  void refusesWhatIsNoModel() throws Exception {
    Path text = Files.writeString(folder.resolve("text.gguf"), "once upon a time");
    assertThatThrownBy(() -> ModelFile.open(text))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("text.gguf");
  }
}
