package io.hotpair.replication.register;

/**
 * What the register answered.
 *
 * @param state its state at that moment
 * @param leaseLeftMs how much of the master's lease is left; 0 if it has ended or there is no
 *     master
 * @param accepted whether the change or renewal that was asked for was made; true for a read
 * @param everyVoterReady whether every voter has applied an entry, so that any single one may fail
 */
public record RegisterView(
        TopologyState state, long leaseLeftMs, boolean accepted, boolean everyVoterReady) {}
