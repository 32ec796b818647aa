package io.foregate.cli.flag;

import io.foregate.gguf.ShardLimit;
import io.foregate.options.ByteSize;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of commands that write models: into how many files. Named as in llama.cpp. */
public final class ShardFlags {
  @Option(
      names = "--split-max-size",
      paramLabel = "N(M|G)",
      converter = Size.class,
      description =
          "Write shards, OUT-00001-of-00003.gguf and so on, of at most so many megabytes (10^6"
              + " bytes) or gigabytes (10^9) of tensors each; a tensor is never cut. MiB and GiB"
              + " are powers of two.")
  private Long maxSize;

  @Option(
      names = "--split-max-tensors",
      paramLabel = "N",
      description = "Write shards of at most so many tensors each.")
  private Integer maxTensors;

  /** How large a file may become. */
  public ShardLimit limit() {
    return new ShardLimit(
        maxSize == null ? Long.MAX_VALUE : maxSize,
        maxTensors == null ? Integer.MAX_VALUE : maxTensors);
  }

  /** A size as llama.cpp has it, or with a unit that says of what it is a multiple. */
  static final class Size implements ITypeConverter<Long> {
    private static final Pattern LLAMA = Pattern.compile("\\s*([0-9]+)\\s*([MG])\\s*");

    @Override
    public Long convert(String text) {
      Matcher llama = LLAMA.matcher(text);
      OptionalLong bytes =
          ByteSize.parse(llama.matches() ? llama.group(1) + llama.group(2) + "B" : text);
      if (bytes.isEmpty() || bytes.getAsLong() < 1) {
        throw new TypeConversionException(
            "'%s' is no size such as 2G (10^9 bytes each), 500M (10^6) or 2GiB (2^30)"
                .formatted(text));
      }
      return bytes.getAsLong();
    }
  }
}
