import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Gives a jar's class files from before Java 6 (picocli's) a newer version and the stack maps that
 * go with it, in place. A JVM verifies such old classes by a slow way of their own, and leaves
 * them, and what extends them, out of its AOT cache ("Old class has been linked").
 *
 * <p>Nothing else of a class changes. One that would need more, such as subroutines (jsr), fails.
 */
final class ModernClasses {
  private ModernClasses() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("usage: ModernClasses JAR");
      System.exit(2);
    }
    Path jar = Path.of(args[0]);
    Path made = Path.of(args[0] + ".part");
    try (var in = new ZipFile(jar.toFile());
        OutputStream file = Files.newOutputStream(made);
        var out = new ZipOutputStream(file)) {
      ClassFile format =
          ClassFile.of(
              StackMapsOption.GENERATE_STACK_MAPS, ClassHierarchyResolverOption.of(hierarchy(in)));
      for (ZipEntry entry : Collections.list(in.entries())) {
        byte[] bytes = bytes(in, entry);
        var copy = new ZipEntry(entry.getName());
        copy.setTimeLocal(entry.getTimeLocal());
        out.putNextEntry(copy);
        out.write(modern(format, entry, bytes));
        out.closeEntry();
      }
    }
    Files.move(made, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  private static byte[] bytes(ZipFile jar, ZipEntry entry) throws IOException {
    try (InputStream in = jar.getInputStream(entry)) {
      return in.readAllBytes();
    }
  }

  /** What extends what: of the jar's classes, or of the JDK's. Stack maps name common ancestors. */
  private static ClassHierarchyResolver hierarchy(ZipFile jar) {
    return ClassHierarchyResolver.ofResourceParsing((ClassDesc type) -> open(jar, type))
        .orElse(ClassHierarchyResolver.defaultResolver())
        .cached();
  }

  private static InputStream open(ZipFile jar, ClassDesc type) {
    String descriptor = type.descriptorString();
    ZipEntry entry = jar.getEntry(descriptor.substring(1, descriptor.length() - 1) + ".class");
    try {
      return entry == null ? null : jar.getInputStream(entry);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] modern(ClassFile format, ZipEntry entry, byte[] bytes) {
    if (!entry.getName().endsWith(".class")) {
      return bytes;
    }
    ClassModel found = format.parse(bytes);
    return found.majorVersion() < ClassFile.JAVA_6_VERSION
        ? format.transformClass(found, ModernClasses::rewrite)
        : bytes;
  }

  private static void rewrite(ClassBuilder made, ClassElement part) {
    switch (part) {
      case ClassFileVersion _ -> made.withVersion(ClassFile.JAVA_8_VERSION, 0);
      // Code that is built anew gets its stack map; code that is passed on would keep having none.
      case MethodModel method ->
          made.transformMethod(method, MethodTransform.transformingCode(CodeTransform.ACCEPT_ALL));
      default -> made.with(part);
    }
  }
}
