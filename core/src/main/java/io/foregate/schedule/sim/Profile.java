package io.foregate.schedule.sim;

import io.foregate.schedule.policy.Policy;
import io.foregate.schedule.state.Timings;
import java.util.List;

/**
 * What a machine takes for each step of decoding one token, and how many experts it holds: all that
 * the simulator knows of hardware.
 *
 * @param name short, as {@code --profile} takes it
 * @param title the machine and the model, for people
 * @param origin where the figures come from: {@code measured} on the machine that is named, or
 *     {@code modelled} from data sheets
 * @param layers layers of the model; 0 for as many as the trace has
 * @param expertSlots experts that fit the device; 0 if only the user can say
 * @param expertBytes bytes of an expert
 * @param linkGbps speed of the link to the device, in 10^9 bytes per second
 * @param linkLatencyMicros what a copy takes besides its bytes
 * @param copyStreams copies that may be in flight at once; they share the link's speed
 * @param attentionMicros from the end of one layer to the routing of the next
 * @param gatesMicros what a policy with a predictor takes longer per layer
 * @param expertMicros one expert on the device
 * @param hostExpertMicros one expert on the CPU, straight from host memory; 0 for unknown
 * @param headMicros from the end of the last layer to the next token: logits and sampling
 * @param computeWhileCopying speed of computing while a copy runs, over that on an idle link: less
 *     than 1 where both share memory
 * @param notes assumptions and sources, one sentence each
 */
public record Profile(
    String name,
    String title,
    String origin,
    int layers,
    int expertSlots,
    long expertBytes,
    double linkGbps,
    double linkLatencyMicros,
    int copyStreams,
    double attentionMicros,
    double gatesMicros,
    double expertMicros,
    double hostExpertMicros,
    double headMicros,
    double computeWhileCopying,
    List<String> notes) {
  private static final double NANOS_PER_MICRO = 1e3;

  /** {@link #origin} of what was measured. */
  public static final String MEASURED = "measured";

  /** {@link #origin} of what was reckoned from data sheets. */
  public static final String MODELLED = "modelled";

  public Profile {
    notes = notes == null ? List.of() : List.copyOf(notes);
  }

  /** The same machine with another link. */
  public Profile withLinkGbps(double gbps) {
    return new Profile(
        name,
        title,
        origin,
        layers,
        expertSlots,
        expertBytes,
        gbps,
        linkLatencyMicros,
        copyStreams,
        attentionMicros,
        gatesMicros,
        expertMicros,
        hostExpertMicros,
        headMicros,
        computeWhileCopying,
        notes);
  }

  /** Whether the figures say what the policy's steps take. */
  public boolean canRun(Policy policy) {
    return !policy.hostFallback() || hostExpertMicros > 0;
  }

  /** One copy on an idle link, in nanoseconds. */
  public long copyNanos() {
    return latencyNanos() + transferNanos(expertBytes);
  }

  long latencyNanos() {
    return nanos(linkLatencyMicros);
  }

  /** The time for which bytes occupy the link: GB/s are bytes per nanosecond. */
  long transferNanos(long bytes) {
    return Math.round(bytes / linkGbps);
  }

  long attentionNanos() {
    return nanos(attentionMicros);
  }

  long gatesNanos() {
    return nanos(gatesMicros);
  }

  long expertNanos() {
    return nanos(expertMicros);
  }

  long hostExpertNanos() {
    return nanos(hostExpertMicros);
  }

  long headNanos() {
    return nanos(headMicros);
  }

  /** What a token takes when every expert is resident, without gates, in nanoseconds. */
  public long computeNanos(int layerCount, int used) {
    return layerCount * (attentionNanos() + used * expertNanos()) + headNanos();
  }

  /** What a scheduler may know of the machine beforehand. */
  Timings timings() {
    return new Timings(copyNanos(), expertNanos(), hostExpertNanos());
  }

  private static long nanos(double micros) {
    return Math.round(micros * NANOS_PER_MICRO);
  }
}
