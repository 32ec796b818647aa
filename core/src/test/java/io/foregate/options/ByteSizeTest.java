package io.foregate.options;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "8GiB, 8589934592",
    "8G, 8589934592",
    "8Gi, 8589934592",
    "8gib, 8589934592",
    "8GB, 8000000000",
    "8 gb, 8000000000",
    "1.5KiB, 1536",
    "1.5kB, 1500",
    "512MB, 512000000",
    "2TB, 2000000000000",
    "7B, 7"
  })
  void unitsAreTakenAtTheirWord(String text, long bytes) {
    assertThat(ByteSize.parse(text)).hasValue(bytes);
    assertThat(SlotBudget.parse(text)).isEqualTo(new SlotBudget.Bytes(bytes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"8", "", "GiB", "-1GiB", "8XB", "1e3MB", "99999999999TiB", "8GiBs"})
  void otherTextsAreNoSizes(String text) {
    assertThat(ByteSize.parse(text)).isEmpty();
  }
}
