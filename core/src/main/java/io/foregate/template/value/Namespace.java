package io.foregate.template.value;

/** Attributes that a template may set: the one value that changes. */
public final class Namespace implements Value {
  private final Dict attributes;

  /** With these to begin with, which become its own. */
  public Namespace(Dict attributes) {
    this.attributes = attributes;
  }

  /** All attributes. */
  public Dict attributes() {
    return attributes;
  }

  @Override
  public String typeName() {
    return "Namespace";
  }

  @Override
  public boolean truth() {
    return true;
  }
}
