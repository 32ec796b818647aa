package io.foregate.backend.cpu;

import io.foregate.model.Mixer;

/**
 * Where the products of a delta net put what belongs to a head, in the row of a token: see {@link
 * io.foregate.model.weights.AttentionWeights.DeltaNet} on the two forms.
 *
 * @param blocks of each head that passes the convolution: queries, keys, then values
 * @param gates of each value head
 * @param strengths of each value head, how strongly it corrects
 * @param fadings of each value head, how much it lets fade
 */
record DeltaNetRows(int[] blocks, int[] gates, int[] strengths, int[] fadings) {

  /**
   * @param groupedInputs whether inputs come from one matrix
   * @param groupedRates whether rates do
   */
  static DeltaNetRows of(Mixer.DeltaNet net, boolean groupedInputs, boolean groupedRates) {
    int keyHeads = net.keyHeads();
    int valueHeads = net.valueHeads();
    int size = net.headSize();
    int group = valueHeads / keyHeads;
    var blocks = new int[2 * keyHeads + valueHeads];
    var gates = new int[valueHeads];
    var strengths = new int[valueHeads];
    var fadings = new int[valueHeads];
    int groupSize = 2 * (1 + group) * size;
    for (int block = 0; block < blocks.length; block++) {
      blocks[block] = block * size;
    }
    for (int head = 0; head < keyHeads && groupedInputs; head++) {
      blocks[head] = head * groupSize;
      blocks[keyHeads + head] = head * groupSize + size;
    }
    for (int head = 0; head < valueHeads; head++) {
      int first = head / group;
      int inGroup = head % group;
      gates[head] = net.channels() + head * size;
      if (groupedInputs) {
        blocks[2 * keyHeads + head] = first * groupSize + (2 + inGroup) * size;
        gates[head] = first * groupSize + (2 + group + inGroup) * size;
      }
      strengths[head] = groupedRates ? 2 * first * group + inGroup : head;
      fadings[head] = groupedRates ? (2 * first + 1) * group + inGroup : valueHeads + head;
    }
    return new DeltaNetRows(blocks, gates, strengths, fadings);
  }
}
