package io.foregate.bench.compare;

import io.foregate.bench.measure.SyntheticModel;
import io.foregate.bench.measure.SyntheticModel.ExpertSizes;
import io.foregate.bench.measure.TimedFeed;
import io.foregate.error.ForegateException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One thing that grows while all else stays, and is measured at each of its sizes. */
enum GrowthSweep {
  CONTEXT("tokens of context", false),
  EXPERTS("experts of a layer", true),
  TOP_K("experts that a token uses", true),
  THREADS("threads", false),
  BATCH("tokens of a prefill", true);

  private static final int[] CONTEXTS = {0, 2048, 4096, 8192, 16384, 24576, 32768};
  private static final int[] EXPERT_COUNTS = {8, 16, 32, 64, 128};
  private static final int[] USED = {1, 2, 4, 8, 16, 32};
  private static final int[] BATCHES = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

  /**
   * A size.
   *
   * @param size of what grows
   */
  record GrowthPoint(int size, SyntheticModel model, int threads, TimedFeed workload) {}

  /**
   * What is the same at all sizes but that of what grows.
   *
   * @param decoded tokens of a sample, where a decode is timed
   */
  record GrowthBase(SyntheticModel model, int threads, int decoded) {}

  private final String unit;
  private final boolean logarithmic;

  GrowthSweep(String unit, boolean logarithmic) {
    this.unit = unit;
    this.logarithmic = logarithmic;
  }

  /**
   * @throws ForegateException naming those that there are when none has the name
   */
  static GrowthSweep named(String name) {
    return Arrays.stream(values())
        .filter(sweep -> sweep.id().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ForegateException(
                    "There is nothing called '%s' that grows.".formatted(name),
                    Arrays.stream(values())
                        .map(GrowthSweep::id)
                        .collect(Collectors.joining(", ", "There are: ", "."))));
  }

  /** As on the command line and in files' names: {@code top-k}. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What is counted. */
  String unit() {
    return unit;
  }

  /** Whether sizes double from point to point. */
  boolean isLogarithmic() {
    return logarithmic;
  }

  /** From the smallest size up; those of the same model and threads follow each other. */
  List<GrowthPoint> points(GrowthBase base) {
    SyntheticModel model = base.model();
    ExpertSizes experts = model.experts();
    int threads = base.threads();
    TimedFeed decode = TimedFeed.decode(base.decoded(), 0);
    return switch (this) {
      case CONTEXT ->
          each(
              IntStream.of(CONTEXTS),
              n -> new GrowthPoint(n, model, threads, TimedFeed.decode(base.decoded(), n)));
      case EXPERTS ->
          each(
              IntStream.of(EXPERT_COUNTS).filter(n -> n >= experts.used()),
              n -> new GrowthPoint(n, with(model, n, experts.used()), threads, decode));
      case TOP_K ->
          each(
              IntStream.of(USED).filter(n -> n <= experts.count()),
              n -> new GrowthPoint(n, with(model, experts.count(), n), threads, decode));
      case THREADS -> each(threadCounts(threads), n -> new GrowthPoint(n, model, n, decode));
      case BATCH ->
          each(
              IntStream.of(BATCHES),
              n -> new GrowthPoint(n, model, threads, TimedFeed.prefill(n, 0)));
    };
  }

  private static List<GrowthPoint> each(IntStream sizes, IntFunction<GrowthPoint> point) {
    return sizes.mapToObj(point).toList();
  }

  private static SyntheticModel with(SyntheticModel model, int experts, int used) {
    return model.withExperts(new ExpertSizes(experts, used, model.experts().hidden()));
  }

  /** Doubling, and the most. */
  private static IntStream threadCounts(int most) {
    return IntStream.concat(IntStream.iterate(1, n -> n < most, n -> 2 * n), IntStream.of(most));
  }
}
