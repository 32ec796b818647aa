package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the rooms of the backend, and the one direction between them: see the package's Javadoc.
 */
class RoomsTest {
  private static final String ROOT = "io.foregate.tornado";

  /** From the lowest up: each may use those before it, and the root all of them. */
  private static final List<String> ROOMS =
      List.of("device", "weights", "copy", "products", "graph", "select");

  /** Neighbours that do not know each other. */
  private static final Set<List<String>> STRANGERS = Set.of(List.of("select", "graph"));

  private static final int MAX_FILES = 25;
  private static final int MAX_PARAMETERS = 7;

  /** Found by ServiceLoader; part of what {@code CopyChoice} is told. */
  private static final Set<String> PUBLIC_OTHERWISE = Set.of("AddressLibrary", "Upload");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT, "io.foregate.kernels");

  static List<String> rooms() {
    return ROOMS;
  }

  private static Stream<JavaClass> ofRoom(String room) {
    return CLASSES.stream()
        .filter(found -> found.getPackageName().equals(ROOT + "." + room))
        .filter(JavaClass::isTopLevelClass);
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void usesOnlyRoomsBelow(String room) {
    Set<String> allowed =
        ROOMS.subList(0, ROOMS.indexOf(room) + 1).stream()
            .filter(below -> !STRANGERS.contains(List.of(room, below)))
            .map(below -> ROOT + "." + below)
            .collect(Collectors.toSet());
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage(ROOT + "." + room)
        .should()
        .dependOnClassesThat(
            new DescribedPredicate<>("are of the backend outside " + allowed) {
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
    Set<String> packages =
        ROOMS.stream()
            .map(room -> ROOT + "." + room)
            .collect(Collectors.toCollection(TreeSet::new));
    packages.add(ROOT);
    packages.add("io.foregate.kernels");
    assertThat(CLASSES).extracting(JavaClass::getPackageName).isSubsetOf(packages);
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void roomsAreNotCrowded(String room) {
    assertThat(ofRoom(room)).hasSizeBetween(1, MAX_FILES);
  }

  /** Public classes are there for another room. */
  @ParameterizedTest
  @MethodSource("rooms")
  void isPublicForOthersOnly(String room) {
    assertThat(ofRoom(room))
        .filteredOn(found -> found.getModifiers().contains(JavaModifier.PUBLIC))
        .filteredOn(found -> !PUBLIC_OTHERWISE.contains(found.getSimpleName()))
        .allSatisfy(
            found ->
                assertThat(found.getDirectDependenciesToSelf())
                    .anyMatch(
                        use -> !use.getOriginClass().getPackage().equals(found.getPackage())));
  }

  /** What takes more wants a record. Kernels take their arguments one by one. */
  @Test
  void noMethodTakesMoreThanAHandful() {
    assertThat(CLASSES)
        .filteredOn(found -> found.getPackageName().startsWith(ROOT))
        .flatExtracting(JavaClass::getCodeUnits)
        .filteredOn(unit -> !unit.getModifiers().contains(JavaModifier.SYNTHETIC))
        .allSatisfy(
            unit ->
                assertThat(unit.getRawParameterTypes())
                    .as(unit.getFullName())
                    .hasSizeLessThanOrEqualTo(MAX_PARAMETERS));
  }

  @Test
  void noTwoNamesDifferByAnS() {
    Set<String> names =
        CLASSES.stream()
            .filter(JavaClass::isTopLevelClass)
            .map(JavaClass::getSimpleName)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(names).hasSizeGreaterThan(60).noneMatch(name -> names.contains(name + "s"));
  }

  @Test
  void noClassIsNamedLikeATest() {
    assertThat(CLASSES)
        .extracting(JavaClass::getSimpleName)
        .noneMatch(name -> name.endsWith("Test") || name.startsWith("Test"));
  }
}
