package io.foregate.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into a resource. */
final class Version implements IVersionProvider {
  Version() {}

  @Override
  public String[] getVersion() {
    return new String[] {
      "foregate %s (%s)".formatted(number(), commit()),
      "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
    };
  }

  /** The version, as Maven names it. */
  static String number() {
    return properties().getProperty("version");
  }

  /**
   * The commit of the sources, with "-dirty" behind it where they differed from it; "unknown" when
   * they were built outside a checkout.
   */
  static String commit() {
    String commit = properties().getProperty("commit");
    return commit.startsWith("$") ? "unknown" : commit; // nobody has replaced the variable
  }

  private static Properties properties() {
    var properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("/io/foregate/version.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }
}
