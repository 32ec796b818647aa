package io.foregate.cli;

import io.foregate.report.Release;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
  Version() {}

  @Override
  public String[] getVersion() {
    return new String[] {
      "foregate %s (%s)".formatted(Release.number(), Release.commit()),
      "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
    };
  }
}
