package io.foregate.bench.compare;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of shared libraries that need each other, and the functions in those that are loaded.
 */
@SuppressWarnings("restricted") // Calling native code is what this class is for.
final class SharedLibraries {
  private final Path folder;
  private final List<SymbolLookup> loaded = new ArrayList<>();

  SharedLibraries(Path folder) {
    this.folder = folder;
  }

  /** Loads the library whose file name begins so, for the rest of the process. */
  void load(String prefix) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      Path file =
          files
              .filter(path -> path.getFileName().toString().startsWith(prefix))
              .findFirst()
              .orElseThrow(() -> new IOException("no " + prefix + "* in " + folder));
      loaded.add(SymbolLookup.libraryLookup(file, Arena.global()));
    }
  }

  /** Takes in whichever of these libraries the process has loaded by itself (Linux). */
  void loadMapped(String prefix) throws IOException {
    String start = folder.resolve(prefix).toString();
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      String file =
          lines
              .filter(line -> line.contains(start))
              .map(line -> line.substring(line.indexOf(start)))
              .findFirst()
              .orElseThrow(() -> new IOException("no " + prefix + "* has been loaded"));
      loaded.add(SymbolLookup.libraryLookup(Path.of(file), Arena.global()));
    }
  }

  /** A function of one of the loaded libraries. */
  MethodHandle function(String name, FunctionDescriptor type) {
    return loaded.stream()
        .flatMap(library -> library.find(name).stream())
        .findFirst()
        .map(address -> Linker.nativeLinker().downcallHandle(address, type))
        .orElseThrow(() -> new IllegalStateException("no function " + name + " in " + folder));
  }

  /** Calls a function once; what is called often is better called by its handle. */
  Object call(String name, FunctionDescriptor type, Object... arguments) {
    try {
      return function(name, type).invokeWithArguments(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(name + " failed", e);
    }
  }

  /** As {@link #call}, for a function that returns a pointer and NULL for failure. */
  MemorySegment pointer(String name, FunctionDescriptor type, Object... arguments) {
    var result = (MemorySegment) call(name, type, arguments);
    if (result.address() == 0) {
      throw new IllegalStateException(name + " failed");
    }
    return result;
  }
}
