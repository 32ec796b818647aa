package io.foregate.assembly;

import static io.foregate.assembly.InstructionCase.spell;

import java.util.ArrayList;
import java.util.List;

/** Cases of loads of lanes from a place each. */
final class GatherCases {
  private static final List<Gpr> BASES =
      List.of(Gpr.RAX, Gpr.RBP, Gpr.R8, Gpr.R13, Gpr.RSP, Gpr.R12);
  private static final int[] DISPLACEMENTS = {0, 4, 508, 512, -1, 4096};
  private static final int[] LOW = {4, 1, 12, 9, 15, 5};
  private static final int[] HIGH = {20, 2, 31, 12, 17, 4};

  private final List<InstructionCase> cases = new ArrayList<>();

  private GatherCases() {}

  static List<InstructionCase> all() {
    var all = new GatherCases();
    for (int i = 0; i < BASES.size(); i++) {
      for (int scale : new int[] {1, 4, 8}) {
        all.add(i, scale);
      }
    }
    all.add("kxnorw k1, k1, k1", "kxnorw", 1, 1, 1);
    all.add("kxnorw k7, k2, k5", "kxnorw", 7, 2, 5);
    return all.cases;
  }

  private void add(String text, String method, Object... operands) {
    cases.add(InstructionCase.of(text, method, operands));
  }

  private void add(int i, int scale) {
    for (int bits : new int[] {128, 256, 512}) {
      boolean evex = bits == 512;
      int[] numbers = evex ? HIGH : LOW;
      var to = new Vec(numbers[i], bits);
      var index = new Vec(numbers[(i + 1) % numbers.length], bits);
      var from = new GatherAddress(BASES.get(i), index, scale, DISPLACEMENTS[i]);
      String place =
          "[%s+%s*%d%+d]".formatted(spell(from.base()), spell(index), scale, from.displacement());
      if (evex) {
        int k = 1 + i;
        add("vpgatherdd %s{k%d}, %s".formatted(spell(to), k, place), "vpgatherdd", to, from, k);
      } else {
        var mask = new Vec(numbers[(i + 2) % numbers.length], bits);
        String text = "vpgatherdd %s, %s, %s".formatted(spell(to), place, spell(mask));
        add(text, "vpgatherdd", to, from, mask);
      }
    }
  }
}
