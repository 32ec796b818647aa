package io.foregate.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a template can use is bounded: time, memory and a thread's stack. */
class HostileTemplatesTest {
  private static final long MAX_BYTES = 64L << 20;
  private static final long MAX_SECONDS = 2;
  private static final long SMALL_STACK = 512L << 10;

  private static final Map<String, Object> HELLO =
      Map.of(
          "messages",
          List.of(Map.of("role", "user", "content", "hi")),
          "add_generation_prompt",
          true);

  /** A text of a million characters. */
  private static final String LONG =
      "{% set x = 'aaaaaaaaaaaaaaaa' %}" + "{% set x = x ~ x %}".repeat(16);

  /** Bytes that one rendering allocated, and how it ended. */
  private record Used(long bytes, String end) {}

  private static Used render(String jinja) throws Exception {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var task =
        new FutureTask<>(
            () -> {
              long before = threads.getCurrentThreadAllocatedBytes();
              String end;
              try {
                end = "text: " + Template.parse(jinja).render(HELLO, RenderOptions.defaults());
              } catch (TemplateException e) {
                end = "error: " + e.getMessage();
              }
              return new Used(threads.getCurrentThreadAllocatedBytes() - before, end);
            });
    var thread = new Thread(null, task, "template", SMALL_STACK);
    thread.setDaemon(true);
    thread.start();
    return task.get(MAX_SECONDS * slowness(), TimeUnit.SECONDS);
  }

  /** How much longer a busy machine may take: CPUs that others use are none of ours. */
  private static long slowness() {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    return 1 + (long) Math.max(0, load / Runtime.getRuntime().availableProcessors());
  }

