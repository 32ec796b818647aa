package io.foregate.template;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What templates that are made up may be told, by kind; other names are undefined. */
final class GeneratedVariables {
  static final List<String> TEXTS = List.of("s", "t", "e", "emoji", "m", "num");
  static final List<String> NUMBERS = List.of("n", "z", "neg", "f", "tr", "fa");
  static final List<String> LISTS = List.of("l", "ls", "le", "ld", "ln");

  static final Map<String, Object> ALL = variables();

  private GeneratedVariables() {}

  private static Map<String, Object> variables() {
    var map = new LinkedHashMap<String, Object>();
    map.put("s", "  H\u00e9llo w\u00f6rld\u3000\n");
    map.put("t", "a-b_c,d <&> \"q\" it's");
    map.put("e", "");
    map.put("emoji", "\ud83d\ude00a\ud83d\udc4d\ud83c\udffd\u00df\u01c6");
    map.put("m", "line one\nline two\r\n\n  third\tx");
    map.put("num", "42");
    map.put("n", 7);
    map.put("z", 0);
    map.put("neg", -3);
    map.put("f", 2.5);
    map.put("tr", true);
    map.put("fa", false);
    map.put("no", null);
    map.put("l", List.of(3, 1, 2, 3));
    map.put("ls", List.of("b", "A", "\u00e4", "c", "a"));
    map.put("le", List.of());
    map.put("ln", Arrays.asList(List.of(1, 2), null, "x", 1.0, true, Map.of("k", "v")));
    var ada = new LinkedHashMap<String, Object>();
    ada.put("name", "Ada");
    ada.put("age", 36);
    ada.put("tags", List.of("x", "y"));
    var bob = new LinkedHashMap<String, Object>();
    bob.put("name", "bob");
    bob.put("age", 7);
    bob.put("tags", List.of());
    bob.put("none", null);
    map.put("ld", List.of(ada, bob, Map.of("name", "Cyd")));
    var d = new LinkedHashMap<String, Object>();
    d.put("k", "v");
    d.put("B", 2);
    d.put("\u00e4", List.of(1, "z"));
    d.put("items", "shadow");
    d.put("no", null);
    map.put("d", d);
    return map;
  }
}
