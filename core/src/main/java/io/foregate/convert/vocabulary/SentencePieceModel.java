package io.foregate.convert.vocabulary;

import io.foregate.error.ForegateException;
import io.foregate.files.InputFile;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A SentencePiece model, {@code tokenizer.model}: as much of the protobuf message {@code
 * ModelProto} (github.com/google/sentencepiece, sentencepiece_model.proto) as a vocabulary needs.
 * The piece types' numbers are GGUF's.
 *
 * @param addsPrefix whether a space is put before the text
 */
record SentencePieceModel(List<Piece> pieces, boolean addsPrefix) {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;
  private static final int BPE = 2;

  /** A token. */
  record Piece(String text, float score, int type) {}

  /**
   * Reads a model.
   *
   * @throws ForegateException if it is damaged, or of a type other than BPE
   */
  static SentencePieceModel read(Path file) {
    byte[] bytes = InputFile.bytes(file, "a SentencePiece model");
    return new Reader(file).read(ByteBuffer.wrap(bytes));
  }

  private static final class Reader {
    private final Path file;
    private final List<Piece> pieces = new ArrayList<>();
    private boolean addsPrefix = true;
    private long modelType = 1;

    Reader(Path file) {
      this.file = file;
    }

    SentencePieceModel read(ByteBuffer bytes) {
      try {
        fields(bytes.order(ByteOrder.LITTLE_ENDIAN), this::modelField);
      } catch (BufferUnderflowException | IllegalArgumentException e) {
        throw new ForegateException(
            file + ": no SentencePiece model, or a damaged one", "Download the file again.", e);
      }
      if (pieces.isEmpty()) {
        throw new ForegateException(
            file + ": no SentencePiece model, or an empty one", "Download the file again.");
      }
      if (modelType != BPE) {
        throw new ForegateException(
            "%s: the SentencePiece model is of type %d, expected %d (BPE)"
                .formatted(file, modelType, BPE),
            "GGUF's 'llama' tokenizer merges pieces by score: other types would split otherwise.");
      }
      return new SentencePieceModel(List.copyOf(pieces), addsPrefix);
    }

    private void modelField(int number, Value value) {
      switch (number) {
        case 1 -> pieces.add(piece(value.bytes()));
        case 2 -> fields(value.bytes(), this::trainerField);
        case 3 -> fields(value.bytes(), this::normalizerField);
        default -> {}
      }
    }

    private static Piece piece(ByteBuffer bytes) {
      var text = new StringBuilder();
      var numbers =
          new Object() {
            float score;
            int type = TokenList.NORMAL;
          };
      fields(
          bytes,
          (number, value) -> {
            switch (number) {
              case 1 -> text.append(StandardCharsets.UTF_8.decode(value.bytes()));
              case 2 -> numbers.score = Float.intBitsToFloat((int) value.number());
              case 3 -> numbers.type = (int) value.number();
              default -> {}
            }
          });
      return new Piece(text.toString(), numbers.score, numbers.type);
    }

    private void trainerField(int number, Value value) {
      if (number == 3) {
        modelType = value.number();
      }
    }

    private void normalizerField(int number, Value value) {
      if (number == 3) {
        addsPrefix = value.number() != 0;
      }
    }
  }

  private interface Field {
    void accept(int number, Value value);
  }

  /** A field's value: a number, or bytes. */
  private record Value(long number, ByteBuffer bytes) {}

  private static void fields(ByteBuffer message, Field field) {
    while (message.hasRemaining()) {
      long tag = varint(message);
      long number = 0;
      ByteBuffer bytes = ByteBuffer.allocate(0);
      switch ((int) tag & 7) {
        case VARINT -> number = varint(message);
        case FIXED64 -> number = message.getLong();
        case FIXED32 -> number = message.getInt();
        case BYTES -> {
          int length = Math.toIntExact(checked(varint(message), message.remaining()));
          bytes = message.slice(message.position(), length).order(ByteOrder.LITTLE_ENDIAN);
          message.position(message.position() + length);
        }
        default -> throw new IllegalArgumentException("wire type " + (tag & 7));
      }
      field.accept((int) (tag >>> 3), new Value(number, bytes));
    }
  }

  private static long checked(long length, int remaining) {
    if (length < 0 || length > remaining) {
      throw new IllegalArgumentException("a field of " + length + " bytes");
    }
    return length;
  }

  private static long varint(ByteBuffer message) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte b = message.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than 64 bits");
  }
}
