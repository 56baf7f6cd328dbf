package io.hotpair.resp;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * CLIENT KILL: answers when the others are disconnected, which their event loops do. Who has the
 * answer can rely on it that none of them is served any more.
 */
final class KillWait implements Parked {
    /** Writes the reply. */
    @FunctionalInterface
    interface Answer {
        /**
         * Writes it.
         *
         * @param count how many clients there were
         */
        void write(long count, ReplyBuffer reply);
    }

    private final Client asking;
    private final List<Connection> killed;
    private final Answer answer;

    private KillWait(Client asking, List<Connection> killed, Answer answer) {
        this.asking = asking;
        this.killed = killed;
        this.answer = answer;
    }

    static void begin(
            Client asking,
            Predicate<Client> wanted,
            boolean skipMe,
            Answer answer,
            ReplyBuffer reply) {
        List<Connection> found =
                asking.server().clients().all().stream()
                        .filter(c -> wanted.test(c.client()))
                        .filter(c -> !skipMe || c.client() != asking)
                        .toList();
        KillWait wait = new KillWait(asking, found, answer);
        found.stream().filter(c -> c.client() != asking).forEach(Connection::kill);
        // A transaction waits for nobody.
        if (asking.transaction().isExecuting() || wait.isOver()) {
            wait.answer(reply);
            return;
        }
        asking.park(wait);
        for (Connection connection : found) {
            CompletableFuture<Void> unused =
                    connection.ended().thenRun(() -> asking.connection().wake(wait));
        }
    }

    /** The reply to the old form, which names one client. */
    static void orNone(long count, ReplyBuffer reply) {
        if (count == 0) {
            throw new CommandException("ERR No such client");
        }
        reply.ok();
    }

    private boolean isOver() {
        return killed.stream().allMatch(c -> c.client() == asking || c.ended().isDone());
    }

    private void answer(ReplyBuffer reply) {
        if (killed.contains(asking.connection())) {
            asking.close();
        }
        answer.write(killed.size(), reply);
    }

    @Override
    public long advance(ReplyBuffer reply) {
        if (!isOver()) {
            return UNTIL_WOKEN;
        }
        answer(reply);
        return DONE;
    }
}
