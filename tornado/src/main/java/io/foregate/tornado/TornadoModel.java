package io.foregate.tornado;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.KvType;
import io.foregate.backend.Link;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.error.ForegateException;
import io.foregate.kernels.Attention;
import io.foregate.model.ModelConfig;
import io.foregate.model.ModelWeights;
import io.foregate.store.ExpertLayout;
import io.foregate.store.ExpertRecords;
import io.foregate.store.ExpertShape;
import java.util.ArrayList;
import java.util.List;

/**
 * A model on a device that TornadoVM drives. Its experts are either all resident or in the slots
 * that were asked for before the first token.
 */
final class TornadoModel implements BackendModel {
  private final ModelConfig config;
  private final ModelWeights weights;
  private final DenseWeights dense;
  private final PlaneLayout layout = new PlaneLayout();
  private final DeviceThread computeThread = new DeviceThread("foregate-device-compute");
  private final Routing routing;
  private final List<ExpertShape> shapes;
  private final List<SequencePlan> idle = new ArrayList<>();
  private final long mostPoolBytes;
  private CopyEngine copyEngine = CopyEngine.TRANSFERS;
  private DeviceMemory memory;
  private DeviceExperts experts;

  /**
   * @param mostPoolBytes the largest array that the device can hold
   */
  TornadoModel(ModelConfig config, ModelWeights weights, long mostPoolBytes) {
    this.config = config;
    this.weights = weights;
    this.mostPoolBytes = Math.min(mostPoolBytes, 4L * Integer.MAX_VALUE);
    if (config.headSize() > Attention.MOST_HEAD) {
      throw new ForegateException(
          "Heads of %d elements cannot run on TornadoVM, at most %d."
              .formatted(config.headSize(), Attention.MOST_HEAD),
          "Run the model on the processor (--backend cpu).");
    }
    this.dense = DenseWeights.of(config, weights);
    this.shapes =
        config.isMoe()
            ? dense.layers().stream().map(DenseWeights.LayerTypes::experts).toList()
            : List.of();
    this.routing = new Routing(1, config.experts(), config.expertsUsed());
  }

  @Override
  public ExpertLayout expertLayout() {
    return layout;
  }

  @Override
  public synchronized ExpertMemory residentExperts() {
    if (experts == null) {
      int count = config.layers() * config.experts();
      DeviceExperts resident = claim(count, "--policy lookahead, or a smaller model");
      resident.load(weights, layout, shapes);
    }
    return experts;
  }

  @Override
  public ExpertMemory hostExperts(ExpertRecords records) {
    throw new ForegateException(
        "Policy hybrid is not there yet on backend tornado: it would compute on two devices.",
        "Choose --policy lookahead, or --backend cpu.");
  }

  @Override
  public synchronized ExpertSlots newSlots(int count, Link link) {
    if (link.gbps() > 0) {
      throw new ForegateException(
          "The link to a device is what it is: %s GB/s cannot be imitated.".formatted(link.gbps()),
          "Leave --link-gbps out, or choose --backend cpu.");
    }
    copyEngine = CopyEngine.named(link.engine());
    return claim(count, "fewer of them (--expert-slots)");
  }

  /** Claims device memory for experts, which there is once per model. */
  private DeviceExperts claim(int count, String instead) {
    if (experts != null) {
      throw new IllegalStateException("the model's experts have their memory already");
    }
    long slotBytes = shapes.stream().mapToLong(layout::recordBytes).max().orElse(0);
    long bytes = Math.multiplyExact(count, slotBytes);
    if (bytes > mostPoolBytes) {
      throw new ForegateException(
          "%d experts of %d bytes are %d bytes, and one array of the device holds %d."
              .formatted(count, slotBytes, bytes, mostPoolBytes),
          "Choose %s.".formatted(instead));
    }
    experts = new DeviceExperts(memory((int) Math.max(1, bytes / 4)), count, slotBytes);
    return experts;
  }

  private DeviceMemory memory(int poolWords) {
    if (memory == null) {
      memory = new DeviceMemory(dense, poolWords, copyEngine, computeThread);
    }
    return memory;
  }

  @Override
  public Sequence newSequence(int capacity, KvType kvType) {
    if (kvType != KvType.F16) {
      throw new ForegateException(
          "The KV cache on TornadoVM is F16, not %s.".formatted(kvType),
          "Leave --kv-type out, or choose --backend cpu.");
    }
    return new TornadoSequence(config, this, capacity, routing);
  }

  /** Words from one slot to the next. */
  int slotWords(ExpertMemory from) {
    if (from != experts) {
      throw new IllegalArgumentException("experts of another model");
    }
    return experts.slotWords();
  }

  /** Runs something on the thread of the model's sequences. */
  void compute(Runnable task) {
    computeThread.run(task);
  }

  /** The device's side of a new sequence: one that was given back, or a new one. */
  synchronized SequencePlan takePlan(int capacity) {
    for (SequencePlan plan : idle) {
      if (plan.capacity() == capacity) {
        idle.remove(plan);
        return plan;
      }
    }
    if (config.isMoe()) {
      residentExperts(); // if no one asked for slots
    }
    DeviceMemory shared = memory(1);
    var made = new SequencePlan[1];
    compute(() -> made[0] = new SequencePlan(config, weights, dense, shared, capacity));
    return made[0];
  }

  /** Keeps it for the next sequence: kernels need not be compiled again. */
  synchronized void returnPlan(SequencePlan plan) {
    idle.add(plan);
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public synchronized void close() {
    if (memory != null) {
      memory.close();
    }
    computeThread.close();
  }
}
