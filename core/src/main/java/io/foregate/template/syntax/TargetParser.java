package io.foregate.template.syntax;

import io.foregate.template.TemplateException;
import io.foregate.template.syntax.Token.Kind;
import java.util.ArrayList;

/** Reads what is assigned to: names, tuples of them, and attributes of namespaces. */
final class TargetParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;

  TargetParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /**
   * A target, or several.
   *
   * @param withNamespace whether {@code ns.name} may be one
   * @param end a name that ends it, or null
   */
  AssignmentTarget target(boolean withNamespace, String end) {
    int line = tokens.line();
    return target(expressions.tuple(false, end, () -> part(withNamespace)), line);
  }

  private Expression part(boolean withNamespace) {
    return tokens.is(Kind.NAME)
        ? targetName(withNamespace)
        : expressions.primaries().primary(false);
  }

  private Expression targetName(boolean withNamespace) {
    if (withNamespace) {
      return expressions.primaries().primary(true);
    }
    Token token = tokens.next();
    return switch (token.text()) {
      case "true", "True", "false", "False", "none", "None" ->
          expressions.primaries().name(token, false);
      default -> new Expression.Name(token.text());
    };
  }

  /** What an assignment to an expression assigns to. */
  private AssignmentTarget target(Expression expression, int line) {
    return switch (expression) {
      case Expression.Name name -> {
        tokens.assigned(name.name());
        yield new AssignmentTarget.Variable(name.name());
      }
      case Expression.Items items when !items.isList() -> {
        var targets = new ArrayList<AssignmentTarget>();
        for (Expression item : items.items()) {
          if (!isTarget(item)) {
            throw cannotAssign("tuple", line);
          }
          targets.add(target(item, line));
        }
        yield new AssignmentTarget.Several(targets);
      }
      case Expression.Chain chain
          when chain.first() instanceof Expression.Name name
              && chain.steps().size() == 1
              && chain.steps().getFirst() instanceof Expression.Attribute attribute ->
          new AssignmentTarget.Member(name.name(), attribute.name());
      default -> throw cannotAssign(kind(expression), line);
    };
  }

  private static boolean isTarget(Expression expression) {
    return switch (expression) {
      case Expression.Name n -> true;
      case Expression.Items i -> !i.isList() && i.items().stream().allMatch(TargetParser::isTarget);
      case Expression.Chain c -> true;
      default -> false;
    };
  }

  private static TemplateException cannotAssign(String kind, int line) {
    return TokenStream.failure("can't assign to '" + kind + "'", line);
  }

  private static String kind(Expression expression) {
    return switch (expression) {
      case Expression.Literal l -> "const";
      case Expression.Items i -> i.isList() ? "list" : "tuple";
      case Expression.Mapping m -> "dict";
      case Expression.Conditional c -> "condexpr";
      case Expression.Comparison c -> "compare";
      case Expression.Concatenation c -> "concat";
      case Expression.Not n -> "not";
      case Expression.Junction j -> j.isAnd() ? "and" : "or";
      case Expression.Signed s -> s.negative() ? "neg" : "pos";
      default -> "expression";
    };
  }
}
