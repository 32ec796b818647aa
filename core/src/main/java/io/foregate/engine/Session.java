package io.foregate.engine;

import io.foregate.backend.KvState;
import io.foregate.backend.ProductListener;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.engine.experts.ExpertRunner;
import io.foregate.error.ForegateException;
import io.foregate.files.MappedFault;
import io.foregate.gguf.ModelHash;
import io.foregate.model.ModelConfig;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * One sequence: tokens go in, logits come out. This is the forward pass; a {@link Sequence} does
 * its arithmetic.
 *
 * <p>Used by one thread at a time; different sessions of a model may be used by different threads,
 * and take turns on the device, batch by batch. Feeding allocates nothing. After {@link #close}, or
 * after its model was closed, it can neither feed nor tell logits.
 */
public final class Session implements AutoCloseable {
  /**
   * Rows of logits that {@link #feedAll} computes at once: bounds memory for large vocabularies.
   */
  private static final int LOGITS_ROWS = 16;

  private static final System.Logger LOG = System.getLogger(Session.class.getName());

  private final ModelConfig config;
  private final Sequence sequence;
  private final ExpertRunner experts;
  private final DeviceLock device;
  private final Supplier<Path> source;
  private final float[] logits;
  private final GateInputs gateInputs;
  private RoutingListener listener = (layer, position, routing, inputs) -> {};

  /** What was fed: the token at each position. */
  private final int[] history;

  private int position;
  private boolean hasLogits;
  private boolean closed;

  /**
   * @param experts runs what the routers choose
   * @param device whose turn is taken for each batch: sessions of a model share threads and scratch
   * @param source the file to blame, for messages
   */
  Session(
      ModelConfig config,
      Sequence sequence,
      ExpertRunner experts,
      DeviceLock device,
      Supplier<Path> source) {
    this.config = config;
    this.device = device;
    this.sequence = sequence;
    this.experts = experts;
    this.source = source;
    this.logits = new float[config.vocabulary()];
    this.gateInputs = sequence::gateInput;
    this.history = new int[sequence.capacity()];
  }

  /** Tokens fed so far: the position of the next one. */
  public int position() {
    return position;
  }

  /** Positions that fit. */
  public int capacity() {
    return sequence.capacity();
  }

  /** Bytes of the KV cache. */
  public long kvBytes() {
    return sequence.kvBytes();
  }

  /** Tells {@code listener} of every routing decision from now on. */
  public void onRouting(RoutingListener listener) {
    this.listener = listener;
  }

  /**
   * Tells {@code listener} of every matrix product from now on.
   *
   * @throws ForegateException if the backend cannot
   */
  public void onProducts(ProductListener listener) {
    if (!sequence.onProducts(listener)) {
      throw new ForegateException(
          "This backend computes on its device, and cannot show what matrices meet.",
          "Use [[backend=cpu]].");
    }
  }

  /**
   * Forgets everything from {@code newPosition} on. A model with a recurrent state forgets more,
   * unless that is where it stands: a state cannot be cut, so that the tokens before have to be fed
   * again. {@link #position} tells from where on.
   *
   * @return how many tokens are kept
   */
  public int truncate(int newPosition) {
    if (newPosition < 0 || newPosition > position) {
      throw new IllegalArgumentException(
          "cannot truncate to %d: %d tokens were fed".formatted(newPosition, position));
    }
    int before = position;
    rewind(newPosition);
    if (position < newPosition) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "The text goes back to token {0} of {1}. The model keeps a state that cannot be cut: "
              + "{2} tokens are computed again.",
          newPosition,
          before,
          newPosition - position);
    }
    return position;
  }

  private void rewind(int newPosition) {
    position = sequence.rewind(newPosition);
    hasLogits = false;
    experts.reset();
  }

  /** The last tokens fed, oldest first: {@code count} of them, or all if there are fewer. */
  public int[] lastTokens(int count) {
    return Arrays.copyOfRange(history, Math.max(0, position - count), position);
  }

  /** How many of the tokens fed so far {@code tokens} begins with. */
  public int commonPrefix(int[] tokens) {
    int mismatch = Arrays.mismatch(history, 0, position, tokens, 0, tokens.length);
    return mismatch < 0 ? position : mismatch;
  }

  /**
   * Feeds tokens; {@link #logits()} then speaks of what follows the last one.
   *
   * @throws ForegateException when they do not fit the context, or the model's weights give NaN
   * @throws IllegalStateException when the session or its model has been closed
   */
  public void feed(int[] tokens, int from, int to) {
    feed(tokens, from, to, () -> false);
  }

  /**
   * As {@link #feed(int[], int, int)}, unless it is cancelled.
   *
   * @param cancelled asked before each batch
   * @return false if it was cancelled: {@link #position} then says how far it came, and there are
   *     no logits
   */
  public boolean feed(int[] tokens, int from, int to, BooleanSupplier cancelled) {
    check(tokens, from, to);
    hasLogits = false;
    for (int start = from; start < to; start += sequence.maxBatch()) {
      if (cancelled.getAsBoolean()) {
        return false;
      }
      int end = Math.min(start + sequence.maxBatch(), to);
      device.acquire();
      try {
        forward(tokens, start, end);
        if (end == to) {
          sequence.logits(end - start - 1, end - start, logits);
        }
        remember(tokens, start, end);
      } catch (RuntimeException | Error e) {
        position = sequence.rewind(position); // a state has seen tokens that were not fed
        throw MappedFault.rethrow(e, source.get());
      } finally {
        device.release();
      }
    }
    checkFinite(logits, 0);
    hasLogits = true;
    return true;
  }

  /** As {@link #feed}, handing over the logits after every token. */
  public void feedAll(int[] tokens, int from, int to, LogitsConsumer consumer) {
    check(tokens, from, to);
    hasLogits = false;
    int vocabulary = config.vocabulary();
    float[] rows = new float[Math.min(LOGITS_ROWS, to - from) * vocabulary];
    for (int start = from; start < to; start += sequence.maxBatch()) {
      int end = Math.min(start + sequence.maxBatch(), to);
      device.acquire();
      try {
        forward(tokens, start, end);
        for (int first = start; first < end; first += LOGITS_ROWS) {
          int last = Math.min(first + LOGITS_ROWS, end);
          sequence.logits(first - start, last - start, rows);
          for (int i = first; i < last; i++) {
            checkFinite(rows, (i - first) * vocabulary);
            consumer.accept(i, rows, (i - first) * vocabulary);
          }
          System.arraycopy(rows, (last - first - 1) * vocabulary, logits, 0, vocabulary);
        }
        remember(tokens, start, end);
      } catch (RuntimeException | Error e) {
        position = sequence.rewind(position); // a state has seen tokens that were not fed
        throw MappedFault.rethrow(e, source.get());
      } finally {
        device.release();
      }
    }
    hasLogits = true;
  }

  /** Logits after the last token fed, {@code [vocabulary]}; overwritten by the next feed. */
  public float[] logits() {
    if (!hasLogits) {
      throw new IllegalStateException("no token has been fed since the session began or was cut");
    }
    return logits;
  }

  /**
   * Writes what was fed to a file, from which a session of the same model goes on. An interrupt
   * does not end it.
   *
   * @param model the model's hash
   * @param note kept with it, for whoever reads it
   * @throws ForegateException when the file cannot be written, or the backend cannot do that
   * @throws IllegalStateException when the session or its model has been closed
   */
  public void save(Path path, ModelHash model, String note) {
    requireOpen();
    KvState state = kvState();
    var owner = new SessionFile.Owner(model, config.name());
    boolean interrupted = Thread.interrupted();
    device.acquire();
    try {
      boolean written = false;
      while (!written) {
        try {
          SessionFile.write(path, lastTokens(position), state, config.layers(), owner, note);
          written = true;
        } catch (ForegateException e) {
          // An interrupt ends a text, not what is kept of it; it closes the file that is written.
          if (!(e.getCause() instanceof ClosedByInterruptException)) {
            throw e;
          }
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      device.release();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Fails early if {@link #save} could not write so many tokens to that file.
   *
   * @throws ForegateException if it could not
   */
  public void requireRoom(Path path, int tokens) {
    SessionFile.requireRoom(path, kvState(), config.layers(), Math.min(tokens, capacity()));
  }

  /**
   * Goes on from a file that {@link #save} wrote; what was fed to this session is forgotten. If the
   * file is refused, the session is as it was.
   *
   * @param model the model's hash
   * @return the note
   * @throws ForegateException when the file is damaged, of another model or cache type, longer than
   *     the context, or the backend cannot do that
   * @throws IllegalStateException when the session or its model has been closed
   */
  public String load(Path path, ModelHash model) {
    requireOpen();
    KvState state = kvState();
    device.acquire();
    try {
      var owner = new SessionFile.Owner(model, config.name());
      var restored = SessionFile.read(path, state, config.layers(), capacity(), owner);
      position = 0;
      hasLogits = false;
      experts.reset();
      remember(restored.tokens(), 0, restored.tokens().length);
      return restored.note();
    } catch (RuntimeException | Error e) {
      position = sequence.rewind(position); // of a state that was read half, nothing is left
      throw e;
    } finally {
      device.release();
    }
  }

  private KvState kvState() {
    return sequence
        .kvState()
        .orElseThrow(
            () ->
                new ForegateException(
                    "This backend keeps the KV cache on its device and cannot save or load it.",
                    "Use [[backend=cpu]], or no [[session]]."));
  }

  /** Whether {@link #close} has not been called yet. */
  public boolean isOpen() {
    return !closed;
  }

  /**
   * Fails before work is begun that could not be finished.
   *
   * @throws IllegalStateException when the session or its model has been closed
   */
  public void requireOpen() {
    device.requireOpen();
    if (closed) {
      throw new IllegalStateException("the session has been closed");
    }
  }

  private void remember(int[] tokens, int from, int to) {
    System.arraycopy(tokens, from, history, position, to - from);
    position += to - from;
  }

  private void forward(int[] tokens, int from, int to) {
    sequence.embed(tokens, from, to, position);
    experts.begin(tokens, from, to);
    for (int layer = 0; layer < config.layers(); layer++) {
      sequence.attention(layer);
      if (config.isRouted(layer)) {
        routedFeedForward(layer);
      } else {
        sequence.feedForward(layer);
      }
    }
  }

  private void routedFeedForward(int layer) {
    Routing routing = sequence.route(layer);
    listener.routed(config.routedLayer(layer), position, routing, gateInputs);
    experts.run(layer, routing);
    sequence.combineExperts(layer);
    experts.end(layer);
  }

  private void check(int[] tokens, int from, int to) {
    requireOpen();
    if (from >= to) {
      throw new IllegalArgumentException("no tokens to feed: [%d, %d)".formatted(from, to));
    }
    if (position + to - from > capacity()) {
      throw new ForegateException(
          "%d tokens do not fit a context of %d, of which %d are used."
              .formatted(to - from, capacity(), position),
          "Shorten the text, or open the model with a larger [[context]].");
    }
    for (int i = from; i < to; i++) {
      if (tokens[i] < 0 || tokens[i] >= config.vocabulary()) {
        throw new ForegateException(
            "Token %d is not in the vocabulary of %d tokens."
                .formatted(tokens[i], config.vocabulary()),
            "Token ids go from 0 to %d.".formatted(config.vocabulary() - 1));
      }
    }
  }

  private void checkFinite(float[] values, int offset) {
    int bad = 0; // gets bit 8 when an exponent is all ones; without a branch, so that it vectorizes
    for (int i = 0; i < config.vocabulary(); i++) {
      bad |= ((Float.floatToRawIntBits(values[offset + i]) >>> 23) & 0xff) + 1;
    }
    if (bad > 0xff) {
      throw new ForegateException(
          "%s: the logits are not numbers (NaN or infinite).".formatted(source.get()),
          "The weights are damaged: get another copy of the model, or convert it again.");
    }
  }

  /** Frees the KV cache. Closing twice does nothing. */
  @Override
  public void close() {
    closed = true;
    sequence.close();
  }
}
