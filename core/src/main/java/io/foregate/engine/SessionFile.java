package io.foregate.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.foregate.backend.KvState;
import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.InputFile;
import io.foregate.files.PartFile;
import io.foregate.files.Target;
import io.foregate.gguf.ModelHash;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * A session in a file: its tokens and what the KV cache holds of them, so that they need not be fed
 * again.
 *
 * <p>Format, little-endian: the magic {@value #MAGIC}; the header's length in 4 bytes; the header
 * in JSON ({@link Header}); the tokens, 4 bytes each; the bytes of every layer as {@link KvState}
 * gives them; CRC-32C of all of that in 4 bytes. The header says which model, cache type and layout
 * it was made with, and a session of any other is refused: its bytes would mean something else.
 */
final class SessionFile {
  private static final String MAGIC = "FGSESS01";
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int PREFIX = MAGIC.length() + Integer.BYTES;
  private static final int MAX_HEADER = 64 << 20;
  private static final int CHUNK = 1 << 20;
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /**
   * What the file says of itself.
   *
   * @param model {@link ModelHash#hex} of the model
   * @param kvType type of the cache's elements
   * @param layout {@link KvState#layout}
   * @param layers layers that follow
   * @param tokens tokens that were fed
   * @param note the owner's: what it wants to know of the session when it is read
   * @param name the model's name, for people; {@code null} in files of older versions
   */
  private record Header(
      String model,
      String kvType,
      String layout,
      int layers,
      int tokens,
      String note,
      String name) {}

  /** The model of a session: what it is known by, and what people call it. */
  record Owner(ModelHash hash, String name) {}

  private SessionFile() {}

  /** Writes a session; the file is there whole or not at all. */
  static void write(Path path, int[] tokens, KvState state, int layers, Owner model, String note) {
    byte[] json =
        json(
            new Header(
                model.hash().hex(),
                state.type().name(),
                state.layout(),
                layers,
                tokens.length,
                note,
                model.name()));
    if (json.length > MAX_HEADER) {
      throw new ForegateException(
          "%s: the conversation has %d MiB, more than the %d that a session's header may have"
              .formatted(path, json.length >> 20, MAX_HEADER >> 20),
          "Begin a new session.");
    }
    Target.requireKind(path, FileKind.SESSION);
    var crc = new CRC32C();
    try (PartFile file = PartFile.create(path, FileKind.SESSION);
        Arena arena = Arena.ofShared()) {
      file.requireSpace(size(json.length, tokens.length, state, layers));
      MemorySegment head = arena.allocate(PREFIX + json.length + 4L * tokens.length);
      MemorySegment.copy(magic(), 0, head, ValueLayout.JAVA_BYTE, 0, MAGIC.length());
      head.set(INT, MAGIC.length(), json.length);
      MemorySegment.copy(json, 0, head, ValueLayout.JAVA_BYTE, PREFIX, json.length);
      MemorySegment.copy(tokens, 0, head, INT, PREFIX + json.length, tokens.length);
      append(file, head, crc);
      MemorySegment buffer = layerBuffer(arena, state, layers, tokens.length);
      for (int layer = 0; layer < layers; layer++) {
        MemorySegment bytes = buffer.asSlice(0, state.bytes(layer, tokens.length));
        state.save(layer, tokens.length, bytes);
        append(file, bytes, crc);
      }
      MemorySegment checksum = arena.allocate(INT);
      checksum.set(INT, 0, (int) crc.getValue());
      file.write(checksum);
      file.commit();
    }
  }

  /** Refuses a file that could not be written with so many tokens, before they are made. */
  static void requireRoom(Path path, KvState state, int layers, int tokens) {
    Target.requireKind(path, FileKind.SESSION);
    try (PartFile file = PartFile.create(path, FileKind.SESSION)) {
      file.requireSpace(size(0, tokens, state, layers));
    }
  }

  private static byte[] json(Header header) {
    try {
      return JSON.writeValueAsBytes(header);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void append(PartFile file, MemorySegment bytes, CRC32C crc) {
    update(crc, bytes);
    file.write(bytes);
  }

  /** What was read: the tokens whose keys and values now are in the cache, and the note. */
  record Restored(int[] tokens, String note) {}

  /**
   * Reads a session into a cache. When this throws before the file has been checked from end to
   * end, the cache is as it was; a disk that fails after that leaves it undefined.
   *
   * @param capacity positions that the cache holds
   */
  static Restored read(Path path, KvState state, int layers, int capacity, Owner model) {
    try (FileChannel file = InputFile.open(path, FileKind.SESSION);
        Arena arena = Arena.ofShared()) {
      Header header = header(path, file, arena);
      if (!header.model().equals(model.hash().hex())) {
        String name = header.name() == null ? "" : header.name();
        throw new ForegateException(
            "%s is of %s".formatted(path, ModelHash.other(name, model.name())),
            "Open the model that it was made with.");
      }
      require(
          path,
          "has a KV cache of type",
          header.kvType(),
          state.type().name(),
          "Choose that type of [[KV cache]].");
      require(
          path,
          "has a KV cache in the layout",
          header.layout(),
          state.layout(),
          "Use the backend and version that it was made with, or begin a new session.");
      if (header.tokens() > capacity) {
        throw new ForegateException(
            "%s has %d tokens, which do not fit the context of %d"
                .formatted(path, header.tokens(), capacity),
            "Open the model with a larger [[context]].");
      }
      int at = Math.toIntExact(file.position());
      if (header.layers() != layers
          || header.tokens() < 0
          || file.size() != size(at - PREFIX, header.tokens(), state, layers)) {
        throw damaged(path, "it has %d bytes, which its header contradicts".formatted(file.size()));
      }
      checkSum(path, file, arena);
      return load(file.position(at), header, state, arena);
    } catch (EOFException e) {
      throw damaged(path, "it ends too early");
    } catch (IOException e) {
      throw InputFile.unreadable(path, e);
    }
  }

  private static Restored load(FileChannel file, Header header, KvState state, Arena arena)
      throws IOException {
    MemorySegment ids = arena.allocate(4L * header.tokens());
    fill(file, ids);
    MemorySegment buffer = layerBuffer(arena, state, header.layers(), header.tokens());
    for (int layer = 0; layer < header.layers(); layer++) {
      MemorySegment bytes = buffer.asSlice(0, state.bytes(layer, header.tokens()));
      fill(file, bytes);
      state.load(layer, header.tokens(), bytes);
    }
    return new Restored(ids.toArray(INT), header.note());
  }

  private static Header header(Path path, FileChannel file, Arena arena) throws IOException {
    if (file.size() < PREFIX) {
      throw damaged(path, "it has %d bytes, too few for a session".formatted(file.size()));
    }
    MemorySegment prefix = arena.allocate(PREFIX);
    fill(file, prefix);
    if (MemorySegment.mismatch(
            prefix, 0, MAGIC.length(), MemorySegment.ofArray(magic()), 0, MAGIC.length())
        >= 0) {
      throw new ForegateException(
          path + " is not a session that Foregate saved", "Check the path of the [[session]].");
    }
    int length = prefix.get(INT, MAGIC.length());
    if (length < 2 || length > Math.min(MAX_HEADER, file.size() - PREFIX)) {
      throw damaged(path, "its header claims %d bytes".formatted(length));
    }
    MemorySegment json = arena.allocate(length);
    fill(file, json);
    try {
      Header header = JSON.readValue(json.toArray(ValueLayout.JAVA_BYTE), Header.class);
      if (header == null
          || header.model() == null
          || header.kvType() == null
          || header.layout() == null
          || header.note() == null) {
        throw damaged(path, "its header lacks a value");
      }
      return header;
    } catch (JsonProcessingException e) {
      throw damaged(path, "its header is not JSON");
    } catch (IOException e) {
      throw damaged(path, "its header cannot be read");
    }
  }

  private static void checkSum(Path path, FileChannel file, Arena arena) throws IOException {
    var crc = new CRC32C();
    MemorySegment chunk = arena.allocate(CHUNK);
    file.position(0);
    long rest = file.size() - Integer.BYTES;
    while (rest > 0) {
      MemorySegment piece = chunk.asSlice(0, Math.min(CHUNK, rest));
      fill(file, piece);
      update(crc, piece);
      rest -= piece.byteSize();
    }
    MemorySegment found = arena.allocate(INT);
    fill(file, found);
    if (found.get(INT, 0) != (int) crc.getValue()) {
      throw damaged(path, "its bytes do not match their checksum");
    }
  }

  private static void update(CRC32C crc, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
      crc.update(bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer());
    }
  }

  private static void fill(FileChannel file, MemorySegment target) throws IOException {
    for (long at = 0; at < target.byteSize(); at += CHUNK) {
      ByteBuffer piece = target.asSlice(at, Math.min(CHUNK, target.byteSize() - at)).asByteBuffer();
      while (piece.hasRemaining()) {
        if (file.read(piece) < 0) {
          throw new EOFException();
        }
      }
    }
  }

  private static long size(int header, int tokens, KvState state, int layers) {
    long size = PREFIX + header + 4L * tokens + Integer.BYTES;
    for (int layer = 0; layer < layers; layer++) {
      size += state.bytes(layer, tokens);
    }
    return size;
  }

  private static MemorySegment layerBuffer(Arena arena, KvState state, int layers, int tokens) {
    long largest = 1;
    for (int layer = 0; layer < layers; layer++) {
      largest = Math.max(largest, state.bytes(layer, tokens));
    }
    return arena.allocate(largest);
  }

  private static byte[] magic() {
    return MAGIC.getBytes(StandardCharsets.US_ASCII);
  }

  private static void require(Path path, String what, String found, String expected, String hint) {
    if (!found.equals(expected)) {
      throw new ForegateException(
          "%s %s %s, expected %s".formatted(path, what, found, expected), hint);
    }
  }

  private static ForegateException damaged(Path path, String why) {
    return new ForegateException(
        "%s: the session is damaged: %s".formatted(path, why),
        "Choose another file for a new session; the text will be fed anew.");
  }
}
