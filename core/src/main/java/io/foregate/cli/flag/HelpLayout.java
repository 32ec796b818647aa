package io.foregate.cli.flag;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** How a command's help is laid out: what must be given first, then options in groups. */
public final class HelpLayout {
  private static final String REQUIRED = "Required";
  private static final String OWN = "Options";
  private static final String EXPERTS = "Experts that do not fit the device";

  /** Groups in their order, and the options of each; what is in none is the command's own. */
  private static final Map<String, List<String>> GROUPS = groups();

  private HelpLayout() {}

  private static Map<String, List<String>> groups() {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    groups.put(REQUIRED, List.of());
    groups.put(OWN, List.of());
    groups.put(
        "Text",
        List.of("--prompt", "--file", "--parse-special", "--system", "--session", "--no-echo"));
    groups.put(
        "Generation",
        List.of(
            "--max-tokens",
            "--temp",
            "--top-k",
            "--top-p",
            "--min-p",
            "--repeat-penalty",
            "--repeat-last-n",
            "--seed",
            "--stop"));
    groups.put("Computing", List.of("--ctx", "--threads", "--kv-type", "--backend"));
    groups.put(
        EXPERTS,
        List.of(
            "--policy",
            "--expert-slots",
            "--link-gbps",
            "--copy-engine",
            "--gates",
            "--store",
            "--store-folder",
            "--lock",
            "--oracle-trace",
            "--timeline"));
    groups.put("Output", List.of("--stats", "--json", "--output", "--out", "--report", "--force"));
    groups.put("Everywhere", List.of("--help", "--version", "--verbose"));
    return groups;
  }

  /** Lays out the help of a command, and of none below it. */
  public static void apply(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    if (!spec.subcommands().isEmpty()) {
      return;
    }
    spec.usageMessage().customSynopsis(synopsis(spec));
    command
        .getHelpSectionMap()
        .put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, help -> options(spec, help));
  }

  private static String synopsis(CommandSpec spec) {
    List<String> words = new ArrayList<>();
    words.add(spec.qualifiedName());
    spec.options().stream()
        .filter(OptionSpec::required)
        .forEach(option -> words.add(option.shortestName() + " " + option.paramLabel()));
    words.add("[OPTIONS]");
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      String label = parameter.paramLabel();
      words.add(parameter.arity().min() == 0 ? "[" + label + "]" : label);
    }
    return String.join(" ", words);
  }

  /** The group that help shows an option in. */
  static String group(CommandSpec command, OptionSpec option) {
    if (option.required()) {
      return REQUIRED;
    }
    String name = OptionRanges.name(option);
    if (command.findOption("--policy") == null && GROUPS.get(EXPERTS).contains(name)) {
      return OWN;
    }
    return GROUPS.entrySet().stream()
        .filter(group -> group.getValue().contains(name))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(OWN);
  }

  private static String options(CommandSpec spec, Help help) {
    Map<String, List<OptionSpec>> byGroup =
        spec.options().stream()
            .filter(option -> !option.hidden())
            .collect(Collectors.groupingBy(option -> group(spec, option)));
    var text = new StringBuilder();
    for (String group : GROUPS.keySet()) {
      List<OptionSpec> options = byGroup.get(group);
      if (options == null) {
        continue;
      }
      Help.Layout layout = help.createDefaultLayout();
      options.forEach(option -> layout.addOption(option, help.parameterLabelRenderer()));
      text.append(System.lineSeparator()).append(group).append(':').append(System.lineSeparator());
      text.append(layout);
    }
    return text.toString();
  }
}
