package io.hotpair.replication.ratis;

import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyState;

/**
 * What the leading voter answered.
 *
 * @param raftTerm the Raft term in which it leads; of no meaning if the answer is committed
 * @param isCommitted whether the answer comes out of the replicated log. If not, it is worth
 *     something only once a majority was seen that had not gone beyond {@code raftTerm}
 * @param isAccepted whether the change or renewal that was asked for was made
 * @param everyVoterReady whether any one voter may fail
 * @param leaseLeftMs what is left of the master's lease
 * @param state the register
 */
record RegisterReply(
        long raftTerm,
        boolean isCommitted,
        boolean isAccepted,
        boolean everyVoterReady,
        long leaseLeftMs,
        TopologyState state) {

    RegisterView view() {
        return new RegisterView(state, leaseLeftMs, isAccepted, everyVoterReady);
    }

    RegisterReply refused() {
        return new RegisterReply(raftTerm, isCommitted, false, everyVoterReady, leaseLeftMs, state);
    }

    RegisterReply withEveryVoterReady(boolean ready) {
        return new RegisterReply(raftTerm, isCommitted, isAccepted, ready, leaseLeftMs, state);
    }
}
