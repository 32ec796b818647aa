package io.foregate.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Memory that stays on the device: moving into it and out of it, and claiming it. */
public final class Memory {
  private Memory() {}

  /**
   * Copies {@code count} words from where transfers arrive to where they belong, one thread per
   * word.
   *
   * <p>TornadoVM gives device memory to arrays that some task of a graph takes: the further
   * parameters are model memory that later graphs consume, and are not touched.
   *
   * @param args the first word in the pool, and how many
   */
  public static void place(
      KernelContext context,
      IntArray args,
      IntArray staging,
      IntArray pool,
      IntArray weights,
      FloatArray floats,
      IntArray directory,
      FloatArray basis) {
    int i = context.globalIdx;
    int count = args.get(LaunchArgs.WORDS);
    if (i < count) {
      pool.set(args.get(LaunchArgs.FIRST_WORD) + i, staging.get(i));
    }
    if (count < 0) { // never: see above
      pool.set(0, weights.get(0) + directory.get(0) + (int) (floats.get(0) + basis.get(0)));
    }
  }

  /** The reverse: copies words of the pool to where transfers to the host leave from. */
  public static void collect(
      KernelContext context, IntArray args, IntArray staging, IntArray pool) {
    int i = context.globalIdx;
    if (i < args.get(LaunchArgs.WORDS)) {
      staging.set(i, pool.get(args.get(LaunchArgs.FIRST_WORD) + i));
    }
  }

  /**
   * Copies words of a KV cache to where transfers to the host leave from, one thread per word.
   *
   * @param args the first word, and how many
   * @param f16 with {@code f32} and {@code useF32} the {@link Cache}
   * @param outF16 takes words of {@code f16}
   * @param outF32 takes floats of {@code f32}, if they are in use
   */
  public static void fetch(
      KernelContext context,
      IntArray args,
      IntArray f16,
      FloatArray f32,
      IntArray outF16,
      FloatArray outF32,
      int useF32) {
    int i = context.globalIdx;
    if (i < args.get(LaunchArgs.WORDS)) {
      if (useF32 == 1) {
        outF32.set(i, f32.get(args.get(LaunchArgs.FIRST_WORD) + i));
      } else {
        outF16.set(i, f16.get(args.get(LaunchArgs.FIRST_WORD) + i));
      }
    }
  }

  /** The reverse of {@link #fetch}. */
  public static void restore(
      KernelContext context,
      IntArray args,
      IntArray f16,
      FloatArray f32,
      IntArray inF16,
      FloatArray inF32,
      int useF32) {
    int i = context.globalIdx;
    if (i < args.get(LaunchArgs.WORDS)) {
      if (useF32 == 1) {
        f32.set(args.get(LaunchArgs.FIRST_WORD) + i, inF32.get(i));
      } else {
        f16.set(args.get(LaunchArgs.FIRST_WORD) + i, inF16.get(i));
      }
    }
  }

  /** Arrays of words, and of floats, that {@link #claim} takes. */
  public static final int CLAIMED_WORDS = 2;

  public static final int CLAIMED_FLOATS = 16;

  /**
   * Claims the memory of a sequence: as many arrays as a task can have. Touches nothing, see {@link
   * #place}.
   *
   * @param args a zero
   */
  public static void claim(
      KernelContext context,
      IntArray args,
      IntArray words,
      IntArray moreWords,
      FloatArray a,
      FloatArray b,
      FloatArray c,
      FloatArray d,
      FloatArray e,
      FloatArray f,
      FloatArray g,
      FloatArray h,
      FloatArray i,
      FloatArray j,
      FloatArray k,
      FloatArray l,
      FloatArray m,
      FloatArray n,
      FloatArray o,
      FloatArray p) {
    if (args.get(0) < 0) { // never
      a.set(0, b.get(0) + c.get(0) + d.get(0) + e.get(0) + f.get(0) + g.get(0) + h.get(0));
      a.set(0, i.get(0) + j.get(0) + k.get(0) + l.get(0) + m.get(0) + n.get(0) + o.get(0));
      a.set(0, p.get(0) + words.get(0) + moreWords.get(0));
    }
  }
}
