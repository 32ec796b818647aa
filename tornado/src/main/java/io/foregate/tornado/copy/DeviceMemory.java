package io.foregate.tornado.copy;

import io.foregate.kernels.Embedding;
import io.foregate.kernels.LaunchArgs;
import io.foregate.kernels.Memory;
import io.foregate.kernels.Planes;
import io.foregate.tornado.device.DeviceThread;
import io.foregate.tornado.device.Launches;
import io.foregate.tornado.device.Stage;
import io.foregate.tornado.weights.DenseArrays;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * What the sequences of a model share on the device: its dense weights, and a pool of expert
 * records. Copies into the pool run on a thread and a queue of their own, beside kernels, by what
 * {@link #use} was given.
 *
 * <p>How TornadoVM's own transfers can do so: the graph {@link #upload} is one object and part of
 * two plans, this one's and each sequence's, and so its arrays have one device buffer. The first to
 * execute it must be this plan: the buffer for a launch's sizes belongs to the plan that comes
 * first, and is written by every launch of that plan. A sequence's plan executes it once, under
 * {@link #exclusively}.
 */
public final class DeviceMemory implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DeviceMemory.class.getName());

  private static final Set<OpenOption> SHADOW =
      Set.of(
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          StandardOpenOption.SPARSE,
          StandardOpenOption.DELETE_ON_CLOSE);

  /** Name of the graph whose arrays sequences consume. */
  static final String UPLOAD = "upload";

  private static final String PLACE = "place";
  private static final String COLLECT = "collect";
  private static final String LOCATE = "locate";
  private static final int LANES = 64;
  private static final int MIN_STAGING_WORDS = 64 << 10;
  private static final int MAX_STAGING_WORDS = 2 << 20;

  private final IntArray pool;
  private final DenseArrays dense;
  private final FloatArray basis = new FloatArray(Embedding.BASIS);
  private final IntArray staging;
  private final IntArray returned;
  private final IntArray args = IntArray.fromElements(0, 0);
  private final IntArray collectArgs = IntArray.fromElements(0, 0);
  private final ImmutableTaskGraph upload;
  private final DeviceThread thread;
  private final boolean ownsThread;
  private final AddressLibrary.Finding address = new AddressLibrary.Finding();
  private final GridScheduler grid = new GridScheduler();
  private final TornadoExecutionPlan plan;
  private final Object lock = new Object();
  private volatile CopyEngine engine;
  private Upload copies;
  private volatile boolean closed;

  /**
   * Claims the memory and brings the dense weights there.
   *
   * @param poolWords words of all expert records; at least 1
   * @param beside whether copies have a thread of their own
   * @param compute the thread of the model's sequences; must outlive this
   * @throws RuntimeException if the device has not that much
   */
  public DeviceMemory(DenseArrays dense, int poolWords, boolean beside, DeviceThread compute) {
    this.ownsThread = beside;
    this.thread = beside ? new DeviceThread("foregate-device-copy") : compute;
    this.dense = dense;
    this.pool = shadow(poolWords);
    this.staging = new IntArray(Math.clamp(poolWords / 16, MIN_STAGING_WORDS, MAX_STAGING_WORDS));
    this.returned = new IntArray(staging.getSize());
    basis.init(0f);
    basis.set(Planes.UNIT, 1f);
    this.upload = uploadGraph();
    this.plan = new TornadoExecutionPlan(upload, collectGraph(), locateGraph());
    this.engine = beside ? CopyEngine.TRANSFERS : CopyEngine.SYNCHRONOUS;
    this.copies = staged();
    try {
      thread.run(() -> execute(0));
    } catch (RuntimeException e) {
      close(e);
      throw e;
    }
  }

  private ImmutableTaskGraph uploadGraph() {
    TaskGraph graph =
        new TaskGraph(UPLOAD)
            .transferToDevice(DataTransferMode.UNDER_DEMAND, pool)
            .transferToDevice(
                DataTransferMode.FIRST_EXECUTION,
                dense.weights(),
                dense.floats(),
                dense.directory(),
                basis);
    var stage = new Stage(UPLOAD, graph, args, new KernelContext(), grid);
    stage.toDevice(args, staging);
    stage.perThread(
        PLACE,
        staging.getSize(),
        LANES,
        (added, task) ->
            added.task(
                task,
                Memory::place,
                stage.context(),
                args,
                staging,
                pool,
                dense.weights(),
                dense.floats(),
                dense.directory(),
                basis));
    return graph.persistOnDevice(shared()).snapshot();
  }

  private ImmutableTaskGraph collectGraph() {
    TaskGraph graph = new TaskGraph(COLLECT).consumeFromDevice(shared());
    var stage = new Stage(COLLECT, graph, collectArgs, new KernelContext(), grid);
    stage.toDevice(collectArgs);
    stage.perThread(
        "collect",
        returned.getSize(),
        LANES,
        (added, task) ->
            added.task(task, Memory::collect, stage.context(), collectArgs, returned, pool));
    stage.toHost(returned);
    return graph.persistOnDevice(shared()).snapshot();
  }

  private ImmutableTaskGraph locateGraph() {
    return new TaskGraph(LOCATE)
        .consumeFromDevice(shared())
        .libraryTask("locate", array -> AddressLibrary.locate(array, address), pool)
        .persistOnDevice(shared())
        .snapshot();
  }

  /**
   * The host's side of the pool, which nobody reads or writes: TornadoVM wants it, and a file with
   * nothing but a hole takes no memory.
   */
  private static IntArray shadow(int words) {
    try {
      Path file = Files.createTempFile("foregate", ".pool");
      try (FileChannel channel = FileChannel.open(file, SHADOW)) {
        long bytes = TornadoNativeArray.ARRAY_HEADER + 4L * words;
        return IntArray.fromSegmentShallow(
            channel.map(FileChannel.MapMode.PRIVATE, 0, bytes, Arena.ofAuto()));
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.TRACE, "Slots take as much of the host''s memory, too: {0}", e);
      return new IntArray(words);
    }
  }

  private void close(RuntimeException cause) {
    try {
      close();
    } catch (RuntimeException e) {
      cause.addSuppressed(e); // what was never claimed cannot be freed
    }
  }

  private void execute(int graph) {
    plan.withGraph(graph).withGridScheduler(grid).execute();
  }

  /** TornadoVM's own transfers. To be used on the thread of copies. */
  Upload staged() {
    return new StagedUpload(staging, args, () -> execute(0));
  }

  /** Where the pool lies. To be called on the thread of copies. */
  DeviceAddress address() {
    if (address.address() == null) {
      execute(2);
    }
    return address.address();
  }

  /**
   * Copies by this engine from now on.
   *
   * @param opener sets it up, called on the thread of copies; if it throws, nothing changes
   */
  void use(CopyEngine chosen, Supplier<Upload> opener) {
    copying(
        () -> {
          Upload opened = opener.get();
          Upload replaced = copies;
          copies = opened;
          engine = chosen;
          replaced.close();
        });
  }

  /** What makes the copies. */
  CopyEngine engine() {
    return engine;
  }

  int poolWords() {
    return pool.getSize();
  }

  /** The arrays of {@link #upload} that stay on the device. */
  public Object[] shared() {
    return new Object[] {pool, dense.weights(), dense.floats(), dense.directory(), basis};
  }

  public ImmutableTaskGraph upload() {
    return upload;
  }

  public IntArray pool() {
    return pool;
  }

  /** The weights that every token needs. */
  public DenseArrays dense() {
    return dense;
  }

  public FloatArray basis() {
    return basis;
  }

  /** How {@link #upload}'s task is launched. */
  public void launch(GridScheduler scheduler) {
    Launches.perThread(scheduler, UPLOAD + "." + PLACE, staging.getSize(), LANES);
  }

  /** Runs something, on the compute thread, while no copy is under way. */
  public void exclusively(Runnable action) {
    synchronized (lock) {
      requireOpen();
      args.set(LaunchArgs.WORDS, 0); // the upload that a plan begins with moves nothing
      action.run();
    }
  }

  /** The lock is taken where copies run: a thread that waits for another must not hold it. */
  private void copying(Runnable action) {
    thread.run(
        () -> {
          synchronized (lock) {
            requireOpen();
            action.run();
          }
        });
  }

  /**
   * Copies host memory into the pool; when it returns, kernels may read it.
   *
   * @param bytes a multiple of 4
   * @param word where in the pool
   */
  void write(MemorySegment source, long from, long bytes, int word) {
    if (!thread.isCurrent()) {
      thread.run(() -> write(source, from, bytes, word));
      return;
    }
    synchronized (lock) {
      requireOpen();
      copies.write(source, from, bytes, word);
    }
  }

  /**
   * Starts work that copies: on the thread of copies, which it has for itself until it ends, unless
   * that is the one that computes.
   */
  Optional<Future<?>> start(Runnable work) {
    return ownsThread ? Optional.of(thread.start(work)) : Optional.empty();
  }

  /** Copies some of the pool to host memory. */
  void read(int word, MemorySegment target) {
    copying(
        () -> {
          long most = 4L * returned.getSize();
          for (long done = 0; done < target.byteSize(); done += most) {
            long part = Math.min(most, target.byteSize() - done);
            collectArgs.set(LaunchArgs.FIRST_WORD, word + (int) (done / 4));
            collectArgs.set(LaunchArgs.WORDS, (int) (part / 4));
            execute(1);
            MemorySegment.copy(returned.getSegment(), 0, target, done, part);
          }
        });
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the slots are closed");
    }
  }

  /** Gives the memory back. Closing twice does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    try {
      copying(
          () -> {
            closed = true;
            copies.close();
            plan.withGraph(0).freeDeviceMemory();
          });
    } finally {
      if (ownsThread) {
        thread.close();
      }
    }
  }
}
