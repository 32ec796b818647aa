package io.foregate.template;

import io.foregate.template.eval.Filters;
import io.foregate.template.eval.Interpreter;
import io.foregate.template.eval.Tests;
import io.foregate.template.syntax.Parser;
import io.foregate.template.syntax.Statement;
import io.foregate.template.value.Budget;
import io.foregate.template.value.Import;
import io.foregate.template.value.Value;
import java.util.List;
import java.util.Map;

/**
 * A template in the language of jinja2 3.1, as the environment of Hugging Face's transformers sets
 * it up: sandboxed and immutable, {@code trim_blocks}, {@code lstrip_blocks}, loop controls, {@code
 * generation}, {@code raise_exception}, {@code strftime_now} and a {@code tojson} that escapes no
 * HTML. What asks for other templates is refused; what is random is refused.
 *
 * <p>A lone surrogate stays as it is; where two halves of a pair meet they are one character.
 * Immutable, thread-safe.
 */
public final class Template {
  /** Ten times what the longest template of a model has; reading it takes a few dozen MB. */
  private static final int MAX_CHARS = 1 << 18;

  private final List<Statement> body;

  private Template(List<Statement> body) {
    this.body = body;
  }

  /**
   * Reads a template, in time linear in its length.
   *
   * @throws TemplateException if it is not valid, in jinja2's words, or longer than any model's
   */
  public static Template parse(String source) {
    if (source.length() > MAX_CHARS) {
      throw TemplateException.of(
          "it has %d characters: more than %d".formatted(source.length(), MAX_CHARS));
    }
    try {
      return new Template(Parser.parse(source, Filters.names(), Tests.names()));
    } catch (StackOverflowError e) {
      throw TemplateException.of("it is nested too deeply");
    }
  }

  /**
   * Renders.
   *
   * @param variables what the template sees: null, booleans, integers, doubles, strings, lists and
   *     maps with strings as keys, nested
   * @throws TemplateException if the template refuses, is wrong or passes a limit
   * @throws IllegalArgumentException if a variable holds anything else
   */
  public String render(Map<String, ?> variables, RenderOptions options) {
    try {
      var input = new Import(options.limits().depth());
      Map<String, Value> values = input.variables(variables);
      var budget = new Budget(options.limits().plusInput(input.chars()));
      return new Interpreter(budget, options.clock(), values).render(body);
    } catch (StackOverflowError e) {
      throw TemplateException.of("it nests too deeply for this thread's stack");
    }
  }
}
