package io.foregate.kernels;

/**
 * Launch arguments: what differs from launch to launch of a kernel comes in a small array, {@code
 * args}, and this is where each argument stands. Host and kernels read the same names. They are
 * constants of the compiler, so kernels are the same with names and without.
 *
 * <pre>
 * attention, its norms, router  [LAYER] [POSITION] [TOKENS]
 * embedding                     [LAYER] [FIRST_TOKEN ..] the tokens
 * logits                        [LAYER] [TOKEN]
 * networks of a token           [LAYER] [NETWORKS] [SUM_DUE] [RECORDS ..] see below
 * networks of a batch           [LAYER] [TILES] [SUM_DUE] [BATCH_TOKENS] [FIRST_TILE ..] see below
 * an expert's output delivered  [PAIR]
 * words moved                   [FIRST_WORD] [WORDS]
 * </pre>
 *
 * A <em>pair</em> is a token and one of its experts: {@code token * used + rank}, where {@code
 * used} is how many networks a token passes.
 *
 * <p>Of a token's networks there are three lists of {@code used} each, one behind the other: first
 * words of records in the pool, ranks among the experts of the token, and which of the layer's
 * experts they are ({@link #record}, {@link #rank}, {@link #expert}).
 *
 * <p>A batch's pairs are divided into tiles, each of one expert. A tile takes {@link #TILE_WORDS};
 * the pairs stand behind all tiles.
 */
public final class LaunchArgs {
  /** The layer, or the number of layers: the row of the {@link Directory}. */
  public static final int LAYER = 0;

  /** Position of the first token. */
  public static final int POSITION = 1;

  /** Tokens of the batch. */
  public static final int TOKENS = 2;

  /** Where an embedding's tokens begin. */
  public static final int FIRST_TOKEN = 1;

  /** Of the batch, the token that is meant. */
  public static final int TOKEN = 1;

  /** How many of a token's networks run in this launch. */
  public static final int NETWORKS = 1;

  /** 1 if the weighted sum is due after this launch, else 0. */
  public static final int SUM_DUE = 2;

  /** Where the lists of a token's networks begin. */
  public static final int RECORDS = 3;

  /** Tiles of this launch. */
  public static final int TILES = 1;

  /** Tokens of the batch that passes networks. */
  public static final int BATCH_TOKENS = 3;

  /** Where tiles begin. */
  public static final int FIRST_TILE = 4;

  /** Words that tell one tile. */
  public static final int TILE_WORDS = 4;

  /** Of a tile: first word of the expert's record in the pool. */
  public static final int TILE_RECORD = 0;

  /** Of a tile: where its first pair stands. */
  public static final int TILE_PAIR = 1;

  /** Of a tile: how many pairs. */
  public static final int TILE_COUNT = 2;

  /** Of a tile: which of the layer's experts it is. */
  public static final int TILE_EXPERT = 3;

  /** The pair whose output is delivered; of a token alone, the rank. */
  public static final int PAIR = 0;

  /** The first word that is moved. */
  public static final int FIRST_WORD = 0;

  /** How many words are moved. */
  public static final int WORDS = 1;

  private LaunchArgs() {}

  /** Where the first word of a token's network {@code i} stands. */
  public static int record(int i) {
    return RECORDS + i;
  }

  /** Where its rank stands. */
  public static int rank(int used, int i) {
    return RECORDS + used + i;
  }

  /** Where it stands which of the layer's experts it is. */
  public static int expert(int used, int i) {
    return RECORDS + 2 * used + i;
  }

  /** Where tile {@code tile} begins. */
  public static int tile(int tile) {
    return FIRST_TILE + TILE_WORDS * tile;
  }
}
