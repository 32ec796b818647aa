package io.foregate.assembly;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * An instruction as GNU as reads it, beside the method of {@link Assembler} that must write the
 * same bytes, and that method's arguments.
 *
 * @param text in Intel's syntax; statements are separated by semicolons, {@code there} is a label
 * @param operands arguments of the method; {@link Place} stands for a label or an address there
 */
record InstructionCase(String text, Method method, List<Object> operands) {
  /** No-operations between an instruction and the label that it names. */
  static final int GAP = 3;

  private static final String GAP_TEXT = "nop;".repeat(GAP);

  /** What an assembler has beside instructions. */
  private static final Set<String> NO_INSTRUCTIONS =
      Set.of("encoder", "size", "finish", "bind", "here", "align", "bytes", "ints");

  /**
   * A label that the case itself binds.
   *
   * @param address whether the operand is memory at the label, not the label itself
   * @param before whether the label stands before the instruction
   */
  record Place(boolean address, boolean before, int displacement) {}

  /** All cases that there are. */
  static List<InstructionCase> all() {
    return Stream.of(VectorCases.all(), GatherCases.all(), GeneralCases.all())
        .flatMap(List::stream)
        .toList();
  }

  /** The case of a method that is called {@code name} and takes such operands. */
  static InstructionCase of(String text, String name, Object... operands) {
    Method method =
        instructions()
            .filter(m -> m.getName().equals(name) && takes(m, operands))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no method for " + text));
    for (Object operand : operands) {
      if (operand instanceof Place place) {
        String all =
            place.before() ? "there:" + GAP_TEXT + " " + text : text + "; " + GAP_TEXT + " there:";
        return new InstructionCase(all, method, List.of(operands));
      }
    }
    return new InstructionCase(text, method, List.of(operands));
  }

  /** Every method that writes an instruction. */
  static Stream<Method> instructions() {
    return Stream.of(Assembler.class.getMethods())
        .filter(m -> m.getDeclaringClass() != Object.class && !m.isBridge())
        .filter(m -> !Modifier.isStatic(m.getModifiers()))
        .filter(m -> !NO_INSTRUCTIONS.contains(m.getName()));
  }

  private static boolean takes(Method method, Object[] operands) {
    Class<?>[] types = method.getParameterTypes();
    if (types.length != operands.length) {
      return false;
    }
    for (int i = 0; i < types.length; i++) {
      boolean fits =
          switch (operands[i]) {
            case Integer _ -> types[i] == int.class;
            case Long _ -> types[i] == long.class;
            case Place place ->
                types[i].isAssignableFrom(place.address() ? Address.class : Label.class);
            default -> types[i].isInstance(operands[i]);
          };
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  /** What the method writes. */
  String hex() {
    var assembler = new Assembler();
    var label = new Label();
    Place place =
        operands.stream()
            .filter(Place.class::isInstance)
            .map(Place.class::cast)
            .findFirst()
            .orElse(null);
    if (place != null && place.before()) {
      assembler.bind(label);
      gap(assembler);
    }
    write(assembler, label);
    if (place != null && !place.before()) {
      gap(assembler);
      assembler.bind(label);
    }
    return HexFormat.of().formatHex(assembler.finish());
  }

  /** Writes the instruction of a case that names no label. */
  void write(Assembler assembler) {
    write(assembler, new Label());
  }

  private void write(Assembler assembler, Label label) {
    Object[] arguments = operands.stream().map(operand -> argument(operand, label)).toArray();
    try {
      method.invoke(assembler, arguments);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(text, e);
    }
  }

  private static Object argument(Object operand, Label label) {
    if (operand instanceof Place place) {
      return place.address() ? Address.of(label).plus(place.displacement()) : label;
    }
    return operand;
  }

  private static void gap(Assembler assembler) {
    for (int i = 0; i < GAP; i++) {
      assembler.bytes(0x90);
    }
  }

  /** How GNU as writes an operand in Intel's syntax. */
  static String spell(Object operand) {
    return switch (operand) {
      case Vec v -> (v.bits() == 128 ? "xmm" : v.bits() == 256 ? "ymm" : "zmm") + v.number();
      case Gpr r -> r.name().toLowerCase(Locale.ROOT);
      case Address a -> address(a);
      case Place p -> p.address() ? "[rip+there%s]".formatted(signed(p.displacement())) : "there";
      default -> operand.toString();
    };
  }

  /** A general register's name where it has 32 bits. */
  static String spell32(Gpr register) {
    String name = spell(register);
    return register.ordinal() < 8 ? "e" + name.substring(1) : name + "d";
  }

  private static String address(Address a) {
    String index = a.index() == null ? "" : "+%s*%d".formatted(spell(a.index()), a.scale());
    return "[" + spell(a.base()) + index + signed(a.displacement()) + "]";
  }

  private static String signed(int displacement) {
    return displacement == 0 ? "" : displacement < 0 ? "" + displacement : "+" + displacement;
  }
}
