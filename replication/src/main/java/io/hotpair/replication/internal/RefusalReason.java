package io.hotpair.replication.internal;

/** Why a master will not feed a replica. */
enum RefusalReason {
    /** The node that was asked is not master. */
    NOT_MASTER(1),
    /** Replica and master do not speak of the same term. */
    OTHER_TERM(2),
    /** The master's log begins after what the replica needs. */
    NOT_RETAINED(3),
    /** Logs that should agree do not. */
    DIVERGED(4),
    /** The name is not one of the pair's data nodes. */
    UNKNOWN_MEMBER(5),
    /** The keyspace is another one. */
    OTHER_KEYSPACE(6);

    private final int code;

    RefusalReason(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /** Whether trying again will not help by itself. */
    boolean needsAPerson() {
        return this != NOT_MASTER && this != OTHER_TERM;
    }

    static RefusalReason of(int code) throws ProtocolException {
        for (RefusalReason reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        throw new ProtocolException("refusal reason=" + code + ", expected 1 to 6");
    }
}
