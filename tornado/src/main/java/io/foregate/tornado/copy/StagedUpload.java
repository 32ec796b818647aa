package io.foregate.tornado.copy;

import io.foregate.kernels.LaunchArgs;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * TornadoVM's own transfers: a piece comes into a staging array, and a small kernel moves it to its
 * place.
 *
 * @param staging as {@link io.foregate.kernels.Memory#place} has it
 * @param args likewise
 * @param execute executes the graph of that kernel
 */
record StagedUpload(IntArray staging, IntArray args, Runnable execute) implements Upload {

  @Override
  public void write(MemorySegment source, long from, long bytes, int word) {
    long most = 4L * staging.getSize();
    for (long done = 0; done < bytes; done += most) {
      long part = Math.min(most, bytes - done);
      MemorySegment.copy(source, from + done, staging.getSegment(), 0, part);
      args.set(LaunchArgs.FIRST_WORD, word + (int) (done / 4));
      args.set(LaunchArgs.WORDS, (int) (part / 4));
      execute.run();
    }
  }

  @Override
  public void close() {
    // its arrays are the memory's
  }
}
