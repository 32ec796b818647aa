package io.foregate;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.inspect.ModelFile;
import io.foregate.inspect.TensorPart;
import io.foregate.options.BackendName;
import io.foregate.options.ByteSize;
import io.foregate.options.GenerateOptions;
import io.foregate.options.HostStore;
import io.foregate.options.KvType;
import io.foregate.options.Link;
import io.foregate.options.ModelOptions;
import io.foregate.options.Offloading;
import io.foregate.options.PolicyName;
import io.foregate.options.Sampling;
import io.foregate.options.SlotBudget;
import io.foregate.options.TierChoice;
import io.foregate.oracle.TinyModel;
import io.foregate.oracle.TinyModelWriter;
import io.foregate.quantize.Quantization;
import io.foregate.quantize.QuantizeMethod;
import io.foregate.quantize.QuantizeOptions;
import io.foregate.quantize.TypeRule;
import io.foregate.work.WorkListener;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Whatever of the public API is given null says so, by the name of the argument. */
class ArgumentsTest {
  private static final List<Class<?>> API =
      List.of(
          Model.class,
          Chat.class,
          GenerateOptions.class,
          Sampling.class,
          Generation.class,
          GenerationStats.class,
          ModelOptions.class,
          Offloading.class,
          HostStore.class,
          Link.class,
          SlotBudget.class,
          TierChoice.class,
          KvType.class,
          PolicyName.class,
          BackendName.class,
          ByteSize.class,
          ExpertStats.class,
          MemoryUse.class,
          ModelFile.class,
          Quantization.class,
          QuantizeOptions.class,
          TypeRule.class);

  /** Methods that Java makes. */
  private static final List<String> LANGUAGES_OWN = List.of("equals", "valueOf");

  /** What the tests use, the last opened first. */
  private static final List<AutoCloseable> OPEN = new ArrayList<>();

  @TempDir private static Path folder;

  @AfterAll
  static void close() throws Exception {
    for (AutoCloseable open : OPEN) {
      open.close();
    }
  }

  private Object instance(Class<?> type) throws IOException {
    Path file = folder.resolve("none.gguf");
    if (type == Model.class || type == Chat.class) {
      Path model =
          TinyModelWriter.write(TinyModel.mixture(type.getSimpleName(), GgmlType.Q8_0), folder);
      Model open = Model.open(model, ModelOptions.defaults().withThreads(1).withContext(32));
      OPEN.addFirst(open);
      if (type == Model.class) {
        return open;
      }
      Chat chat = open.chat(GenerateOptions.defaults());
      OPEN.addFirst(chat);
      return chat;
    }
    if (type == ModelFile.class) {
      Path model = TinyModelWriter.write(TinyModel.mixture("ModelFile", GgmlType.Q8_0), folder);
      ModelFile opened = ModelFile.open(model);
      OPEN.addFirst(opened);
      return opened;
    }
    return valid(type, file);
  }

  private static Object valid(Class<?> type, Path file) {
    Consumer<Object> nothing = _ -> {};
    if (type == String.class) {
      return "a";
    }
    if (type == TensorPart.class) {
      return TensorPart.EXPERTS;
    }
    if (type == QuantizeMethod.class) {
      return QuantizeMethod.SEARCH;
    }
    if (type == QuantizeOptions.class) {
      return QuantizeOptions.of();
    }
    if (type == TypeRule.class) {
      return TypeRule.parse("0=Q8_0");
    }
    if (type == WorkListener.class) {
      return WorkListener.NONE;
    }
    if (type == String[].class) {
      return new String[] {"a"};
    }
    if (type == Path.class) {
      return file;
    }
    if (type == Consumer.class) {
      return nothing;
    }
    if (type == Optional.class) {
      return Optional.empty();
    }
    if (type == List.class) {
      return List.of();
    }
    if (type == LoadListener.class) {
      return new LoadListener() {
        @Override
        public void begin(String task, long bytes) {}

        @Override
        public void advance(long bytes) {}
      };
    }
    if (type == GenerateOptions.class) {
      return GenerateOptions.defaults().withMaxTokens(1);
    }
    if (type == Sampling.class) {
      return Sampling.open();
    }
    if (type == ModelOptions.class) {
      return ModelOptions.defaults();
    }
    if (type == Offloading.class) {
      return Offloading.resident();
    }
    if (type == HostStore.class) {
      return HostStore.auto();
    }
    if (type == Link.class) {
      return Link.DEFAULT;
    }
    if (type == SlotBudget.class) {
      return SlotBudget.standard();
    }
    if (type == PolicyName.class) {
      return PolicyName.RESIDENT;
    }
    if (type == BackendName.class) {
      return BackendName.CPU;
    }
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type == GenerationStats.class) {
      return new GenerationStats(0, 0, 0, 0, 0, 0);
    }
    if (type == boolean.class) {
      return false;
    }
    return type == float.class
        ? (Object) 1f
        : type == double.class ? (Object) 1d : type == long.class ? (Object) 1L : (Object) 1;
  }

  @TestFactory
  List<DynamicTest> nullIsRefusedByName() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Class<?> type : API) {
      List<Executable> all = new ArrayList<>(List.of(type.getConstructors()));
      Arrays.stream(type.getDeclaredMethods())
          .filter(method -> Modifier.isPublic(method.getModifiers()))
          .filter(method -> !method.isSynthetic() && !LANGUAGES_OWN.contains(method.getName()))
          .forEach(all::add);
      Object instance = type.isRecord() && !hasDefault(type) ? null : instance(type);
      for (Executable call : all) {
        for (int i = 0; i < call.getParameterCount(); i++) {
          if (!call.getParameterTypes()[i].isPrimitive()) {
            int bad = i;
            Parameter parameter = call.getParameters()[i];
            tests.add(
                DynamicTest.dynamicTest(
                    type.getSimpleName() + "." + call.getName() + "(" + parameter.getName() + ")",
                    () -> refuses(instance, call, bad)));
          }
        }
      }
    }
    assertThat(tests).hasSizeGreaterThan(30);
    return tests;
  }

  private static boolean hasDefault(Class<?> type) {
    return List.of(
            GenerateOptions.class,
            Sampling.class,
            ModelOptions.class,
            Offloading.class,
            HostStore.class,
            Link.class,
            PolicyName.class,
            BackendName.class,
            QuantizeOptions.class,
            GenerationStats.class)
        .contains(type);
  }

  private static void refuses(Object instance, Executable call, int bad) throws Exception {
    Class<?>[] types = call.getParameterTypes();
    Object[] arguments = new Object[types.length];
    for (int i = 0; i < types.length; i++) {
      arguments[i] = i == bad ? null : valid(types[i], folder.resolve("none.gguf"));
    }
    try {
      if (call instanceof Method method) {
        method.invoke(instance, arguments);
      } else {
        ((Constructor<?>) call).newInstance(arguments);
      }
    } catch (InvocationTargetException e) {
      assertThat(e.getCause()).isInstanceOf(NullPointerException.class);
      assertThat(e.getCause().getMessage()).matches("[a-zA-Z]+");
      Parameter parameter = call.getParameters()[bad];
      if (parameter.isNamePresent()) {
        assertThat(e.getCause()).hasMessage(parameter.getName());
      }
      return;
    }
    throw new AssertionError("null was taken");
  }
}
