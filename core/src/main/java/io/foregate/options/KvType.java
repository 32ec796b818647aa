package io.foregate.options;

/** Element type of the KV cache. */
public enum KvType {
  F16(2),
  F32(4);

  private final int bytes;

  KvType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
