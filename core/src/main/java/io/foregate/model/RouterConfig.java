package io.foregate.model;

/**
 * How a token's experts are picked and weighed.
 *
 * @param score what logits become
 * @param renormalized whether the weights of those that were picked are divided by their sum
 * @param scale what the weights are multiplied by
 * @param groups groups of neighbouring experts, of which only some may be picked from (arXiv
 *     2412.19437, section 2.1.2); 1 without
 * @param groupsUsed groups that a token picks from: those with the largest sums of their two best
 *     scores
 */
public record RouterConfig(
    RouterScore score, boolean renormalized, float scale, int groups, int groupsUsed) {

  /** Neither scaled nor grouped. */
  public static RouterConfig of(RouterScore score, boolean renormalized) {
    return new RouterConfig(score, renormalized, 1, 1, 1);
  }

  /**
   * Whether a softmax over the logits of the picked experts is all there is to do: renormalizing a
   * softmax over all comes to the same.
   */
  public boolean isSoftmaxOfPicked() {
    return score == RouterScore.SOFTMAX_OF_PICKED || (score == RouterScore.SOFTMAX && renormalized);
  }
}
