package io.foregate.gate;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foregate.error.ForegateException;
import io.foregate.files.FileKind;
import io.foregate.files.InputFile;
import io.foregate.files.MappedFault;
import io.foregate.files.PartFile;
import io.foregate.safetensors.SafetensorsHeader;
import io.foregate.safetensors.TensorEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A safetensors file (github.com/huggingface/safetensors): the header's length in 8 bytes, the
 * header as JSON, then the tensors' bytes, little-endian, without holes. The tensors' checksum
 * (CRC-32C) is among the metadata. Everything is copied when a file is read: what happens to the
 * file later does not matter.
 */
public final class Safetensors {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String METADATA = "__metadata__";
  private static final String CHECKSUM = "data_crc32c";
  private static final String HINT = "Make it again with 'foregate align'.";
  private static final int CHUNK = 1 << 20;
  private static final JsonMapper JSON = new JsonMapper();

  /** Element types that are written here. */
  enum Type {
    F16(2),
    F32(4);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }
  }

  /** A tensor to be written. */
  public record Tensor(String name, Type type, long[] shape, MemorySegment data) {

    public static Tensor of(String name, float[] values, long... shape) {
      MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, 4)]);
      for (int i = 0; i < values.length; i++) {
        data.set(INT, 4L * i, Float.floatToRawIntBits(values[i]));
      }
      return new Tensor(name, Type.F32, shape, data);
    }
  }

  private final Path path;
  private final SafetensorsHeader header;
  private final MemorySegment data;

  private Safetensors(Path path, SafetensorsHeader header, MemorySegment data) {
    this.path = path;
    this.header = header;
    this.data = data;
  }

  /** Writes a file, which is there whole or not at all. */
  public static void write(
      Path path, FileKind kind, Map<String, String> metadata, List<Tensor> tensors) {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode facts = root.putObject(METADATA);
    metadata.forEach(facts::put);
    var crc = new CRC32C();
    long at = 0;
    for (Tensor tensor : tensors) {
      update(crc, tensor.data());
      ObjectNode node = root.putObject(tensor.name());
      node.put("dtype", tensor.type().name());
      var shape = node.putArray("shape");
      for (long n : tensor.shape()) {
        shape.add(n);
      }
      node.putArray("data_offsets").add(at).add(at + tensor.data().byteSize());
      at += tensor.data().byteSize();
    }
    facts.put(CHECKSUM, Long.toHexString(crc.getValue()));
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(json.length, 8) * 8;
    MemorySegment head = MemorySegment.ofArray(new byte[8 + padded]);
    head.fill((byte) ' ');
    head.set(LONG, 0, padded);
    MemorySegment.copy(json, 0, head, ValueLayout.JAVA_BYTE, 8, json.length);
    try (PartFile file = PartFile.create(path, kind)) {
      file.requireSpace(head.byteSize() + at);
      file.write(head);
      tensors.forEach(tensor -> file.write(tensor.data()));
      file.commit();
    }
  }

  private static void update(CRC32C crc, MemorySegment data) {
    var chunk = new byte[CHUNK];
    for (long at = 0; at < data.byteSize(); at += CHUNK) {
      int n = (int) Math.min(CHUNK, data.byteSize() - at);
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, n);
      crc.update(chunk, 0, n);
    }
  }

  /**
   * Reads a whole file.
   *
   * @throws ForegateException if it cannot be read, or is not such a file from first to last byte
   */
  public static Safetensors read(Path path, FileKind kind) {
    MemorySegment file = bytes(path, kind);
    SafetensorsHeader header = SafetensorsHeader.read(path, file, HINT);
    var result = new Safetensors(path, header, file.asSlice(header.dataOffset()));
    result.checkSum();
    return result;
  }

  private static MemorySegment bytes(Path path, FileKind kind) {
    try (FileChannel channel = InputFile.open(path, kind);
        Arena arena = Arena.ofConfined()) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return Arena.ofAuto()
          .allocate(Math.max(1, mapped.byteSize()), 64)
          .asSlice(0, mapped.byteSize())
          .copyFrom(mapped);
    } catch (IOException e) {
      throw InputFile.unreadable(path, e);
    } catch (InternalError e) {
      throw MappedFault.rethrow(e, path);
    }
  }

  private void checkSum() {
    if (header.metadata().isEmpty()) {
      throw damaged(path, "its header has no metadata");
    }
    var crc = new CRC32C();
    update(crc, data);
    if (!Long.toHexString(crc.getValue()).equals(metadata(CHECKSUM))) {
      throw damaged(path, "its tensors do not match their checksum");
    }
  }

  /** A metadata value, or an empty string. */
  public String metadata(String key) {
    return header.metadata().orElseThrow().getOrDefault(key, "");
  }

  /**
   * The bytes of a tensor of that type and shape.
   *
   * @throws ForegateException if it is missing or another
   */
  MemorySegment tensor(String name, Type type, long... shape) {
    TensorEntry entry = header.tensors().get(name);
    if (entry == null) {
      throw damaged(path, "tensor '%s' is missing".formatted(name));
    }
    String expected = type + " " + Arrays.toString(shape);
    String found = entry.dtype() + " " + entry.shape();
    long bytes = entry.end() - entry.begin();
    if (!expected.equals(found) || bytes != entry.elements() * type.bytes) {
      throw damaged(
          path,
          "tensor '%s' is %s in %d bytes, expected %s".formatted(name, found, bytes, expected));
    }
    return data.asSlice(entry.begin(), bytes);
  }

  /** The values of an F32 tensor. */
  public float[] floats(String name, long... shape) {
    MemorySegment segment = tensor(name, Type.F32, shape);
    var values = new float[Math.toIntExact(segment.byteSize() / 4)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(segment.get(INT, 4L * i));
    }
    return values;
  }

  private static ForegateException damaged(Path path, String why) {
    return new ForegateException("%s: the file is damaged: %s".formatted(path, why), HINT);
  }
}
