package io.foregate.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.PartFile;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufTensor;
import io.foregate.gguf.ShardLimit;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A conversion that is stopped or killed goes on where it was, to the same file. */
class ConvertResumeTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private Path folder;
  private Path source;
  private Path whole;

  @BeforeEach
  void convertOnce() throws IOException {
    source = HfModel.of("MixtralForCausalLM").write(folder.resolve("hf"));
    whole = folder.resolve("whole.gguf");
    try (Conversion conversion = Conversion.open(source, ConvertOptions.defaults())) {
      conversion.write(whole, ConvertListener.NONE, () -> false);
    }
  }

  /** Stops after so many bytes. */
  private static final class Stopper implements ConvertListener {
    private final long limit;
    long done;
    long written;

    Stopper(long limit) {
      this.limit = limit;
    }

    @Override
    public void begin(long total, long before) {
      done = before;
    }

    @Override
    public void advance(long bytes) {
      written += bytes;
      if (written > limit) {
        throw new IllegalStateException("stopped");
      }
    }
  }

  private Stopper run(Path target, long limit, boolean keeps, ConvertOptions options) {
    var stopper = new Stopper(limit);
    try (Conversion conversion = Conversion.open(source, options)) {
      conversion.write(target, stopper, () -> keeps, 1);
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage("stopped");
    }
    return stopper;
  }

  /** The folder holds these, and nothing half-written. */
  private void holds(Path... files) throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      assertThat(found).containsExactlyInAnyOrder(files);
    }
  }

  @Test
  void goesOnAtEveryPlaceWhereItWasStopped() throws IOException {
    Path target = folder.resolve("out.gguf");
    long size = Files.size(whole);
    long before = -1;
    int runs = 0;
    while (!Files.exists(target)) {
      Stopper stopper = run(target, size / 4, true, ConvertOptions.defaults());
      assertThat(stopper.done).isGreaterThan(before);
      before = stopper.done;
      assertThat(++runs).isLessThan(20);
    }
    assertThat(runs).isGreaterThan(2);
    assertThat(target).hasSameBinaryContentAs(whole);
    holds(source, whole, target);
  }

  @Test
  void goesOnInTheMiddleOfAnyShard() throws IOException {
    ConvertOptions sharded =
        ConvertOptions.defaults().withShards(new ShardLimit(Long.MAX_VALUE, 7));
    Path target = folder.resolve("out.gguf");
    List<Path> shards;
    try (Conversion conversion = Conversion.open(source, sharded)) {
      shards = conversion.files(target);
    }
    assertThat(shards).hasSizeGreaterThan(3);
    long before = -1;
    int runs = 0;
    while (!Files.exists(shards.getLast())) {
      Stopper stopper = run(target, Files.size(whole) / 4, true, sharded);
      assertThat(stopper.done).isGreaterThan(before);
      before = stopper.done;
      assertThat(shards.stream().filter(Files::exists).count()).isIn(0L, (long) shards.size());
      assertThat(++runs).isLessThan(30);
    }
    assertThat(runs).isGreaterThan(2);
    List<Path> found = new ArrayList<>(shards);
    found.addAll(List.of(source, whole));
    holds(found.toArray(Path[]::new));
    try (GgufFile one = GgufFile.open(whole);
        GgufFile many = GgufFile.open(shards.get(1))) {
      assertThat(many.metadata().asMap()).isEqualTo(one.metadata().asMap());
      for (GgufTensor tensor : one.tensors()) {
        GgufTensor written = many.tensor(tensor.name());
        assertThat(many.data(written).mismatch(one.data(tensor))).isEqualTo(-1);
      }
    }
  }

  @Test
  void aShardThatIsLostIsWrittenAnew() throws IOException {
    ConvertOptions sharded =
        ConvertOptions.defaults().withShards(new ShardLimit(Long.MAX_VALUE, 7));
    Path target = folder.resolve("out.gguf");
    run(target, Files.size(whole) / 2, true, sharded);
    Path first;
    try (Conversion conversion = Conversion.open(source, sharded)) {
      first = conversion.files(target).getFirst();
    }
    Files.write(PartFile.part(first), new byte[100]);
    assertThat(run(target, Long.MAX_VALUE, true, sharded).done).isZero();
    GgufFile.open(first).close();
    run(folder.resolve("given-up.gguf"), Files.size(whole) / 2, false, sharded);
    try (Stream<Path> found = Files.list(folder)) {
      assertThat(found).noneMatch(f -> f.toString().contains("given-up"));
    }
  }

  @Test
  void beginsAnewForOtherOptionsOrWeights() throws IOException {
    Path target = folder.resolve("out.gguf");
    long half = Files.size(whole) / 2;
    run(target, half, true, ConvertOptions.defaults());
    assertThat(run(target, half, true, ConvertOptions.defaults().withName("other")).done).isZero();
    Path weights = source.resolve("model.safetensors");
    Files.setLastModifiedTime(weights, FileTime.fromMillis(1_000_000));
    assertThat(run(target, half, true, ConvertOptions.defaults().withName("other")).done).isZero();
    // A part that has lost its end, as after a power failure, is not believed.
    Files.write(PartFile.part(target), new byte[100]);
    assertThat(run(target, Long.MAX_VALUE, true, ConvertOptions.defaults()).done).isZero();
    assertThat(target).hasSameBinaryContentAs(whole);
  }

  @Test
  void leavesNothingWhereItIsNotToGoOn() throws IOException {
    Path target = folder.resolve("out.gguf");
    run(target, Files.size(whole) / 2, false, ConvertOptions.defaults());
    holds(source, whole);
  }

  @Test
  void touchesNoPartThatIsNotItsOwn() throws IOException {
    Path target = folder.resolve("out.gguf");
    Files.write(PartFile.part(target), new byte[] {1, 2, 3});
    assertThatThrownBy(() -> run(target, 0, false, ConvertOptions.defaults()))
        .isInstanceOf(ForegateException.class)
        .hasMessageContaining("exists already");
    assertThat(PartFile.part(target)).hasBinaryContent(new byte[] {1, 2, 3});
  }

  @Test
  void onlyOneRunWritesAFile() throws IOException {
    Path target = folder.resolve("out.gguf");
    run(target, Files.size(whole) / 2, true, ConvertOptions.defaults());
    try (PartFile other = PartFile.resume(target, FileKind.GGUF, 0)) {
      assertThat(other.position()).isZero();
      Files.write(PartFile.part(target), new byte[0]);
      assertThatThrownBy(() -> run(target, 0, true, ConvertOptions.defaults()))
          .isInstanceOf(ForegateException.class)
          .hasMessageContaining("another run is writing it");
    }
  }

  @Test
  void goesOnAfterAKill() throws Exception {
    Path target = folder.resolve("killed.gguf");
    Path checkpoint = folder.resolve("killed.gguf.resume");
    Process process = start(source, target);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (progress(checkpoint) == 0 && System.nanoTime() < deadline) {
      Thread.sleep(1);
    }
    process.destroyForcibly();
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(target).doesNotExist(); // it was in the middle
    assertThat(run(target, Long.MAX_VALUE, true, ConvertOptions.defaults()).done).isPositive();
    assertThat(target).hasSameBinaryContentAs(whole);
    assertThat(checkpoint).doesNotExist();
  }

  private static long progress(Path checkpoint) throws IOException {
    return Files.exists(checkpoint) ? ByteBuffer.wrap(Files.readAllBytes(checkpoint)).getLong() : 0;
  }

  private static Process start(Path source, Path target) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--"))
        .forEach(command::add);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), SlowConversion.class.getName()));
    Stream.of(source, target).map(Path::toString).forEach(command::add);
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** A conversion that takes long enough to be killed: in a process of its own. */
  static final class SlowConversion {
    private SlowConversion() {}

    public static void main(String[] args) {
      var slow =
          new ConvertListener() {
            private long bytes;

            @Override
            public void begin(long total, long done) {}

            @Override
            public void advance(long count) {
              bytes += count;
              if (bytes > 100_000) {
                sleep();
              }
            }
          };
      try (Conversion conversion = Conversion.open(Path.of(args[0]), ConvertOptions.defaults())) {
        conversion.write(Path.of(args[1]), slow, () -> true, 1);
      }
    }

    private static void sleep() {
      try {
        Thread.sleep(200);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
