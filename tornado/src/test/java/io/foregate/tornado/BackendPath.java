package io.foregate.tornado;

import io.foregate.backend.Backend;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;

/** While it is open, this thread finds one backend beside the CPU's, and no other. */
final class BackendPath implements AutoCloseable {
  private static final String SERVICE = "META-INF/services/" + Backend.class.getName();

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private final URLClassLoader loader;

  /**
   * @param folder for a file, empty
   */
  BackendPath(Path folder, Class<? extends Backend> provider) throws IOException {
    Path service = folder.resolve(SERVICE);
    Files.createDirectories(service.getParent());
    Files.writeString(service, provider.getName());
    var others =
        new ClassLoader(before) {
          @Override
          public Enumeration<URL> getResources(String name) throws IOException {
            return name.equals(SERVICE) ? Collections.emptyEnumeration() : super.getResources(name);
          }
        };
    this.loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, others);
    Thread.currentThread().setContextClassLoader(loader);
  }

  @Override
  public void close() throws IOException {
    Thread.currentThread().setContextClassLoader(before);
    loader.close();
  }
}
