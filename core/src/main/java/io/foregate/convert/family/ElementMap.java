package io.foregate.convert.family;

/** What a source's elements are in the file, where they are not the same. */
public enum ElementMap {
  SAME {
    @Override
    public float apply(float x) {
      return x;
    }
  },
  /** Weights of norms that are kept as what they differ from 1 by. */
  PLUS_ONE {
    @Override
    public float apply(float x) {
      return x + 1;
    }
  },
  /** Rates that are kept as their logarithms. */
  NEGATIVE_EXPONENTIAL {
    @Override
    public float apply(float x) {
      return (float) -Math.exp(x);
    }
  };

  public abstract float apply(float x);
}
