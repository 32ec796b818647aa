package io.foregate.bench.slice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceReportTest {
  @TempDir private Path folder;

  private String reportWith(String part, String found) throws IOException {
    write(
        "link-cuda",
        """
        [{"engine": "cuda", "gbps": 22.5, "best_gbps": 24,
          "windows": [{"hidden": 0.9, "kernels_over_copies": 1.5}]}]""");
    write(part, found);
    DeviceReport.main(new String[] {folder.toString()});
    return Files.readString(folder.resolve("README.md"));
  }

  private void write(String part, String found) throws IOException {
    Files.writeString(
        folder.resolve(DeviceResult.FILE),
        "{\"part\": \"%s\", \"device\": \"a device\", \"settings\": {}, \"found\": %s}%n"
            .formatted(part, found.replace("\n", " ")),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  @Test
  void copiesStandBesideTheBussPeak() throws IOException {
    assertThat(reportWith("bus-cuda", "{\"peak_gbps\": 25}"))
        .contains("moves at most 25.00 GB/s")
        .contains("| cuda | 22.50 | 24.00 | 90 % | 90 % at 1.5 |");
  }

  @Test
  void aPeakThatWasNotMeasuredIsSaid() throws IOException {
    assertThat(reportWith("bus-cuda", "{\"not_measured\": \"no CUDA\"}"))
        .contains("peak was not measured: no CUDA")
        .contains("| cuda | 22.50 | 24.00 | | 90 % at 1.5 |");
  }

  @Test
  void aPeakOfAnotherDriverIsNone() throws IOException {
    assertThat(reportWith("bus-ptx", "{\"peak_gbps\": 25}"))
        .contains("peak was not measured: part bus has not run")
        .contains("| cuda | 22.50 | 24.00 | | 90 % at 1.5 |");
  }

  @Test
  void testsThatPassedAreCountedAndOthersNamed() throws IOException {
    String tests =
        """
        {"tests": 3, "failed": 1, "skipped": 0, "cases": [
          {"test": "RmsTest.rms [1]", "passed": true, "worst_error": 1e-7},
          {"test": "RmsTest.rms [2]", "passed": true, "worst_error": 3e-7},
          {"test": "RouterTest.ties ties()", "passed": false}]}""";
    assertThat(reportWith("test-kernels-ptx", tests))
        .contains("3 tests on the device, 1 failed, 0 skipped.")
        .contains("| RmsTest | 2 of 2 | 3.0e-07 |", "| RouterTest | 0 of 1 |  |")
        .contains("Failed: RouterTest.ties ties()")
        .doesNotContain("rms [1]");
  }

  @Test
  void timelinesAreLinked() throws IOException {
    Files.writeString(folder.resolve("decode-ptx-timeline.json"), "{}");
    assertThat(reportWith("bus-cuda", "{}")).contains("(decode-ptx-timeline.json)");
  }

  @Test
  void ofAPartThatRanTwiceTheLastCounts() throws IOException {
    reportWith("bus-cuda", "{\"peak_gbps\": 25}");
    assertThat(reportWith("bus-cuda", "{\"peak_gbps\": 24}")).contains("moves at most 24.00 GB/s");
    assertThat(Files.readString(folder.resolve(DeviceResult.FILE)).lines()).hasSize(2);
  }

  @Test
  void batchesOfVariantsStandSideBySide() throws IOException {
    String variants =
        """
        [{"type": "Q4_K", "variant": "portable", "tokens_per_second": 100},
         {"type": "Q4_K", "variant": "mma", "tokens_per_second": 350},
         {"type": "Q8_0", "variant": "mma", "unusable": "not offered"}]""";
    assertThat(reportWith("prefill-ptx", variants))
        .contains("| Q4_K | portable | 100.0 | 1.00 |")
        .contains("| Q4_K | mma | 350.0 | 3.50 |")
        .contains("| Q8_0 | mma | not offered | |");
  }
}
