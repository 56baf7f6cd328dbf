package io.hotpair.persistence;

/**
 * An end that was put to the live part of the log: of all that lies before the boundary, only
 * operations up to an opId are live.
 *
 * @param boundary where the log ended when it was cut
 * @param keptOpId the last opId before it that stays live
 */
record Cut(Place boundary, long keptOpId) {}
