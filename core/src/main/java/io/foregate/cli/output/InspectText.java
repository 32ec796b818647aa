package io.foregate.cli.output;

import io.foregate.gguf.MetadataKey;
import io.foregate.inspect.CopyBound;
import io.foregate.inspect.Inspection;
import io.foregate.inspect.VramFit;
import io.foregate.report.Sizes;
import io.foregate.report.Table;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An {@link Inspection} for people. */
public final class InspectText {
  private InspectText() {}

  /** Two columns: fact, value. */
  public static String facts(Inspection facts) {
    var table = new Table("  ", "ll");
    table.row(
        "format",
        "GGUF v%d, %s%s, %d tensors, %d metadata entries"
            .formatted(
                facts.ggufVersion(),
                Sizes.text(facts.fileBytes()),
                facts.shards() == 1 ? "" : " in %d shards".formatted(facts.shards()),
                facts.tensors(),
                facts.metadataEntries()));
    table.row("name", facts.name().isEmpty() ? "(none)" : facts.name());
    table.row(
        "architecture",
        (facts.architecture().isEmpty() ? "(none)" : facts.architecture())
            + (facts.experts() == null ? "" : ", Mixture of Experts"));
    table.row("runs here", facts.supported() ? "yes" : "no: " + facts.obstacle());
    if (facts.shape() != null) {
      shape(table, facts.shape());
    }
    table.row(
        "parameters",
        Sizes.count(facts.parameters())
            + (facts.experts() == null
                ? ""
                : ", " + Sizes.count(facts.activeParameters()) + " active per token"));
    table.row("bits per weight", decimal(facts.bitsPerWeight()));
    Inspection.KvCacheSize cache = facts.kvCache();
    if (cache != null) {
      table.row(
          "KV cache",
          "%s for %s in %s (%s per token%s)"
              .formatted(
                  Sizes.text(cache.bytes()),
                  Sizes.counted(cache.context(), "token"),
                  cache.type(),
                  Sizes.text(cache.bytesPerToken()),
                  cache.stateBytes() == 0
                      ? ""
                      : ", and a state of " + Sizes.text(cache.stateBytes())));
    }
    if (facts.experts() != null) {
      table.row(
          "experts",
          "%d in all, %s; one takes %s"
              .formatted(
                  facts.experts().count(),
                  Sizes.text(facts.experts().bytes()),
                  Sizes.text(facts.experts().bytesEach())));
    }
    if (!facts.sampling().isEmpty()) {
      table.row("sampling", sampling(facts.sampling()));
    }
    return table.toString();
  }

  /** What the file recommends; last, what has no effect here. */
  private static String sampling(Map<String, Object> said) {
    Map<Boolean, List<String>> parts =
        said.entrySet().stream()
            .collect(
                Collectors.partitioningBy(
                    entry -> isRead(Inspection.SAMPLING + entry.getKey()),
                    Collectors.mapping(
                        entry -> Table.oneLine(entry.getKey() + " " + entry.getValue()),
                        Collectors.toList())));
    String read = String.join(", ", parts.get(true));
    String unread = String.join(", ", parts.get(false));
    return unread.isEmpty() ? read : "%s; without effect here: %s".formatted(read, unread);
  }

  private static boolean isRead(String key) {
    return Stream.of(MetadataKey.values()).anyMatch(known -> known.pattern().equals(key));
  }

  private static void shape(Table table, Inspection.Shape shape) {
    table.row("layers", shape.layers());
    table.row("embedding", shape.embedding());
    table.row(
        "attention",
        "%d heads of %d, %d KV heads".formatted(shape.heads(), shape.keySize(), shape.kvHeads()));
    table.row(
        "feed-forward",
        shape.experts() == 0
            ? shape.feedForward()
            : "%d experts of %d per layer, %d used per token"
                .formatted(shape.experts(), shape.feedForward(), shape.expertsUsed()));
    table.row("vocabulary", shape.vocabulary());
    table.row("context", shape.context());
  }

  /** Tensors by what they are for. */
  public static String parts(Inspection facts) {
    var table = new Table("  ", "lrrrrl");
    table.row("part", "tensors", "parameters", "size", "bits/weight", "types");
    for (Inspection.Part part : facts.parts()) {
      table.row(
          part.part().label(),
          part.tensors(),
          Sizes.count(part.parameters()),
          Sizes.text(part.bytes()),
          decimal(part.bitsPerWeight()),
          part.types().entrySet().stream()
              .map(e -> e.getKey() + " x" + e.getValue())
              .collect(Collectors.joining(", ")));
    }
    return table.toString();
  }

  /** What of the model fits. */
  public static String fit(Inspection facts, VramFit fit) {
    var table = new Table("  ", "lr");
    table.row("GPU memory", Sizes.text(fit.vramBytes()));
    table.row("weights every token needs", Sizes.text(facts.residentBytes()));
    if (facts.kvCache() != null) {
      table.row("KV cache", Sizes.text(facts.kvCache().bytes()));
    }
    table.row("working memory", Sizes.text(fit.scratchBytes()));
    table.row("left to the driver", Sizes.text(fit.reserveBytes()));
    if (fit.experts() > 0) {
      table.row("lookahead gates", "not counted");
    }
    table.row("left for experts", Sizes.text(Math.max(0, fit.restBytes())));
    table.row("expert slots", fit.expertSlots() + " of " + fit.experts());
    return table + "  " + fit.verdict() + "\n";
  }

  /** What the link allows, with everything that was assumed. */
  public static String copyBound(Inspection facts, CopyBound bound) {
    var table = new Table("  ", "lr");
    table.row("link (--link-gbps, assumed)", decimal(bound.linkGbps()) + " GB/s");
    table.row("experts used per token", bound.expertsPerToken());
    table.row("bytes of an expert", Sizes.text(facts.experts().bytesEach()));
    table.row("hit rate, if routing is uniform", decimal(100 * bound.hitRate()) + " %");
    table.row("copied per token", Sizes.text(bound.bytesPerToken()));
    table.row(
        "tok/s at that rate, at most",
        bound.tokensPerSecond() == null ? "no limit" : decimal(bound.tokensPerSecond()));
    table.row("tok/s without hits", decimal(bound.tokensPerSecondWithoutHits()));
    return "  Tokens per second that copying experts allows\n"
        + table
        + "  Rough: link / (experts per token x (1 - hit rate) x bytes of an expert). Time to compute is"
        + " not\n  counted, and real routing is not uniform.\n";
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
