package io.foregate.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.Context.Library;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.interpret.TemplateError.ErrorReason;
import com.hubspot.jinjava.interpret.TemplateError.ErrorType;
import com.hubspot.jinjava.interpret.errorcategory.BasicTemplateErrorCategory;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.Tag;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Jinjava for templates of unknown origin: a template reaches what it is given and nothing else,
 * and its output, recursion, steps and time are bounded. Thread-safe.
 */
final class JinjaSandbox {
  /** Longest text that a template may make, on the way or in the end. */
  static final int MAX_CHARS = 16 << 20;

  private static final int MAX_STEPS = 250_000;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_ITEMS = 100_000;
  private static final Duration MAX_TIME = Duration.ofSeconds(10);

  private static final LegacyOverrides AS_PYTHON =
      LegacyOverrides.newBuilder()
          .withIterateOverMapKeys(true)
          .withUsePyishObjectMapper(true)
          .withUseNaturalOperatorPrecedence(true)
          .withParseWhitespaceControlStrictly(true)
          .withAllowAdjacentTextNodes(true)
          .withUseTrimmingForNotesAndExpressions(true)
          .withKeepNullableLoopValues(true)
          .build();

  private static final Set<String> TAGS =
      words(
          "if elif else endif for endfor set endset macro endmacro call endcall do raw endraw"
              + " break continue");
  private static final Set<String> FILTERS =
      words(
          "abs batch bool capitalize count d default dictsort e escape first float groupby int items"
              + " join last length list lower map reject rejectattr replace reverse round safe select"
              + " selectattr slice sort split string sum title tojson trim truncate unique upper"
              + " wordcount");
  private static final Set<String> FUNCTIONS =
      words("range namespace dict raise_exception strftime_now");

  private final Jinjava jinjava =
      new Jinjava(
          JinjavaConfig.newBuilder()
              .withInterperterFactory(new PythonInterpreter.Factory())
              .build());
  private final Map<Library, Set<String>> disabled;
  private final Clock clock;

  /** A sandbox whose {@code strftime_now} reads this clock. */
  JinjaSandbox(Clock clock) {
    this.clock = clock;
    Context context = jinjava.getGlobalContext();
    context.registerFilter(new PythonJson());
    PythonFilter.ALL.forEach(context::registerFilter);
    function(context, "raise_exception", "raiseException", Object.class);
    function(context, "strftime_now", "strftimeNow", String.class);
    disabled =
        Map.of(
            Library.TAG, allBut(TAGS, context.getAllTags().stream().map(Tag::getName)),
            Library.FILTER, allBut(FILTERS, context.getAllFilters().stream().map(Filter::getName)),
            Library.FUNCTION,
                allBut(
                    FUNCTIONS,
                    context.getAllFunctions().stream().map(ELFunctionDefinition::getName)));
  }

  private static void function(Context context, String name, String method, Class<?> argument) {
    context.registerFunction(
        new ELFunctionDefinition("", name, TemplateFunctions.class, method, argument));
  }

  private static Set<String> words(String words) {
    return Set.of(words.split(" ", -1));
  }

