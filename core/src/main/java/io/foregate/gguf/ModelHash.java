package io.foregate.gguf;

import io.foregate.files.MappedFault;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Says which model something was made for: an expert store, lookahead gates, a routing trace. The
 * same on every machine, and made from a file of any size by reading some tens of megabytes of it.
 *
 * <p><b>What it covers.</b> SHA-256 over
 *
 * <ul>
 *   <li>every metadata value but those that only describe the model ({@code general.*} apart from
 *       {@code general.architecture} and {@code general.quantization_version}; {@code
 *       tokenizer.chat_template*}; {@code quantize.*}), in the order of their keys;
 *   <li>name, type and shape of every tensor, in the order of their names;
 *   <li>the tensors' bytes: all of them if they are no more than {@value #COMPLETE_BYTES} together,
 *       else of each tensor that is larger than {@value #SAMPLED_ABOVE} bytes only samples of
 *       {@value #SAMPLE_BYTES} bytes. They are evenly spread from its first byte to its last, one
 *       per matrix (that is: per expert) of a stack and at least {@value #MIN_SAMPLES}.
 * </ul>
 *
 * <p>It is a hash of the model, not of the file: order of tensors, alignment, a new name or chat
 * template do not matter, for no expert, gate or route depends on them. Nor does it matter into
 * which files a model is split ({@code split.*}): its shards have the hash of the merged file.
 *
 * <p><b>What it cannot see.</b> In models above {@value #COMPLETE_BYTES} bytes, changes that touch
 * nothing but weights between the samples: a damaged bit, or an edit of a few rows. Requantizing,
 * fine-tuning and merging change nearly every block of a tensor and are seen, also when they change
 * a single expert. It guards against mistakes, not against an adversary.
 *
 * <p>Why not the whole file: 20 GB take ten seconds and more to hash even when the operating system
 * has them in memory, and have to come from the disk when it has not, at every start.
 *
 * @param hex 64 hexadecimal digits, lower case
 */
public record ModelHash(String hex) {
  /** Bytes of a hash. */
  public static final int BYTES = 32;

  private static final int COMPLETE_BYTES = 64 << 20;
  private static final int SAMPLED_ABOVE = 64 << 10;
  private static final int SAMPLE_BYTES = 4 << 10;
  private static final int MIN_SAMPLES = 16;

  private static final String VERSION = "foregate model hash 1";

  public ModelHash {
    if (!hex.matches("[0-9a-f]{%d}".formatted(2 * BYTES))) {
      throw new IllegalArgumentException("not 64 lower-case hexadecimal digits: " + hex);
    }
  }

  /**
   * The hash of an open model.
   *
   * @throws io.foregate.error.ForegateException if the file has become shorter since it was opened
   * @throws IllegalStateException if it is closed
   */
  public static ModelHash of(GgufFile file) {
    try {
      return of(digest(file));
    } catch (InternalError e) {
      throw MappedFault.rethrow(e, file.faulty());
    }
  }

  private static byte[] digest(GgufFile file) {
    MessageDigest digest = sha256();
    digest.update(VERSION.getBytes(StandardCharsets.UTF_8));
    metadata(file.metadata(), digest);
    long dataBytes = file.tensors().stream().mapToLong(GgufTensor::byteSize).sum();
    file.tensors().stream()
        .sorted(Comparator.comparing(GgufTensor::name))
        .forEach(tensor -> tensor(file, tensor, dataBytes <= COMPLETE_BYTES, digest));
    return digest.digest();
  }

  /**
   * A hash that was kept as bytes.
   *
   * @param bytes {@value #BYTES} bytes, as {@link #bytes} gave them
   */
  public static ModelHash of(byte[] bytes) {
    return new ModelHash(HexFormat.of().formatHex(bytes));
  }

  /** The hash as {@value #BYTES} bytes, in a new array. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  /**
   * The end of a sentence that says of which model a file is, and of which it should be.
   *
   * @param found the name that the file has for its model; empty in files of older versions
   * @param expected the name of the model at hand
   */
  public static String other(String found, String expected) {
    if (found.isEmpty()) {
      return "another model than '%s'".formatted(expected);
    }
    return found.equals(expected)
        ? "another '%s': with other weights or of other types".formatted(found)
        : "model '%s', expected '%s'".formatted(found, expected);
  }

  private static void metadata(GgufMetadata metadata, MessageDigest digest) {
    Map<String, GgufValue> values = new TreeMap<>(metadata.asMap());
    values.keySet().removeIf(ModelHash::isDescription);
    digest.update(new GgufEncoding.Output().u64(values.size()).toByteArray());
    values.forEach(
        (key, value) ->
            digest.update(
                new GgufEncoding.Output()
                    .string(key)
                    .u32(value.type().id())
                    .value(value)
                    .toByteArray()));
  }

  private static boolean isDescription(String key) {
    if (key.startsWith("general.")) {
      return !key.equals("general.architecture") && !key.equals("general.quantization_version");
    }
    return key.startsWith("tokenizer.chat_template") || key.startsWith("quantize.");
  }

  private static void tensor(
      GgufFile file, GgufTensor tensor, boolean complete, MessageDigest digest) {
    var entry = new GgufEncoding.Output().string(tensor.name()).u32(tensor.type().id());
    for (int i = 0; i < GgufTensor.MAX_RANK; i++) {
      entry.u64(tensor.dim(i));
    }
    digest.update(entry.toByteArray());
    MemorySegment data = file.data(tensor);
    if (complete || data.byteSize() <= SAMPLED_ABOVE) {
      digest.update(data.asByteBuffer());
      return;
    }
    long last = Math.max(MIN_SAMPLES, tensor.dim(2) * tensor.dim(3)) - 1;
    for (long i = 0; i <= last; i++) {
      long at = spread(data.byteSize() - SAMPLE_BYTES, i, last);
      digest.update(data.asSlice(at, SAMPLE_BYTES).asByteBuffer());
    }
  }

  /** {@code range * i / last} without an overflow. */
  private static long spread(long range, long i, long last) {
    return range / last * i + range % last * i / last;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
