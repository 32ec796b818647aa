package io.foregate.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import io.foregate.gguf.ModelHash;
import io.foregate.options.HostStore;
import io.foregate.options.TierChoice;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.ExpertWeights;
import io.foregate.store.layout.RowLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file tier: what is reused, what is built anew, and what is mended in use. */
class SidecarTest {
  @TempDir Path folder;

  private StoreModel model;
  private Path sidecar;
  private byte[] sound;
  private LogRecorder log;

  @BeforeEach
  void build() throws IOException {
    model = StoreModel.in(folder, 1);
    sidecar = model.sidecar();
    model.open(TierChoice.FILE).close();
    sound = Files.readAllBytes(sidecar);
    log = new LogRecorder();
  }

  @AfterEach
  void closeModel() {
    log.close();
    model.close();
  }

  /** Counts buildings. */
  private static final class Buildings implements BuildListener {
    final List<Long> begun = new ArrayList<>();
    long done;

    @Override
    public void begin(String task, long bytes) {
      begun.add(bytes);
      done = 0;
    }

    @Override
    public void advance(long bytes) {
      done += bytes;
    }
  }

  private static HostStore inFile() {
    return HostStore.auto().withTier(TierChoice.FILE);
  }

  private ExpertStore open(Buildings buildings) {
    return model.open(inFile(), buildings, Host.system());
  }

