package io.foregate.tornado.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CUDA's copies against a driver that makes them as late as it may. */
class CudaUploadTest {
  private static final long CHUNK = 4096;
  private static final long POOL = 64 * CHUNK;

  private Arena arena;
  private FakeCuda cuda;
  private CudaDriver driver;

  @BeforeEach
  void start() {
    arena = Arena.ofShared();
    cuda = new FakeCuda(arena, POOL);
    driver = new CudaDriver(cuda);
  }

  @AfterEach
  void end() {
    arena.close();
  }

  private CudaUpload upload() {
    return new CudaUpload(driver, cuda.device.address(), CHUNK);
  }

  private MemorySegment record(long bytes) {
    MemorySegment record = arena.allocate(bytes, 256);
    var random = new Random(bytes);
    for (long i = 0; i < bytes / 4; i++) {
      record.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt());
    }
    return record;
  }

  @ParameterizedTest
  @ValueSource(longs = {4, CHUNK - 4, CHUNK, CHUNK + 4, 4 * CHUNK, 5 * CHUNK, 23 * CHUNK + 8})
  void everyWordComesWhereItBelongs(long bytes) {
    MemorySegment record = record(bytes + 256);
    try (CudaUpload upload = upload()) {
      upload.write(record, 256, bytes, 100);
      assertThat(cuda.device.asSlice(400, bytes).mismatch(record.asSlice(256, bytes)))
          .isEqualTo(-1);
      assertThat(cuda.device.asSlice(0, 400).toArray(ValueLayout.JAVA_INT)).containsOnly(0);
      long behind = 400 + bytes;
      assertThat(cuda.device.asSlice(behind).toArray(ValueLayout.JAVA_INT)).containsOnly(0);
      assertThat(upload.deviceNanos()).isEqualTo(2_500_000);
    }
    assertThat(cuda.isClean()).isTrue();
  }

  @Test
  void aChunkIsFilledAgainOnlyWhenItsCopyIsDone() {
    try (CudaUpload upload = upload()) {
      upload.write(record(9 * CHUNK), 0, 9 * CHUNK, 0);
      assertThat(cuda.count("cuMemcpyHtoDAsync")).isEqualTo(9);
      // The first four are new; the last is waited for as all of the record.
      assertThat(cuda.count("cuEventQuery")).isEqualTo(5);
      assertThat(cuda.count("cuEventSynchronize")).isLessThanOrEqualTo(6);
      cuda.calls.clear();
      upload.write(record(2 * CHUNK), 0, 2 * CHUNK, 0);
      assertThat(cuda.calls)
          .isEqualTo(
              List.of(
                  "cuEventRecord",
                  "cuMemcpyHtoDAsync",
                  "cuEventRecord",
                  "cuMemcpyHtoDAsync",
                  "cuEventRecord",
                  "cuEventSynchronize",
                  "cuEventElapsedTime"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cuMemcpyHtoDAsync, 2",
    "cuEventRecord, 0",
    "cuEventRecord, 3",
    "cuEventQuery, 1",
    "cuEventSynchronize, 0",
    "cuEventElapsedTime, 0"
  })
  void aCopyThatFailedLeavesNothingUnderWayAndMayBeTriedAgain(String function, int successes) {
    MemorySegment record = record(7 * CHUNK);
    try (CudaUpload upload = upload()) {
      cuda.fail(function, successes);
      assertThatThrownBy(() -> upload.write(record, 0, 7 * CHUNK, 0))
          .isInstanceOf(CudaDriver.CudaException.class)
          .hasMessage("%s failed: CUDA_ERROR_NUMBER_2 (2)".formatted(function));
      assertThat(cuda.calls.getLast()).isEqualTo("cuStreamSynchronize");
      upload.write(record, 0, 7 * CHUNK, 0);
      assertThat(cuda.device.asSlice(0, 7 * CHUNK).mismatch(record)).isEqualTo(-1);
    }
    assertThat(cuda.isClean()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"cuStreamCreate, 0", "cuEventCreate, 0", "cuEventCreate, 3", "cuMemHostAlloc, 0"})
  void whatWasTakenIsGivenBackWhenTheRestFails(String function, int successes) {
    cuda.fail(function, successes);
    assertThatThrownBy(this::upload)
        .isInstanceOf(CudaDriver.CudaException.class)
        .hasMessageContaining(function);
    assertThat(cuda.isClean()).isTrue();
  }

  @Test
  void anAddressThatIsNoneOfTheDevicesIsRefused() {
    assertThatThrownBy(() -> new CudaUpload(driver, 8, CHUNK))
        .hasMessageContaining("cuPointerGetAttribute");
  }

  @Test
  void aDriverWithoutAFunctionIsNamedSo() {
    cuda.remove("cuEventElapsedTime");
    assertThatThrownBy(() -> new CudaDriver(cuda))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cuEventElapsedTime");
  }

  @Test
  void whatCannotBeGivenBackIsSaid() {
    CudaUpload upload = upload();
    cuda.fail("cuMemFreeHost", 0);
    assertThatThrownBy(upload::close)
        .satisfies(
            e ->
                assertThat(e.getSuppressed()).singleElement().asString().contains("cuMemFreeHost"));
    assertThat(cuda.streams).isEmpty();
    assertThat(cuda.events).isEmpty();
  }
}
