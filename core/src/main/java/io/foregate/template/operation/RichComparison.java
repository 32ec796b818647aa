package io.foregate.template.operation;

import io.foregate.template.TemplateException;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Cursor;
import io.foregate.template.value.Dict;
import io.foregate.template.value.Int;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Keys;
import io.foregate.template.value.Numbers;
import io.foregate.template.value.Range;
import io.foregate.template.value.Seq;
import io.foregate.template.value.Str;
import io.foregate.template.value.Undefined;
import io.foregate.template.value.Value;
import io.foregate.template.value.View;
import java.util.Iterator;
import java.util.List;

/** Python's {@code ==}, {@code <} and {@code in}. Every value that is looked at is counted. */
public final class RichComparison {
  /** An order that is asked for. */
  public enum Order {
    LESS("<"),
    LESS_OR_EQUAL("<="),
    GREATER(">"),
    GREATER_OR_EQUAL(">=");

    private final String sign;

    Order(String sign) {
      this.sign = sign;
    }

    boolean holds(int comparison) {
      return switch (this) {
        case LESS -> comparison < 0;
        case LESS_OR_EQUAL -> comparison <= 0;
        case GREATER -> comparison > 0;
        case GREATER_OR_EQUAL -> comparison >= 0;
      };
    }
  }

  private RichComparison() {}

  /** Python's {@code a == b}. */
  public static boolean equal(Value a, Value b, Budget budget) {
    budget.enter();
    boolean equal = equalParts(a, b, budget);
    budget.leave();
    return equal;
  }

  @SuppressWarnings("ReferenceEquality") // what else there is equals only itself
  private static boolean equalParts(Value a, Value b, Budget budget) {
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return !Numbers.isNan(a) && !Numbers.isNan(b) && Numbers.compare(a, b) == 0;
    }
    return switch (a) {
      case Str x when b instanceof Str y -> equalTexts(x.text(), y.text(), budget);
      case Seq x when b instanceof Seq y && x.isList() == y.isList() ->
          x.items().size() == y.items().size() && firstDifference(x.items(), y.items(), budget) < 0;
      case Dict x when b instanceof Dict y -> equalDicts(x, y, budget);
      case View x when b instanceof View y -> equalViews(x, y, budget);
      case Range x when b instanceof Range y -> Keys.of(x, budget).equals(Keys.of(y, budget));
      case Undefined x -> b instanceof Undefined;
      default -> a == b;
    };
  }

  private static boolean equalTexts(String a, String b, Budget budget) {
    if (a.length() != b.length()) {
      return false;
    }
    budget.scan(a.length());
    return a.equals(b);
  }

  /** Items are the same, or equal: NaN is in a list that holds it. */
  @SuppressWarnings("ReferenceEquality") // Python asks for identity first
  public static boolean same(Value a, Value b, Budget budget) {
    return a == b || equal(a, b, budget);
  }

  /** The first place within both where they differ, or -1. */
  private static int firstDifference(List<Value> a, List<Value> b, Budget budget) {
    int size = Math.min(a.size(), b.size());
    for (int i = 0; i < size; i++) {
      budget.step();
      if (!same(a.get(i), b.get(i), budget)) {
        return i;
      }
    }
    return -1;
  }

  private static boolean equalDicts(Dict a, Dict b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Dict.Entry entry : a.entries()) {
      Value other = b.get(entry.key(), budget);
      if (other == null || !same(entry.value(), other, budget)) {
        return false;
      }
    }
    return true;
  }

  @SuppressWarnings("ReferenceEquality") // views of values equal only themselves
  private static boolean equalViews(View a, View b, Budget budget) {
    if (a.part() == View.Part.VALUES || a.part() != b.part()) {
      return a == b;
    }
    return a.dict().size() == b.dict().size()
        && (a.part() == View.Part.ITEMS
            ? equalDicts(a.dict(), b.dict(), budget)
            : a.dict().keys(budget).stream().allMatch(k -> b.dict().get(k, budget) != null));
  }

  /** Python's {@code a < b} and its like. */
  public static boolean ordered(Order order, Value a, Value b, Budget budget) {
    budget.enter();
    boolean holds = orderedParts(order, a, b, budget);
    budget.leave();
    return holds;
  }

  private static boolean orderedParts(Order order, Value a, Value b, Budget budget) {
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return !Numbers.isNan(a) && !Numbers.isNan(b) && order.holds(Numbers.compare(a, b));
    }
    if (a instanceof Str x && b instanceof Str y) {
      budget.scan(Math.min(x.text().length(), y.text().length()));
      return order.holds(compareTexts(x.text(), y.text()));
    }
    if (a instanceof Seq x && b instanceof Seq y && x.isList() == y.isList()) {
      int place = firstDifference(x.items(), y.items(), budget);
      return place < 0
          ? order.holds(Integer.compare(x.items().size(), y.items().size()))
          : ordered(order, x.items().get(place), y.items().get(place), budget);
    }
    if (a instanceof Undefined u) {
      throw u.failure();
    }
    if (b instanceof Undefined u) {
      throw u.failure();
    }
    throw TemplateException.of(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(order.sign, a.typeName(), b.typeName()));
  }

  /** By code points, where Java compares UTF-16 units. */
  private static int compareTexts(String a, String b) {
    int size = Math.min(a.length(), b.length());
    for (int i = 0; i < size; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        // A surrogate stands for what is beyond U+FFFF, though its own number is lower.
        boolean high = Character.isSurrogate(x);
        return high == Character.isSurrogate(y) ? x - y : high ? 1 : -1;
      }
    }
    return a.length() - b.length();
  }

  /** Python's {@code item in container}. */
  public static boolean contains(Value container, Value item, Budget budget) {
    budget.step();
    return switch (container) {
      case Str s when item instanceof Str part ->
          new Needle(part.text(), budget).in(s.text(), 0) >= 0;
      case Str s ->
          throw TemplateException.of(
              "'in <string>' requires string as left operand, not " + item.typeName());
      case Dict d -> d.get(item, budget) != null;
      case View v when v.part() == View.Part.KEYS -> v.dict().get(item, budget) != null;
      case Range r when Numbers.isInteger(item) -> isIn(r, Numbers.integer(item));
      case Seq s -> anySame(s.items().iterator(), item, budget);
      case View v -> anySame(Iteration.of(v, budget), item, budget);
      case Range r -> anySame(Iteration.of(r, budget), item, budget);
      case Cursor c -> anySame(c.rest(), item, budget);
      case Undefined u -> false;
      default ->
          throw TemplateException.of(
              "argument of type '%s' is not iterable".formatted(container.typeName()));
    };
  }

  private static boolean isIn(Range range, Int item) {
    if (!item.isSmall() || range.size() == 0) {
      return false;
    }
    long offset = item.small() - range.start();
    return offset % range.step() == 0
        && offset / range.step() >= 0
        && offset / range.step() < range.size();
  }

  private static boolean anySame(Iterator<Value> items, Value item, Budget budget) {
    while (items.hasNext()) {
      budget.step();
      if (same(items.next(), item, budget)) {
        return true;
      }
    }
    return false;
  }
}
