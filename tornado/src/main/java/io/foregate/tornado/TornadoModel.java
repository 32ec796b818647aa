package io.foregate.tornado;

import io.foregate.backend.BackendModel;
import io.foregate.backend.ExpertMemory;
import io.foregate.backend.ExpertSlots;
import io.foregate.backend.GateMatrices;
import io.foregate.backend.Routing;
import io.foregate.backend.Sequence;
import io.foregate.backend.cpu.HostExperts;
import io.foregate.error.ForegateException;
import io.foregate.kernels.AttentionKernels;
import io.foregate.kernels.Router;
import io.foregate.model.AttentionConfig;
import io.foregate.model.ModelConfig;
import io.foregate.model.Trait;
import io.foregate.model.weights.ModelWeights;
import io.foregate.model.weights.Norm;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.placement.DeviceBudget;
import io.foregate.placement.ModelSizes;
import io.foregate.store.layout.ExpertLayout;
import io.foregate.store.layout.ExpertRecords;
import io.foregate.store.layout.PackedLayers;
import io.foregate.store.layout.PlaneLayout;
import io.foregate.tornado.copy.CopyChoice;
import io.foregate.tornado.copy.CopyEngine;
import io.foregate.tornado.copy.DeviceExperts;
import io.foregate.tornado.copy.DeviceMemory;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.device.Devices;
import io.foregate.tornado.graph.CacheShape;
import io.foregate.tornado.graph.SequenceBuffers;
import io.foregate.tornado.graph.SequencePlan;
import io.foregate.tornado.products.KernelSet;
import io.foregate.tornado.select.KernelChoice;
import io.foregate.tornado.weights.DenseArrays;
import io.foregate.tornado.weights.DenseWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A model on a device that TornadoVM drives. Its experts are either all resident or in the slots
 * that were asked for before the first token.
 */
final class TornadoModel implements BackendModel {
  /** Kernels index words with integers. */
  private static final long MAX_ARRAY_BYTES = 4L * Integer.MAX_VALUE;

  /** Claims device memory; a {@link RuntimeException} says that there is not so much. */
  @FunctionalInterface
  interface MemoryOpener {
    DeviceMemory open(CopyChoice copies, DenseArrays dense, int poolWords, DeviceThread compute);
  }

  private static final System.Logger LOG = System.getLogger(TornadoModel.class.getName());

  private final MemoryOpener opener;
  private final ModelConfig config;
  private final ModelWeights weights;
  private final DenseWeights dense;
  private final PlaneLayout layout = new PlaneLayout();
  private final DeviceThread computeThread = new DeviceThread("foregate-device-compute");
  private final Routing routing;
  private final int threads;
  private final PackedLayers packed;
  private final List<SequencePlan> idle = new ArrayList<>();

  /** Whether sequences try CUDA graphs: until one could not. */
  private boolean cudaGraphs;

  private MemoryPlan planned;
  private CopyChoice copies = CopyChoice.of(Optional.empty());

  /** Chosen when the first sequence needs it. */
  private KernelSet kernels;

  private DeviceMemory memory;
  private DeviceExperts experts;

  /** What the CPU computes: made when the first expert is to, or the engine says where they are. */
  private HostExperts hostExperts;

  /**
   * @param deviceBytes memory of the device
   * @param arrayBytes the largest array that it can hold
   */
  TornadoModel(ModelConfig config, ModelWeights weights, long deviceBytes, long arrayBytes) {
    this(config, weights, 0, deviceBytes, arrayBytes, false, CopyChoice::open);
  }

  /**
   * @param threads for experts that the CPU computes; 0 for one per core
   * @param cudaGraphs whether to try them
   * @param opener claims the model's memory
   */
  TornadoModel(
      ModelConfig config,
      ModelWeights weights,
      int threads,
      long deviceBytes,
      long arrayBytes,
      boolean cudaGraphs,
      MemoryOpener opener) {
    this.threads = threads;
    this.cudaGraphs = cudaGraphs;
    this.opener = opener;
    this.config = config;
    this.weights = weights;
    requireKernels(config);
    this.dense = DenseWeights.of(config, weights);
    this.planned =
        new MemoryPlan(
            new DeviceBudget(deviceBytes, dense.bytes(), 0, 0),
            Math.min(arrayBytes, MAX_ARRAY_BYTES),
            0,
            0);
    planned.require();
    this.packed = PackedLayers.of(weights.layers(), layout);
    this.routing =
        new Routing(
            SequenceBuffers.tokens(Integer.MAX_VALUE), config.experts(), config.expertsUsed());
  }

