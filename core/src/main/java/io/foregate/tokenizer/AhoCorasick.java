package io.foregate.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Says which of many patterns occur in a text, in time linear in the text however long they are and
 * however alike: the automaton of Aho and Corasick (Efficient string matching, CACM 18, 1975).
 * Memory is about ten bytes per character of the patterns: a node's first child is the node after
 * it, so that only where patterns part ways a child needs an entry of its own. Immutable.
 */
final class AhoCorasick {
  private static final int NONE = -1;
  private static final int ROOT = 0;

  private final int patterns;
  private int nodes = 1;

  /** The character that leads to a node. */
  private final char[] label;

  /** Nodes whose parent is the node before them. */
  private final BitSet follows = new BitSet();

  /** Children but for the first, by node and character. */
  private final Map<Long, Integer> branches = new HashMap<>();

  /** The node of the longest proper suffix of what a node stands for. */
  private final int[] suffix;

  /** The pattern that ends at a node. */
  private final Map<Integer, Integer> ends = new HashMap<>();

  /** The nearest proper suffix where a pattern ends, or {@link #NONE}. */
  private final int[] shorter;

  /** Of equal patterns, the last one is found; empty ones never are. */
  AhoCorasick(List<String> all) {
    patterns = all.size();
    int size = Math.toIntExact(1 + all.stream().mapToLong(String::length).sum());
    label = new char[size];
    suffix = new int[size];
    shorter = new int[size];
    Arrays.fill(shorter, NONE);
    for (int i = 0; i < patterns; i++) {
      if (!all.get(i).isEmpty()) {
        ends.put(insert(all.get(i)), i);
      }
    }
    link();
  }

  private int insert(String pattern) {
    int node = ROOT;
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      int child = child(node, c);
      if (child == NONE) {
        child = nodes++;
        label[child] = c;
        if (child == node + 1) {
          follows.set(child);
        } else {
          branches.put(key(node, c), child);
        }
      }
      node = child;
    }
    return node;
  }

  private static long key(int node, char c) {
    return (long) node << Character.SIZE | c;
  }

  private int child(int node, char c) {
    int next = node + 1;
    if (next < nodes && label[next] == c && follows.get(next)) {
      return next;
    }
    return branches.isEmpty() ? NONE : branches.getOrDefault(key(node, c), NONE);
  }

  /** Breadth first: a suffix is shorter than what it is the suffix of. */
  private void link() {
    Map<Integer, int[]> others = branchesByNode();
    int[] queue = new int[nodes];
    int end = 1;
    for (int at = 0; at < end; at++) {
      int node = queue[at];
      if (node + 1 < nodes && follows.get(node + 1)) {
        link(node, node + 1);
        queue[end++] = node + 1;
      }
      for (int child : others.getOrDefault(node, new int[0])) {
        link(node, child);
        queue[end++] = child;
      }
    }
  }

  private Map<Integer, int[]> branchesByNode() {
    Map<Integer, int[]> byNode = new HashMap<>();
    branches.forEach(
        (key, child) ->
            byNode.merge(
                (int) (key >>> Character.SIZE),
                new int[] {child},
                (a, b) -> {
                  int[] both = Arrays.copyOf(a, a.length + 1);
                  both[a.length] = b[0];
                  return both;
                }));
    return byNode;
  }

  private void link(int parent, int child) {
    suffix[child] = parent == ROOT ? ROOT : step(suffix[parent], label[child]);
    int near = suffix[child];
    shorter[child] = ends.containsKey(near) ? near : shorter[near];
  }

  /** The node of the longest suffix of a node's text and a character that is in the trie. */
  private int step(int from, char c) {
    int node = from;
    int next = child(node, c);
    while (next == NONE && node != ROOT) {
      node = suffix[node];
      next = child(node, c);
    }
    return next == NONE ? ROOT : next;
  }

  /** The patterns that occur in a text. */
  BitSet in(String text) {
    var found = new BitSet(patterns);
    if (nodes == 1) {
      return found;
    }
    int node = ROOT;
    for (int i = 0; i < text.length(); i++) {
      node = step(node, text.charAt(i));
      // Where one was found before, so were all that end with it.
      int at = ends.containsKey(node) ? node : shorter[node];
      while (at != NONE && !found.get(ends.get(at))) {
        found.set(ends.get(at));
        at = shorter[at];
      }
    }
    return found;
  }
}
