package io.foregate.model;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.GgufMetadata;

/** A model's metadata, by the names that its family's keys have behind the architecture. */
final class ConfigValues {
  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String architecture;

  ConfigValues(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.architecture = metadata.string("general.architecture");
  }

  GgufFile file() {
    return file;
  }

  String architecture() {
    return architecture;
  }

  boolean has(String name) {
    return metadata.contains(key(name));
  }

  /** A whole number from 1 to {@code limit}. */
  int positive(String name, int limit) {
    return inRange(name, metadata.integer(key(name)), 1, limit);
  }

  /** As {@link #positive(String, int)}, or {@code fallback} where there is none. */
  int positive(String name, int limit, int fallback) {
    return has(name) ? positive(name, limit) : fallback;
  }

  /** A whole number from 0 to {@code limit}, 0 where there is none. */
  int count(String name, int limit) {
    return inRange(name, metadata.integer(key(name), 0), 0, limit);
  }

  private int inRange(String name, int value, int least, int most) {
    check(value >= least && value <= most, name, value, least + " to " + most);
    return value;
  }

  /** A finite number above 0. */
  float positiveReal(String name, float fallback) {
    float value = metadata.real(key(name), fallback);
    check(value > 0 && Float.isFinite(value), name, value, "a finite number above 0");
    return value;
  }

  float real(String name) {
    return metadata.real(key(name));
  }

  float real(String name, float fallback) {
    return metadata.real(key(name), fallback);
  }

  boolean flag(String name, boolean fallback) {
    return metadata.bool(key(name), fallback);
  }

  String text(String name, String fallback) {
    return metadata.string(key(name), fallback);
  }

  /** Throws unless it holds what was expected of a value. */
  void check(boolean holds, String name, Object found, Object expected) {
    checkKey(holds, key(name), found, expected);
  }

  /** As {@link #check}, of a key or a tensor by its whole name. */
  void checkKey(boolean holds, String key, Object found, Object expected) {
    if (!holds) {
      throw new ForegateException(
          "%s: '%s' is %s, expected %s.".formatted(file.path(), key, found, expected),
          "The model's metadata is damaged or unusual: convert it again, or get another copy.");
    }
  }

  private String key(String name) {
    return architecture + "." + name;
  }
}
