package io.foregate.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import io.foregate.gguf.GgmlType;
import io.foregate.kernels.MatVec;
import io.foregate.kernels.Planes;
import io.foregate.model.Matrix;
import io.foregate.quant.Quants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class KernelsTest {

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F16", "Q4_0", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"})
  void product(GgmlType type) {
    int rows = 37;
    int columns = 768;
    var random = new Random(type.id());
    float[] w = new float[rows * columns];
    for (int i = 0; i < w.length; i++) w[i] = (float) random.nextGaussian();
    MemorySegment data = Arena.ofAuto().allocate(type.byteSize(w.length));
    Quants.quantize(type, w, 0, data, 0, w.length);
    Quants.decode(type, data, 0, w, 0, w.length);
    var matrix = new Matrix(type, rows, columns, data);
    var packer = new PlanePacker(type, rows, columns);
    var weights = new IntArray((int) (packer.bytes() / 4) + 7);
    packer.pack(matrix, weights.getSegment(), 28);
    MemorySegment back = Arena.ofAuto().allocate(data.byteSize());
    packer.unpack(weights.getSegment(), 28, back);
    assertThat(back.mismatch(data)).isEqualTo(-1);
    var x = new FloatArray(columns);
    for (int i = 0; i < columns; i++) x.set(i, (float) random.nextGaussian());
    var step = IntArray.fromElements(0);
    var dir = IntArray.fromElements(0, 0, 7, 0, 0, 0, 0);
    var floats = new FloatArray(1);
    var plain = new FloatArray(rows);
    var device = new FloatArray(rows);
    plain.init(Float.NaN);
    device.init(Float.NaN);
    PlainJava.run(rows, c -> MatVec.product(c, step, dir, weights, floats, x, plain, 2, type.id(), rows, columns, 0));
    double[] expected = new double[rows];
    for (int r = 0; r < rows; r++) for (int i = 0; i < columns; i++) expected[r] += (double) w[r * columns + i] * x.get(i);
    System.out.println(type + " plain " + error(expected, plain));
    long t = System.nanoTime();
    DeviceRun.run(rows, 32, g -> g.task("kernel", MatVec::product, DeviceRun.context(), step, dir, weights, floats, x, device, 2, type.id(), rows, columns, 0),
        new Object[] {step, dir, weights, floats, x}, new Object[] {device});
    System.out.println(type + " device " + error(expected, device) + " ms " + (System.nanoTime() - t) / 1000000);
  }

  static double error(double[] expected, FloatArray found) {
    double e = 0, n = 0;
    for (int i = 0; i < expected.length; i++) {
      e += Math.pow(expected[i] - found.get(i), 2);
      n += expected[i] * expected[i];
    }
    return Math.sqrt(e / n);
  }
}
