package io.hotpair.replication.internal;

/**
 * Whom a replica follows.
 *
 * @param name the master's name
 * @param term its term
 * @param incarnation its incarnation, as the register holds it
 * @param ownIncarnation this node's incarnation, as the register holds it
 */
record Leader(String name, long term, long incarnation, long ownIncarnation) {}
