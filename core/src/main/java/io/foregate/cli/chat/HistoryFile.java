package io.foregate.cli.chat;

import io.foregate.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a person wrote in conversations, one entry a line: UTF-8, with {@code \n} for a line break
 * and {@code \\} for a backslash. Only its owner may read it. Like a shell's, it does not take what
 * begins with a space. A history that cannot be read or written is told once, and ends nothing.
 */
final class HistoryFile {
  /** Entries that are brought back; the file is cut to so many when it has twice as many. */
  static final int LIMIT = 1000;

  private static final long MAX_BYTES = 16 << 20;

  /** {@code null} where nothing is kept. */
  private Path file;

  private final Terminal terminal;
  private final List<String> entries = new ArrayList<>();
  private String last = "";

  /**
   * @param file {@code null} to keep nothing
   * @param terminal for word of a file that cannot be used
   */
  HistoryFile(Path file, Terminal terminal) {
    this.file = file;
    this.terminal = terminal;
    if (file != null) {
      load();
    }
  }

  /** Keeps nothing. */
  static HistoryFile none() {
    return new HistoryFile(null, null);
  }

  /** The user's: {@code foregate/history} where the XDG Base Directory Specification puts state. */
  static HistoryFile ofUser(Terminal terminal) {
    return new HistoryFile(
        userFile(System.getenv("XDG_STATE_HOME"), System.getProperty("user.home")), terminal);
  }

  /** Where the user's history is; the specification has relative folders ignored. */
  static Path userFile(String stateHome, String home) {
    Path state =
        stateHome != null && Path.of(stateHome).isAbsolute()
            ? Path.of(stateHome)
            : Path.of(home, ".local", "state");
    return state.resolve("foregate").resolve("history");
  }

  /** What was written before, the oldest first. */
  List<String> entries() {
    return List.copyOf(entries);
  }

  /** Adds what was written. */
  void add(String entry) {
    if (file == null || entry.isBlank() || entry.startsWith(" ") || entry.equals(last)) {
      return;
    }
    last = entry;
    try {
      Files.createDirectories(file.getParent(), privately("rwx------"));
      append(line(entry));
    } catch (IOException | UnsupportedOperationException e) {
      giveUp(e);
    }
  }

  private void append(String line) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
            privately("rw-------"))) {
      ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  private void load() {
    if (!Files.exists(file)) {
      return;
    }
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
        throw new IOException("it is no history of Foregate's");
      }
      if (isPosix()) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      }
      // Not readAllLines, which refuses a file with one damaged byte.
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      text.lines().filter(line -> !line.isBlank()).map(HistoryFile::entry).forEach(entries::add);
      if (entries.size() > LIMIT) {
        boolean rewrite = entries.size() > 2 * LIMIT;
        entries.subList(0, entries.size() - LIMIT).clear();
        if (rewrite) {
          rewrite();
        }
      }
      last = entries.isEmpty() ? "" : entries.getLast();
    } catch (IOException e) {
      giveUp(e);
    }
  }

  private void rewrite() throws IOException {
    var text = new StringBuilder();
    entries.forEach(entry -> text.append(line(entry)));
    Path fresh = Files.createTempFile(file.getParent(), "history", null); // for the owner only
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private void giveUp(Exception e) {
    terminal.message("foregate: %s keeps no history: %s".formatted(file, e.getMessage()));
    file = null;
  }

  private static String line(String entry) {
    return entry.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r") + "\n";
  }

  private static String entry(String line) {
    var entry = new StringBuilder(line.length());
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '\\' && i + 1 < line.length()) {
        char escaped = line.charAt(++i);
        c = escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped;
      }
      entry.append(c);
    }
    return entry.toString();
  }

  private static boolean isPosix() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  }

  private static FileAttribute<?>[] privately(String permissions) {
    return isPosix()
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  @Override
  public String toString() {
    return file == null ? "off" : file.toString();
  }
}
