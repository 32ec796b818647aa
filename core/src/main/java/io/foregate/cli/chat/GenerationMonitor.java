package io.foregate.cli.chat;

import io.foregate.MemoryUse;
import io.foregate.Model;
import io.foregate.cli.terminal.LongWork;
import io.foregate.cli.terminal.Shell;
import java.util.function.Consumer;

/** Looks on while text is made: prints it, notes memory, and stops when the user asks to. */
public final class GenerationMonitor implements Consumer<String>, AutoCloseable {
  private final Shell shell;
  private final Model model;
  private final Consumer<String> printer;
  private final LongWork prompt;
  private String before;
  private MemoryUse memory;

  private GenerationMonitor(Shell shell, Model model, Consumer<String> printer, String before) {
    this.shell = shell;
    this.model = model;
    this.printer = printer;
    this.before = before;
    this.memory = model.memory();
    this.prompt = LongWork.of(shell.terminal(), work(model));
  }

  /** What goes on before there is text. */
  private static String work(Model model) {
    return model.backend().startsWith("cpu")
        ? "reading the prompt"
        : "compiling kernels for the device, and reading the prompt";
  }

  /**
   * Prints the text as it comes.
   *
   * @param before printed once it is certain that text will follow: not before an error
   */
  public static GenerationMonitor printing(Shell shell, Model model, String before) {
    return new GenerationMonitor(shell, model, shell.terminal()::print, before);
  }

  /** Prints nothing. */
  public static GenerationMonitor silent(Shell shell, Model model) {
    return new GenerationMonitor(shell, model, _ -> {}, "");
  }

  @Override
  public void accept(String piece) {
    look();
    finish();
    printer.accept(piece);
  }

  /** Text is being made, though not of the kind that is printed. */
  void look() {
    prompt.close();
    if (shell.cancellation().requested()) {
      // Not an exception: the text ends as a text does, and what there is of it is kept.
      Thread.currentThread().interrupt();
    }
    memory = model.memory();
  }

  /** The generation has ended well, perhaps without any text. */
  public void finish() {
    prompt.close();
    printer.accept(before);
    before = "";
  }

  /** Nothing is watched any more, whatever has happened. */
  @Override
  public void close() {
    prompt.close();
  }

  /** Memory in use when the last piece of text was made. */
  public MemoryUse memory() {
    return memory;
  }
}
