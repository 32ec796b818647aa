package io.foregate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.cli.terminal.ExitCode;
import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a killed command leaves does not stop the next one. */
class KillTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyGguf.mixture().write(folder.resolve("tiny.gguf"));
  }

  /** Large enough that a kill falls into the middle of the writing. */
  @Test
  void quantizeBeginsAnewAfterAKill() throws Exception {
    Path large = folder.resolve("large.gguf");
    try (GgufFile tiny = GgufFile.open(model);
        GgufWriter writer = GgufWriter.to(large)) {
      writer.metadata(tiny.metadata());
      tiny.tensors().forEach(t -> writer.tensor(t.name(), t.type(), t.shape(), tiny.data(t)));
      writer.tensor(
          "blk.9.ffn_up_exps.weight",
          GgmlType.F32,
          List.of(256L, 1L << 12, 4L),
          out -> out.write(MemorySegment.ofArray(new byte[1 << 24])));
      writer.write();
    }
    Path out = folder.resolve("small.gguf");
    Object[] quantize = {"quantize", "--per-layer", "blk.9=Q4_K", large, out, "-t", 1};
    ForkedCommand.start(quantize).killWhen(() -> Files.exists(PartFile.part(out)));
    assertThat(PartFile.part(out)).exists();
    assertThat(out).doesNotExist();

    Invocation.of(quantize).succeeds();
    assertThat(out).exists();
    assertThat(PartFile.part(out)).doesNotExist();
  }

  /** As a kill leaves them: the part of a store, of a session, of a trace, of gates. */
  @Test
  void whatDeadWritersLeftIsReplaced() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "the hat ate that ".repeat(40));
    Path session = folder.resolve("a.session");
    Path trace = folder.resolve("a.trace");
    Path timeline = folder.resolve("a.json");
    leave(session, FileKind.SESSION, "FGSESS01");
    leave(trace, FileKind.TRACE, "FGTRACE\0");
    leave(timeline, FileKind.TIMELINE, "{\"displayTimeUnit\":\"ms\"");
    leave(folder.resolve("tiny.rows.experts"), FileKind.STORE, "FGEXPERT");
    Invocation.of("trace", "-m", model, "--text", text, "--tokens", 64, "-o", trace)
        .requireExit(ExitCode.OK);
    Object[] run = {
      "run",
      "-m",
      model,
      "-p",
      "the",
      "-n",
      4,
      "--session",
      session,
      "--timeline",
      timeline,
      "--policy",
      "lru",
      "--expert-slots",
      "100%",
      "--store",
      "file",
      "--no-echo"
    };
    Invocation.of(run).requireExit(ExitCode.OK);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "tiny.gguf", "tiny.rows.experts", "text.txt", "a.session", "a.trace", "a.json");
    }
  }

  private static void leave(Path target, FileKind kind, String begin) throws IOException {
    Files.writeString(PartFile.part(target), begin);
    assertThat(FileKind.of(Files.readAllBytes(PartFile.part(target)))).isEqualTo(kind);
  }

  @Test
  void aSessionGoesOnAfterAKill() throws Exception {
    Path session = folder.resolve("a.session");
    Object[] run = {"run", "-m", model, "-p", "the", "-n", 2, "--json", "--session", session};
    Invocation.of(run).succeeds();
    byte[] before = Files.readAllBytes(session);
    Object[] longer = {
      "run", "-m", model, "-p", "the", "-n", -1, "-c", 60_000, "--session", session
    };
    // In the middle of the text: the file is as it was.
    ForkedCommand.start(longer).untilItGenerates().killWhen(() -> true);
    assertThat(session).hasBinaryContent(before);
    Invocation.of(run).succeeds();
  }

  /** The model is cut while its experts are used: a sentence, whatever thread finds out. */
  @Test
  void aModelThatIsCutGivesASentence() throws Exception {
    Path cut = TinyGguf.mixture().withExpertType(GgmlType.Q8_0).write(folder.resolve("cut.gguf"));
    ForkedCommand run =
        ForkedCommand.start(
            "run", "-m", cut, "-p", "a", "-n", -1, "-c", 60_000, "-t", 2, "--no-echo");
    run.untilItGenerates();
    try (var file = new RandomAccessFile(cut.toFile(), "rw")) {
      file.setLength(4096);
    }
    assertThat(run.ends("became shorter while it was in use")).isEqualTo(ExitCode.FAILURE);
  }
}
