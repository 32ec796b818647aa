/**
 * Builds the task graphs of a sequence and runs them. A sequence has one execution plan. Which
 * layer, position or expert a graph works on, it reads from its launch arguments ({@link
 * io.foregate.kernels.LaunchArgs}), so that nothing is compiled per layer or per token, and layers
 * of equal types share their graphs. All graphs are there twice: for a token alone, and for a
 * batch.
 *
 * <p>One token's way. In brackets are tasks, the rest are the buffers of {@link
 * io.foregate.tornado.graph.SequenceBuffers}; {@code ==>} crosses from the host or to it.
 *
 * <pre>{@code
 * graph
 *
 * embed      tokens ==> [row] --> residual
 *
 * attention  residual --> [norm] --> normed --> [input] --> qkv --> [append] --+--> queries
 *                                                                              |       |
 *                                                          kvF16, kvF32       <+       |
 *                                                                  |                   |
 *                                                                  +----> [attend] <---+
 *                                                                            |
 *            residual <-- [output] <----------------------- attended <-------+
 *                |
 *                +--> [second] --> normed --> [router] --> routed --> [pick] --> routed ==>
 *
 * shared     normed --> [weight] --> queries (which attention has read) --> as expertWeights below
 *
 * experts    normed ----> [gateUp] --> hidden --> [down] --> outputs --> residual
 *            pool ---------^                       ^ ^                  (when all of the token ran)
 *              \------------------------------------/  \
 *            expertWeights ==>--------------------------+
 *
 * deliver    ==> delivered --> [deliver] --> outputs
 *
 * logits     residual --> [norm] --> normed --> [product] --> logits ==>
 * }</pre>
 *
 * <ul>
 *   <li>A batch has {@code query}, {@code key}, {@code value} in place of {@code input}, and {@code
 *       gate}, {@code up}, {@code down}, {@code combine} in place of {@code gateUp}, {@code down}.
 *   <li>Families with biases or norms of queries and keys have {@code adjust} before {@code
 *       append}; with a bias or scale of attention's output, {@code output} writes to {@code
 *       outputs}, and {@code addOutput} adds that up.
 *   <li>Latent attention: {@link io.foregate.tornado.graph.LatentTasks}.
 *   <li>Lookahead gates: {@code gate} in place of or beside {@code router}, {@code scores} behind
 *       {@code pick}; a batch has {@code keep}; {@code forget} is a graph. See {@link
 *       io.foregate.tornado.graph.GateTasks}.
 *   <li>Variants of kernels that want it round what products read to {@code scratch}.
 *   <li>{@code fetch} and {@code restore} carry the KV cache to the host and back.
 * </ul>
 */
package io.foregate.tornado.graph;
