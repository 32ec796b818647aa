package io.foregate.assembly;

import static io.foregate.assembly.InstructionCase.spell;
import static io.foregate.assembly.InstructionCase.spell32;

import io.foregate.assembly.InstructionCase.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Cases of general registers, jumps and tiles. */
final class GeneralCases {
  private static final Gpr[][] PAIRS = {
    {Gpr.RAX, Gpr.RCX}, {Gpr.R8, Gpr.RDX}, {Gpr.RSP, Gpr.R13}, {Gpr.R15, Gpr.R12}
  };

  private static final Gpr[] SINGLES = {
    Gpr.RAX, Gpr.RBX, Gpr.RSP, Gpr.RBP, Gpr.R8, Gpr.R12, Gpr.R13, Gpr.R15
  };

  private static final int[] NUMBERS = {
    0, 1, -1, 127, -128, 128, -129, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE
  };

  private static final Map<Condition, String> JUMPS =
      Map.of(
          Condition.BELOW, "jb",
          Condition.ABOVE_OR_EQUAL, "jae",
          Condition.EQUAL, "je",
          Condition.NOT_EQUAL, "jne",
          Condition.BELOW_OR_EQUAL, "jbe",
          Condition.ABOVE, "ja",
          Condition.LESS, "jl",
          Condition.GREATER_OR_EQUAL, "jge",
          Condition.LESS_OR_EQUAL, "jle",
          Condition.GREATER, "jg");

  private final List<InstructionCase> cases = new ArrayList<>();

  private GeneralCases() {}

  static List<InstructionCase> all() {
    var all = new GeneralCases();
    all.registers();
    all.constants();
    all.memory();
    all.jumps();
    all.tiles();
    for (String name : List.of("ret", "cpuid", "xgetbv", "vzeroupper", "tilerelease")) {
      all.add(name, name);
    }
    return all.cases;
  }

  private void add(String text, String method, Object... operands) {
    cases.add(InstructionCase.of(text, method, operands));
  }

  private void registers() {
    for (String name : List.of("mov", "add", "sub", "and", "or", "xor", "cmp", "test", "imul")) {
      for (Gpr[] pair : PAIRS) {
        add(name + " " + spell(pair[0]) + ", " + spell(pair[1]), name, pair[0], pair[1]);
      }
    }
    for (Gpr register : SINGLES) {
      add("push " + spell(register), "push", register);
      add("pop " + spell(register), "pop", register);
    }
  }

  private void constants() {
    for (Gpr register : SINGLES) {
      for (int number : NUMBERS) {
        for (String name : List.of("add", "sub", "and", "cmp")) {
          add("%s %s, %d".formatted(name, spell(register), number), name, register, number);
        }
        add("mov %s, %d".formatted(spell32(register), number), "movl", register, number);
      }
      for (int count : new int[] {2, 5, 63}) {
        add("shl %s, %d".formatted(spell(register), count), "shl", register, count);
        add("shr %s, %d".formatted(spell(register), count), "shr", register, count);
      }
      for (long number : new long[] {0, -1, 1L << 40, Long.MIN_VALUE}) {
        add("movabs %s, %d".formatted(spell(register), number), "movabs", register, number);
      }
    }
  }

  private void memory() {
    List<Object> places = new ArrayList<>(VectorCases.addresses());
    places.add(new Place(true, true, 0));
    places.add(new Place(true, false, 8));
    for (int i = 0; i < places.size(); i++) {
      Object at = places.get(i);
      Gpr register = SINGLES[i % SINGLES.length];
      String wide = spell(register);
      String narrow = spell32(register);
      add("mov %s, %s".formatted(wide, spell(at)), "mov", register, at);
      add("add %s, %s".formatted(wide, spell(at)), "add", register, at);
      add("mov %s, %s".formatted(spell(at), wide), "mov", at, register);
      add("mov %s, %s".formatted(narrow, spell(at)), "movl", register, at);
      add("mov %s, %s".formatted(spell(at), narrow), "movl", at, register);
      add("movzx %s, byte ptr %s".formatted(narrow, spell(at)), "movzxb", register, at);
      add("movzx %s, word ptr %s".formatted(narrow, spell(at)), "movzxw", register, at);
      add("lea %s, %s".formatted(wide, spell(at)), "lea", register, at);
      add("prefetcht0 " + spell(at), "prefetcht0", at);
      add("ldtilecfg " + spell(at), "ldtilecfg", at);
    }
  }

  private void jumps() {
    for (boolean before : new boolean[] {false, true}) {
      var place = new Place(false, before, 0);
      add("jmp.d32 there", "jmp", place);
      for (Condition condition : Condition.values()) {
        add(JUMPS.get(condition) + ".d32 there", "jcc", condition, place);
      }
    }
  }

  private void tiles() {
    for (int i = 0; i < 8; i++) {
      int a = (i + 3) % 8;
      int b = (i + 5) % 8;
      for (String name : List.of("tdpbssd", "tdpbusd", "tdpbsud")) {
        add("%s tmm%d, tmm%d, tmm%d".formatted(name, i, a, b), name, i, a, b);
      }
      add("tilezero tmm" + i, "tilezero", i);
    }
    int tile = 0;
    for (Address at : VectorCases.addresses()) {
      if (at.index() != null) {
        tile = (tile + 1) % 8;
        add("tileloadd tmm%d, %s".formatted(tile, spell(at)), "tileloadd", tile, at);
        add("tilestored %s, tmm%d".formatted(spell(at), tile), "tilestored", at, tile);
      }
    }
  }
}
