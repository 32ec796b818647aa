package io.foregate.convert;

import io.foregate.convert.TargetTensor.Part;
import io.foregate.convert.family.ElementMap;
import io.foregate.convert.family.StridedView;
import io.foregate.convert.source.SourceTensor;
import io.foregate.error.ForegateException;
import io.foregate.gguf.GgmlType;
import io.foregate.gguf.GgufWriter.TensorOutput;
import io.foregate.quant.encode.ReferenceQuantizer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes tensors row by row, so that memory does not grow with them. For one thread.
 *
 * <p>What has its type and order already is copied. MXFP4 of Hugging Face and of ggml hold the same
 * codes in another order: there, neighbours share a byte, and scales lie apart; here, a block of 32
 * is its scale and 16 bytes, in which code {@code j} shares a byte with {@code j + 16}.
 */
final class TensorWriter {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long COPY_BYTES = 16L << 20;
  private static final int CHUNK_WEIGHTS = 1 << 18;
  private static final float MAX_F16 = 65504;
  private static final int HALF_BLOCK = 16;

  private final ConvertListener listener;
  private float[] row = {};

  TensorWriter(ConvertListener listener) {
    this.listener = listener;
  }

  /** Writes all parts of a tensor. */
  void write(TargetTensor tensor, TensorOutput out) {
    for (Part part : tensor.parts()) {
      if (part.scales().isPresent()) {
        writeMxfp4(part, part.scales().get(), out);
      } else if (part.view().isContiguous()
          && part.elements() == ElementMap.SAME
          && part.source().type().ggml().orElseThrow() == tensor.type()) {
        copy(part, out);
      } else {
        encode(part, tensor.type(), out);
      }
    }
  }

  private void copy(Part part, TensorOutput out) {
    int bytes = part.source().type().bytes();
    long from = part.view().offset() * bytes;
    MemorySegment data = part.source().data().asSlice(from, part.view().elements() * bytes);
    for (long at = 0; at < data.byteSize(); at += COPY_BYTES) {
      MemorySegment piece = data.asSlice(at, Math.min(COPY_BYTES, data.byteSize() - at));
      out.write(piece);
      listener.advance(piece.byteSize());
    }
  }

  private void encode(Part part, GgmlType type, TensorOutput out) {
    int columns = Math.toIntExact(part.view().columns());
    long rows = part.view().elements() / columns;
    int atOnce = Math.toIntExact(Math.clamp(CHUNK_WEIGHTS / columns, 1, rows));
    // Several rows at once: a vector's view may have rows of two elements.
    if (row.length < atOnce * columns) {
      row = new float[atOnce * columns];
    }
    MemorySegment encoded =
        MemorySegment.ofArray(new byte[Math.toIntExact(type.byteSize((long) atOnce * columns))]);
    for (long first = 0; first < rows; first += atOnce) {
      int count = Math.toIntExact(Math.min(atOnce, rows - first));
      for (int i = 0; i < count; i++) {
        decode(part, part.view().row(first + i), columns, i * columns);
      }
      for (int i = 0; i < count * columns && part.elements() != ElementMap.SAME; i++) {
        row[i] = part.elements().apply(row[i]);
      }
      requireNumbers(part, type, count * columns);
      ReferenceQuantizer.quantize(type, row, 0, encoded, 0, count * columns);
      MemorySegment piece = encoded.asSlice(0, type.byteSize((long) count * columns));
      out.write(piece);
      listener.advance(piece.byteSize());
    }
  }

  private void decode(Part part, long start, int columns, int to) {
    MemorySegment data = part.source().data();
    long stride = part.view().columnStride();
    switch (part.source().type()) {
      case F32 -> {
        for (int i = 0; i < columns; i++) {
          row[to + i] = data.get(FLOAT, 4 * (start + i * stride));
        }
      }
      case F16 -> {
        for (int i = 0; i < columns; i++) {
          row[to + i] = Float.float16ToFloat(data.get(SHORT, 2 * (start + i * stride)));
        }
      }
      case BF16 -> {
        for (int i = 0; i < columns; i++) {
          row[to + i] = Float.intBitsToFloat(data.get(SHORT, 2 * (start + i * stride)) << 16);
        }
      }
      case U8 -> throw new IllegalStateException("packed codes are no numbers");
    }
  }

  private void requireNumbers(Part part, GgmlType type, int count) {
    for (int i = 0; i < count; i++) {
      float value = Math.abs(row[i]);
      if (!(value <= Float.MAX_VALUE)) {
        throw new ForegateException(
            "%s holds the weight %s, expected a number".formatted(part.source().where(), row[i]),
            "The model is damaged: download it again.");
      }
      if (type == GgmlType.F16 && value > MAX_F16) {
        throw new ForegateException(
            "%s holds the weight %s, too large for F16".formatted(part.source().where(), row[i]),
            "Choose [[output type=bf16]] or f32.");
      }
    }
  }

  private void writeMxfp4(Part part, SourceTensor scales, TensorOutput out) {
    StridedView view = part.view();
    int rank = view.rank();
    int blocks = Math.toIntExact(view.dims()[rank - 2]);
    long rows = view.elements() / (blocks * (long) HALF_BLOCK);
    int blockBytes = (int) GgmlType.MXFP4.byteSize(GgmlType.MXFP4.blockSize());
    var encoded = new byte[Math.multiplyExact(blocks, blockBytes)];
    var codes = new byte[blocks * HALF_BLOCK];
    for (long r = 0; r < rows; r++) {
      long start = view.row(r * blocks); // rows of a view are blocks here
      MemorySegment.copy(
          part.source().data(), ValueLayout.JAVA_BYTE, start, codes, 0, codes.length);
      for (int b = 0; b < blocks; b++) {
        encoded[b * blockBytes] = scales.data().get(ValueLayout.JAVA_BYTE, start / HALF_BLOCK + b);
        pack(codes, b * HALF_BLOCK, encoded, b * blockBytes + 1);
      }
      out.write(MemorySegment.ofArray(encoded));
      listener.advance(encoded.length);
    }
  }

  private static void pack(byte[] codes, int from, byte[] target, int to) {
    for (int j = 0; j < HALF_BLOCK; j++) {
      int low = code(codes, from, j);
      int high = code(codes, from, j + HALF_BLOCK);
      target[to + j] = (byte) (low | high << 4);
    }
  }

  private static int code(byte[] codes, int from, int index) {
    return (codes[from + index / 2] >> (4 * (index % 2))) & 0xf;
  }
}
