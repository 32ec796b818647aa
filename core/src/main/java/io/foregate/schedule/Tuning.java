package io.foregate.schedule;

/**
 * Constants of the expected-value rules. One set for all models and budgets.
 *
 * @param discount what a use is worth one layer further away: later uses can still be prefetched
 * @param floor probability below which gates ask for nothing
 * @param predicted probability from which an expert counts as predicted
 * @param parts in how many parts a guess is copied: a missing expert waits for one part at most
 * @param price what a copy in vain costs, in copies, while nobody waits for the link
 * @param stallPrice what it costs more when all time is lost to stalls
 */
public record Tuning(
    double discount, double floor, double predicted, int parts, double price, double stallPrice) {

  public static final Tuning DEFAULT = new Tuning(0.87, 0.05, 0.5, 6, 0.05, 0.25);
}
