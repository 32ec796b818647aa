package io.foregate.template.eval;

import io.foregate.template.value.Budget;
import io.foregate.template.value.Value;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Items that are worked out as they are read. */
final class Filtering {
  private Filtering() {}

  /** Those that a test accepts. */
  static Iterator<Value> select(Iterator<Value> items, Predicate<Value> test, Budget budget) {
    return new Iterator<>() {
      private Value next;

      @Override
      public boolean hasNext() {
        budget.enter(); // what filters can be filtered: they nest on the stack
        while (next == null && items.hasNext()) {
          Value item = items.next();
          next = test.test(item) ? item : null;
        }
        budget.leave();
        return next != null;
      }

      @Override
      public Value next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Value item = next;
        next = null;
        return item;
      }
    };
  }

  /** What a function makes of each. */
  static Iterator<Value> map(Iterator<Value> items, UnaryOperator<Value> function, Budget budget) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        budget.enter();
        boolean more = items.hasNext();
        budget.leave();
        return more;
      }

      @Override
      public Value next() {
        budget.enter();
        Value made = function.apply(items.next());
        budget.leave();
        return made;
      }
    };
  }
}
