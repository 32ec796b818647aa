package io.foregate;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.foregate.gguf.GgufMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the direction of dependencies that docs/architecture.md draws. */
class ArchitectureTest {
  private static final String ROOT = "io.foregate";

  /** Part of the public API. */
  private static final String OPTIONS = ROOT + ".options";

  /** Packages that users of the library may rely on. */
  private static final List<String> PUBLIC =
      List.of(ROOT, OPTIONS, ROOT + ".inspect", ROOT + ".quantize", ROOT + ".work");

  /** What each package may use besides itself and what is below it in the list. */
  private static final Map<String, List<String>> ALLOWED =
      Map.ofEntries(
          entry("error"),
          entry("options", "error"),
          entry("assembly"),
          entry("files", "error"),
          entry("gguf", "files", "error"),
          entry("quant", "assembly", "gguf", "error"),
          entry("template"),
          entry("tokenizer", "template", "gguf", "error"),
          entry("model", "quant", "gguf", "error"),
          entry("placement", "model", "options"),
          entry("store", "model", "quant", "gguf", "files", "options", "error"),
          entry("backend", "store", "model", "quant", "gguf", "files", "options", "error"),
          entry("safetensors", "error"),
          entry("convert", "safetensors", "quant", "gguf", "files", "error"),
          entry("gate", "backend", "safetensors", "model", "quant", "gguf", "files", "error"),
          entry(
              "schedule",
              "gate",
              "backend",
              "placement",
              "store",
              "model",
              "gguf",
              "files",
              "options",
              "error"),
          entry("plot"),
          entry("work"),
          entry("report", "files", "error"),
          entry("inspect", "report", "placement", "tokenizer", "model", "gguf", "options", "error"),
          entry("quantize", "inspect", "work", "backend", "quant", "gguf", "files", "error"),
          entry(
              "engine",
              "schedule",
              "gate",
              "backend",
              "store",
              "model",
              "tokenizer",
              "gguf",
              "files",
              "options",
              "error"),
          entry(
              "evaluate",
              "engine",
              "schedule",
              "backend",
              "tokenizer",
              "model",
              "gguf",
              "report",
              "work",
              "options",
              "error"),
          entry(
              "calibrate",
              "evaluate",
              "engine",
              "gate",
              "backend",
              "tokenizer",
              "model",
              "gguf",
              "files",
              "plot",
              "report",
              "work",
              "options",
              "error"),
          entry(
              "simulate",
              "engine",
              "schedule",
              "gate",
              "gguf",
              "plot",
              "files",
              "report",
              "work",
              "options",
              "error"));

  /** The rooms of packages that have some; each may use those before it. "" is the package. */
  private static final Map<String, List<String>> ROOMS =
      Map.ofEntries(
          entry("backend", "", "cpu"),
          entry("cli", "terminal", "flag", "output", "chat", ""),
          entry("convert", "source", "vocabulary", "family", ""),
          entry("engine", "experts", ""),
          entry("gate", "", "train", "trace"),
          entry("model", "", "weights", "reader"),
          entry(
              "quant",
              "format",
              "assembled.function",
              "assembled.activation",
              "assembled.floats",
              "assembled.group",
              "assembled.lane",
              "assembled.plane",
              "assembled",
              "vector",
              "encode"),
          entry("schedule", "state", "policy", "", "sim"),
          entry("store", "layout", ""),
          entry("template", "value", "operation", "syntax", "eval"));

  private static final int MAX_PARAMETERS = 7;

  /** Packages of kernels and their callers, which may have more. */
  private static final List<String> KERNELS =
      List.of(ROOT + ".quant.vector", ROOT + ".quant.assembled", ROOT + ".quant.assembled.floats");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static Map.Entry<String, List<String>> entry(String name, String... allowed) {
    return Map.entry(name, List.of(allowed));
  }

  static Stream<String> packages() {
    return ALLOWED.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("packages")
  void dependsOnlyOnWhatIsBelow(String name) {
    String[] allowed =
        Stream.concat(Stream.of(name), ALLOWED.get(name).stream())
            .map(other -> ROOT + "." + other + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + name + "..")
        .should()
        .dependOnClassesThat(
            new DescribedPredicate<>("are of Foregate outside " + Arrays.toString(allowed)) {
              @Override
              public boolean test(JavaClass other) {
                return other.getPackageName().startsWith(ROOT)
                    && !JavaClass.Predicates.resideInAnyPackage(allowed).test(other);
              }
            })
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  static Stream<Arguments> rooms() {
    return ROOMS.entrySet().stream()
        .flatMap(
            rooms -> rooms.getValue().stream().map(room -> Arguments.of(rooms.getKey(), room)));
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void roomsUseThoseBeforeThem(String name, String room) {
    List<String> rooms = ROOMS.get(name);
    String[] after =
        rooms.stream()
            .skip(rooms.indexOf(room) + 1L)
            .map(other -> room(name, other))
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(room(name, room))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(after)
        .check(CLASSES);
  }

  private static String room(String name, String room) {
    return ROOT + "." + name + (room.isEmpty() ? "" : "." + room);
  }

  @Test
  void theTableInTheDocsSaysTheSame() throws IOException {
    Pattern row = Pattern.compile("\\| `([\\w.]+)` \\|[^|]*\\|([^|]*)\\|");
    Map<String, Set<String>> table = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "architecture.md"))) {
      Matcher cells = row.matcher(line);
      if (cells.matches()) {
        String uses = cells.group(2).strip();
        table.put(cells.group(1), uses.isEmpty() ? Set.of() : Set.of(uses.split(", ", -1)));
      }
    }
    ALLOWED.forEach((name, uses) -> assertThat(table.get(name)).as(name).hasSameElementsAs(uses));
    ROOMS.forEach(
        (name, rooms) ->
            assertThat(rooms)
                .filteredOn(room -> !room.isEmpty() && !(name + "." + room).equals("backend.cpu"))
                .allSatisfy(room -> assertThat(table).containsKey(name + "." + room)));
  }

