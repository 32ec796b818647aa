package io.foregate.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Holds the rooms of the measurements, and the one direction between them. */
class RoomsTest {
  private static final String ROOT = "io.foregate.bench";

  /** From the lowest up: each may use those before it, and the root all of them. */
  private static final List<String> ROOMS =
      List.of("measure", "startup", "slice", "offload", "compare", "jmh");

  private static final int MAX_PARAMETERS = 7;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("jmh_generated"))
          .importPackages(ROOT);

  @ParameterizedTest
  @FieldSource("ROOMS")
  void usesOnlyRoomsBelow(String room) {
    Set<String> allowed =
        ROOMS.subList(0, ROOMS.indexOf(room) + 1).stream()
            .map(below -> ROOT + "." + below)
            .collect(Collectors.toSet());
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage(ROOT + "." + room)
        .should()
        .dependOnClassesThat(
            new DescribedPredicate<>("are of the measurements outside " + allowed) {
              @Override
              public boolean test(JavaClass other) {
                return other.getPackageName().startsWith(ROOT)
                    && !allowed.contains(other.getPackageName());
              }
            })
        .check(CLASSES);
  }

  @Test
  void everyClassHasARoom() {
    assertThat(CLASSES)
        .extracting(JavaClass::getPackageName)
        .allMatch(name -> name.equals(ROOT) || ROOMS.contains(name.substring(ROOT.length() + 1)));
  }

  /** What takes more wants a record; a larger record is put together in one place only. */
  @Test
  void noMethodTakesMoreThanAHandful() {
    assertThat(CLASSES)
        .flatExtracting(JavaClass::getCodeUnits)
        .filteredOn(unit -> !unit.getModifiers().contains(JavaModifier.SYNTHETIC))
        .filteredOn(unit -> unit.getRawParameterTypes().size() > MAX_PARAMETERS)
        .filteredOn(unit -> !isOfRecord(unit) || callers(unit) > 1)
        .extracting(JavaCodeUnit::getFullName)
        .isEmpty();
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
