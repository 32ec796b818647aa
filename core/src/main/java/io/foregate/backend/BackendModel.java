package io.foregate.backend;

import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import java.util.OptionalLong;

/** A model whose dense weights are on a device. Owns the device's threads and memory. */
public interface BackendModel extends AutoCloseable {

  /** How an expert's record must look to be copied into a slot. */
  ExpertLayout expertLayout();

  /**
   * All experts that {@link #expertLayout} holds, on the device for good, as policy {@code
   * resident} has them: an expert's place is {@code layer * experts + expert}, {@link
   * io.foregate.store.layout.PackedLayers packed layers} alone being counted.
   */
  ExpertMemory residentExperts();

  /**
   * All experts in host memory, computed there by CPU cores, as policy {@code hybrid} does with
   * some: an expert's place is {@code layer * experts + expert}, layers counted among those with
   * experts.
   *
   * <p>Where records do not {@linkplain ExpertRecords#stay stay}, each is asked for when its expert
   * runs, by the thread that runs it.
   *
   * @param records in this model's {@link #expertLayout}, by {@link
   *     io.foregate.store.layout.PackedLayers packed layer}; must outlive the result
   */
  ExpertMemory hostExperts(ExpertRecords records);

  /**
   * Experts that {@link #expertLayout} does not hold, computed by CPU cores from where they lie in
   * the model's file: an expert's place is {@code layer * experts + expert}, all layers with
   * experts being counted. Asked for only where there are such.
   */
  default ExpertMemory unpackedExperts() {
    throw new IllegalStateException("the layout holds all experts");
  }

  /**
   * Bytes of the device that experts may take, beside all else.
   *
   * @param context positions of a session
   * @param kvType of its KV cache
   * @return empty where there is no device with memory of its own
   */
  default OptionalLong memoryForExperts(int context, KvType kvType) {
    return OptionalLong.empty();
  }

  /**
   * Checks, before anything is claimed, that the device has room.
   *
   * @param experts that lie there at a time
   * @param context positions of a session
   * @param kvType of its KV cache
   * @throws io.foregate.error.ForegateException saying what needs how much, if it has not
   */
  default void requireRoom(int experts, int context, KvType kvType) {}

  /**
   * Offers lookahead gates to a device that can score experts itself, before slots are asked for.
   * Sequences then tell scores ({@link Sequence#gateScores}).
   *
   * @param gates must outlive this model
   * @return whether it takes them; if not, the engine scores on the host
   */
  default boolean useGates(GateMatrices gates) {
    return false;
  }

  /**
   * Device memory for {@code count} experts of any layer.
   *
   * @param link how copies are to come
   * @throws io.foregate.error.ForegateException if there is no memory for them, or no such link
   */
  ExpertSlots newSlots(int count, Link link);

  /**
   * Device memory for {@code count} experts, or for fewer where the device turns out not to have
   * that much: {@link ExpertSlots#count} tells.
   *
   * @param least how many there must be at least
   * @throws io.foregate.error.ForegateException if there is no memory for those, or no such link
   */
  default ExpertSlots newSlots(int count, int least, Link link) {
    return newSlots(count, link);
  }

  /**
   * A new, empty sequence.
   *
   * @param capacity positions that its KV cache holds
   */
  Sequence newSequence(int capacity, KvType kvType);

  /** Compute threads in use. */
  int threads();

  @Override
  void close();
}
