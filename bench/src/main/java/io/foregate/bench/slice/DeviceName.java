package io.foregate.bench.slice;

import io.foregate.backend.Backend;
import io.foregate.engine.BackendRegistry;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prints a folder's name for the device that TornadoVM takes, and the driver that it uses. */
final class DeviceName {
  private static final Pattern DESCRIPTION = Pattern.compile("(.*?) \\((\\w+),.*");

  private DeviceName() {}

  /** The driver that a backend uses, in small letters; empty if it uses none. */
  static Optional<String> driver(Backend backend) {
    Matcher matcher = DESCRIPTION.matcher(backend.description());
    return matcher.matches()
        ? Optional.of(matcher.group(2).toLowerCase(Locale.ROOT))
        : Optional.empty();
  }

  public static void main(String[] args) {
    BackendRegistry all = BackendRegistry.find();
    for (Backend backend : all.usable()) {
      Matcher matcher = DESCRIPTION.matcher(backend.description());
      if (backend.name().equals("tornado") && matcher.matches()) {
        String name = matcher.group(1).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        System.out.println(name + " " + driver(backend).orElseThrow());
        System.exit(0); // TornadoVM's threads would stay
      }
    }
    System.err.println(String.join("; ", all.failures()));
    System.exit(1);
  }
}
