package io.foregate.template.syntax;

import io.foregate.template.TemplateException;
import io.foregate.template.syntax.Token.Kind;
import io.foregate.template.value.Printer;
import io.foregate.template.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads statements. For one thread and one template. */
public final class Parser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final TargetParser targets;
  private final List<String> tags = new ArrayList<>();
  private final List<List<String>> ends = new ArrayList<>();

  private Parser(String source) {
    tokens = new TokenStream(source);
    expressions = new ExpressionParser(tokens);
    targets = new TargetParser(tokens, expressions);
  }

  /**
   * What a template does.
   *
   * @param filters the names that filters have
   * @param tests the names that tests have
   * @throws TemplateException if it is not valid
   */
  public static List<Statement> parse(String source, Set<String> filters, Set<String> tests) {
    List<Statement> body = new Parser(source).body(null);
    Checker.check(body, filters, tests);
    return body;
  }

  /** Statements up to a tag of these names, which becomes the current token; null: to the end. */
  private List<Statement> body(List<String> until) {
    tokens.enter();
    if (until != null) {
      ends.add(until);
    }
    var body = new ArrayList<Statement>();
    while (!tokens.is(Kind.EOF)) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> body.add(new Statement.Text(token.text()));
        case VARIABLE_BEGIN -> {
          body.add(new Statement.Output(expressions.tuple(false, true, null), token.line()));
          tokens.expect(Kind.VARIABLE_END);
        }
        default -> {
          if (until != null && tokens.is(Kind.NAME) && until.contains(tokens.current().text())) {
            ends.removeLast();
            tokens.leave();
            return body;
          }
          body.add(statement());
          tokens.expect(Kind.BLOCK_END);
        }
      }
    }
    if (until != null) {
      throw unknownTag(null, tokens.line());
    }
    tokens.leave();
    return body;
  }

  /** The body of a tag, up to one of these names. */
  private List<Statement> statements(String... until) {
    tokens.skipIf(Kind.COLON);
    tokens.expect(Kind.BLOCK_END);
    return body(List.of(until));
  }

  private List<Statement> statementsThrough(String until) {
    List<Statement> body = statements(until);
    tokens.next();
    return body;
  }

  private Statement statement() {
    Token token = tokens.current();
    if (!token.is(Kind.NAME)) {
      throw TokenStream.failure("tag name expected", token.line());
    }
    tags.add(token.text());
    Statement statement = statement(token);
    tags.removeLast();
    return statement;
  }

  private Statement statement(Token token) {
    return switch (token.text()) {
      case "for" -> loop();
      case "if" -> branches();
      case "set" -> assignment();
      case "macro" -> macro();
      case "call" -> callBlock();
      case "filter" -> filterBlock();
      case "with" -> with();
      case "block" -> block();
      case "autoescape" -> autoescape();
      case "generation" -> generation();
      case "print" -> print();
      case "extends", "include", "import", "from" -> loader();
      case "break" -> new Statement.Break(tokens.next().line());
      case "continue" -> new Statement.Continue(tokens.next().line());
      default -> {
        tags.removeLast();
        throw unknownTag(token.text(), token.line());
      }
    };
  }

  private TemplateException unknownTag(String name, int line) {
    var message = new StringBuilder();
    message.append(
        name == null
            ? "Unexpected end of template."
            : "Encountered unknown tag %s.".formatted(Printer.quote(name)));
    if (!ends.isEmpty()) {
      String looking =
          ends.getLast().stream().map(Printer::quote).collect(Collectors.joining(" or "));
      boolean expected = name != null && ends.stream().anyMatch(names -> names.contains(name));
      message.append(
          expected
              ? " You probably made a nesting mistake. Jinja is expecting this tag, but currently"
                  + " looking for %s.".formatted(looking)
              : " Jinja was looking for the following tags: %s.".formatted(looking));
    }
    if (!tags.isEmpty()) {
      message.append(
          " The innermost block that needs to be closed is %s."
              .formatted(Printer.quote(tags.getLast())));
    }
    return TokenStream.failure(message.toString(), line);
  }

  private String name() {
    return tokens.expect(Kind.NAME).text();
  }

  private Statement assignment() {
    int line = tokens.next().line();
    AssignmentTarget target = targets.target(true, null);
    if (tokens.skipIf(Kind.ASSIGN)) {
      return new Statement.Assign(target, expressions.tuple(false, true, null), line);
    }
    List<Expression.Step> filters = expressions.steps().blockFilters(false);
    return new Statement.Capture(target, filters, statementsThrough("endset"), line);
  }

  private Statement loop() {
    int line = tokens.next().line();
    AssignmentTarget target = targets.target(false, "in");
    tokens.expectName("in");
    Expression items = expressions.tuple(false, false, "recursive");
    Expression test = tokens.skipIfName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipIfName("recursive");
    List<Statement> each = statements("endfor", "else");
    List<Statement> none = tokens.next().isName("endfor") ? List.of() : statementsThrough("endfor");
    return new Statement.For(
        target, items, test, recursive, new Statement.Bodies(each, none), line);
  }

  private Statement branches() {
    int line = tokens.next().line();
    var branches = new ArrayList<Statement.Branch>();
    while (true) {
      Expression test = expressions.tuple(false, false, null);
      branches.add(new Statement.Branch(test, statements("elif", "else", "endif"), line));
      Token end = tokens.next();
      line = tokens.line();
      if (end.isName("else")) {
        return new Statement.If(branches, statementsThrough("endif"));
      }
      if (!end.isName("elif")) {
        return new Statement.If(branches, List.of());
      }
    }
  }

  private Statement with() {
    int line = tokens.next().line();
    var assigned = new ArrayList<AssignmentTarget>();
    var values = new ArrayList<Expression>();
    while (!tokens.is(Kind.BLOCK_END)) {
      if (!assigned.isEmpty()) {
        tokens.expect(Kind.COMMA);
      }
      assigned.add(targets.target(false, null));
      tokens.expect(Kind.ASSIGN);
      values.add(expressions.expression());
    }
    return new Statement.With(assigned, values, statementsThrough("endwith"), line);
  }

  private Statement autoescape() {
    int line = tokens.next().line();
    Expression escape = expressions.expression();
    return new Statement.Scoped(statementsThrough("endautoescape"), escape, false, line);
  }

  private Statement generation() {
    int line = tokens.next().line();
    return new Statement.Scoped(statementsThrough("endgeneration"), null, true, line);
  }

  private Statement print() {
    int line = tokens.next().line();
    var body = new ArrayList<Statement>();
    while (!tokens.is(Kind.BLOCK_END)) {
      if (!body.isEmpty()) {
        tokens.expect(Kind.COMMA);
      }
      body.add(new Statement.Output(expressions.expression(), line));
    }
    return new Statement.If(
        List.of(new Statement.Branch(new Expression.Literal(Value.Bool.TRUE), body, line)),
        List.of());
  }

  private Statement block() {
    int line = tokens.next().line();
    String name = name();
    boolean scoped = tokens.skipIfName("scoped");
    boolean required = tokens.skipIfName("required");
    if (tokens.is(Kind.SUB)) {
      throw TokenStream.failure(
          "Block names in Jinja have to be valid Python identifiers and may not contain hyphens,"
              + " use an underscore instead.",
          tokens.line());
    }
    List<Statement> body = statementsThrough("endblock");
    if (required && !body.stream().allMatch(Parser::isBlank)) {
      throw TokenStream.failure(
          "Required blocks can only contain comments or whitespace", tokens.line());
    }
    tokens.skipIfName(name);
    return new Statement.Block(name, scoped, required, body, line);
  }

  private static boolean isBlank(Statement statement) {
    return statement instanceof Statement.Text text && text.text().isBlank();
  }

  private Statement loader() {
    Token tag = tokens.next();
    expressions.expression();
    boolean ignore = false;
    while (!tokens.is(Kind.BLOCK_END) && !tokens.is(Kind.EOF)) {
      ignore |= tokens.next().isName("ignore");
    }
    return new Statement.Loader(tag.text(), ignore, tag.line());
  }

  private Statement filterBlock() {
    int line = tokens.next().line();
    List<Expression.Step> filters = expressions.steps().blockFilters(true);
    return new Statement.FilterBlock(filters, statementsThrough("endfilter"), line);
  }

  private Statement macro() {
    int line = tokens.next().line();
    String name = name();
    tokens.assigned(name);
    return new Statement.Define(signed(name, line, "endmacro"));
  }

  private Statement callBlock() {
    int line = tokens.next().line();
    var parameters = new ArrayList<String>();
    var defaults = new ArrayList<Expression>();
    if (tokens.is(Kind.LPAREN)) {
      signature(parameters, defaults);
    }
    Expression call = expressions.expression();
    boolean isCall =
        call instanceof Expression.Chain chain
            && chain.steps().getLast() instanceof Expression.Call;
    if (!isCall) {
      throw TokenStream.failure("expected call", line);
    }
    return new Statement.CallBlock(macro(null, parameters, defaults, line, "endcall"), call, line);
  }

  private Statement.Macro signed(String name, int line, String end) {
    var parameters = new ArrayList<String>();
    var defaults = new ArrayList<Expression>();
    signature(parameters, defaults);
    return macro(name, parameters, defaults, line, end);
  }

  private void signature(List<String> parameters, List<Expression> defaults) {
    tokens.expect(Kind.LPAREN);
    while (!tokens.is(Kind.RPAREN)) {
      if (!parameters.isEmpty()) {
        tokens.expect(Kind.COMMA);
      }
      String parameter = name();
      tokens.assigned(parameter);
      if (tokens.skipIf(Kind.ASSIGN)) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw TokenStream.failure("non-default argument follows default argument", tokens.line());
      }
      parameters.add(parameter);
    }
    tokens.expect(Kind.RPAREN);
  }

  private Statement.Macro macro(
      String name, List<String> parameters, List<Expression> defaults, int line, String end) {
    tokens.watch("caller", "kwargs", "varargs");
    List<Statement> body = statementsThrough(end);
    Set<String> read = tokens.watched();
    int explicit = parameters.indexOf("caller");
    if (read.contains("caller")
        && explicit >= 0
        && explicit < parameters.size() - defaults.size()) {
      throw TokenStream.failure(
          "When defining macros or call blocks the special \"caller\" argument must be omitted or"
              + " be given a default.",
          line);
    }
    var uses =
        new Statement.Uses(
            read.contains("caller"),
            read.contains("kwargs") && !parameters.contains("kwargs"),
            read.contains("varargs") && !parameters.contains("varargs"));
    return new Statement.Macro(name, parameters, defaults, uses, body, line);
  }
}