  private static void endsWithinItsLimits(String jinja, String end) throws Exception {
    Used used = render(jinja);
    assertThat(used.end()).startsWith(end);
    assertThat(used.bytes()).isLessThan(MAX_BYTES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "batch-2e9 > error: it does not end: more than ",
        "dag-equals > error: it does not end: more than ",
        "dag-in > error: it does not end: more than ",
        "dag-print > error: it ",
        "dag-tojson > error: it ",
        "dag-unique > text: ",
        "filter-chain > error: it takes too much memory: more than 24 MiB",
        "round-1e8 > text: 1.5",
        "split-hold > error: Encountered unknown tag 'do'.",
        "sum-range > error: it ",
        "title-chain > error: it takes too much memory: more than 24 MiB"
      })
  void endsWhatWasFound(String expected) throws Exception {
    String[] parts = expected.split(" > ", -1);
    String name = "/template/hostile/template-" + parts[0] + ".jinja";
    try (InputStream in = HostileTemplatesTest.class.getResourceAsStream(name)) {
      endsWithinItsLimits(new String(in.readAllBytes(), StandardCharsets.UTF_8), parts[1]);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 10 ** 100000000 }}",
        "{{ 2 ** (2 ** (2 ** (2 ** 5))) }}",
        "{% for i in range(9999) %}{{ 7 ** 30000 % 13 }}{% endfor %}",
        "{{ 'a'.center(2000000000) }}",
        "{{ 'ab' * 2000000000 }}",
        "{{ [1, 2] * 2000000000 }}",
        "{{ '%2000000000d' % 1 }}",
        "{{ '%.200000000f' % 1.5 }}",
        "{{ '{:.100000000f}'.format(1.5) }}",
        "{{ '{:0200000000,}'.format(1) }}",
        "{{ '1'.zfill(2000000000) }}",
        "{{ 'a\\n' | indent(2000000000, true) }}",
        "{{ [1] | tojson(indent=2000000000) }}",
        "{{ [1] | slice(2000000000) | list | length }}",
        "{{ '\\t'.expandtabs(2000000000) }}",
        "{{ range(99999) | batch(100000000, 1) | list | length }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99) %}{% set x = range(99999) | sort(reverse=true) %}{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for i in [[1]] recursive %}{{ loop([[i]]) }}{% endfor %}",
        "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}"
            + "{{ n.x }}",
        "{% set n = namespace(x=()) %}{% for i in range(9999) %}{% set n.x = (n.x,) %}{% endfor %}"
            + "{{ {n.x: 1} }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}"
            + "{% set n.x = n.x | map('string') %}{% endfor %}{{ n.x | list }}",
        "{% set n = namespace(d={}) %}{% for i in range(99999) %}"
            + "{% set n.d = dict(n.d, **{i | string: 1}) %}{% endfor %}",
        "{% set x = 10 ** 40000 %}{% for i in range(99999) %}{{ {x: x == 1.5}|length }}{% endfor"
            + " %}",
        "{% set x = '9' * 4300 %}{% for i in range(99999) %}{% set y = x | int %}{% endfor %}"
      })
  void endsWhatTakesTooMuch(String jinja) throws Exception {
    endsWithinItsLimits(jinja, "error: it ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% if (x ~ 'b') in x %}{% endif %}",
        "{% set y = x.find('aaaaaaaab') %}",
        "{% set y = x.rfind('b' ~ x[:50000]) %}",
        "{% set y = x.strip(x) %}",
        "{% set y = x.split('a') %}",
        "{% set y = x | upper | title | wordcount %}",
        "{% set y = x | tojson %}",
        "{% set y = [x] | string %}",
        "{% set y = x | replace('a', x) %}",
        "{% set y = x[::2] | list %}",
        "{{ x }}"
      })
  void endsWorkOnALongText(String statement) throws Exception {
    endsWithinItsLimits(
        LONG + "{% for i in range(99999) %}" + statement + "{% endfor %}", "error: it ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "{1:", "not ", "- ", "1 if x else ", "f(", "x[", "1 + ("})
  void refusesWhatNestsTooDeeply(String opening) throws Exception {
    endsWithinItsLimits("{{ " + opening.repeat(10_000), "error: it nests too deeply");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{% if 1 %}", "{% for x in y %}", "{% macro f() %}", "{% call f() %}"})
  void refusesBodiesThatNestTooDeeply(String opening) throws Exception {
    endsWithinItsLimits(opening.repeat(10_000), "error: it nests too deeply");
  }

  @Test
  void refusesWhatIsLongerThanAnyModels() throws Exception {
    endsWithinItsLimits("{{ 1 + 1 }}".repeat(50_000), "error: it has 550000 characters: more");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1 + ", "'a' ~ ", "1 if x else ", "not 1, ", "x.y, ", "{'a': 1}, ", "-1 * "})
  void readsTheLongestWithinItsLimits(String part) throws Exception {
    endsWithinItsLimits("{{ " + part.repeat(262_000 / part.length()) + "1 }}", "");
  }

  @Test
  void evaluatesWhatJustMayNestOnASmallStack() throws Exception {
    String lists = "[".repeat(95) + "]".repeat(95);
    String calls = "{{ " + "dict(a=(1 + ".repeat(45) + "1" + "))".repeat(45) + " }}";

    assertThat(render("{{ " + lists + " }}").end()).isEqualTo("text: " + lists);
    assertThat(render(calls).end()).startsWith("error: unsupported operand");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 1 }}",
        "'a' ",
        "{% set x = 1 %}",
        "text\n",
        "{ ",
        "   {%- if 1 -%}   {%- endif -%}",
        "{# c #}",
        "{% raw %}{{{% endraw %}"
      })
  void readsALongTemplateInLinearTime(String part) throws Exception {
    long small = nanos(repeated(part, 20_000));
    long large = nanos(repeated(part, 200_000));

    // Ten times as much may take ten times as long, and what a busy machine adds; not a hundred.
    assertThat(large).isLessThan(40 * small + TimeUnit.MILLISECONDS.toNanos(300));
  }

  private static String repeated(String part, int chars) {
    String all = part.repeat(chars / part.length());
    return part.startsWith("'") ? "{{ " + all + "}}" : all;
  }

  private static long nanos(String jinja) {
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      long begin = System.nanoTime();
      Template.parse(jinja);
      best = Math.min(best, System.nanoTime() - begin);
    }
    return best;
  }

  @Test
  void isFarFromItsLimitsInALongConversation() {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      messages.add(
          Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", "long text ".repeat(200)));
    }
    String jinja =
        "{%- for m in messages %}{%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
            + "{{- raise_exception('roles') }}{%- endif %}{%- set c = m.content.split('</t>')[-1]"
            + ".strip() %}{{- '<|' ~ m['role'] ~ '|>\n' + c | trim + '\n' }}{%- endfor %}";
    Limits tenth =
        new Limits(
            Limits.DEFAULT.steps() / 10, Limits.DEFAULT.bytes() / 10, Limits.DEFAULT.depth() / 10);

    String text =
        Template.parse(jinja)
            .render(
                Map.of("messages", messages),
                new RenderOptions(RenderOptions.defaults().clock(), tenth));
    assertThat(text).hasSizeGreaterThan(2_000_000);
  }

  @Test
  void saysWhatLimitWasPassed() {
    var few = new RenderOptions(RenderOptions.defaults().clock(), new Limits(100, 1 << 20, 20));

    assertThatThrownBy(
            () ->
                Template.parse("a\n{% for i in range(1000) %}{{ i }}{% endfor %}")
                    .render(Map.of(), few))
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> {
              assertThat(e.line()).isEqualTo(2);
              assertThat(e.raised()).isFalse();
            })
        .hasMessage("it does not end: more than 100 steps");
  }
}
