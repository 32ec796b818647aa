package io.foregate.tokenizer;

import io.foregate.tokenizer.ReasoningMarks.Mark;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Tells what a model thinks from what it answers, as the raw text comes. Pieces may end anywhere,
 * also within a mark; then text is held back until it is known what it is. For one thread.
 */
public final class AnswerParts {
  /** What a stretch of raw text is. */
  enum Part {
    /** The beginning of the text, where nothing but white space has come yet. */
    START,
    ANSWER,
    REASONING,
    /** Between two messages: headers. */
    NEITHER
  }

  private final List<Mark> marks;
  private final StringBuilder answer = new StringBuilder();
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder held = new StringBuilder();
  private Part part;
  private String skippingTo = "";

  /** Line breaks between a mark and the text belong to the mark. */
  private boolean afterMark;

  AnswerParts(List<Mark> marks, Part first) {
    this.marks = marks;
    this.part = first;
    this.afterMark = first == Part.REASONING;
  }

  /** Parts of an answer in which nothing is marked. */
  public static AnswerParts unmarked() {
    return new AnswerParts(List.of(), Part.ANSWER);
  }

  /**
   * Takes the next piece of raw text.
   *
   * @param onAnswer gets what is known to be the answer
   * @param onReasoning gets what is known to be reasoning
   */
  public void accept(String piece, Consumer<String> onAnswer, Consumer<String> onReasoning) {
    held.append(piece);
    while (advance(onAnswer, onReasoning)) {}
  }

  /** Takes the text's end: what was held back for a mark that did not come is text. */
  public void end(Consumer<String> onAnswer, Consumer<String> onReasoning) {
    if (skippingTo.isEmpty()) {
      part = part == Part.START ? Part.ANSWER : part;
      give(held.length(), onAnswer, onReasoning);
    }
    held.setLength(0);
  }

  /** What was answered so far. */
  public String answer() {
    return answer.toString();
  }

  /** What was thought so far, without white space around it. */
  public String reasoning() {
    return reasoning.toString().strip();
  }

  /** Does one thing with the held text; whether there may be more to do. */
  private boolean advance(Consumer<String> onAnswer, Consumer<String> onReasoning) {
    if (!skippingTo.isEmpty()) {
      return skip();
    }
    if (part == Part.START && !begin()) {
      return false;
    }
    int at = firstMark();
    if (at < 0) {
      give(held.length() - openEnd(), onAnswer, onReasoning);
      return false;
    }
    give(at, onAnswer, onReasoning);
    if (isBegunByAll(held)) {
      return false; // it may yet become a longer mark
    }
    Mark mark = longestAt(0);
    held.delete(0, mark.text().length());
    skippingTo = mark.until();
    enter(mark.then());
    return true;
  }

  private boolean skip() {
    int end = held.indexOf(skippingTo);
    if (end < 0) {
      held.delete(0, Math.max(0, held.length() - skippingTo.length() + 1));
      return false;
    }
    held.delete(0, end + skippingTo.length());
    skippingTo = "";
    return true;
  }

  /** Looks whether the text begins with a mark; false while that is open. */
  private boolean begin() {
    int from = 0;
    while (from < held.length() && Character.isWhitespace(held.charAt(from))) {
      from++;
    }
    String rest = held.substring(from);
    if (longestAt(from) != null) {
      held.delete(0, from);
    } else if (rest.isEmpty() || isBegunByAll(rest)) {
      return false;
    } else {
      part = Part.ANSWER;
    }
    return true;
  }

  private void enter(Part next) {
    if (next == Part.REASONING && !reasoning.isEmpty()) {
      reasoning.append('\n');
    }
    part = next;
    afterMark = true;
  }

  private List<Mark> here() {
    return marks.stream().filter(mark -> mark.in().contains(part)).toList();
  }

  private int firstMark() {
    return here().stream()
        .mapToInt(mark -> held.indexOf(mark.text()))
        .filter(at -> at >= 0)
        .min()
        .orElse(-1);
  }

  private Mark longestAt(int from) {
    return here().stream()
        .filter(mark -> held.indexOf(mark.text(), from) == from)
        .max(Comparator.comparingInt(mark -> mark.text().length()))
        .orElse(null);
  }

  /** Whether all of a text is the beginning of a mark, and more of the mark would have to come. */
  private boolean isBegunByAll(CharSequence text) {
    return here().stream()
        .anyMatch(m -> m.text().length() > text.length() && m.text().startsWith(text.toString()));
  }

  /** How many characters at the end of the held text may begin a mark. */
  private int openEnd() {
    int longest = here().stream().mapToInt(mark -> mark.text().length()).max().orElse(0);
    for (int from = Math.max(0, held.length() - longest); from < held.length(); from++) {
      if (isBegunByAll(held.substring(from))) {
        return held.length() - from;
      }
    }
    return 0;
  }

  private void give(int length, Consumer<String> onAnswer, Consumer<String> onReasoning) {
    int from = 0;
    while (afterMark && from < length && held.charAt(from) == '\n') {
      from++;
    }
    String text = held.substring(from, length);
    held.delete(0, length);
    if (text.isEmpty()) {
      return;
    }
    afterMark = false;
    if (part == Part.ANSWER) {
      answer.append(text);
      onAnswer.accept(text);
    } else if (part == Part.REASONING) {
      reasoning.append(text);
      onReasoning.accept(text);
    }
  }
}