  private boolean allRight(ExpertStore store) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(store.maxRecordBytes());
      boolean right = true;
      for (int layer = 0; layer < model.layers(); layer++) {
        for (int expert = 0; expert < StoreModel.EXPERTS; expert++) {
          target.fill((byte) 0x55);
          store.read(layer, expert, target);
          right &= model.isExpert(layer, expert, store.shape(layer), target);
        }
      }
      return right;
    }
  }

  @Test
  void isBuiltOnce() throws IOException {
    var buildings = new Buildings();
    try (ExpertStore store = open(buildings)) {
      assertThat(allRight(store)).isTrue();
    }
    assertThat(buildings.begun).isEmpty();
    Files.delete(sidecar);
    try (ExpertStore store = open(buildings)) {
      assertThat(buildings.begun).containsExactly(store.bytes());
      assertThat(buildings.done).isEqualTo(store.bytes());
    }
    assertThat(sidecar).hasBinaryContent(sound);
    assertThat(log.warnings()).isEmpty();
  }

  @Test
  void hasTheSameBytesWhateverTheThreads() {
    for (int threads : new int[] {1, 2, 7}) {
      assertThat(sidecar.toFile().delete()).isTrue();
      Host system = Host.system();
      var host = new Host(system.freeMemory(), system.lock(), system.sinks(), threads);
      model.open(inFile(), BuildListener.NONE, host).close();
      assertThat(sidecar).hasBinaryContent(sound);
    }
  }

  @Test
  void goesToTheFolderOfChoice() throws IOException {
    Path other = Files.createDirectory(folder.resolve("fast disk"));
    model.open(inFile().withFolder(other), BuildListener.NONE, Host.system()).close();
    assertThat(other.resolve(sidecar.getFileName())).hasBinaryContent(sound);
  }

  @Test
  void isBuiltAnewWhenTheHeaderDoesNotFit() throws IOException {
    var format = new SidecarFormat(source(new RowLayout()), ModelHash.of(model.file));
    int header = format.headerBytes();
    int table = (int) format.tableOffset();
    for (int at : new int[] {0, 9, 13, 20, 50, 82, 90, header - 1, table, sound.length - 1}) {
      assertRebuilt(flipped(at, at % 8));
    }
  }

  @Test
  void isBuiltAnewWhenTheLengthDoesNotFit() throws IOException {
    for (int length : new int[] {0, 1, 8, 4095, 4096, sound.length / 2, sound.length - 1}) {
      assertRebuilt(Arrays.copyOf(sound, length));
    }
    assertRebuilt(Arrays.copyOf(sound, sound.length + 1));
    assertRebuilt(new byte[] {1, 2, 3, 4}); // of no known kind: a damaged one
  }

  private byte[] flipped(int at, int bit) {
    byte[] bytes = sound.clone();
    bytes[at] ^= (byte) (1 << bit);
    return bytes;
  }

  private void assertRebuilt(byte[] bytes) throws IOException {
    Files.write(sidecar, bytes);
    var buildings = new Buildings();
    open(buildings).close();
    assertThat(buildings.begun).hasSize(1);
    assertThat(sidecar).hasBinaryContent(sound);
  }

  @Test
  void isBuiltAnewForAnotherModelOrLayout() throws IOException {
    try (StoreModel other = StoreModel.in(Files.createDirectory(folder.resolve("other")), 2)) {
      other.open(TierChoice.FILE).close();
      byte[] foreign = Files.readAllBytes(other.sidecar());
      assertThat(foreign).hasSameSizeAs(sound);
      assertRebuilt(foreign);
    }
    model.open(new NextVersion(), inFile(), BuildListener.NONE, Host.system()).close();
    byte[] newer = Files.readAllBytes(sidecar);
    assertThat(newer).hasSameSizeAs(sound);
    assertRebuilt(newer);
  }

  /** The same bytes, but who is to know. */
  private static final class NextVersion implements ExpertLayout {
    private final ExpertLayout rows = new RowLayout();

    @Override
    public String id() {
      return rows.id();
    }

    @Override
    public int version() {
      return rows.version() + 1;
    }

    @Override
    public long recordBytes(ExpertShape shape) {
      return rows.recordBytes(shape);
    }

    @Override
    public void pack(ExpertShape shape, ExpertWeights expert, MemorySegment record) {
      rows.pack(shape, expert, record);
    }

    @Override
    public ExpertWeights view(ExpertShape shape, MemorySegment record) {
      return rows.view(shape, record);
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    var format = new SidecarFormat(source(new RowLayout()), ModelHash.of(model.file));
    long size = format.fileBytes();
    byte[] header = format.header();
    assertThat(format.complaint(size, header)).isEmpty();
    assertThat(format.complaint(size - 1, header).orElse("")).contains("bytes");
    String[] expected = new String[header.length];
    Arrays.fill(expected, 0, 8, "not an expert store");
    Arrays.fill(expected, 8, 12, "format version");
    Arrays.fill(expected, 12, 48, "layout");
    Arrays.fill(expected, 48, 80, "another model");
    Arrays.fill(expected, 80, header.length, "damaged header");
    for (int at = 0; at < header.length; at++) {
      byte[] other = header.clone();
      other[at]++;
      assertThat(format.complaint(size, other).orElse("")).contains(expected[at]);
    }
  }

  private ExpertSource source(ExpertLayout layout) {
    return ExpertSource.of(model::path, model.weights.layers(), layout);
  }

  @Test
  void mendsFlippedBits() throws IOException {
    var format = new SidecarFormat(source(new RowLayout()), ModelHash.of(model.file));
    var random = new Random(7);
    for (int round = 0; round < 30; round++) {
      byte[] bytes = sound.clone();
      for (int flip = 0; flip <= round % 3; flip++) {
        int at = random.nextInt(format.headerBytes(), (int) format.tableOffset());
        bytes[at] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(sidecar, bytes);
      log.warnings().clear();
      var buildings = new Buildings();
      try (ExpertStore store = open(buildings)) {
        assertThat(allRight(store)).isTrue();
      }
      assertThat(buildings.begun).isEmpty();
      assertThat(log.warnings()).hasSize(1).first().asString().contains("made anew", "layer ");
      assertThat(sidecar).hasBinaryContent(sound);
    }
  }

  /** On a mapping, these reads would end the virtual machine. */
  @Test
  void mendsAFileThatIsCutInUse() throws IOException {
    for (int length : new int[] {0, 5000, sound.length / 2, sound.length - 1000}) {
      try (ExpertStore store = open(new Buildings())) {
        assertThat(allRight(store)).isTrue();
        try (FileChannel other = FileChannel.open(sidecar, StandardOpenOption.WRITE)) {
          other.truncate(length);
        }
        assertThat(allRight(store)).isTrue();
      }
      assertThat(log.warnings()).isNotEmpty();
      log.warnings().clear();
      assertRebuilt(Files.readAllBytes(sidecar));
    }
  }

  @Test
  void mendsAFileThatIsCutUnderManyReaders() throws Exception {
    try (ExpertStore store = open(new Buildings());
        ExecutorService pool = Executors.newFixedThreadPool(4)) {
      List<Future<Boolean>> readers = new ArrayList<>();
      for (int reader = 0; reader < 4; reader++) {
        readers.add(
            pool.submit(
                () -> {
                  boolean right = true;
                  for (int round = 0; round < 20; round++) {
                    right &= allRight(store);
                  }
                  return right;
                }));
      }
      try (FileChannel other = FileChannel.open(sidecar, StandardOpenOption.WRITE)) {
        var random = new Random(3);
        while (readers.stream().anyMatch(reader -> !reader.isDone())) {
          other.truncate(random.nextInt(sound.length));
          other.write(ByteBuffer.wrap(new byte[100]), random.nextInt(4096, sound.length));
        }
      }
      for (Future<Boolean> reader : readers) {
        assertThat(reader.get()).isTrue();
      }
    }
  }

  @Test
  void goesOnWhenTheFileIsDeleted() throws IOException {
    try (ExpertStore store = open(new Buildings())) {
      Files.delete(sidecar);
      assertThat(allRight(store)).isTrue();
      Thread.currentThread().interrupt(); // the channel is closed, and cannot be opened again
      assertThatThrownBy(() -> allRight(store)).hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(allRight(store)).isTrue();
      assertThat(sidecar).doesNotExist();
    }
  }

  /** Both the sidecar and the model are damaged: nothing is left to take the right bytes from. */
  @Test
  void neverGivesARecordOfAnotherModel() throws IOException {
    var format = new SidecarFormat(source(new RowLayout()), ModelHash.of(model.file));
    var channel = FileChannel.open(sidecar, StandardOpenOption.READ);
    int[] checksums = new int[model.layers() * StoreModel.EXPERTS];
    var file = new SidecarFile(channel, false, checksums);
    try (var records = new FileRecords(sidecar, file, format, source(new RowLayout()));
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(source(new RowLayout()).maxRecordBytes());
      assertThatThrownBy(() -> records.read(5, target))
          .isInstanceOf(ForegateException.class)
          .hasMessageContainingAll(sidecar.toString(), "layer 1, expert 1", "damaged");
    }
  }

  @Test
  void saysThatTheModelIsCutToo() throws IOException {
    try (ExpertStore store = open(new Buildings());
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(store.maxRecordBytes());
      cut(sidecar);
      cut(model.path());
      assertThatThrownBy(() -> store.read(2, 3, target))
          .isInstanceOf(ForegateException.class)
          .hasMessageContainingAll(model.path().toString(), "became shorter");
      assertThatThrownBy(() -> model.open(TierChoice.RAM))
          .isInstanceOf(ForegateException.class)
          .hasMessageContainingAll(model.path().toString(), "became shorter");
    }
  }

  private static void cut(Path file) throws IOException {
    try (FileChannel other = FileChannel.open(file, StandardOpenOption.WRITE)) {
      other.truncate(5000);
    }
  }
}
