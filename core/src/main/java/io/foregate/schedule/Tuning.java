package io.foregate.schedule;

/**
 * Constants of the expected-value rules. One set for all models and budgets.
 *
 * @param discount what a use is worth one layer further away: later uses can still be prefetched
 * @param patience share of a copy's later value that counts against making it now: the chance that
 *     the link is still free then
 * @param floor probability below which gates ask for nothing
 * @param predicted probability from which an expert counts as predicted
 * @param evictionWeight share of an evicted expert's expected use that a guess must outweigh
 * @param parts in how many parts a guess is copied: a missing expert waits for one part at most
 * @param margin what a guess must gain at least, in copies: estimates err, and the best of many
 *     errs upwards
 * @param blockingWeight share of the time for which a guess may block a missing expert that it must
 *     outweigh
 */
public record Tuning(
    double discount,
    double patience,
    double floor,
    double predicted,
    int parts,
    double evictionWeight,
    double margin,
    double blockingWeight) {

  public static final Tuning DEFAULT = new Tuning(0.87, 0.5, 0.05, 0.5, 8, 1, 0.05, 0.6);
}
