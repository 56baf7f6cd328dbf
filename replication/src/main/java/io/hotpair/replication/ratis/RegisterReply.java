package io.hotpair.replication.ratis;

import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyState;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the leading voter answered.
 *
 * @param raftTerm the Raft term in which it leads; of no meaning if the answer is committed
 * @param isCommitted whether the answer comes out of the replicated log. If not, it is worth
 *     something only once a majority was seen that had not gone beyond {@code raftTerm}
 * @param isAccepted whether the change or renewal that was asked for was made
 * @param everyVoterReady whether any one voter may fail
 * @param missingVoters the voters that are not ready, as far as the leading one knows: a bit for
 *     each, from the lowest, in the order of their names
 * @param leaseLeftMs what is left of the master's lease
 * @param state the register
 */
record RegisterReply(
        long raftTerm,
        boolean isCommitted,
        boolean isAccepted,
        boolean everyVoterReady,
        int missingVoters,
        long leaseLeftMs,
        TopologyState state) {

    /**
     * What the port says.
     *
     * @param voters the voters as people know them, in the order of their names
     */
    RegisterView view(List<String> voters) {
        Set<String> missing = new TreeSet<>();
        for (int i = 0; i < voters.size(); i++) {
            if ((missingVoters & (1 << i)) != 0) {
                missing.add(voters.get(i));
            }
        }
        return new RegisterView(state, leaseLeftMs, isAccepted, everyVoterReady, missing);
    }

    RegisterReply refused() {
        return new RegisterReply(
                raftTerm, isCommitted, false, everyVoterReady, missingVoters, leaseLeftMs, state);
    }

    RegisterReply withVoters(boolean everyReady, int missing) {
        return new RegisterReply(
                raftTerm, isCommitted, isAccepted, everyReady, missing, leaseLeftMs, state);
    }
}
