package io.foregate;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the direction of dependencies that docs/architecture.md draws. */
class ArchitectureTest {
  private static final String ROOT = "io.foregate";

  /** What each package may use besides itself and what is below it in the list. */
  private static final Map<String, List<String>> ALLOWED =
      Map.ofEntries(
          entry("error"),
          entry("gguf", "error"),
          entry("quant", "gguf", "error"),
          entry("tokenizer", "gguf", "error"),
          entry("model", "quant", "gguf", "error"),
          entry("store", "model", "quant", "gguf", "error"),
          entry("backend", "store", "model", "quant", "gguf", "error"),
          entry("safetensors", "error"),
          entry("convert", "safetensors", "quant", "gguf", "error"),
          entry("gate", "backend", "safetensors", "model", "quant", "gguf", "error"),
          entry("schedule", "gate", "backend", "store", "model", "gguf", "error"),
          entry("plot"),
          entry(
              "engine",
              "schedule",
              "gate",
              "backend",
              "store",
              "model",
              "tokenizer",
              "gguf",
              "error"));

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
  void onlyTheSeamKnowsTheProcessorsBackend() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".backend.cpu..")
        .and()
        .doNotHaveFullyQualifiedName(ROOT + ".engine.Backends")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".backend.cpu..")
        .check(CLASSES);
  }

  @Test
  void publicApiExposesNoInternalType() {
    classes()
        .that()
        .resideInAPackage(ROOT)
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

  @Test
  void nothingInCoreKnowsTornado() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("uk.ac.manchester..")
        .check(CLASSES);
  }

  private static ArchCondition<JavaClass> exposeOnlyPublicTypes() {
    return new ArchCondition<>("expose only types of io.foregate and its errors") {
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
    return name.startsWith(ROOT + ".") && !name.equals(ROOT + ".error");
  }
}
