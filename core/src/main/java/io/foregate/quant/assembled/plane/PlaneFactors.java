package io.foregate.quant.assembled.plane;

import io.foregate.assembly.Assembler;
import io.foregate.assembly.Vec;
import io.foregate.quant.format.PlaneShape;
import io.foregate.quant.format.PlaneShape.BitMove;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A block's scales, minima and factors, brought from their planes to where the block has them.
 *
 * <p>Where they stand beside each other there and fit a register of 16 bytes, bits that move
 * equally far within their bytes are moved together: a shuffle of bytes, a shift and a mask.
 * Elsewhere scales are whole bytes in both.
 */
final class PlaneFactors {
  private static final int WIDTH = 16;

  /** What a shuffle makes a zero of. */
  private static final int NOTHING = 0x80;

  private final PlaneShape shape;
  private final int blockBytes;

  /** Whether all of it goes through one register. */
  private final boolean together;

  private final List<Step> steps;

  /** Where in a block it begins, and how many bytes it takes. */
  private final int to;

  private final int bytes;

  /**
   * Bits that move equally far.
   *
   * @param from of each byte that is made, the byte that it comes from, or {@link #NOTHING}
   * @param mask of each byte's bits
   */
  private record Step(int right, int[] from, int[] mask) {}

  PlaneFactors(PlaneShape shape) {
    this.shape = shape;
    this.blockBytes = shape.format().type().blockBytes();
    List<BitMove> moves = moves(shape);
    this.to = moves.stream().mapToInt(move -> move.to() / 8).min().orElseThrow();
    this.bytes = moves.stream().mapToInt(move -> move.to() / 8 + 1).max().orElseThrow() - to;
    this.together = shape.scaleWords() > 0 && bytes <= WIDTH;
    this.steps = together ? steps(moves) : List.of();
    if (!together && !scalesAreBytes()) {
      throw new IllegalArgumentException("scales of " + shape.format().type());
    }
  }

  /** Of scales, minima and factors, the latter behind the scale words where they are not there. */
  private static List<BitMove> moves(PlaneShape shape) {
    List<BitMove> moves = new ArrayList<>(shape.scaleMoves());
    int among = shape.factorsAmongScales() ? shape.blockFactorBytes() : 0;
    int from = 8 * (shape.scalePlaneBytes() - among);
    for (int bit = 0; bit < 8 * shape.blockFactorBytes(); bit++) {
      moves.add(new BitMove(from + bit, 8 * shape.blockFactorOffset() + bit));
    }
    return moves;
  }

  private boolean scalesAreBytes() {
    int words = shape.scaleWords();
    List<BitMove> moves = shape.scaleMoves();
    return words == 0
        || (words == 4
            && !shape.factorsAmongScales()
            && moves.stream().allMatch(move -> move.to() - move.from() == 8 * scalesTo()));
  }

  /** Where in a block whole bytes of scales begin. */
  private int scalesTo() {
    return shape.scaleMoves().stream().mapToInt(move -> move.to() / 8).min().orElseThrow();
  }

  private List<Step> steps(List<BitMove> moves) {
    Map<Integer, List<Step>> byDistance = new LinkedHashMap<>();
    for (BitMove move : moves) {
      int at = move.to() / 8 - to;
      int from = move.from() / 8;
      int right = move.from() % 8 - move.to() % 8;
      List<Step> of = byDistance.computeIfAbsent(right, _ -> new ArrayList<>());
      Step step =
          of.stream()
              .filter(s -> s.from[at] == from || s.from[at] == NOTHING)
              .findFirst()
              .orElse(null);
      if (step == null) {
        step = new Step(right, new int[WIDTH], new int[WIDTH]);
        Arrays.fill(step.from, NOTHING);
        of.add(step);
      }
      step.from[at] = from;
      step.mask[at] |= 1 << (move.to() % 8);
    }
    return byDistance.values().stream().flatMap(List::stream).toList();
  }

  /**
   * Writes code that makes those of some blocks. It may overwrite up to three bytes behind them in
   * their block, where codes are.
   */
  void write(PlaneFrame f, int blocks) {
    if (together) {
      move(f);
      return;
    }
    if (shape.scaleWords() > 0) {
      Vec scales = f.registers.take().x();
      f.a.vmovdqu(scales, f.scales(0));
      f.a.vmovdqu(f.out(0, scalesTo()), scales);
    }
    for (int block = 0; block < blocks; block++) {
      factor(f, block);
    }
  }

  private void factor(PlaneFrame f, int block) {
    Assembler a = f.a;
    int at = shape.blockFactorOffset();
    switch (shape.factorBytes()) {
      case 1 -> a.movzxb(PlaneFrame.NUMBER, f.factor(block));
      case 2 -> a.movzxw(PlaneFrame.NUMBER, f.factor(block));
      default -> a.movl(PlaneFrame.NUMBER, f.factor(block));
    }
    if (at + Integer.BYTES > blockBytes) {
      // At the block's end, behind its scales: together with the last of them.
      a.movzxw(PlaneFrame.OTHER, f.scales(WIDTH - 2));
      a.shl(PlaneFrame.NUMBER, 16);
      a.or(PlaneFrame.NUMBER, PlaneFrame.OTHER);
      at -= 2;
    }
    a.movl(f.out(block, at), PlaneFrame.NUMBER);
  }

  private void move(PlaneFrame f) {
    Assembler a = f.a;
    Vec in = f.registers.take().x();
    Vec out = f.registers.take().x();
    Vec part = f.registers.take().x();
    a.vmovq(in, f.scales(0));
    if (shape.scaleWords() == 3) {
      a.vpinsrd(in, in, f.scales(8), 2);
    }
    if (shape.factorBytes() == 4) {
      a.vpinsrd(in, in, f.factor(0), shape.scaleWords());
    } else if (shape.factorBytes() == 2) {
      a.vpinsrw(in, in, f.factor(0), 2 * shape.scaleWords());
    }
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      Vec made = i == 0 ? out : part;
      a.vpshufb(made, in, PlaneZips.lanes(f, at -> step.from[at]));
      if (step.right > 0) {
        a.vpsrlw(made, made, step.right);
      } else if (step.right < 0) {
        a.vpsllw(made, made, -step.right);
      }
      a.vpand(made, made, PlaneZips.lanes(f, at -> step.mask[at]));
      if (i > 0) {
        a.vpor(out, out, part);
      }
    }
    if (bytes == WIDTH) {
      a.vmovdqu(f.out(0, to), out);
    } else {
      a.vmovq(f.out(0, to), out);
      if (bytes > 8) {
        a.vpsrldq(out, out, bytes - 8);
        a.vmovq(f.out(0, to + bytes - 8), out);
      }
    }
  }
}
