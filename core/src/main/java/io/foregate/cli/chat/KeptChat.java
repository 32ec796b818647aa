package io.foregate.cli.chat;

import io.foregate.Chat;
import io.foregate.Generation;
import io.foregate.Model;
import io.foregate.error.ForegateException;
import io.foregate.files.Claim;
import io.foregate.files.FileKind;
import io.foregate.files.Target;
import io.foregate.options.GenerateOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A conversation and the file that keeps it. Another conversation may take its place ({@code
 * /load}), never by losing what no file has. Its file is written by {@link #keep} and {@link
 * #save}, on any thread; all else is for one.
 */
public final class KeptChat implements AutoCloseable {
  private final Model model;

  /** Whether {@link #keep} writes: the command line named a file. */
  private final boolean keeps;

  private Chat chat;

  /** Where it came from or was saved; {@code null} if nowhere. */
  private Path file;

  /** Keeps other runs from that file; {@code null} if there is none. */
  private Claim claim;

  private boolean changed;

  private KeptChat(Model model, Chat chat, Path file, Claim claim) {
    this.model = model;
    this.chat = chat;
    this.file = file;
    this.claim = claim;
    this.keeps = file != null;
  }

  /**
   * Begins a conversation, or goes on with one.
   *
   * @param session its file, which need not be there yet; {@code null} for none
   */
  public static KeptChat open(Model model, GenerateOptions options, Path session) {
    if (session == null) {
      return new KeptChat(model, model.chat(options), null, null);
    }
    Claim claim = Claim.take(session);
    try {
      return new KeptChat(model, model.chat(options, session), session, claim);
    } catch (RuntimeException | Error e) {
      claim.close();
      throw e;
    }
  }

  public Chat chat() {
    return chat;
  }

  /** As {@link Chat#send(String, Consumer, Consumer)}, where the answer can be kept. */
  Generation send(String message, Consumer<String> onText, Consumer<String> onReasoning) {
    if (keeps) {
      chat.requireRoom(file, message);
    }
    int before = chat.length();
    try {
      return chat.send(message, onText, onReasoning);
    } finally {
      changed |= chat.length() != before;
    }
  }

  /** Tells the model how to behave. */
  public synchronized void system(String text) {
    chat.system(text);
    changed = true;
  }

  /** Forgets what has been said. */
  synchronized void clear() {
    chat.clear();
    changed = true;
  }

  /** The file of the conversation; {@code null} if it has none. */
  Path file() {
    return file;
  }

  /** Writes the conversation to its file at the end, where the command line named one. */
  public synchronized void keep() {
    if (keeps && (changed || !Files.exists(file))) {
      chat.save(file);
      changed = false;
    }
  }

  /**
   * Writes the conversation to a file, which is its file from then on.
   *
   * @throws ForegateException if the file holds anything else already, or cannot be written
   */
  synchronized void save(Path target) {
    if (Files.exists(target) && !isFile(target)) {
      throw new ForegateException(
          target + " is there already, and is not this conversation's",
          "Choose another name: nothing is overwritten here.");
    }
    move(target, () -> chat.save(target));
    changed = false;
  }

  /** Makes a file this conversation's if something can be done with it. */
  private void move(Path target, Runnable work) {
    boolean held = claim != null && isFile(target);
    Claim next = held ? claim : Claim.take(target);
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      if (!held) {
        next.close();
      }
      throw e;
    }
    if (!held) {
      release();
    }
    claim = next;
    file = target;
  }

  private void release() {
    if (claim != null) {
      claim.close();
    }
  }

  /**
   * Goes on with the conversation in a file. If it is refused, this one goes on.
   *
   * @throws ForegateException also when what was said here is in no file
   */
  synchronized void load(Path source) {
    if (!Files.exists(source)) {
      throw new ForegateException(source + ": no such file", "/save FILE makes one.");
    }
    Target.requireReadable(source, FileKind.SESSION);
    if (keeps) {
      keep();
    } else if (changed && chat.length() > 0 && !said().isEmpty()) {
      throw new ForegateException(
          "what was said here is in no file: " + said(),
          "/save FILE keeps it, /clear forgets it; then /load.");
    }
    move(
        source,
        () -> {
          Chat loaded = model.chat(chat.options(), source);
          chat.close();
          chat = loaded;
        });
    changed = false;
  }

  /** As {@link #keep}, for a process that ends at once: other runs may have the file. */
  public synchronized void leave() {
    try {
      keep();
    } finally {
      release();
    }
  }

  /** How many messages would be lost, in words; empty for none. */
  private String said() {
    int messages = chat.length() - (chat.system().isEmpty() ? 0 : 1);
    return messages == 0 ? "" : messages == 1 ? "1 message" : messages + " messages";
  }

  private boolean isFile(Path target) {
    try {
      return file != null && Files.exists(file) && Files.isSameFile(file, target);
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public synchronized void close() {
    release();
    chat.close();
  }
}
