package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.ADMIN;
import static io.hotpair.resp.Command.Flag.FAST;
import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.NO_ASYNC_LOADING;
import static io.hotpair.resp.Command.Flag.NO_MULTI;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.SavedSnapshot;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * SAVE and its kin. What Redis saves to a file of its own, and what it makes of its append-only
 * file anew, is one thing here: a snapshot beside the log, after which the log can be shortened.
 */
final class SaveCommands {
    private static final String IN_PROGRESS = "ERR Background save already in progress";

    private static final String REWRITING =
            "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE"
                    + " SCHEDULE in order to schedule a BGSAVE whenever possible.";

    private SaveCommands() {}

    static void register(CommandTable table) {
        table.add("save", 1, Group.SERVER)
                .categories(Category.DANGEROUS)
                .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING, NO_MULTI)
                .complexity("O(N), N being the number of keys")
                .summary("Saves a snapshot, and answers when it is on the device.")
                .does(SaveCommands::save);
        table.add("bgsave", -1, Group.SERVER)
                .categories(Category.DANGEROUS)
                .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING)
                .syntax("[SCHEDULE]")
                .summary("Begins to save a snapshot.")
                .does(SaveCommands::bgsave);
        table.add("bgrewriteaof", 1, Group.SERVER)
                .categories(Category.DANGEROUS)
                .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING)
                .summary("Begins to save a snapshot, after which the log may be shortened.")
                .does(SaveCommands::bgrewriteaof);
        table.add("lastsave", 1, Group.SERVER)
                .categories(Category.ADMIN, Category.DANGEROUS)
                .flags(LOADING, STALE, FAST)
                .tips("nondeterministic_output")
                .summary("Returns when the last snapshot was saved, in seconds since 1970.")
                .does(
                        (r, c, out) ->
                                out.integer(
                                        TimeUnit.MILLISECONDS.toSeconds(
                                                c.server().saves().lastSavedAtMs())));
    }

    private static void save(Request request, Client client, ReplyBuffer reply) {
        Saves saves = client.server().saves();
        if (saves.inProgress()) {
            throw new CommandException(IN_PROGRESS);
        }
        requireLog(client);
        if (isNothingToSave(client)) {
            reply.ok();
            return;
        }
        Wait.begin(client, saves.begin(false));
    }

    private static void bgsave(Request request, Client client, ReplyBuffer reply) {
        if (request.count() > 2 || (request.count() == 2 && !request.is(1, "SCHEDULE"))) {
            throw CommandException.syntax();
        }
        boolean isLater = request.count() == 2 || client.transaction().isExecuting();
        Saves saves = client.server().saves();
        boolean isRewriting = saves.isRewriting();
        if (saves.inProgress() && !(isRewriting && isLater)) {
            throw new CommandException(isRewriting ? REWRITING : IN_PROGRESS);
        }
        begin(client, false);
        reply.status(
                isRewriting || client.transaction().isExecuting()
                        ? "Background saving scheduled"
                        : "Background saving started");
    }

    private static void bgrewriteaof(Request request, Client client, ReplyBuffer reply) {
        boolean isLater =
                client.transaction().isExecuting() || client.server().saves().inProgress();
        begin(client, true);
        reply.status(
                isLater
                        ? "Background append only file rewriting scheduled"
                        : "Background append only file rewriting started");
    }

    private static void begin(Client client, boolean asRewrite) {
        requireLog(client);
        if (!isNothingToSave(client)) {
            CompletableFuture<SavedSnapshot> unused = client.server().saves().begin(asRewrite);
        }
    }

    private static void requireLog(Client client) {
        if (!client.server().keyspace().hasLog()) {
            throw new CommandException(
                    "ERR this keyspace is in memory only: there is nowhere to save it");
        }
    }

    /** Whether nothing was ever written, for which there is no snapshot. */
    private static boolean isNothingToSave(Client client) {
        return client.server().keyspace().statistics().lastOpId() == 0;
    }

    /** The client waits for its snapshot. */
    private static final class Wait implements Parked {
        private final CompletableFuture<SavedSnapshot> saving;

        private Wait(CompletableFuture<SavedSnapshot> saving) {
            this.saving = saving;
        }

        static void begin(Client client, CompletableFuture<SavedSnapshot> saving) {
            Wait wait = new Wait(saving);
            client.park(wait);
            CompletableFuture<SavedSnapshot> unused =
                    saving.whenComplete((saved, failure) -> client.connection().wake(wait));
        }

        @Override
        public long advance(ReplyBuffer reply) {
            if (!saving.isDone()) {
                return UNTIL_WOKEN;
            }
            try {
                SavedSnapshot unused = saving.join();
            } catch (RuntimeException e) {
                throw new CommandException("ERR " + Saves.reason(e));
            }
            reply.ok();
            return DONE;
        }
    }
}
