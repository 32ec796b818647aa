package io.foregate.template.syntax;

import java.util.List;

/** What a template does. */
public sealed interface Statement {
  /** Text that is written as it is. */
  record Text(String text) implements Statement {}

  /** A value that is written. */
  record Output(Expression value, int line) implements Statement {}

  /** The first of the branches whose condition holds, else the last body. */
  record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

  /** A condition and what follows from it. */
  record Branch(Expression test, List<Statement> body, int line) {}

  /** A loop; {@code test} may be null. */
  record For(
      AssignmentTarget target,
      Expression items,
      Expression test,
      boolean recursive,
      Bodies bodies,
      int line)
      implements Statement {}

  /** What is done for each item, and where there was none. */
  record Bodies(List<Statement> each, List<Statement> none) {}

  /** An assignment. */
  record Assign(AssignmentTarget target, Expression value, int line) implements Statement {}

  /** An assignment of what a body writes, through filters. */
  record Capture(
      AssignmentTarget target, List<Expression.Step> filters, List<Statement> body, int line)
      implements Statement {}

  /** A macro with its name. */
  record Define(Macro macro) implements Statement {}

  /** A call that can call the body. */
  record CallBlock(Macro body, Expression call, int line) implements Statement {}

  /** What a body writes, through filters. */
  record FilterBlock(List<Expression.Step> filters, List<Statement> body, int line)
      implements Statement {}

  /** Variables for a body. */
  record With(
      List<AssignmentTarget> targets, List<Expression> values, List<Statement> body, int line)
      implements Statement {}

  /** A body whose variables stay in it; {@code escape}, if not null, says whether it is HTML. */
  record Scoped(List<Statement> body, Expression escape, boolean isCall, int line)
      implements Statement {}

  /** A block that other templates could replace. */
  record Block(String name, boolean scoped, boolean required, List<Statement> body, int line)
      implements Statement {}

  /** A tag that asks for another template. */
  record Loader(String tag, boolean ignoreMissing, int line) implements Statement {}

  /** Ends a loop. */
  record Break(int line) implements Statement {}

  /** Ends one turn of a loop. */
  record Continue(int line) implements Statement {}

  /** A macro: {@code name} is null for a call block's body; defaults belong to the last ones. */
  record Macro(
      String name,
      List<String> parameters,
      List<Expression> defaults,
      Uses uses,
      List<Statement> body,
      int line) {}

  /** Which special names a macro's body reads. */
  record Uses(boolean caller, boolean named, boolean rest) {}
}
