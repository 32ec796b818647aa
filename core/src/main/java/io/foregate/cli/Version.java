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
      "foregate " + number(), "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
    };
  }

  /** The version, as Maven names it. */
  static String number() {
    var properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("/io/foregate/version.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }
}
