package io.foregate.template.operation;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Int;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic, on texts and lists too. */
public enum Operator {
  ADD("+", "+"),
  SUBTRACT("-", "-"),
  MULTIPLY("*", "*"),
  DIVIDE("/", "/"),
  FLOOR_DIVIDE("//", "//"),
  MODULO("%", "%"),
  POWER("**", "** or pow()");

  private static final int WORD = 32;

  private final String sign;
  private final String name;

  Operator(String sign, String name) {
    this.sign = sign;
    this.name = name;
  }

  /** How templates write it. */
  public String sign() {
    return sign;
  }

  /** The result of both. */
  public Value apply(Value a, Value b, Budget budget) {
    budget.step();
    if (a instanceof Undefined u) {
      throw u.failure();
    }
    if (this == MODULO && a instanceof Str format) {
      return new Percent(format, budget).format(b);
    }
    if (b instanceof Undefined u) {
      throw u.failure();
    }
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      budget.bytes(WORD);
      return a instanceof Value.Real || b instanceof Value.Real
          ? real(Numbers.real(a), Numbers.real(b))
          : integer(Numbers.integer(a), Numbers.integer(b), budget);
    }
    return switch (this) {
      case ADD -> concatenate(a, b, budget);
      case MULTIPLY -> repeat(a, b, budget);
      default -> throw unsupported(a, b);
    };
  }

  private TemplateException unsupported(Value a, Value b) {
    return TemplateException.of(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(name, a.typeName(), b.typeName()));
  }

  private Value concatenate(Value a, Value b, Budget budget) {
    if (a instanceof Str x && b instanceof Str y) {
      return Markup.concatenate(x, y, budget);
    }
    if (a instanceof Seq x && b instanceof Seq y && x.isList() == y.isList()) {
      int size = x.items().size() + y.items().size();
      budget.list(size);
      var items = new ArrayList<Value>(size);
      items.addAll(x.items());
      items.addAll(y.items());
      return new Seq(items, x.isList() ? Seq.Kind.LIST : Seq.Kind.TUPLE);
    }
    boolean isMarked = a instanceof Str s && s.isSafe();
    if (!isMarked && (a instanceof Str || a instanceof Seq)) {
      String type = a instanceof Str ? "str" : ((Seq) a).isList() ? "list" : "tuple";
      throw TemplateException.of(
          "can only concatenate %s (not \"%s\") to %s".formatted(type, b.typeName(), type));
    }
    throw unsupported(a, b);
  }

  private Value repeat(Value a, Value b, Budget budget) {
    boolean first = a instanceof Str || a instanceof Seq;
    if (!first && !(b instanceof Str || b instanceof Seq)) {
      throw unsupported(a, b);
    }
    Value what = first ? a : b;
    Value times = first ? b : a;
    if ((a instanceof Str s && s.isSafe()) || (b instanceof Str t && t.isSafe())) {
      requireIndex(a instanceof Str m && m.isSafe() ? b : a);
    }
    if (!Numbers.isInteger(times)) {
      throw TemplateException.of(
          "can't multiply sequence by non-int of type '%s'".formatted(times.typeName()));
    }
    if (!Numbers.integer(times).isSmall()) {
      throw TemplateException.of("cannot fit 'int' into an index-sized integer");
    }
    int count = Math.max(0, Numbers.integer(times).clamped());
    return what instanceof Str s
        ? new Str(new TextBuilder(budget).repeat(s.text(), count).toString(), s.isSafe())
        : repeat((Seq) what, count, budget);
  }

  private static void requireIndex(Value value) {
    if (!Numbers.isInteger(value)) {
      throw TemplateException.of(
          "'%s' object cannot be interpreted as an integer".formatted(value.typeName()));
    }
  }

  private static Value repeat(Seq what, int times, Budget budget) {
    budget.list((long) times * what.items().size());
    var items = new ArrayList<Value>(times * what.items().size());
    for (int i = 0; i < times && !what.items().isEmpty(); i++) {
      items.addAll(what.items());
    }
    return new Seq(List.copyOf(items), what.isList() ? Seq.Kind.LIST : Seq.Kind.TUPLE);
  }

  private Value real(double a, double b) {
    return new Value.Real(
        switch (this) {
          case ADD -> a + b;
          case SUBTRACT -> a - b;
          case MULTIPLY -> a * b;
          case DIVIDE -> a / nonZero(b, "float division by zero");
          case FLOOR_DIVIDE -> floorQuotient(a, nonZero(b, "float floor division by zero"));
          case MODULO -> modulo(a, nonZero(b, "float modulo"));
          case POWER -> power(a, b);
        });
  }

  private static double nonZero(double value, String message) {
    if (value == 0) {
      throw TemplateException.of(message);
    }
    return value;
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0.0, b);
    }
    return (b < 0) != (rest < 0) ? rest + b : rest;
  }

  private static double floorQuotient(double a, double b) {
    double quotient = (a - a % b) / b;
    if (a % b != 0 && (b < 0) != (a % b < 0)) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0.0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static double power(double a, double b) {
    if (a == 0 && b < 0) {
      throw TemplateException.of("0.0 cannot be raised to a negative power");
    }
    if (a == 1) {
      return 1;
    }
    if (a < 0 && !Double.isInfinite(a) && b != Math.rint(b) && !Double.isInfinite(b)) {
      throw TemplateException.of("complex numbers are not supported");
    }
    double power = a == -1 && Double.isInfinite(b) ? 1 : Math.pow(a, b);
    if (Double.isInfinite(power) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
      throw TemplateException.of("(34, 'Numerical result out of range')");
    }
    return power;
  }

  private Value integer(Int a, Int b, Budget budget) {
    if (a.isSmall() && b.isSmall()) {
      Value fast = small(a.small(), b.small());
      if (fast != null) {
        return fast;
      }
    }
    BigInteger x = a.exact();
    BigInteger y = b.exact();
    charge(x.bitLength(), y.bitLength(), budget);
    return switch (this) {
      case ADD -> Int.of(x.add(y));
      case SUBTRACT -> Int.of(x.subtract(y));
      case MULTIPLY -> Int.of(x.multiply(y));
      case DIVIDE -> new Value.Real(Numbers.quotient(a, nonZero(b, "division by zero")));
      case FLOOR_DIVIDE -> {
        nonZero(b, "integer division or modulo by zero");
        BigInteger[] parts = x.divideAndRemainder(y);
        boolean below = parts[1].signum() != 0 && parts[1].signum() != y.signum();
        yield Int.of(below ? parts[0].subtract(BigInteger.ONE) : parts[0]);
      }
      case MODULO -> {
        nonZero(b, "integer modulo by zero");
        BigInteger rest = x.remainder(y);
        yield Int.of(rest.signum() != 0 && rest.signum() != y.signum() ? rest.add(y) : rest);
      }
      case POWER -> power(a, b, budget);
    };
  }

  /** The result of two longs, or null where it may not be one. */
  private Value small(long a, long b) {
    return switch (this) {
      case ADD -> {
        long sum = a + b;
        yield ((a ^ sum) & (b ^ sum)) < 0 ? null : Int.of(sum);
      }
      case SUBTRACT -> {
        long difference = a - b;
        yield ((a ^ b) & (a ^ difference)) < 0 ? null : Int.of(difference);
      }
      case MULTIPLY -> {
        long product = a * b;
        yield Math.multiplyHigh(a, b) == product >> (Long.SIZE - 1) ? Int.of(product) : null;
      }
      case FLOOR_DIVIDE -> b == 0 || b == -1 ? null : Int.of(Math.floorDiv(a, b));
      case MODULO -> b == 0 ? null : Int.of(Math.floorMod(a, b));
      default -> null;
    };
  }

  /** Work on large integers is at most what schoolbook multiplication needs. */
  private static void charge(long bitsA, long bitsB, Budget budget) {
    long a = 1 + bitsA / WORD;
    long b = 1 + bitsB / WORD;
    budget.bytes(WORD * (a + b));
    budget.steps(a * b / 4);
  }

  private static Int nonZero(Int value, String message) {
    if (!value.truth()) {
      throw TemplateException.of(message);
    }
    return value;
  }

  private static Value power(Int a, Int b, Budget budget) {
    if (b.exact().signum() < 0) {
      return new Value.Real(power(Numbers.real(a), Numbers.real(b)));
    }
    BigInteger base = a.exact();
    if (base.bitLength() <= 1 && base.abs().bitLength() <= 1) { // -1, 0, 1
      boolean odd = b.exact().testBit(0);
      return b.truth() ? Int.of(odd ? base : base.abs()) : Int.of(1);
    }
    if (!b.isSmall() || b.small() > Integer.MAX_VALUE) {
      budget.steps(Long.MAX_VALUE);
    }
    long bits = Math.multiplyExact((long) base.bitLength(), b.small());
    charge(bits, bits, budget);
    return Int.of(base.pow((int) b.small()));
  }

  /** {@code -value} or {@code +value}. */
  public static Value sign(boolean negative, Value value, Budget budget) {
    budget.step();
    budget.bytes(WORD);
    return switch (value) {
      case Undefined u -> throw u.failure();
      case Value.Real r -> negative ? new Value.Real(-r.value()) : r;
      case Int i when !negative -> i;
      case Int i when i.isSmall() && i.small() != Long.MIN_VALUE -> Int.of(-i.small());
      case Int i -> {
        charge(i.exact().bitLength(), 1, budget);
        yield Int.of(i.exact().negate());
      }
      case Value.Bool b -> Int.of(b.truth() ? (negative ? -1 : 1) : 0);
      default ->
          throw TemplateException.of(
              "bad operand type for unary %s: '%s'"
                  .formatted(negative ? "-" : "+", value.typeName()));
    };
  }

  /** Python's {@code abs(value)}. */
  public static Value absolute(Value value, Budget budget) {
    return switch (value) {
      case Value.Real r -> new Value.Real(Math.abs(r.value()));
      case Value.Bool b -> Int.of(b.truth() ? 1 : 0);
      case Int i -> i.exact().signum() < 0 ? sign(true, i, budget) : i;
      default ->
          throw TemplateException.of(
              "bad operand type for abs(): '%s'".formatted(value.typeName()));
    };
  }
}
