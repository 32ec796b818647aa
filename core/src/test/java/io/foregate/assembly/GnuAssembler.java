package io.foregate.assembly;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/** GNU as and objcopy, the assembler that ours is held to. */
final class GnuAssembler {
  /** Knows all instructions of the cases; older ones lack some. */
  private static final int MIN_VERSION = 40;

  private static final Pattern VERSION = Pattern.compile("GNU assembler .* 2\\.(\\d+)");

  private GnuAssembler() {}

  /** Whether {@code as} is here, makes x86-64 code, and is new enough. */
  static boolean isHere(Path folder) {
    try {
      String said = run(folder, "as", "--version");
      var version = VERSION.matcher(said);
      return said.contains("x86_64")
          && version.find()
          && Integer.parseInt(version.group(1)) >= MIN_VERSION;
    } catch (IOException e) {
      return false;
    }
  }

  /** The bytes of each case's text, as hexadecimal digits. */
  static List<String> hex(Path folder, List<String> texts) throws IOException {
    var source = new StringBuilder(".intel_syntax noprefix\n");
    for (int i = 0; i < texts.size(); i++) {
      source.append(
          ".text\nstart%d: %s\n".formatted(i, texts.get(i).replace("there", "there" + i)));
      source.append("end%d: .data\n.long end%d-start%d\n".formatted(i, i, i));
    }
    Files.writeString(folder.resolve("cases.s"), source);
    String said = run(folder, "as", "--64", "-o", "cases.o", "cases.s");
    if (!said.isEmpty()) {
      throw new AssertionError(said);
    }
    byte[] code = section(folder, ".text");
    var sizes = ByteBuffer.wrap(section(folder, ".data")).order(ByteOrder.LITTLE_ENDIAN);
    var result = new ArrayList<String>();
    int at = 0;
    for (int i = 0; i < texts.size(); i++) {
      int size = sizes.getInt(4 * i);
      result.add(HexFormat.of().formatHex(code, at, at + size));
      at += size;
    }
    return result;
  }

  private static byte[] section(Path folder, String name) throws IOException {
    run(folder, "objcopy", "-O", "binary", "-j", name, "cases.o", "section.bin");
    return Files.readAllBytes(folder.resolve("section.bin"));
  }

  private static String run(Path folder, String... command) throws IOException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
