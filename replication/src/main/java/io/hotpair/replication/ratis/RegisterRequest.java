package io.hotpair.replication.ratis;

import io.hotpair.replication.register.TopologyState;

/** What a node asks of the voter that leads. */
sealed interface RegisterRequest {

    /** The name of the node that asks. */
    String requester();

    /** What does the register hold? */
    record Read(String requester) implements RegisterRequest {}

    /** May I stay master? */
    record Renew(String requester, long term, long incarnation) implements RegisterRequest {}

    /** Replace the state, if it is still the one that this is based on. */
    record CompareAndSet(String requester, long expectedVersion, TopologyState next)
            implements RegisterRequest {}
}
