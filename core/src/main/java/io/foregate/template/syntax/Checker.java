package io.foregate.template.syntax;

import io.foregate.template.syntax.Expression.CallArguments;
import io.foregate.template.syntax.Expression.Step;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Finds the mistakes that jinja2 finds when it compiles what it has read. */
final class Checker {
  private final Set<String> blocks = new HashSet<>();
  private final Set<String> filters;
  private final Set<String> tests;
  private boolean soft;
  private int loops;
  private int around;

  private Checker(Set<String> filters, Set<String> tests) {
    this.filters = filters;
    this.tests = tests;
  }

  static void check(List<Statement> body, Set<String> filters, Set<String> tests) {
    new Checker(filters, tests).statements(body);
  }

  private void statements(List<Statement> body) {
    body.forEach(this::statement);
  }

  private void statement(Statement statement) {
    switch (statement) {
      case Statement.Text t -> {}
      case Statement.Output o -> expression(o.value());
      case Statement.If branches -> branches(branches);
      case Statement.For loop -> loop(loop);
      case Statement.Assign a -> {
        target(a.target(), a.line());
        expression(a.value());
      }
      case Statement.Capture c -> {
        target(c.target(), c.line());
        blockFilters(c.filters());
        inner(c.body());
      }
      case Statement.Define d -> macro(d.macro());
      case Statement.CallBlock c -> {
        macro(c.body());
        expression(c.call());
      }
      case Statement.FilterBlock f -> {
        blockFilters(f.filters());
        inner(f.body());
      }
      case Statement.With w -> {
        w.values().forEach(this::expression);
        inner(w.body());
      }
      case Statement.Scoped s -> scoped(s);
      case Statement.Block b -> block(b);
      case Statement.Loader l -> {}
      case Statement.Break b -> requireLoop("'break' outside loop", b.line());
      case Statement.Continue c -> requireLoop("'continue' not properly in loop", c.line());
    }
  }

  private void blockFilters(List<Step> filters) {
    boolean before = soft;
    soft = false;
    steps(filters);
    soft = before;
  }

  private void requireLoop(String message, int line) {
    if (loops == 0) {
      throw TokenStream.failure(message, line);
    }
  }

  private void branches(Statement.If branches) {
    boolean before = soft;
    soft = true;
    for (Statement.Branch branch : branches.branches()) {
      expression(branch.test());
      statements(branch.body());
    }
    statements(branches.otherwise());
    soft = before;
  }

  /** A body of its own scope, in which a filter must be known even where nothing runs. */
  private void inner(List<Statement> body) {
    boolean before = soft;
    soft = false;
    statements(body);
    soft = before;
  }

  private void apart(List<Statement> body) {
    int before = loops;
    loops = 0;
    inner(body);
    loops = before;
  }

  private void scoped(Statement.Scoped scoped) {
    if (scoped.escape() != null) {
      expression(scoped.escape());
    }
    if (scoped.isCall()) {
      apart(scoped.body());
    } else {
      inner(scoped.body());
    }
  }

  private void block(Statement.Block block) {
    if (!blocks.add(block.name())) {
      throw TokenStream.failure("block '%s' defined twice".formatted(block.name()), block.line());
    }
    apart(block.body());
  }

  private void macro(Statement.Macro macro) {
    boolean before = soft;
    soft = false;
    macro.defaults().forEach(this::expression);
    soft = before;
    apart(macro.body());
  }

  private void loop(Statement.For loop) {
    expression(loop.items());
    boolean before = soft;
    soft = false;
    around++;
    target(loop.target(), loop.line());
    if (loop.test() != null) {
      expression(loop.test());
    }
    loops++;
    statements(loop.bodies().each());
    loops--;
    statements(loop.bodies().none());
    around--;
    soft = before;
  }

  private void target(AssignmentTarget target, int line) {
    switch (target) {
      case AssignmentTarget.Variable v -> {
        if (around > 0 && v.name().equals("loop")) {
          throw TokenStream.failure(
              "Can't assign to special loop variable in for-loop target", line);
        }
      }
      case AssignmentTarget.Member m -> {}
      case AssignmentTarget.Several s -> s.targets().forEach(t -> target(t, line));
    }
  }

  private void expression(Expression expression) {
    switch (expression) {
      case Expression.Literal l -> {}
      case Expression.Name n -> {}
      case Expression.Items i -> i.items().forEach(this::expression);
      case Expression.Mapping m -> {
        m.keys().forEach(this::expression);
        m.values().forEach(this::expression);
      }
      case Expression.Chain c -> {
        expression(c.first());
        steps(c.steps());
      }
      case Expression.Arithmetic a -> {
        expression(a.first());
        a.operands().forEach(this::expression);
      }
      case Expression.Signed s -> expression(s.operand());
      case Expression.Concatenation c -> c.parts().forEach(this::expression);
      case Expression.Comparison c -> {
        expression(c.first());
        c.operands().forEach(this::expression);
      }
      case Expression.Junction j -> j.parts().forEach(this::expression);
      case Expression.Not n -> expression(n.operand());
      case Expression.Conditional c -> conditional(c);
    }
  }

  private void conditional(Expression.Conditional conditional) {
    boolean before = soft;
    soft = true;
    expression(conditional.then());
    expression(conditional.test());
    if (conditional.otherwise() != null) {
      expression(conditional.otherwise());
    }
    soft = before;
  }

  private void steps(List<Step> steps) {
    for (Step step : steps) {
      switch (step) {
        case Expression.Attribute a -> {}
        case Expression.Item i -> expression(i.key());
        case Expression.Slice s -> {
          optional(s.start());
          optional(s.stop());
          optional(s.step());
        }
        case Expression.Call c -> arguments(c.arguments());
        case Expression.Filter f -> {
          require(filters, "filter", f.name(), f.line());
          arguments(f.arguments());
        }
        case Expression.Test t -> {
          require(tests, "test", t.name(), t.line());
          arguments(t.arguments());
        }
      }
    }
  }

  private void optional(Expression expression) {
    if (expression != null) {
      expression(expression);
    }
  }

  private void require(Set<String> known, String kind, String name, int line) {
    if (!soft && !known.contains(name)) {
      throw TokenStream.failure("No %s named '%s'.".formatted(kind, name), line);
    }
  }

  private void arguments(CallArguments arguments) {
    arguments.positional().forEach(this::expression);
    for (Expression.Named named : arguments.named()) {
      expression(named.value());
    }
    optional(arguments.rest());
    optional(arguments.namedRest());
  }
}
