package io.hotpair.replication.ratis;

import java.util.UUID;

/**
 * Names one attempt to change the register, over all its retries: so that a retry of what was done
 * already is known again.
 *
 * @param client drawn anew whenever a register is opened
 * @param call counts that client's calls, from 1
 */
record ChangeId(UUID client, long call) {

    /** Nobody's. */
    static final ChangeId NONE = new ChangeId(new UUID(0, 0), 0);
}
