package io.foregate.tokenizer;

import io.foregate.tokenizer.AnswerParts.Part;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How a model marks, in the raw text that it makes, what it thinks and what it answers. Which marks
 * a model uses is read off its chat template, because that is what it was trained with: the table
 * below knows marks, not models. Immutable.
 *
 * <p>Sources: OpenAI's harmony format (channels); the templates of the models that use the pairs.
 */
public final class ReasoningMarks {
  /**
   * @param text what the model writes
   * @param until what ends the mark where something variable follows, such as a channel's name;
   *     else empty
   * @param in where the text is a mark; elsewhere it is what it says
   * @param then what follows the mark
   */
  record Mark(String text, String until, Set<Part> in, Part then) {}

  private static final Set<Part> ANYWHERE = EnumSet.allOf(Part.class);

  /** Only {@code final} is for the user; {@code analysis} and {@code commentary} are not. */
  private static final ReasoningMarks CHANNELS =
      new ReasoningMarks(
          List.of("<|channel|>"),
          true,
          List.of(
              new Mark("<|channel|>final", "<|message|>", ANYWHERE, Part.ANSWER),
              new Mark("<|channel|>", "<|message|>", ANYWHERE, Part.REASONING),
              new Mark("<|end|>", "", ANYWHERE, Part.NEITHER),
              new Mark("<|start|>", "", ANYWHERE, Part.NEITHER),
              new Mark("<|call|>", "", ANYWHERE, Part.NEITHER),
              new Mark("<|return|>", "", ANYWHERE, Part.NEITHER)));

  /** Each message begins with its kind, and ends. */
  private static final ReasoningMarks KINDS =
      new ReasoningMarks(
          List.of("assistant<|think|>"),
          true,
          List.of(
              new Mark("<|think|>", "", ANYWHERE, Part.REASONING),
              new Mark("<|content|>", "", ANYWHERE, Part.ANSWER),
              new Mark("<|begin|>", "", ANYWHERE, Part.NEITHER),
              new Mark("<|end|>", "", ANYWHERE, Part.NEITHER)));

  private static final List<ReasoningMarks> KNOWN =
      List.of(
          CHANNELS,
          KINDS,
          pair("<think>", "</think>"),
          pair("[THINK]", "[/THINK]"),
          pair("<seed:think>", "</seed:think>"),
          pair("<|START_THINKING|>", "<|END_THINKING|>"),
          pair("<|channel>thought\n", "<channel|>"));

  /** A template that reads one of these takes what was thought apart from what was said. */
  private static final Pattern FIELD =
      Pattern.compile("[.'\"]reasoning_content\\b|\\.(thinking|reasoning)\\b");

  private final List<String> signs;
  private final boolean alwaysApart;
  private final List<Mark> marks;

  private ReasoningMarks(List<String> signs, boolean alwaysApart, List<Mark> marks) {
    this.signs = signs;
    this.alwaysApart = alwaysApart;
    this.marks = marks;
  }

  /** Thought comes first, between two marks; a later one is something that the answer quotes. */
  private static ReasoningMarks pair(String open, String close) {
    return new ReasoningMarks(
        List.of(open, close),
        false,
        List.of(
            new Mark(open, "", EnumSet.of(Part.START), Part.REASONING),
            new Mark(close, "", EnumSet.of(Part.REASONING), Part.ANSWER)));
  }

  /** The marks that a template's text speaks of, if any. */
  public static Optional<ReasoningMarks> of(String jinja) {
    String unescaped = jinja.replace("\\n", "\n");
    return KNOWN.stream()
        .filter(marks -> marks.signs.stream().anyMatch(unescaped::contains))
        .findFirst();
  }

  /**
   * Whether earlier answers go back to this template without what was thought: it takes that as a
   * field, or would refuse the marks. A template that does neither gets the raw text, because it
   * looks for the marks itself.
   */
  public boolean goesBackApart(String jinja) {
    return alwaysApart || FIELD.matcher(jinja).find();
  }

  /** Every text that must be seen to tell the parts apart, control tokens included. */
  public Set<String> texts() {
    var texts = new HashSet<String>();
    for (Mark mark : marks) {
      texts.add(mark.text());
      texts.add(mark.until());
    }
    texts.remove("");
    return texts;
  }

  /**
   * Takes an answer apart.
   *
   * @param prompt what the model goes on from: it may end with the mark that begins reasoning
   */
  public AnswerParts parts(String prompt) {
    String end = prompt.stripTrailing();
    Part first =
        marks.stream()
            .filter(m -> m.in().contains(Part.START) && m.until().isEmpty())
            .filter(m -> end.endsWith(m.text().strip()))
            .map(Mark::then)
            .filter(then -> then != Part.NEITHER)
            .findFirst()
            .orElse(Part.START);
    return new AnswerParts(marks, first);
  }
}
