package io.foregate.cli;

import io.foregate.MemoryUse;
import io.foregate.Model;
import java.util.function.Consumer;

/** Looks on while text is made: prints it, notes memory, and stops when the user asks to. */
final class Watch implements Consumer<String> {
  private final Shell shell;
  private final Model model;
  private final Consumer<String> printer;
  private String before;
  private MemoryUse memory;

  private Watch(Shell shell, Model model, Consumer<String> printer, String before) {
    this.shell = shell;
    this.model = model;
    this.printer = printer;
    this.before = before;
    this.memory = model.memory();
  }

  /**
   * Prints the text as it comes.
   *
   * @param before printed once it is certain that text will follow: not before an error
   */
  static Watch printing(Shell shell, Model model, String before) {
    return new Watch(shell, model, shell.terminal()::print, before);
  }

  /** Prints nothing. */
  static Watch silent(Shell shell, Model model) {
    return new Watch(shell, model, _ -> {}, "");
  }

  @Override
  public void accept(String piece) {
    shell.cancellation().check();
    memory = model.memory();
    finish();
    printer.accept(piece);
  }

  /** The generation has ended well, perhaps without any text. */
  void finish() {
    printer.accept(before);
    before = "";
  }

  /** Memory in use when the last piece of text was made. */
  MemoryUse memory() {
    return memory;
  }
}