  /** What does not fit the local memory of kernels, or the pairs of a KV cache. */
  private static void requireKernels(ModelConfig config) {
    if (config.deltaNet().isPresent()) {
      throw refusal("layers with a gated delta net, for which there are no kernels");
    }
    if (config.family().has(Trait.OUTPUT_GATE)) {
      throw refusal("gates of attention's output, for which there are no kernels");
    }
    AttentionConfig attention = config.attention();
    require(attention.valueSize(), AttentionKernels.MAX_VALUE, "elements in a value's head");
    require(config.experts(), Router.MAX_EXPERTS, "experts in a layer");
    require(config.moe().router().groups(), Router.MAX_GROUPS, "groups of experts");
    require(
        SequenceBuffers.hidden(config),
        SequenceBuffers.MAX_HIDDEN,
        "activations of a token inside its feed-forward networks");
    if (attention.keySize() % 2 + attention.valueSize() % 2 > 0) {
      throw refusal(
          "heads of keys and values with %d and %d elements, which must be even"
              .formatted(attention.keySize(), attention.valueSize()));
    }
  }

  private static void require(long found, long most, String what) {
    if (found > most) {
      throw refusal("%d %s, of which there may be %d".formatted(found, what, most));
    }
  }

  private static ForegateException refusal(String found) {
    return new ForegateException(
        "The model cannot run on TornadoVM: it has %s.".formatted(found),
        "Run it on the CPU ([[backend=cpu]]).");
  }

  @Override
  public ExpertLayout expertLayout() {
    return layout;
  }

  @Override
  public synchronized ExpertMemory residentExperts() {
    if (experts == null) {
      int count = packed.count() * config.experts();
      DeviceExperts resident = claim(count, count);
      resident.load(weights, layout, packed);
    }
    return experts;
  }

  @Override
  public synchronized ExpertMemory hostExperts(ExpertRecords records) {
    if (hostExperts != null) {
      throw new IllegalStateException("the model has its experts on the host already");
    }
    hostExperts = HostExperts.ofRecords(config, weights, layout, records, threads);
    return hostExperts;
  }

  @Override
  public synchronized ExpertMemory unpackedExperts() {
    if (hostExperts == null) {
      hostExperts = HostExperts.ofFile(config, weights, threads);
    }
    return hostExperts;
  }

  @Override
  public synchronized OptionalLong memoryForExperts(int context, KvType kvType) {
    return OptionalLong.of(with(planned, new CacheShape(context, kvType)).left());
  }

  @Override
  public synchronized void requireRoom(int experts, int context, KvType kvType) {
    withSequence(planned.withSlots(experts, slotBytes()), new CacheShape(context, kvType));
  }

  private MemoryPlan with(MemoryPlan plan, CacheShape cache) {
    return plan.plus(cache.bytes(config), ModelSizes.of(config, 0).scratch(cache.capacity()));
  }

  /** A plan, with a sequence more for which there is room. */
  private MemoryPlan withSequence(MemoryPlan plan, CacheShape cache) {
    MemoryPlan more = with(plan, cache);
    more.require();
    more.requireCache(cache.capacity(), cache.bytes(config));
    return more;
  }

  @Override
  public synchronized boolean useGates(GateMatrices gates) {
    long most = planned.budget().dense() + planned.left();
    boolean used = dense.add(gates, most);
    planned = planned.withDense(dense.bytes());
    return used;
  }

  @Override
  public ExpertSlots newSlots(int count, Link link) {
    return newSlots(count, count, link);
  }

  @Override
  public synchronized ExpertSlots newSlots(int count, int least, Link link) {
    if (link.gbps() > 0) {
      throw new ForegateException(
          "The link to a device is what it is: %s GB/s cannot be imitated.".formatted(link.gbps()),
          "Leave the [[link speed]] out, or choose [[backend=cpu]].");
    }
    copies = CopyChoice.of(CopyEngine.named(link.engine()));
    return claim(count, least);
  }

