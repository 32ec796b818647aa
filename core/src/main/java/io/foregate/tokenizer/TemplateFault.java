package io.foregate.tokenizer;

/** A template that cannot be rendered; the message completes "line 3: ". */
final class TemplateFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TemplateFault(String message) {
    super(message);
  }
}
