package io.foregate.kernels;

/**
 * Where the weights of each layer are: {@code directory[layer * PARTS + part]} is the place of a
 * part's first element, in words of the quantized weights or, where it is F32, in the array of
 * floats. Behind the last layer comes a row for what is outside of all layers.
 */
public final class Directory {
  public static final int ATTENTION_NORM = 0;
  public static final int QUERY = 1;
  public static final int KEY = 2;
  public static final int VALUE = 3;
  public static final int OUTPUT = 4;
  public static final int FEED_FORWARD_NORM = 5;
  public static final int ROUTER = 6;

  /**
   * The matrix that scores and hidden layer of the lookahead gate come from. In the row behind the
   * last layer, this and the next two are of the gate of the token itself.
   */
  public static final int GATE_FIRST = 7;

  /** What is added to that, in the array of floats. */
  public static final int GATE_BIAS = 8;

  /** The matrix from the gate's hidden layer to its scores. */
  public static final int GATE_OUTPUT = 9;

  /** Biases of {@link #QUERY}, {@link #KEY}, {@link #VALUE} and {@link #OUTPUT}. */
  public static final int QUERY_BIAS = 10;

  public static final int KEY_BIAS = 11;
  public static final int VALUE_BIAS = 12;
  public static final int OUTPUT_BIAS = 13;

  /** Weights of the norms of queries and keys. */
  public static final int QUERY_NORM = 14;

  public static final int KEY_NORM = 15;

  /** Scores of attention sinks, one per query head. */
  public static final int SINKS = 16;

  public static final int ATTENTION_NORM_BIAS = 17;
  public static final int FEED_FORWARD_NORM_BIAS = 18;

  /** What is added to the router's logits, {@code [experts]}. */
  public static final int ROUTER_BIAS = 19;

  /** What is added to scores when experts are picked, {@code [experts]}. */
  public static final int SELECTION_BIAS = 20;

  /** Biases of the experts, {@code [experts][rows]}. */
  public static final int GATE_PROJECTION_BIAS = 21;

  public static final int UP_PROJECTION_BIAS = 22;
  public static final int DOWN_PROJECTION_BIAS = 23;

  /** What gates the shared expert's output, {@code [embedding]}. */
  public static final int SHARED_GATE = 24;

  /** The second half of queries of low rank, of which {@link #QUERY} is the first. */
  public static final int QUERY_UP = 25;

  /** Of latent attention, one matrix per head: from queries to the latent's space. */
  public static final int KEY_MAPS = 26;

  /** Likewise from the latent's space to values. */
  public static final int VALUE_MAPS = 27;

  /** In the row behind the last layer: the embedding table. */
  public static final int EMBEDDING = 0;

  /** In the row behind the last layer: the norm before the logits. */
  public static final int LAST_NORM = 1;

  /** In the row behind the last layer: the matrix of the logits. */
  public static final int LOGITS = 2;

  /** In the row behind the last layer: bias of the norm before the logits. */
  public static final int LAST_NORM_BIAS = 3;

  /** In the row behind the last layer: bias of the logits. */
  public static final int LOGITS_BIAS = 4;

  /** Entries of a row. */
  public static final int PARTS = 28;

  private Directory() {}
}
