package io.foregate.cli.flag;

import io.foregate.options.ByteSize;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a size as {@link ByteSize} takes it. */
public final class SizeConverter implements ITypeConverter<Long> {
  @Override
  public Long convert(String text) {
    if (text.strip().matches("\\d+(\\.\\d+)?")) {
      throw new TypeConversionException(
          "'%s' has no unit: write %sGiB, or %sB for bytes"
              .formatted(text, text.strip(), text.strip()));
    }
    return ByteSize.parse(text)
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "'%s' is no size such as 8GiB (2^30 bytes each), 8GB (10^9) or 512MiB"
                        .formatted(text)));
  }
}
