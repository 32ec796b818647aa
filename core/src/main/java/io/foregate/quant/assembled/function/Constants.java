package io.foregate.quant.assembled.function;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Label;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;

/**
 * What a function's instructions read beside weights and activations. It lies behind the code, and
 * as much of it as there is room for in registers.
 */
public final class Constants {
  private final int bits;
  private final Map<List<Integer>, Label> labels = new LinkedHashMap<>();
  private final Map<List<Integer>, Integer> uses = new HashMap<>();
  private final Map<List<Integer>, Vec> registers = new LinkedHashMap<>();
  private final Label tableLabel = new Label();
  private byte[] table = {};

  /**
   * @param bits of a register
   */
  public Constants(int bits) {
    this.bits = bits;
  }

  /** A register's worth of 32-bit lanes. */
  public Operand lanes(IntUnaryOperator lane) {
    List<Integer> values = values(lane);
    uses.merge(values, 1, Integer::sum);
    Vec register = registers.get(values);
    return register != null ? register : memory(values);
  }

  /**
   * The same for an instruction that overwrites them, so that a register would have to be copied.
   */
  public Address lanesInMemory(IntUnaryOperator lane) {
    return memory(values(lane));
  }

  private List<Integer> values(IntUnaryOperator lane) {
    var values = new Integer[bits / 32];
    Arrays.setAll(values, lane::applyAsInt);
    return List.of(values);
  }

  private Address memory(List<Integer> values) {
    return Address.of(labels.computeIfAbsent(values, _ -> new Label()));
  }

  /** A register's worth of floats. */
  public Operand floats(IntToDoubleFunction lane) {
    return lanes(i -> Float.floatToRawIntBits((float) lane.applyAsDouble(i)));
  }

  /** A byte in all places. */
  public Operand bytes(int value) {
    return lanes(_ -> value * 0x01010101);
  }

  /** Bytes that are found by their number. */
  public Address table(byte[] bytes) {
    table = bytes;
    return Address.of(tableLabel);
  }

  /**
   * Keeps what another function's code used most in registers.
   *
   * @param from the lowest of the registers that are free, up to the last
   */
  public void keep(Constants used, int from, int registers) {
    used.uses.entrySet().stream()
        .sorted(Map.Entry.<List<Integer>, Integer>comparingByValue(Comparator.reverseOrder()))
        .limit(registers - from)
        .forEach(
            entry ->
                this.registers.put(entry.getKey(), new Vec(from + this.registers.size(), bits)));
  }

  /** Writes what loads the registers. */
  public void load(Assembler a) {
    registers.forEach((values, register) -> a.vmovdqu(register, memory(values)));
  }

  /** Writes the constants. */
  public void write(Assembler a) {
    a.align(64);
    labels.forEach(
        (values, label) -> {
          a.bind(label);
          values.forEach(a::ints);
        });
    a.bind(tableLabel);
    for (byte value : table) {
      a.bytes(value);
    }
  }
}