  /** Claims device memory for experts, which there is once per model. */
  private DeviceExperts claim(int asked, int least) {
    if (experts != null) {
      throw new IllegalStateException("the model's experts have their memory already");
    }
    long slotBytes = slotBytes();
    planned = planned.withSlots(asked, slotBytes);
    planned.require();
    int count = asked;
    while (memory == null) {
      try {
        int words = Math.max(1, (int) (count * slotBytes / 4));
        memory = opener.open(copies, dense.arrays(), words, computeThread);
      } catch (ForegateException e) {
        throw e;
      } catch (RuntimeException e) {
        count = fewer(count, least, slotBytes, e);
      }
    }
    if (count < asked) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "The device had memory for {0} experts, not for {1}.",
          count,
          asked);
    }
    planned = planned.withSlots(count, slotBytes);
    experts = new DeviceExperts(memory, count, slotBytes);
    return experts;
  }

  private long slotBytes() {
    return packed.maxRecordBytes(layout);
  }

  /** How many slots to ask for next: what a driver has left can only be tried. */
  private static int fewer(int refused, int least, long slotBytes, RuntimeException cause) {
    if (refused <= least) {
      throw new ForegateException(
          "The device would not give memory for %d experts (%d bytes): %s"
              .formatted(refused, refused * slotBytes, cause),
          "Free the device for Foregate, or choose [[backend=cpu]].",
          cause);
    }
    return Math.max(least, (int) (refused * 7L / 8));
  }

  /** Memory of a model without experts. */
  private DeviceMemory memory() {
    if (memory == null) {
      memory = opener.open(copies, dense.arrays(), 1, computeThread);
    }
    return memory;
  }

  @Override
  public synchronized Sequence newSequence(int capacity, KvType kvType) {
    var cache = new CacheShape(capacity, kvType);
    if (idle.stream().noneMatch(plan -> plan.cache().equals(cache))) {
      planned = withSequence(planned, cache);
    }
    return new TornadoSequence(config, this, cache, routing);
  }

  /** Words from one slot to the next. */
  int slotWords(ExpertMemory from) {
    if (from != experts) {
      throw new IllegalArgumentException("experts of another model");
    }
    return experts.slotWords();
  }

  /** The norm that a layer's experts read behind. */
  Norm feedForwardNorm(int layer) {
    return weights.layers().get(layer).feedForwardNorm();
  }

  /** Runs something on the thread of the model's sequences. */
  void compute(Runnable task) {
    computeThread.run(task);
  }

  /** The device's side of a new sequence: one that was given back, or a new one. */
  synchronized SequencePlan takePlan(CacheShape cache) {
    for (SequencePlan plan : idle) {
      if (plan.cache().equals(cache)) {
        idle.remove(plan);
        return plan;
      }
    }
    if (config.isMoe()) {
      residentExperts(); // if no one asked for slots
    }
    DeviceMemory shared = memory();
    var made = new SequencePlan[1];
    compute(
        () -> {
          if (kernels == null) {
            KernelChoice choice = KernelChoice.of(Devices.preferred(), dense.layers());
            LOG.log(System.Logger.Level.TRACE, "Kernels: {0}", choice.describe());
            kernels = choice.variants();
          }
          made[0] = newPlan(shared, cache);
        });
    return made[0];
  }

  private SequencePlan newPlan(DeviceMemory shared, CacheShape cache) {
    if (cudaGraphs) {
      try {
        var plan = new SequencePlan(config, weights, dense, shared, kernels, cache, true);
        if (plan.repeats()) {
          return plan;
        }
        LOG.log(System.Logger.Level.DEBUG, "CUDA graphs left alone: they do not repeat.");
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.DEBUG, "CUDA graphs left alone: {0}", e.toString());
      }
      cudaGraphs = false;
    }
    return new SequencePlan(config, weights, dense, shared, kernels, cache, false);
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
    if (hostExperts != null) {
      hostExperts.close();
    }
  }
}
