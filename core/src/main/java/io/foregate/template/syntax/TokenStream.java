package io.foregate.template.syntax;

import io.foregate.template.TemplateException;
import io.foregate.template.syntax.Token.Kind;
import io.foregate.template.value.Printer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The tokens of a template with one to look at ahead, and what a parser notes on the way. */
final class TokenStream {
  /** Deeper than any template; what a parser needs of a thread's stack stays small. */
  private static final int MAX_DEPTH = 100;

  private final Lexer lexer;
  private final Deque<Token> ahead = new ArrayDeque<>();
  private final List<Watch> watches = new ArrayList<>();
  private Token current;
  private int depth;

  /** Special names that a macro's body may read. */
  private record Watch(Set<String> names, Set<String> found) {}

  TokenStream(String source) {
    lexer = new Lexer(source);
    current = lexer.next();
  }

  Token current() {
    return current;
  }

  int line() {
    return current.line();
  }

  /** Goes on; returns the token that was current. */
  Token next() {
    Token token = current;
    current = ahead.isEmpty() ? lexer.next() : ahead.poll();
    return token;
  }

  /** The token after the current one. */
  Token look() {
    if (ahead.isEmpty()) {
      ahead.add(lexer.next());
    }
    return ahead.peek();
  }

  boolean is(Kind kind) {
    return current.is(kind);
  }

  boolean isName(String name) {
    return current.isName(name);
  }

  boolean skipIf(Kind kind) {
    boolean found = is(kind);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipIfName(String name) {
    boolean found = isName(name);
    if (found) {
      next();
    }
    return found;
  }

  Token expect(Kind kind) {
    if (!is(kind)) {
      throw expected(kind.description());
    }
    return next();
  }

  Token expectName(String name) {
    if (!isName(name)) {
      throw expected(name);
    }
    return next();
  }

  private TemplateException expected(String what) {
    String quoted = Printer.quote(what);
    return is(Kind.EOF)
        ? failure("unexpected end of template, expected " + quoted + ".", line())
        : failure(
            "expected token %s, got %s".formatted(quoted, Printer.quote(current.description())),
            line());
  }

  static TemplateException failure(String message, int line) {
    return new TemplateException(message, line, false);
  }

  /** Goes one level deeper. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw failure("it nests too deeply: more than %d levels".formatted(MAX_DEPTH), line());
    }
  }

  void leave() {
    depth--;
  }

  /** Begins to note which of some names are read. */
  void watch(String... names) {
    watches.add(new Watch(new HashSet<>(List.of(names)), new HashSet<>()));
  }

  /** Ends what {@link #watch} began; returns the names that were read. */
  Set<String> watched() {
    return watches.removeLast().found();
  }

  /** Notes that a name is read. */
  void read(String name) {
    for (Watch watch : watches) {
      if (watch.names().contains(name)) {
        watch.found().add(name);
      }
    }
  }

  /** Notes that a name is assigned: reading it means something else from here on. */
  void assigned(String name) {
    watches.forEach(watch -> watch.names().remove(name));
  }
}
