package io.foregate.store;

import io.foregate.error.ForegateException;
import io.foregate.gguf.GgufFile;
import io.foregate.model.weights.ModelWeights;
import io.foregate.options.HostStore;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.ExpertShape;
import io.foregate.store.layout.PackedLayers;
import java.lang.foreign.MemorySegment;

/**
 * The experts of a model in host memory or in a file beside it, each as one contiguous record in
 * the layout that a backend reads best. Every expert that a device needs is copied from here.
 *
 * <p>In memory ({@link Tier#RAM}), records begin at multiples of 256 bytes, and {@link #record(int,
 * int)} gives them without a copy. In a file ({@link Tier#FILE}), they are read into memory of the
 * caller's, checked each time; a file that is cut or damaged while in use is mended from the
 * model's file or is a clear error, never a wrong weight. {@link #record(int, int, MemorySegment)}
 * does what fits the tier.
 *
 * <p>Safe for use by many threads. The store belongs to whoever opened it, who closes it before the
 * model's file, and after the last kernel that runs straight from a record: after that an access
 * throws {@link IllegalStateException}.
 */
public final class ExpertStore implements ExpertRecords, AutoCloseable {
  private final ExpertSource source;
  private final Records records;
  private final String reason;

  ExpertStore(ExpertSource source, Records records, String reason) {
    this.source = source;
    this.records = records;
    this.reason = reason;
  }

  /**
   * Opens the store of a model, building it where there is none yet. The model's file has to stay
   * open as long as the store.
   *
   * @param weights the weights in {@code model}
   * @param layout how records have to look
   * @param listener told how building goes on
   * @throws ForegateException if there is no room for it, in memory or on the disk, or the thread
   *     was interrupted
   * @throws IllegalArgumentException if the model has no experts that the layout holds
   */
  public static ExpertStore open(
      GgufFile model,
      ModelWeights weights,
      ExpertLayout layout,
      HostStore options,
      BuildListener listener) {
    ExpertSource source = ExpertSource.of(model::faulty, weights.layers(), layout);
    return new StoreOpener(model, source, options, listener, Host.system()).open();
  }

  /** Where the records are: what {@code auto} came to. */
  public Tier tier() {
    return records.tier();
  }

  /** Why they are there, as half a sentence for statistics and logs. */
  public String reason() {
    return reason;
  }

  /** How records look. */
  public ExpertLayout layout() {
    return source.layout();
  }

  /**
   * What the experts of a layer look like.
   *
   * @param layer counted among the {@link PackedLayers}, as everywhere here
   * @throws IndexOutOfBoundsException if there is no such layer
   */
  public ExpertShape shape(int layer) {
    return source.layer(layer).shape();
  }

  /** Bytes of a record of that layer, a multiple of 256. */
  public long recordBytes(int layer) {
    return source.layer(layer).recordBytes();
  }

  /** How many layers have records. */
  public int layers() {
    return source.layers().size();
  }

  /** Bytes of the largest record: what a slot has to hold. */
  public long maxRecordBytes() {
    return source.maxRecordBytes();
  }

  /** Bytes of all records. */
  public long bytes() {
    return source.bytes();
  }

  /**
   * The record of an expert in memory: read-only, the same object each time, valid until {@link
   * #close}.
   *
   * @throws IllegalStateException in tier {@link Tier#FILE}, or if the store is closed
   */
  @Override
  public MemorySegment record(int layer, int expert) {
    return records.record(source.record(layer, expert));
  }

  /**
   * The record of an expert in memory, whatever the tier: the store's own where it has one, else
   * {@code staging}, into which it was read.
   *
   * @param staging at least {@link #recordBytes} long; untouched in tier {@link Tier#RAM}
   */
  public MemorySegment record(int layer, int expert, MemorySegment staging) {
    if (records.tier() == Tier.RAM) {
      return record(layer, expert);
    }
    read(layer, expert, staging);
    return staging;
  }

  /**
   * Copies a record, and returns when it is there. Allocates nothing when it is the same memory as
   * in an earlier read: use few targets, and reuse them.
   *
   * @param target at least {@link #recordBytes} long; what it holds after a failure is undefined
   * @throws ForegateException if the record cannot be had: the file is damaged, and so is the
   *     model's; or the thread was interrupted
   * @throws IllegalStateException if the store is closed, also if that happens meanwhile
   */
  public void read(int layer, int expert, MemorySegment target) {
    long bytes = recordBytes(layer);
    if (target.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "a record of layer %d takes %d bytes, the target has %d"
              .formatted(layer, bytes, target.byteSize()));
    }
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("the target is read-only");
    }
    records.read(source.record(layer, expert), target);
  }

  /** Gives memory and file back. Closing twice does nothing. */
  @Override
  public void close() {
    records.close();
  }
}
