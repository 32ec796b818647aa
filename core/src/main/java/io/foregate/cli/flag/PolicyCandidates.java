package io.foregate.cli.flag;

import io.foregate.schedule.policy.Policy;
import java.util.Iterator;

/** The policies there are, each with what it does, as {@code --help} lists them. */
final class PolicyCandidates implements Iterable<String> {
  @Override
  public Iterator<String> iterator() {
    return Policy.all().stream()
        .map(policy -> "%s (%s)".formatted(policy.name(), policy.summary()))
        .iterator();
  }
}
