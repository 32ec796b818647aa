package io.foregate.template.eval;

import io.foregate.template.TemplateException;
import io.foregate.template.syntax.AssignmentTarget;
import io.foregate.template.syntax.Expression;
import io.foregate.template.syntax.Statement;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Facility;
import io.foregate.template.value.Iteration;
import io.foregate.template.value.Markup;
import io.foregate.template.value.Namespace;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Str;
import io.foregate.template.value.TextBuilder;
import io.foregate.template.value.Value;
import java.time.Clock;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** One rendering: runs statements. For one thread. */
public final class Interpreter {
  /** How a statement ended. */
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private static final int SCOPE_BYTES = 256;

  private final Budget budget;
  private final Clock clock;
  private final Evaluator evaluator;
  private final Scope root;
  private TextBuilder out;
  private boolean escapes;
  private int line;

  /** A rendering with variables of its own. */
  public Interpreter(Budget budget, Clock clock, Map<String, Value> variables) {
    this.budget = budget;
    this.clock = clock;
    this.root = new Scope(variables);
    this.evaluator = new Evaluator(this);
    this.out = new TextBuilder(budget);
  }

  /**
   * What a template writes.
   *
   * @throws TemplateException with the line, if it fails
   */
  public String render(List<Statement> body) {
    try {
      run(body, root);
      return out.toString();
    } catch (TemplateException e) {
      throw e.at(line);
    }
  }

  Budget budget() {
    return budget;
  }

  Clock clock() {
    return clock;
  }

  boolean escapes() {
    return escapes;
  }

  /** Notes where the template is, for the message of a failure. */
  void at(int where) {
    line = where;
  }

