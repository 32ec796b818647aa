package io.foregate.engine;

/**
 * How the next token is picked from the logits. The filters apply in llama.cpp's order: repetition
 * penalty, top-k, top-p, min-p, temperature.
 *
 * @param temperature divides the logits; 0 or less picks the most probable token
 * @param topK keep the k most probable tokens; 0 or less keeps all
 * @param topP keep the most probable tokens that together reach this probability; 1 keeps all
 * @param minP drop tokens less probable than this share of the most probable one; 0 keeps all
 * @param repeatPenalty divides positive and multiplies negative logits of recent tokens; 1 does
 *     nothing
 * @param repeatLastN how many tokens are recent
 * @param seed of the random numbers: the same seed gives the same text
 */
public record SamplingOptions(
    float temperature,
    int topK,
    float topP,
    float minP,
    float repeatPenalty,
    int repeatLastN,
    long seed) {}
