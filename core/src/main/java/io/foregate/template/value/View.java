package io.foregate.template.value;

/** What {@code keys()}, {@code values()} and {@code items()} of a dictionary return. */
public record View(Dict dict, Part part) implements Value {
  /** What of each entry. */
  public enum Part {
    KEYS,
    VALUES,
    ITEMS
  }

  @Override
  public String typeName() {
    return switch (part) {
      case KEYS -> "dict_keys";
      case VALUES -> "dict_values";
      case ITEMS -> "dict_items";
    };
  }

  @Override
  public boolean truth() {
    return dict.truth();
  }
}
