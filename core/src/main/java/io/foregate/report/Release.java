package io.foregate.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of Foregate that the build wrote into a resource. */
public final class Release {
  private Release() {}

  /** The version, as Maven names it. */
  public static String number() {
    return properties().getProperty("version");
  }

  /**
   * The commit of the sources, with "-dirty" behind it where they differed from it; "unknown" when
   * they were built outside a checkout.
   */
  public static String commit() {
    String commit = properties().getProperty("commit");
    return commit.startsWith("$") ? "unknown" : commit; // nobody has replaced the variable
  }

  private static Properties properties() {
    var properties = new Properties();
    try (InputStream in = Release.class.getResourceAsStream("/io/foregate/version.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }
}
