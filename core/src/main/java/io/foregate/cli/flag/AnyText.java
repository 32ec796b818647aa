package io.foregate.cli.flag;

import java.util.Stack;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Takes whatever follows an option as its value: a text for a model may be the name of another
 * option, or begin as one.
 */
public final class AnyText implements IParameterConsumer {
  @Override
  public void consumeParameters(Stack<String> args, ArgSpec option, CommandSpec command) {
    if (args.isEmpty()) {
      throw new MissingParameterException(
          command.commandLine(), option, "Missing required parameter for " + describe(option));
    }
    option.setValue(args.pop());
  }

  private static String describe(ArgSpec option) {
    return "option '%s' (%s)".formatted(((OptionSpec) option).longestName(), option.paramLabel());
  }
}
