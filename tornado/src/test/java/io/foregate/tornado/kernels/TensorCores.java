package io.foregate.tornado.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A model of a GPU with tensor cores that runs kernels as Java methods: a thread for each thread of
 * a group, with barriers, local memory and the warp's instructions that {@link KernelContext} names
 * but does not compute.
 *
 * <p>{@code ldmatrix} and {@code mma.sync.m16n8k16} are as the PTX ISA 9.0 says ("Warp-level matrix
 * instructions", figures of the fragments), the addresses given to them and {@code mmaStore} as
 * TornadoVM 5.2's PTX has them.
 */
final class TensorCores {
  private static final int WARP = 32;

  private TensorCores() {}

  /** Runs groups one after another. */
  static void run(int groups, int lanes, Consumer<KernelContext> kernel) {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < groups; i++) {
        var group = new Group(lanes);
        List<Future<?>> running = new ArrayList<>();
        for (int lane = 0; lane < lanes; lane++) {
          var context = new Lane(group, lane);
          PlainJava.set(context, "groupIdx", i);
          PlainJava.set(context, "localIdx", lane);
          PlainJava.set(context, "localGroupSizeX", lanes);
          PlainJava.set(context, "globalIdx", i * lanes + lane);
          PlainJava.set(context, "globalGroupSizeX", groups * lanes);
          running.add(threads.submit(() -> group.run(kernel, context)));
        }
        for (Future<?> thread : running) {
          thread.get();
        }
      }
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** What threads of a group share. */
  private static final class Group {
    private final CyclicBarrier barrier;
    private final Warp[] warps;
    private final List<Object> local = new ArrayList<>();

    Group(int lanes) {
      barrier = new CyclicBarrier(lanes);
      warps = new Warp[lanes / WARP];
      Arrays.setAll(warps, i -> new Warp());
    }

    void run(Consumer<KernelContext> kernel, KernelContext context) {
      try {
        kernel.accept(context);
      } catch (RuntimeException | Error e) {
        barrier.reset(); // or the others wait for ever
        for (Warp warp : warps) {
          warp.barrier.reset();
        }
        throw e;
      }
    }

    /** The {@code index}th local array that a kernel allocates: the same for all threads. */
    synchronized Object array(int index, Object fresh) {
      if (index == local.size()) {
        local.add(fresh);
      }
      return local.get(index);
    }
  }

  /** What threads of a warp tell each other. */
  private static final class Warp {
    private final CyclicBarrier barrier = new CyclicBarrier(WARP);
    private final int[] addresses = new int[WARP];
    private final HalfFloat[][] a = new HalfFloat[WARP][];
    private final HalfFloat[][] b = new HalfFloat[WARP][];
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException("not all threads come here", e);
    }
  }

  private static final class Lane extends KernelContext {
    private final Group group;
    private final Warp warp;
    private final int lane;
    private int arrays;

    Lane(Group group, int thread) {
      this.group = group;
      this.warp = group.warps[thread / WARP];
      this.lane = thread % WARP;
    }

    @Override
    public void localBarrier() {
      await(group.barrier);
    }

    @Override
    public int[] allocateIntLocalArray(int size) {
      int[] fresh = new int[size];
      Arrays.fill(fresh, 0x7e007e00); // f16 that are no numbers
      return (int[]) group.array(arrays++, fresh);
    }

    @Override
    public float[] allocateFloatLocalArray(int size) {
      float[] fresh = new float[size];
      Arrays.fill(fresh, Float.NaN);
      return (float[]) group.array(arrays++, fresh);
    }

    @Override
    public HalfFloat[] allocateHalfFloatLocalArray(int size) {
      HalfFloat[] fresh = new HalfFloat[size];
      Arrays.fill(fresh, new HalfFloat(Float.NaN));
      return (HalfFloat[]) group.array(arrays++, fresh);
    }

    @Override
    public float[] mmaFragment(float v) {
      return new float[] {v, v, v, v};
    }

    /** ldmatrix.x4: rows of 8 f16; threads 8 i to 8 i + 7 tell where those of matrix i are. */
    @Override
    public HalfFloat[] mmaLoadA(int[] tile, int k, int byteOffset) {
      int row = lane % 8 + lane / 8 % 2 * 8;
      publish(byteOffset + row * 32 + lane / 16 * 16);
      HalfFloat[] fragment = new HalfFloat[8];
      for (int matrix = 0; matrix < 4; matrix++) {
        int from = warp.addresses[8 * matrix + lane / 4] / 2 + lane % 4 * 2;
        fragment[2 * matrix] = half(tile, from);
        fragment[2 * matrix + 1] = half(tile, from + 1);
      }
      await(warp.barrier);
      return fragment;
    }

    /** ldmatrix.x2.trans, at addresses that TornadoVM swizzles. */
    @Override
    public HalfFloat[] mmaLoadBSwizzled(HalfFloat[] tile, int k, int byteOffset) {
      int plain = lane % 8 * 16 + lane / 8 % 2 * 128;
      publish(byteOffset + (plain ^ (((plain >> 7) & 7) << 4)));
      HalfFloat[] fragment = new HalfFloat[4];
      for (int matrix = 0; matrix < 2; matrix++) {
        for (int i = 0; i < 2; i++) {
          int row = warp.addresses[8 * matrix + lane % 4 * 2 + i];
          fragment[2 * matrix + i] = tile[row / 2 + lane / 4];
        }
      }
      await(warp.barrier);
      return fragment;
    }

    private void publish(int address) {
      if (address % 16 != 0) {
        throw new IllegalStateException("ldmatrix reads rows at multiples of 16 bytes");
      }
      warp.addresses[lane] = address;
      await(warp.barrier);
    }

    private static HalfFloat half(int[] words, int i) {
      return new HalfFloat((short) (words[i / 2] >> (16 * (i % 2))));
    }

    @Override
    public float[] mma(HalfFloat[] a, HalfFloat[] b, float[] c, MMAShape shape) {
      if (shape != MMAShape.M16N8K16) {
        throw new IllegalArgumentException("not modelled: " + shape);
      }
      warp.a[lane] = a;
      warp.b[lane] = b;
      await(warp.barrier);
      float[] d = c.clone();
      for (int i = 0; i < 4; i++) {
        int row = lane / 4 + i / 2 * 8;
        int column = lane % 4 * 2 + i % 2;
        for (int k = 0; k < 16; k++) {
          d[i] += elementA(row, k) * elementB(k, column);
        }
      }
      await(warp.barrier);
      return d;
    }

    /** a0, a1: rows 0-7, columns 0-7; a2, a3: rows 8-15; a4 to a7: likewise of columns 8-15. */
    private float elementA(int row, int k) {
      int holder = row % 8 * 4 + k % 8 / 2;
      return warp.a[holder][k / 8 * 4 + row / 8 * 2 + k % 2].getFloat32();
    }

    /** b0, b1: rows 0-7; b2, b3: rows 8-15. */
    private float elementB(int k, int column) {
      int holder = column * 4 + k % 8 / 2;
      return warp.b[holder][k / 8 * 2 + k % 2].getFloat32();
    }

    @Override
    public void mmaStore(float[] d, FloatArray c, int row, int column, int stride) {
      for (int i = 0; i < 4; i++) {
        int to = (row + lane / 4 + i / 2 * 8) * stride + column + lane % 4 * 2 + i % 2;
        c.set(to, d[i]);
      }
    }
  }
}
