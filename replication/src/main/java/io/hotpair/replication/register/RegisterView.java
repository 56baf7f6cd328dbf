package io.hotpair.replication.register;

import java.util.Set;

/**
 * What the register answered.
 *
 * @param state its state at that moment
 * @param leaseLeftMs how much of the master's lease is left; 0 if it has ended or there is no
 *     master
 * @param accepted whether the change or renewal that was asked for was made; true for a read
 * @param everyVoterReady whether every voter has applied an entry, so that any single one may fail
 * @param missingVoters the voters that the leading one does not hear, or that have not yet applied
 *     what it began with; each as people know it, such as {@code witness w=host:port}. Empty with
 *     {@code everyVoterReady} false: nothing is known of them at the moment
 */
public record RegisterView(
        TopologyState state,
        long leaseLeftMs,
        boolean accepted,
        boolean everyVoterReady,
        Set<String> missingVoters) {}
