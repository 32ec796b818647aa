package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.foregate.tornado.device.Devices;
import java.util.List;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** What {@code devices --verbose} tells of a device, without a model. */
class DeviceChoicesTest {

  @Test
  void everyChoiceHasItsReason() {
    var backend = new TornadoBackend();
    assumeTrue(Devices.preferred().getTornadoVMBackend() == TornadoVMBackendType.OPENCL);
    List<String> choices = backend.choices();
    assertThat(choices)
        .contains(
            "its self-test passed",
            "of Q4_K and Q6_K, products of weights with tokens: portable"
                + " (TornadoVM has no warps and no tensor cores on OPENCL); with batches: portable"
                + " (TornadoVM has no warps and no tensor cores on OPENCL)",
            "copy engine cuda left alone: TornadoVM drives the device through OPENCL");
    assertThat(choices.getLast())
        .matches(
            "copy engine: (enqueue|transfers) \\(passed their self-tests: "
                + "enqueue with [0-9.]+ GB/s, transfers with [0-9.]+ GB/s\\)");
  }
}
