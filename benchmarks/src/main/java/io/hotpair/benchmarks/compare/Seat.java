package io.hotpair.benchmarks.compare;

/**
 * What one thread needs to use a contestant.
 *
 * @param caller its way in
 * @param access its keys
 */
record Seat(Caller caller, Access access) {}