  @Test
  void everyPackageIsInTheTables() {
    Set<String> known = new TreeSet<>(Set.of(ROOT, ROOT + ".cli"));
    ALLOWED.keySet().forEach(name -> known.add(room(name, "")));
    ROOMS.forEach((name, rooms) -> rooms.forEach(room -> known.add(room(name, room))));
    assertThat(CLASSES).extracting(JavaClass::getPackageName).isSubsetOf(known);
  }

  /** Formats are the ground; kernels and quantizers do not know each other. */
  @ParameterizedTest
  @CsvSource({"format, vector", "format, encode", "vector, encode", "encode, vector"})
  void packagesOfQuantMeetInFormats(String name, String other) {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".quant." + name)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".quant." + other)
        .check(CLASSES);
  }

  @Test
  void nothingDependsOnTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".cli..")
        .check(CLASSES);
  }

  @Test
  void onlyTheSeamKnowsTheCpuBackend() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".backend.cpu..")
        .and()
        .doNotHaveFullyQualifiedName(ROOT + ".engine.BackendRegistry")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".backend.cpu..")
        .check(CLASSES);
  }

  @Test
  void publicApiExposesNoInternalType() {
    classes()
        .that()
        .resideInAnyPackage(PUBLIC.toArray(String[]::new))
        .and()
        .arePublic()
        .should(exposeOnlyPublicTypes())
        .check(CLASSES);
  }

  @Test
  void onlyTheCommandLineWritesToTheConsole() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".cli..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "picocli..", "me.tongfei..")
        .check(CLASSES);
  }

  /** An importance matrix is no model: it has keys of its own. */
  @Test
  void everyKeyThatIsReadIsInTheTable() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".gguf..")
        .and()
        .doNotHaveFullyQualifiedName(ROOT + ".backend.ImportanceMatrix")
        .should()
        .callMethodWhere(
            new DescribedPredicate<>("a value is read by its name, not by its MetadataKey") {
              @Override
              public boolean test(JavaMethodCall call) {
                return call.getTargetOwner().isEquivalentTo(GgufMetadata.class)
                    && call.getTarget().getRawParameterTypes().size() > 0
                    && !List.of("of", "get", "contains").contains(call.getName());
              }
            })
        .check(CLASSES);
  }

  @Test
  void nothingInCoreKnowsTornado() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("uk.ac.manchester..")
        .check(CLASSES);
  }

  private static ArchCondition<JavaClass> exposeOnlyPublicTypes() {
    return new ArchCondition<>("expose only types of io.foregate, its options and errors") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        Stream<? extends JavaMember> members =
            type.getMembers().stream().filter(m -> m.getModifiers().contains(JavaModifier.PUBLIC));
        members.forEach(
            member ->
                member.getAllInvolvedRawTypes().stream()
                    .filter(ArchitectureTest::isInternal)
                    .forEach(
                        other ->
                            events.add(
                                SimpleConditionEvent.violated(
                                    member,
                                    member.getFullName() + " exposes " + other.getName()))));
      }
    };
  }

  private static boolean isInternal(JavaClass type) {
    String name = type.getBaseComponentType().getPackageName();
    return name.startsWith(ROOT + ".") && !PUBLIC.contains(name) && !name.equals(ROOT + ".error");
  }

  /** What takes more wants a record; a larger record is put together in one place only. */
  @Test
  void noMethodTakesMoreThanAHandful() {
    assertThat(CLASSES)
        .filteredOn(found -> !KERNELS.contains(found.getPackageName()))
        .flatExtracting(JavaClass::getCodeUnits)
        .filteredOn(unit -> !unit.getModifiers().contains(JavaModifier.SYNTHETIC))
        .filteredOn(unit -> parameters(unit) > MAX_PARAMETERS)
        .filteredOn(unit -> !isOfRecord(unit) || callers(unit) > 1)
        .extracting(JavaCodeUnit::getFullName)
        .isEmpty();
  }

  /** Those that the source has: the compiler gives an enum's constructor a name and an ordinal. */
  private static int parameters(JavaCodeUnit unit) {
    int added = unit.isConstructor() && unit.getOwner().isEnum() ? 2 : 0;
    return unit.getRawParameterTypes().size() - added;
  }

  private static boolean isOfRecord(JavaCodeUnit unit) {
    return unit.isConstructor() && unit.getOwner().isRecord();
  }

  /** Methods that make such a record, its own aside. */
  private static long callers(JavaCodeUnit constructor) {
    return constructor.getCallsOfSelf().stream()
        .map(JavaAccess::getOrigin)
        .filter(origin -> !origin.getOwner().equals(constructor.getOwner()))
        .distinct()
        .count();
  }
}
