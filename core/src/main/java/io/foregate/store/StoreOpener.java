package io.foregate.store;

import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.gguf.GgufFile;
import io.foregate.gguf.ModelHash;
import io.foregate.options.HostStore;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/** Decides on a tier, and opens or builds the records there. */
final class StoreOpener {
  private static final Logger LOG = System.getLogger(ExpertStore.class.getName());

  /** More threads than this do not write a file any faster, and each takes memory. */
  private static final int MAX_FILE_THREADS = 4;

  private static final String SUFFIX = ".experts";

  private final GgufFile model;
  private final ExpertSource source;
  private final HostStore options;
  private final BuildListener listener;
  private final Host host;

  StoreOpener(
      GgufFile model, ExpertSource source, HostStore options, BuildListener listener, Host host) {
    this.model = model;
    this.source = source;
    this.options = options;
    this.listener = listener;
    this.host = host;
  }

  ExpertStore open() {
    ExpertStore store =
        switch (options.tier()) {
          case RAM -> ram("as chosen");
          case FILE -> file("as chosen");
          case AUTO -> auto();
        };
    LOG.log(Level.TRACE, "Experts in {0}: {1}", store.tier(), store.reason());
    return store;
  }

  private ExpertStore auto() {
    long others = model.fileSize() - source.modelBytes();
    long free = host.freeMemory().getAsLong();
    TierDecision decision = TierDecision.auto(source.bytes(), others, free);
    if (decision.tier() == Tier.RAM) {
      return ram(decision.reason());
    }
    try {
      return file(decision.reason());
    } catch (ForegateException e) {
      // Nothing but the margin is at stake: better to run without one than not at all.
      if (Thread.currentThread().isInterrupted() || source.bytes() > free) {
        throw e;
      }
      LOG.log(Level.DEBUG, "{0} The experts go to memory instead.", e.getMessage());
      return ram("no file could be written: " + e.getMessage());
    }
  }

  private ExpertStore ram(String reason) {
    var builder = new RecordBuilder(source, host.threads(), listener);
    RamRecords records = RamRecords.build(source, builder, host.lock());
    if (options.lock()) {
      records.lockOrWarn();
    }
    return new ExpertStore(source, records, reason);
  }

  private ExpertStore file(String reason) {
    if (options.lock()) {
      LOG.log(Level.DEBUG, "The experts are in a file: there is no memory of theirs to lock.");
    }
    Path path = path();
    var format = new SidecarFormat(source, ModelHash.of(model));
    SidecarFile file =
        switch (SidecarFile.open(path, format)) {
          case SidecarFile.Opened.Sound(SidecarFile found) -> found;
          case SidecarFile.Opened.Unusable(String complaint) -> {
            LOG.log(Level.TRACE, "{0} {1}: it is built now.", path, complaint);
            yield build(path, format);
          }
        };
    return new ExpertStore(source, new FileRecords(path, file, format, source), reason);
  }

  private SidecarFile build(Path path, SidecarFormat format) {
    Target.requireKind(path, FileKind.STORE);
    int threads = Math.min(host.threads(), MAX_FILE_THREADS);
    try (SidecarSink out = host.sinks().apply(path)) {
      SidecarWriter.write(out, format, source, new RecordBuilder(source, threads, listener));
    }
    return switch (SidecarFile.open(path, format)) {
      case SidecarFile.Opened.Sound(SidecarFile file) -> file;
      case SidecarFile.Opened.Unusable(String complaint) ->
          throw new ForegateException(
              "%s: was written a moment ago and %s.".formatted(path, complaint),
              "Another program changed the file, or the disk fails: check it, or choose [[store=ram]].");
    };
  }

  /** {@code NAME.LAYOUT.experts}, so that backends with other layouts do not fight over it. */
  private Path path() {
    Path file = Path.of(GgufFile.stem(model.path()) + "." + source.layout().id() + SUFFIX);
    return options
        .folder()
        .map(folder -> folder.resolve(file))
        .orElseGet(() -> model.path().resolveSibling(file));
  }
}
