package io.foregate.schedule.sim;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.error.ForegateException;
import io.foregate.error.JsonReason;
import io.foregate.files.InputFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Profiles that ship with Foregate, and those in files.
 *
 * <p>A file is one JSON object, either with the fields of {@link Profile} (times, as measured) or
 * with those of {@link DeviceFacts} (a GPU's data sheet, told by its {@code memory_gbps}, which is
 * combined with Mixtral 8x7B); names in snake_case, as in the resources beside this class.
 */
public final class ProfileCatalog {
  /** Devices that ship, in the order of their memory's speed. */
  private static final List<String> DEVICES =
      List.of("t4", "rtx-3060", "rtx-3090", "rtx-4090", "a100", "h100");

  private static final String MODEL = "mixtral-8x7b";
  private static final double MAX_GBPS = 1e5;
  private static final double MAX_MICROS = 1e9;
  private static final int MAX_STREAMS = 64;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private ProfileCatalog() {}

  /** Names of the profiles that ship. */
  public static List<String> names() {
    List<String> names = new ArrayList<>();
    for (String device : DEVICES) {
      model().expertTypes().keySet().forEach(bits -> names.add(device + ":" + bits));
    }
    return names;
  }

  /**
   * The profiles of a name ({@code rtx-3090:q4}), of a device with all its quantizations ({@code
   * rtx-3090}), or in a file.
   *
   * @throws ForegateException if there is none, or the file is no profile
   */
  public static List<Profile> find(String nameOrFile) {
    String device = nameOrFile.replaceFirst(":.*", "");
    if (DEVICES.contains(device)) {
      List<Profile> all = modelled(resource(device, DeviceFacts.class), model());
      List<Profile> found =
          all.stream()
              .filter(p -> device.equals(nameOrFile) || p.name().equals(nameOrFile))
              .toList();
      if (!found.isEmpty()) {
        return found;
      }
    }
    Path file = Path.of(nameOrFile);
    if (Files.exists(file)) {
      return read(file);
    }
    throw new ForegateException(
        "'%s' is neither a profile nor a file.".formatted(nameOrFile),
        "Profiles: %s; each with %s."
            .formatted(
                String.join(", ", DEVICES),
                model().expertTypes().keySet().stream()
                    .map(bits -> ":" + bits)
                    .collect(Collectors.joining(", "))));
  }

  private static List<Profile> read(Path file) {
    try {
      JsonNode json = MAPPER.readTree(InputFile.bytes(file, "a profile in JSON"));
      if (!json.isObject()) {
        throw new ForegateException(
            file + ": is no profile: it is no JSON object",
            "docs/simulate.md describes the fields.");
      }
      if (json.has("memory_gbps")) {
        DeviceFacts device = MAPPER.treeToValue(json, DeviceFacts.class);
        checkDevice(file, device);
        return modelled(device, model());
      }
      Profile profile = MAPPER.treeToValue(json, Profile.class);
      checkTimes(file, profile);
      return List.of(profile);
    } catch (UnrecognizedPropertyException e) {
      throw new ForegateException(
          "%s: the profile has an unknown field '%s'".formatted(file, e.getPropertyName()),
          "Fields: %s.".formatted(e.getKnownPropertyIds()),
          e);
    } catch (JacksonException e) {
      throw new ForegateException(
          "%s: is no profile: %s".formatted(file, reason(e)),
          "docs/simulate.md describes the fields.",
          e);
    } catch (IOException e) {
      throw InputFile.unreadable(file, e);
    }
  }

  private static String reason(JacksonException e) {
    String message = JsonReason.of(e);
    if (message.startsWith("Missing creator property")) {
      message = "it is missing";
    }
    if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
      String field =
          mapping.getPath().stream()
              .map(JsonMappingException.Reference::getFieldName)
              .collect(Collectors.joining("."));
      return "field '%s': %s".formatted(field, message);
    }
    return message;
  }

  private static List<Profile> modelled(DeviceFacts device, ModelFacts model) {
    return model.expertTypes().keySet().stream()
        .map(bits -> ModelledProfile.of(device, model, bits))
        .toList();
  }

  private static void checkDevice(Path file, DeviceFacts device) {
    require(file, "memory_bytes", (double) device.memoryBytes(), 1, 1e15);
    require(file, "memory_gbps", device.memoryGbps(), 1e-3, MAX_GBPS);
    require(file, "pcie", device.pcie() == null ? 0 : device.pcie().gbps(), 1e-3, MAX_GBPS);
    require(file, "host", device.host() == null ? 0 : device.host().gbps(), 1e-3, MAX_GBPS);
    DeviceFacts.Assumed assumed = device.assumed();
    if (assumed == null || device.sources() == null || device.name() == null) {
      throw new ForegateException(
          file + ": the profile needs 'name', 'assumed' and 'sources'",
          "docs/simulate.md describes the fields.");
    }
    require(file, "assumed.link_efficiency", assumed.linkEfficiency(), 1e-3, 1);
    require(file, "assumed.memory_efficiency", assumed.memoryEfficiency(), 1e-3, 1);
    require(file, "assumed.host_efficiency", assumed.hostEfficiency(), 1e-3, 1);
    require(file, "assumed.link_latency_micros", assumed.linkLatencyMicros(), 0, MAX_MICROS);
    require(file, "assumed.launch_micros", assumed.launchMicros(), 0, MAX_MICROS);
    require(file, "assumed.attention_launches", assumed.attentionLaunches(), 0, 1000);
    require(file, "assumed.scheduling_micros", assumed.schedulingMicros(), 0, MAX_MICROS);
  }

  private static void checkTimes(Path file, Profile profile) {
    if (!List.of(Profile.MEASURED, Profile.MODELLED).contains(profile.origin())) {
      throw new ForegateException(
          "%s: 'origin' is '%s', expected '%s' or '%s'"
              .formatted(file, profile.origin(), Profile.MEASURED, Profile.MODELLED),
          "Say where the profile's figures come from.");
    }
    require(file, "layers", profile.layers(), 0, 4096);
    require(file, "expert_slots", profile.expertSlots(), 0, 1e9);
    require(file, "expert_bytes", (double) profile.expertBytes(), 1, 1e15);
    require(file, "link_gbps", profile.linkGbps(), 1e-6, MAX_GBPS);
    require(file, "compute_while_copying", profile.computeWhileCopying(), 1e-3, 1);
    require(file, "copy_streams", profile.copyStreams(), 1, MAX_STREAMS);
    Map<String, Double> times =
        Map.of(
            "link_latency_micros", profile.linkLatencyMicros(),
            "attention_micros", profile.attentionMicros(),
            "gates_micros", profile.gatesMicros(),
            "expert_micros", profile.expertMicros(),
            "host_expert_micros", profile.hostExpertMicros(),
            "head_micros", profile.headMicros());
    times.forEach((field, micros) -> require(file, field, micros, 0, MAX_MICROS));
    if (profile.attentionNanos() + profile.expertNanos() == 0) {
      throw new ForegateException(
          file + ": computing takes no time at all",
          "Give attention_micros and expert_micros, as measured.");
    }
  }

  private static void require(Path file, String field, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new ForegateException(
          "%s: '%s' is %s, expected %s to %s".formatted(file, field, value, least, most),
          "docs/simulate.md describes the fields.");
    }
  }

  private static ModelFacts model() {
    return resource(MODEL, ModelFacts.class);
  }

  private static <T> T resource(String name, Class<T> type) {
    try (InputStream in = ProfileCatalog.class.getResourceAsStream(name + ".json")) {
      return MAPPER.readValue(in, type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
