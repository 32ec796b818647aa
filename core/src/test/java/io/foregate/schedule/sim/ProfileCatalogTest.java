package io.foregate.schedule.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foregate.error.ForegateException;
import io.foregate.gate.trace.RandomTraces;
import io.foregate.gate.trace.RoutingTrace;
import io.foregate.options.SlotBudget;
import io.foregate.schedule.policy.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileCatalogTest {
  private static final String TIMES =
      """
      {"name": "mine", "title": "My machine", "origin": "measured", "layers": 0, "expert_slots": 9,
       "expert_bytes": 1000000, "link_gbps": 2.5, "link_latency_micros": 3, "copy_streams": 1,
       "attention_micros": 100, "gates_micros": 5, "expert_micros": 50, "host_expert_micros": 0,
       "head_micros": 20, "compute_while_copying": 1, "notes": []}
      """;

  @TempDir Path folder;

  @Test
  void mixtralOnARtx3090ByHand() {
    Profile profile = ProfileCatalog.find("rtx-3090:q4").getFirst();
    assertThat(profile.origin()).isEqualTo(Profile.MODELLED);
    assertThat(profile.layers()).isEqualTo(32);
    // 3 matrices of 4096 x 14336, 144 bytes per 256 weights.
    assertThat(profile.expertBytes()).isEqualTo(3L * 4096 * 14336 / 256 * 144);
    // 16 GT/s x 16 lanes x 128/130 / 8 bits x 0.8.
    assertThat(profile.linkGbps()).isCloseTo(25.206, within(0.001));
    // 99.09 MB at 936 GB/s x 0.7, and 5 us to launch.
    assertThat(profile.expertMicros()).isCloseTo(99.0904 / 655.2 * 1e3 + 5, within(0.01));
    // 99.09 MB at 2 x 3.2 GT/s x 8 bytes x 0.7.
    assertThat(profile.hostExpertMicros()).isCloseTo(99.0904 / 35.84 * 1e3, within(0.1));
    // 41.94 M weights of Q8_0, a router of 32,768 floats, 2,048 positions of 4 KiB.
    double attention = 41_943_040 / 32.0 * 34 + 131_072 + 2048 * 4096;
    assertThat(profile.attentionMicros()).isCloseTo(attention / 655.2e3 + 35, within(0.01));
    // 24 GiB less 1 GiB, 32 x (44.56 MB + 0.13 MB + 5.31 MB of gates + 16 MiB of KV), 2 x 139.26
    // MB.
    assertThat(profile.expertSlots()).isEqualTo(224);
    assertThat(profile.notes())
        .anySatisfy(note -> assertThat(note).contains("whitepaper"))
        .anySatisfy(note -> assertThat(note).startsWith("Assumed:").contains("80 % of PCIe 4.0"));
  }

  @Test
  void everyShippedProfileMakesSense() {
    assertThat(ProfileCatalog.names()).hasSize(18);
    for (String name : ProfileCatalog.names()) {
      Profile profile = ProfileCatalog.find(name).getFirst();
      assertThat(profile.name()).isEqualTo(name);
      assertThat(profile.expertSlots()).as(name).isBetween(40, 256);
      assertThat(profile.copyNanos()).as(name).isGreaterThan(profile.expertNanos());
      assertThat(profile.hostExpertMicros()).as(name).isGreaterThan(profile.expertMicros());
      assertThat(profile.notes()).as(name).hasSizeGreaterThan(4);
    }
    assertThat(ProfileCatalog.find("t4")).hasSize(3);
  }

  /** Help from the CPU must never cost speed, whatever the machine. */
  @ParameterizedTest
  @ValueSource(strings = {"25%", "50%", "75%"})
  void hybridIsNowhereSlowerThanLookahead(String slots) {
    RoutingTrace trace = RandomTraces.of(8, 4, RandomTraces.choices(480, 8, 8, 2, 1));
    for (String name : ProfileCatalog.names()) {
      Profile profile = ProfileCatalog.find(name).getFirst();
      var cell = new Cell(trace, profile, SlotBudget.parse(slots), 20);
      double lookahead = cell.simulate(Policy.lookahead()).tokensPerSecond();
      assertThat(cell.simulate(Policy.hybrid()).tokensPerSecond())
          .as(name)
          .isGreaterThanOrEqualTo(lookahead);
    }
  }

  @Test
  void aFileOfTimes() throws IOException {
    Profile profile = ProfileCatalog.find(write(TIMES)).getFirst();
    assertThat(profile.copyNanos()).isEqualTo(403_000);
    assertThat(profile.computeNanos(2, 3)).isEqualTo(520_000);
    assertThat(profile.withLinkGbps(1).copyNanos()).isEqualTo(1_003_000);
  }

  @Test
  void aFileOfADataSheet() throws IOException {
    try (var in = ProfileCatalog.class.getResourceAsStream("rtx-3090.json")) {
      String text = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      String file = write(text.replace("\"rtx-3090\"", "\"mine\"").replace(": 936", ": 468"));
      assertThat(ProfileCatalog.find(file))
          .extracting(Profile::name)
          .contains("mine:q4", "mine:q2");
      assertThat(ProfileCatalog.find(file).getFirst().expertMicros())
          .isGreaterThan(ProfileCatalog.find("rtx-3090:q4").getFirst().expertMicros());
      fails(write(text.replace(": 936", ": -1")), "'memory_gbps' is -1.0");
      fails(write(text.replace("0.8", "8")), "'assumed.link_efficiency' is 8.0, expected");
      fails(write(text.replace("\"pcie\"", "\"pci\"")), "field 'pcie': it is missing");
    }
  }

  @Test
  void filesThatAreNoProfiles() throws IOException {
    fails("rtx-3090:q5", "neither a profile nor a file");
    fails("voodoo", "'voodoo' is neither a profile nor a file");
    fails(folder.toString(), "is a directory, expected a profile in JSON");
    fails(write("{"), "is no profile", "expected close marker for Object");
    fails(write("[1]"), "is no profile");
    fails(write("null"), "is no profile");
    fails(write("{}"), "is no profile", "name");
    fails(write(TIMES.replace("2.5", "0")), "'link_gbps' is 0.0, expected");
    fails(write(TIMES.replace("2.5", "\"fast\"")), "is no profile", "link_gbps");
    fails(write(TIMES.replace("2.5", "null")), "is no profile", "link_gbps");
    fails(write(TIMES.replace("\"link_gbps\": 2.5,", "")), "is no profile", "link_gbps");
    fails(write(TIMES.replace("{", "{\"nmae\": 1, ")), "unknown field 'nmae'");
    fails(write(TIMES.replace("measured", "guessed")), "'origin' is 'guessed'");
    fails(write(TIMES.replace(": 100,", ": 0,").replace(": 50,", ": 0,")), "no time at all");
    fails(write(TIMES + "{}"), "is no profile");
  }

  private String write(String json) throws IOException {
    return Files.writeString(folder.resolve("profile.json"), json).toString();
  }

  private static void fails(String profile, String... words) {
    assertThatThrownBy(() -> ProfileCatalog.find(profile))
        .isInstanceOf(ForegateException.class)
        .message()
        .contains(words);
  }
}
