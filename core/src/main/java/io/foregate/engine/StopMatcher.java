package io.foregate.engine;

import java.util.List;

/**
 * Watches streamed text for stop strings, holding back what may become one. Belongs to one
 * generation.
 */
public final class StopMatcher {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * @param stops non-empty strings at which the text ends; they are not part of it
   */
  public StopMatcher(List<String> stops) {
    this.stops = List.copyOf(stops);
  }

  /** Takes more text, returns what is certain to be part of the output. */
  public String accept(String text) {
    if (stopped) {
      return "";
    }
    if (stops.isEmpty()) {
      return text;
    }
    held.append(text);
    int stop = firstStop();
    if (stop >= 0) {
      stopped = true;
      held.setLength(stop);
      return flush();
    }
    int safe = held.length() - longestPrefixAtEnd();
    String out = held.substring(0, safe);
    held.delete(0, safe);
    return out;
  }

  /** The end of the text has come: returns what was held back. */
  public String flush() {
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }

  /** Whether a stop string has been seen. */
  public boolean stopped() {
    return stopped;
  }

  private int firstStop() {
    int first = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
      }
    }
    return first;
  }

  /** Length of the longest end of the held text with which some stop string begins. */
  private int longestPrefixAtEnd() {
    int longest = 0;
    for (String stop : stops) {
      int most = Math.min(stop.length() - 1, held.length());
      for (int length = most; length > longest; length--) {
        if (stop.startsWith(held.substring(held.length() - length))) {
          longest = length;
        }
      }
    }
    return longest;
  }
}
