package io.foregate.quant.assembled.lane;

import io.foregate.assembly.Address;
import io.foregate.assembly.Assembler;
import io.foregate.assembly.Operand;
import io.foregate.assembly.Vec;
import io.foregate.quant.assembled.activation.ActivationLayout;
import io.foregate.quant.assembled.function.InstructionSet;

/**
 * Sums of products of a part's codes with a token's, lane by lane, as floats that are exact.
 *
 * @param part which lanes of a block these are
 * @param codes what is in the registers
 * @param w the codes
 * @param magnitudes of the codes where they are signed; else the same
 * @param sums what {@link #add} makes
 * @param scratch overwritten, as is {@code products}
 */
record LaneDots(
    ProductFrame f,
    int part,
    LaneCodes codes,
    Vec[] w,
    Vec[] magnitudes,
    Vec sums,
    Vec scratch,
    Vec products) {
  /** The largest code whose products with -127 to 127 fit 16 bits in pairs. */
  private static final int PAIRS = Short.MAX_VALUE / (2 * 127);

  /** Takes registers, and makes codes signed that would be too large for what comes. */
  static LaneDots of(ProductFrame f, int part, LaneCodes codes, Vec[] w) {
    Vec[] magnitudes = w;
    if (areSigned(f, codes)) {
      magnitudes = f.take(w.length);
      for (int k = 0; k < w.length; k++) {
        f.a.vpsubb(w[k], w[k], f.constants.bytes(codes.centre()));
        f.a.vpabsb(magnitudes[k], w[k]);
      }
    }
    Vec sums = f.take();
    Vec scratch = f.take();
    boolean more = f.set == InstructionSet.AVX2 && !areSigned(f, codes);
    return new LaneDots(f, part, codes, w, magnitudes, sums, scratch, more ? f.take() : scratch);
  }

  /** Whether codes are too large for their pairs of products, unless they have signs. */
  private static boolean areSigned(ProductFrame f, LaneCodes codes) {
    return f.set == InstructionSet.AVX2 && codes.greatest() > PAIRS;
  }

  /** What a token's activations have for these lanes. */
  Address x(int token, int offset) {
    return f.x(token, offset + part * f.bits / 8);
  }

  private Address x(int token, int offset, int k) {
    return x(token, offset + 64 * k);
  }

  /** Lets {@link #sums} be those of a token. */
  void add(int token) {
    Assembler a = f.a;
    if (f.set != InstructionSet.AVX2) {
      a.vpxor(sums, sums, sums);
      for (int k = 0; k < w.length; k++) {
        if (f.set == InstructionSet.AVX512_VNNI) {
          a.vpdpbusdEvex(sums, w[k], x(token, 0, k));
        } else {
          a.vpdpbusdVex(sums, w[k], x(token, 0, k));
        }
      }
    } else if (!areSigned(f, codes)) {
      pairs(token);
    } else {
      signed(token);
    }
    a.vcvtdq2ps(sums, sums);
    if (codes.centre() != 0 && !areSigned(f, codes)) {
      a.vmovups(scratch, x(token, ActivationLayout.SUMS_16));
      a.vfmadd231ps(sums, scratch, f.constants.floats(this::centre));
    }
  }

  private float centre(int lane) {
    return -Math.scalb((float) codes.centre(), codes.above(f, part * f.lanes() + lane));
  }

  private Operand ones() {
    return f.constants.lanes(_ -> 0x00010001);
  }

  /** Adds as many pairs of products as fit 16 bits before it widens them. */
  private void pairs(int token) {
    Assembler a = f.a;
    int atOnce = PAIRS / codes.greatest();
    for (int k = 0; k < w.length; k++) {
      boolean first = k % atOnce == 0;
      boolean last = (k + 1) % atOnce == 0 || k + 1 == w.length;
      Vec group = k < atOnce ? sums : scratch;
      Vec product = first ? group : products;
      a.vpmaddubsw(product, w[k], x(token, 0, k));
      if (!first) {
        a.vpaddw(group, group, product);
      }
      if (last) {
        a.vpmaddwd(group, group, ones());
      }
      if (last && k >= atOnce) {
        a.vpaddd(sums, sums, group);
      }
    }
  }

  /** Gives the codes' signs to the activations. */
  private void signed(int token) {
    Assembler a = f.a;
    for (int k = 0; k < w.length; k++) {
      Vec group = k == 0 ? sums : scratch;
      a.vmovdqu(group, x(token, 0, k));
      a.vpsignb(group, group, w[k]);
      a.vpmaddubsw(group, magnitudes[k], group);
      a.vpmaddwd(group, group, ones());
      if (k > 0) {
        a.vpaddd(sums, sums, group);
      }
    }
  }
}
