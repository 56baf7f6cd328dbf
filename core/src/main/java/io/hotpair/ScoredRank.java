package io.hotpair;

/**
 * Where a member stands in its sorted set.
 *
 * @param rank how many members come before it
 * @param score its score
 */
public record ScoredRank(long rank, double score) {}
