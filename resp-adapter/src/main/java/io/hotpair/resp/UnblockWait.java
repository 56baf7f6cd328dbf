package io.hotpair.resp;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * CLIENT UNBLOCK: ends the wait of another client, whose event loop alone knows whether it waits.
 */
final class UnblockWait implements Parked {
    private static final int NOT_KNOWN = -1;

    private final Client asking;
    private volatile int unblocked = NOT_KNOWN;

    private UnblockWait(Client asking) {
        this.asking = asking;
    }

    static void begin(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 4) {
            throw new CommandException(
                    "ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT"
                            + " HELP.");
        }
        boolean withError = request.count() == 4 && request.is(3, "ERROR");
        if (request.count() == 4 && !withError && !request.is(3, "TIMEOUT")) {
            throw new CommandException("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
        }
        long id = request.integer(2);
        Optional<Connection> target =
                client.server().clients().all().stream()
                        .filter(connection -> connection.client().id() == id)
                        .findAny();
        if (target.isEmpty()) {
            reply.integer(0);
            return;
        }
        Connection found = target.get();
        if (client.transaction().isExecuting()) {
            // A transaction waits for nobody: it is told how things stand.
            reply.integer(found.client().parked() instanceof BlockedClient<?> ? 1 : 0);
            client.transaction().afterCommit(() -> unblock(found, withError, whether -> {}));
            return;
        }
        UnblockWait wait = new UnblockWait(client);
        client.park(wait);
        unblock(found, withError, wait::tell);
    }

    /** Has the target's event loop end the wait; told whether there was one, by any thread. */
    private static void unblock(Connection target, boolean withError, Consumer<Boolean> then) {
        target.worker()
                .execute(
                        () -> {
                            if (target.client().parked() instanceof BlockedClient<?> blocked) {
                                blocked.unblock(withError, then);
                            } else {
                                then.accept(false);
                            }
                        });
    }

    private void tell(boolean whether) {
        unblocked = whether ? 1 : 0;
        asking.connection().wake(this);
    }

    @Override
    public long advance(ReplyBuffer reply) {
        if (unblocked == NOT_KNOWN) {
            return UNTIL_WOKEN;
        }
        reply.integer(unblocked);
        return DONE;
    }
}
