package io.foregate.template;

import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Chooses at random; the same seed makes the same choices. */
final class Choice {
  private final Random random;

  Choice(long seed) {
    this.random = new Random(seed);
  }

  int nextInt(int bound) {
    return random.nextInt(bound);
  }

  boolean nextBoolean() {
    return random.nextBoolean();
  }

  /** One of the names, or now and then the other. */
  String pick(List<String> names, String other) {
    int i = random.nextInt(names.size() + 2);
    return i < names.size() ? names.get(i) : other;
  }

  String pick(String... options) {
    return options[random.nextInt(options.length)];
  }

  @SafeVarargs
  final String oneOf(Supplier<String>... options) {
    return options[random.nextInt(options.length)].get();
  }
}
