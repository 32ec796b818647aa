package io.foregate.tornado;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import io.foregate.tornado.kernels.Errors;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs tests of this package and those below without Maven, on a machine with a device, say, and
 * writes what they found: {@code BackendCheck PART PATTERN}, where the pattern is of class names.
 *
 * <p>To be started in the module's folder, as the tests are.
 */
public final class BackendCheck implements TestExecutionListener {
  private final List<Map<String, Object>> cases = new ArrayList<>();
  private final PrintStream out = System.out;
  private long started;
  private int failed;
  private int skipped;

  private BackendCheck() {}

  /** See the class. The exit code is 1 if a test failed. */
  public static void main(String[] args) {
    var listener = new BackendCheck();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectPackage(BackendCheck.class.getPackageName()))
            .filters(includeClassNamePatterns(args[1]))
            .build();
    Launcher launcher = LauncherFactory.create();
    launcher.execute(request, listener);
    listener.report(args[0], args[1]);
    System.exit(listener.failed == 0 && !listener.cases.isEmpty() ? 0 : 1);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    started = System.nanoTime();
    Errors.take();
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    skipped++;
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
      skipped++;
      return;
    }
    boolean broken = result.getStatus() == TestExecutionResult.Status.FAILED;
    if (!test.isTest() && !broken) {
      return;
    }
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("test", name(test));
    found.put("passed", !broken);
    found.put("millis", (System.nanoTime() - started) / 1_000_000);
    Errors.take().stream().max(Double::compare).ifPresent(worst -> found.put("worst_error", worst));
    if (broken) {
      failed++;
      found.put("failure", String.valueOf(result.getThrowable().orElse(null)));
      out.println("  FAILED " + found);
    }
    cases.add(found);
  }

  private static String name(TestIdentifier test) {
    String method =
        test.getSource()
            .filter(MethodSource.class::isInstance)
            .map(MethodSource.class::cast)
            .map(s -> s.getClassName().replaceAll(".*\\.", "") + "." + s.getMethodName() + " ")
            .orElse("");
    return method + test.getDisplayName();
  }

  private void report(String part, String pattern) {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("tests", cases.size());
    found.put("failed", failed);
    found.put("skipped", skipped);
    found.put("cases", cases);
    FoundReport.write(
        part, "tests of the backend on the device", Map.of("classes", pattern), found);
    out.printf("  %d tests, %d failed, %d skipped%n", cases.size(), failed, skipped);
  }
}
