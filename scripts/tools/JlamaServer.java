import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Jlama behind a pipe, for scripts/bench-jlama: a process of its own, with a class path of its own.
 * Quantizes a Hugging Face folder of floats into another one, unless floats are asked for, opens
 * it, and says "ready". Then a line {@code feed FROM ID...} feeds tokens that go to position FROM
 * and the next ones, and is answered with "ok" when the probabilities of the next token are there;
 * {@code logits} is answered with their logarithms. Ends with its input.
 *
 * <p>Arguments: the folder, the folder to write, Jlama's type of the weights, threads.
 */
final class JlamaServer {
  private final AbstractModel model;
  private float[] probabilities = {};

  private JlamaServer(AbstractModel model) {
    this.model = model;
  }

  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err); // whatever Jlama prints is no answer
    // Here, since quantizing may compute already.
    PhysicalCoreExecutor.overrideThreadCount(Integer.parseInt(args[3]));
    DType type = DType.valueOf(args[2]);
    String[] kept = {"norm"};
    Path folder = Path.of(args[0]);
    Path opened =
        type == DType.F32
            ? folder
            : SafeTensorSupport.quantizeModel(
                folder, type, kept, null, Optional.of(Path.of(args[1])));
    AbstractModel model =
        ModelSupport.loadModel(
            opened.toFile(),
            null,
            DType.F32,
            type == DType.F32 ? DType.F32 : DType.I8,
            Optional.empty(),
            Optional.empty());
    new JlamaServer(model).serve(answers);
  }

  private void serve(PrintStream answers) throws Exception {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    // No public method feeds tokens; what generates text does it like this.
    Field caches = AbstractModel.class.getDeclaredField("kvBufferCache");
    caches.setAccessible(true);
    try (KvBufferCache.KvBuffer cache =
        ((KvBufferCache) caches.get(model)).getEphemeralKvBuffer()) {
      answers.println("ready " + TensorOperationsProvider.get().name());
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ");
        if (words[0].equals("feed")) {
          int[] ids = Arrays.stream(words).skip(2).mapToInt(Integer::parseInt).toArray();
          feed(ids, Integer.parseInt(words[1]), cache);
          answers.println("ok");
        } else {
          answers.println(logits());
        }
        answers.flush();
      }
    }
    System.exit(0); // Jlama's threads are no daemons
  }

  private void feed(int[] ids, int from, KvBufferCache.KvBuffer cache) {
    try (AbstractTensor last = model.batchForward(ids, from, cache)) {
      probabilities = model.getLogits(last.slice(last.shape().first() - 1));
    }
  }

  private String logits() {
    var text = new StringBuilder();
    for (float p : probabilities) {
      text.append((float) Math.log(Math.max(p, Float.MIN_NORMAL))).append(' ');
    }
    return text.toString();
  }
}
