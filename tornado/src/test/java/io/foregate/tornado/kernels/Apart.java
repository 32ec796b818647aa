package io.foregate.tornado.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * Calls static methods of this package in classes of their own, TornadoVM's API and the kernels
 * among them: where a class extends {@code KernelContext}, TornadoVM's compiler no longer knows
 * which methods kernels call and compiles none.
 */
final class Apart extends ClassLoader {
  private static final String[] OWN = {
    "uk.ac.manchester.tornado.api.", "io.foregate.kernels.", "io.foregate.tornado."
  };

  private Apart() {
    super(Apart.class.getClassLoader());
  }

  /**
   * The result of the only method of that name.
   *
   * @param arguments of classes that are not {@link #OWN}
   */
  static Object call(String type, String method, Object... arguments) {
    try {
      Class<?> found = new Apart().loadClass(Apart.class.getPackageName() + "." + type);
      var called =
          Arrays.stream(found.getDeclaredMethods())
              .filter(m -> m.getName().equals(method))
              .findFirst()
              .orElseThrow();
      called.setAccessible(true);
      return called.invoke(null, arguments);
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      if (Arrays.stream(OWN).noneMatch(name::startsWith)) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? defined(name) : loaded;
    }
  }

  private Class<?> defined(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
