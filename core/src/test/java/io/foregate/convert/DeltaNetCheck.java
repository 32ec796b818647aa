package io.foregate.convert;

import java.util.List;

/**
 * What a delta net's tensors have to be, row by row: by which head and element of the source stands
 * in a row of the file.
 */
record DeltaNetCheck(ConversionCheck check) {
  private static final int SIZE = HfModel.DELTA_HEAD;
  private static final int KEY_HEADS = HfModel.DELTA_KEY_HEADS;
  private static final int VALUE_HEADS = HfModel.DELTA_VALUE_HEADS;
  private static final int GROUP = VALUE_HEADS / KEY_HEADS;
  private static final int KEYS = KEY_HEADS * SIZE;
  private static final int VALUES = VALUE_HEADS * SIZE;

  /** A row of the source for a row of the file. */
  private interface Rows {
    int source(int row);
  }

  /**
   * @param grouped whether the source's inputs lie together by key head, as Qwen3-Next's
   */
  void layer(boolean grouped, String from, String to) {
    if (grouped) {
      grouped(from, to);
    } else {
      turned(from, to);
    }
    check.same(from + "norm.weight", to + "ssm_norm.weight");
  }

  private void grouped(String from, String to) {
    String inputs = from + "in_proj_qkvz.weight";
    int perHead = 2 * (1 + GROUP) * SIZE;
    rows(
        inputs,
        to + "attn_qkv.weight",
        2 * KEYS + VALUES,
        row -> {
          if (row < 2 * KEYS) {
            int inKeys = row % KEYS;
            return inKeys / SIZE * perHead + row / KEYS * SIZE + inKeys % SIZE;
          }
          int value = row - 2 * KEYS;
          return value / (GROUP * SIZE) * perHead + 2 * SIZE + value % (GROUP * SIZE);
        });
    rows(
        inputs,
        to + "attn_gate.weight",
        VALUES,
        row -> row / (GROUP * SIZE) * perHead + (2 + GROUP) * SIZE + row % (GROUP * SIZE));
    check.same(from + "in_proj_ba.weight", to + "ssm_ba.weight");
    convolution(from, to, row -> row);
    vectors(from, to, head -> head);
    check.same(from + "out_proj.weight", to + "ssm_out.weight");
  }

  /** Head {@code h} of a file is the {@code h / keyHeads}-th of key head {@code h % keyHeads}. */
  private static int turnedHead(int head) {
    return head % KEY_HEADS * GROUP + head / KEY_HEADS;
  }

  private static int turnedRow(int row) {
    return turnedHead(row / SIZE) * SIZE + row % SIZE;
  }

  private static int turnedChannel(int row) {
    return row < 2 * KEYS ? row : 2 * KEYS + turnedRow(row - 2 * KEYS);
  }

  private void turned(String from, String to) {
    rows(
        from + "in_proj_qkv.weight",
        to + "attn_qkv.weight",
        2 * KEYS + VALUES,
        DeltaNetCheck::turnedChannel);
    rows(from + "in_proj_z.weight", to + "attn_gate.weight", VALUES, DeltaNetCheck::turnedRow);
    rows(from + "in_proj_b.weight", to + "ssm_beta.weight", VALUE_HEADS, DeltaNetCheck::turnedHead);
    rows(
        from + "in_proj_a.weight", to + "ssm_alpha.weight", VALUE_HEADS, DeltaNetCheck::turnedHead);
    convolution(from, to, DeltaNetCheck::turnedChannel);
    vectors(from, to, DeltaNetCheck::turnedHead);
    float[] source = check.model().tensors.get(from + "out_proj.weight").values();
    var expected = new float[source.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = source[i / VALUES * VALUES + turnedRow(i % VALUES)];
    }
    check.values(to + "ssm_out.weight", List.of((long) VALUES, (long) HfModel.WIDTH), expected);
  }

  private void vectors(String from, String to, Rows heads) {
    float[] logarithms = check.model().tensors.get(from + "A_log").values();
    float[] biases = check.model().tensors.get(from + "dt_bias").values();
    var fading = new float[VALUE_HEADS];
    var bias = new float[VALUE_HEADS];
    for (int head = 0; head < VALUE_HEADS; head++) {
      fading[head] = (float) -Math.exp(logarithms[heads.source(head)]);
      bias[head] = biases[heads.source(head)];
    }
    check.values(to + "ssm_a", List.of((long) VALUE_HEADS), fading);
    check.values(to + "ssm_dt.bias", List.of((long) VALUE_HEADS), bias);
  }

  private void convolution(String from, String to, Rows rows) {
    float[] source = check.model().tensors.get(from + "conv1d.weight").values();
    check.values(
        to + "ssm_conv1d.weight",
        List.of((long) HfModel.DELTA_KERNEL, 2L * KEYS + VALUES),
        reordered(source, HfModel.DELTA_KERNEL, 2 * KEYS + VALUES, rows));
  }

  private void rows(String from, String to, int count, Rows rows) {
    float[] source = check.model().tensors.get(from).values();
    check.values(
        to,
        List.of((long) HfModel.WIDTH, (long) count),
        reordered(source, HfModel.WIDTH, count, rows));
  }

  private static float[] reordered(float[] source, int columns, int count, Rows rows) {
    var expected = new float[count * columns];
    for (int row = 0; row < count; row++) {
      System.arraycopy(source, rows.source(row) * columns, expected, row * columns, columns);
    }
    return expected;
  }
}
