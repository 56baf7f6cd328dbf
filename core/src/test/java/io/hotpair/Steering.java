package io.hotpair;

import io.hotpair.topology.Member;
import io.hotpair.topology.ReplicatedKeyspace;
import io.hotpair.topology.Replication;
import io.hotpair.topology.ReplicationSession;
import io.hotpair.topology.Role;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Hands the steering of a keyspace to the test. */
final class Steering implements Replication, ReplicationSession {
    private @Nullable ReplicatedKeyspace keyspace;
    private volatile @Nullable Member master;

    @Override
    public ReplicationSession start(ReplicatedKeyspace of) {
        keyspace = of;
        return this;
    }

    ReplicatedKeyspace keyspace() {
        ReplicatedKeyspace present = keyspace;
        if (present == null) {
            throw new IllegalStateException("not started");
        }
        return present;
    }

    @Override
    public String nodeName() {
        return "test";
    }

    @Override
    public Role role() {
        return Role.REPLICA;
    }

    @Override
    public long term() {
        return 0;
    }

    @Override
    public @Nullable Member master() {
        return master;
    }

    /** Says who is master from here on, with an address if it has one. */
    void master(String name, String host, int port) {
        master = new Member(name, host, port, true, true, 0, 0, 0);
    }

    @Override
    public List<Member> members() {
        return List.of();
    }

    @Override
    public long fullCopyCount() {
        return 0;
    }

    @Override
    public void close() {
        keyspace().demote();
    }
}
