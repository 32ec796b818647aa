package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What a user of the library gets with it: nothing that only the command line needs. */
class LibraryPomTest {
  private static final List<String> COMMAND_LINE = List.of("picocli", "org.jline", "me.tongfei");

  private static String text(Element parent, String name) {
    NodeList found = parent.getElementsByTagName(name);
    return found.getLength() == 0 ? "" : found.item(0).getTextContent();
  }

  @Test
  void bringsNoLibraryOfTheCommandLine() throws Exception {
    var pom = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new File("pom.xml"));
    NodeList dependencies = pom.getElementsByTagName("dependency");
    List<String> brought = new ArrayList<>();
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element dependency = (Element) dependencies.item(i);
      if (!text(dependency, "scope").equals("test") && text(dependency, "optional").isEmpty()) {
        brought.add(text(dependency, "artifactId"));
      }
    }
    // Jackson reads tokenizers and notes of sessions.
    assertThat(brought).containsExactly("jackson-databind");
  }

  @Test
  void onlyTheCommandLineUsesThem() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.foregate");
    for (String library : COMMAND_LINE) {
      ArchRuleDefinition.noClasses()
          .that()
          .resideOutsideOfPackage("io.foregate.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(library + "..")
          .check(classes);
    }
  }
}