  private static Set<String> allBut(Set<String> allowed, Stream<String> names) {
    return names
        .filter(name -> !allowed.contains(name.substring(name.indexOf(':') + 1)))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Makes a filter that Jinjava lacks an error, where Jinjava would filter to nothing. */
  void requireFilter(String name) {
    Context context = jinjava.getGlobalContext();
    if (context.getFilter(name) == null) {
      context.registerFilter(new UnknownFilter(name));
    }
  }

  /** Makes a test that Jinjava lacks an error, where Jinjava would answer no. */
  void requireTest(String name) {
    Context context = jinjava.getGlobalContext();
    if (context.getExpTest(name) == null) {
      context.registerExpTest(new UnknownTest(name));
    }
  }

  /**
   * Renders.
   *
   * @throws Failure if the template cannot be rendered
   */
  String render(String source, Map<String, Object> bindings) {
    RenderResult result;
    try {
      result = jinjava.renderForResult(source, bindings, config());
    } catch (StackOverflowError | OutOfMemoryError e) {
      throw new Failure(0, new TemplateFault("it takes too much memory"));
    }
    Optional<TemplateError> error =
        fatal(result.getErrors().stream().filter(e -> !isCausedBy(Stopped.class, e)));
    if (error.isPresent()) {
      throw new Failure(error.get().getLineno(), cause(error.get()));
    }
    return result.getOutput();
  }

  /** The exception of ours that caused an error, or one with Jinjava's words. */
  private static RuntimeException cause(TemplateError error) {
    return causes(error)
        .filter(e -> e instanceof TemplateFunctions.Refusal || e instanceof TemplateFault)
        .map(RuntimeException.class::cast)
        .findFirst()
        .orElseGet(() -> inJinjavasWords(error));
  }

  private static TemplateFault inJinjavasWords(TemplateError error) {
    return error.getReason() == ErrorReason.DISABLED
        ? new TemplateFault("it may not use '%s'".formatted(error.getFieldName()))
        : new TemplateFault(error.getMessage().lines().findFirst().orElse("unknown error"));
  }

  private static boolean isCausedBy(Class<? extends Throwable> type, TemplateError error) {
    return causes(error).anyMatch(type::isInstance);
  }

  private static Stream<Throwable> causes(TemplateError error) {
    return Stream.iterate((Throwable) error.getException(), Objects::nonNull, Throwable::getCause);
  }

  private static Optional<TemplateError> fatal(Stream<TemplateError> errors) {
    return errors.filter(JinjaSandbox::isFatal).findFirst();
  }

  /** Of a recursion that is too deep Jinjava only warns. */
  private static boolean isFatal(TemplateError error) {
    return error.getSeverity() == ErrorType.FATAL
        || error.getCategory() == BasicTemplateErrorCategory.CYCLE_DETECTED;
  }

  private JinjavaConfig config() {
    var limits = new Limits();
    return JinjavaConfig.newBuilder()
        .withElResolver(new PythonResolver())
        .withDisabled(disabled)
        .withNestedInterpretationEnabled(false)
        .withLegacyOverrides(AS_PYTHON)
        .withDateTimeProvider(clock::millis)
        .withTimeZone(clock.getZone())
        .withMaxOutputSize(MAX_CHARS)
        .withMaxStringLength(MAX_CHARS)
        .withMaxListSize(MAX_ITEMS)
        .withMaxMapSize(MAX_ITEMS)
        .withRangeLimit(MAX_ITEMS)
        .withMaxRenderDepth(MAX_DEPTH)
        .withEnableRecursiveMacroCalls(true)
        .withMaxMacroRecursionDepth(MAX_DEPTH)
        .withProcessors(
            JinjavaProcessors.newBuilder()
                .withNodePreProcessor((node, interpreter) -> limits.step(interpreter))
                .build())
        .build();
  }

  /** What one rendering has used. For one thread. */
  private static final class Limits {
    private final long begin = System.nanoTime();
    private int steps;

    void step(JinjavaInterpreter interpreter) {
      if (++steps > MAX_STEPS || System.nanoTime() - begin > MAX_TIME.toNanos()) {
        throw new TemplateFault("it does not end");
      }
      // Jinjava collects errors and goes on; what follows an error is not wanted.
      if (fatal(interpreter.getErrorsCopy().stream()).isPresent()) {
        throw new Stopped();
      }
    }
  }

  /** Ends a rendering that has already failed. */
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private Stopped() {
      super("stopped", null, false, false);
    }
  }

  /** Why a template could not be rendered: the cause, a {@code Refusal} or a fault, says it. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;

    private Failure(int line, RuntimeException cause) {
      super(cause.getMessage(), cause);
      this.line = line;
    }

    /** Where; 0 if that is not known. */
    int line() {
      return line;
    }
  }

  private record UnknownFilter(String name) implements Filter {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public Object filter(Object value, JinjavaInterpreter interpreter, String... args) {
      throw new TemplateFault("it uses the unknown filter '%s'".formatted(name));
    }
  }

  private record UnknownTest(String name) implements ExpTest {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean evaluate(Object value, JinjavaInterpreter interpreter, Object... args) {
      throw new TemplateFault("it uses the unknown test '%s'".formatted(name));
    }
  }
}