  private Flow run(List<Statement> body, Scope scope) {
    for (int i = 0; i < body.size(); i++) {
      Flow flow = run(body.get(i), scope);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow run(Statement statement, Scope scope) {
    budget.enter();
    Flow flow = Flow.NEXT;
    switch (statement) {
      case Statement.Text text -> out.append(text.text());
      case Statement.Output output -> output(output, scope);
      case Statement.If branches -> flow = branches(branches, scope);
      case Statement.For loop -> loop(loop, scope);
      case Statement.Assign assign -> {
        line = assign.line();
        requireNamespaces(assign.target(), scope);
        assign(assign.target(), evaluator.evaluate(assign.value(), scope), scope);
      }
      case Statement.Capture capture -> capture(capture, scope);
      case Statement.Define define ->
          scope.set(define.macro().name(), new Macros(this).macro(define.macro(), scope));
      case Statement.CallBlock call -> callBlock(call, scope);
      case Statement.FilterBlock filter -> {
        Captured captured = captured(filter.body(), inner(scope));
        line = filter.line();
        write(evaluator.filtered(captured.text(), filter.filters(), scope));
        flow = captured.flow();
      }
      case Statement.With with -> flow = with(with, scope);
      case Statement.Scoped scoped -> flow = scoped(scoped, scope);
      case Statement.Block block -> block(block, scope);
      case Statement.Loader loader -> throw loader(loader);
      case Statement.Break b -> flow = Flow.BREAK;
      case Statement.Continue c -> flow = Flow.CONTINUE;
    }
    budget.leave();
    return flow;
  }

  private static TemplateException loader(Statement.Loader loader) {
    return new TemplateException(
        "it asks for another template by '%s', and a chat template has none"
            .formatted(loader.tag()),
        loader.line(),
        false);
  }

  /** A scope for a body. */
  Scope inner(Scope outer) {
    budget.bytes(SCOPE_BYTES);
    return new Scope(outer);
  }

  private void output(Statement.Output output, Scope scope) {
    line = output.line();
    write(evaluator.evaluate(output.value(), scope));
  }

  private void write(Value value) {
    out.append(escapes ? Markup.escape(value, budget).text() : Printer.str(value, budget));
  }

  private Flow branches(Statement.If branches, Scope scope) {
    for (Statement.Branch branch : branches.branches()) {
      line = branch.line();
      if (evaluator.evaluate(branch.test(), scope).truth()) {
        return run(branch.body(), scope);
      }
    }
    return run(branches.otherwise(), scope);
  }

  // ---- Loops ----

  private void loop(Statement.For loop, Scope scope) {
    line = loop.line();
    Value items = evaluator.evaluate(loop.items(), scope);
    if (loop.recursive()) {
      out.append(rendered(loop, items, scope, 0).text());
    } else {
      turns(loop, items, scope, 0);
    }
  }

  /** What a recursive loop writes for some items. */
  private Str rendered(Statement.For loop, Value items, Scope scope, int depth) {
    TextBuilder around = out;
    out = new TextBuilder(budget);
    budget.enter();
    turns(loop, items, scope, depth);
    budget.leave();
    String text = out.toString();
    out = around;
    return new Str(text, escapes);
  }

  private void turns(Statement.For loop, Value items, Scope scope, int depth) {
    Iterator<Value> iterator = Iteration.of(items, budget);
    if (loop.test() != null) {
      iterator = Filtering.select(iterator, item -> accepts(loop, item, scope), budget);
    }
    Facility.Code again =
        loop.recursive()
            ? arguments -> rendered(loop, LoopState.items(arguments), scope, depth + 1)
            : null;
    int size =
        loop.test() == null && Iteration.isSized(items) ? Iteration.length(items, budget) : -1;
    var state = new LoopState(iterator, size, depth, budget);
    Value variable = state.value(again);
    boolean none = true;
    while (state.advance()) {
      budget.step();
      Scope turn = inner(scope);
      turn.set("loop", variable);
      assign(loop.target(), state.current(), turn);
      Flow flow = run(loop.bodies().each(), turn);
      if (flow == Flow.BREAK) {
        break;
      }
      none &= flow == Flow.CONTINUE;
    }
    if (none) {
      run(loop.bodies().none(), inner(scope));
    }
  }

  private boolean accepts(Statement.For loop, Value item, Scope scope) {
    Scope test = inner(scope);
    assign(loop.target(), item, test);
    return evaluator.evaluate(loop.test(), test).truth();
  }

  // ---- Assignments ----

  private void requireNamespaces(AssignmentTarget target, Scope scope) {
    switch (target) {
      case AssignmentTarget.Member member -> {
        if (!(scope.get(member.name()) instanceof Namespace)) {
          throw TemplateException.of("cannot assign attribute on non-namespace object");
        }
      }
      case AssignmentTarget.Several several ->
          several.targets().forEach(each -> requireNamespaces(each, scope));
      case AssignmentTarget.Variable v -> {}
    }
  }

  /** Assigns a value; to several targets its items. */
  void assign(AssignmentTarget target, Value value, Scope scope) {
    switch (target) {
      case AssignmentTarget.Variable variable -> scope.set(variable.name(), value);
      case AssignmentTarget.Member member -> {
        var namespace = (Namespace) scope.get(member.name());
        namespace.attributes().put(Str.of(member.attribute()), value, budget);
      }
      case AssignmentTarget.Several several -> unpack(several.targets(), value, scope);
    }
  }

  private void unpack(List<AssignmentTarget> targets, Value value, Scope scope) {
    if (!Iteration.isIterable(value)) {
      throw TemplateException.of(
          "cannot unpack non-iterable %s object".formatted(value.typeName()));
    }
    Iterator<Value> items = Iteration.of(value, budget);
    var values = new Value[targets.size()];
    for (int i = 0; i < values.length; i++) {
      if (!items.hasNext()) {
        throw TemplateException.of(
            "not enough values to unpack (expected %d, got %d)".formatted(values.length, i));
      }
      values[i] = items.next();
    }
    if (items.hasNext()) {
      throw TemplateException.of(
          "too many values to unpack (expected %d)".formatted(values.length));
    }
    for (int i = 0; i < values.length; i++) {
      assign(targets.get(i), values[i], scope);
    }
  }

  private void capture(Statement.Capture capture, Scope scope) {
    Captured captured = captured(capture.body(), inner(scope));
    line = capture.line();
    requireNamespaces(capture.target(), scope);
    Value value =
        capture.filters().isEmpty()
            ? captured.text()
            : evaluator.filtered(captured.text(), capture.filters(), scope);
    if (captured.flow() == Flow.NEXT) {
      assign(capture.target(), value, scope);
    }
  }

  /** What a body wrote, and how it ended. */
  private record Captured(Str text, Flow flow) {}

  private Captured captured(List<Statement> body, Scope scope) {
    TextBuilder around = out;
    out = new TextBuilder(budget);
    Flow flow = run(body, scope);
    String text = out.toString();
    out = around;
    return new Captured(new Str(text, escapes), flow);
  }

  /** What the body of a macro writes, with the escaping of where it was defined. */
  Str written(List<Statement> body, Scope scope, boolean escape) {
    boolean before = escapes;
    escapes = escape;
    budget.enter();
    String text = captured(body, scope).text().text();
    budget.leave();
    escapes = before;
    return new Str(text, before);
  }

  // ---- Other bodies ----

  private void callBlock(Statement.CallBlock block, Scope scope) {
    line = block.line();
    Value caller = new Macros(this).macro(block.body(), scope);
    write(evaluator.call((Expression.Chain) block.call(), caller, scope));
  }

  private Flow with(Statement.With with, Scope scope) {
    line = with.line();
    Scope inside = inner(scope);
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), evaluator.evaluate(with.values().get(i), scope), inside);
    }
    return run(with.body(), inside);
  }

  private Flow scoped(Statement.Scoped scoped, Scope scope) {
    boolean before = escapes;
    if (scoped.escape() != null) {
      line = scoped.line();
      escapes = evaluator.evaluate(scoped.escape(), scope).truth();
    }
    Flow flow = run(scoped.body(), inner(scope));
    escapes = before;
    return flow;
  }

  private void block(Statement.Block block, Scope scope) {
    line = block.line();
    if (block.required()) {
      throw TemplateException.of("Required block '%s' not found".formatted(block.name()));
    }
    run(block.body(), inner(block.scoped() ? scope : root));
  }

  Evaluator evaluator() {
    return evaluator;
  }

  Scope root() {
    return root;
  }
}
