package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.Snapshot;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What SYNC answers: an RDB file of one moment, behind which the connection ends.
 *
 * <pre>
 *   a thread writes it to a file ──► "$length" ──► pieces, while the client reads them ──► the end
 *     an empty line each second                      the thread reads one ahead
 * </pre>
 *
 * <p>The file is between the keyspace and the client, so the snapshot is open for as long as the
 * disk takes and not for as long as the client likes, and memory is held for two pieces. It has no
 * name from the moment in which it is open, so there is nothing to be left behind.
 */
final class RdbCopy implements Parked {
    private static final int PIECE_LENGTH = 64 << 10;
    private static final long SIGN_OF_LIFE_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final byte[] SIGN_OF_LIFE = {'\n'};
    private static final byte[] ANY_KEY = {0};
    private static final long UNKNOWN = -1;

    private final Client client;
    private final RespServer server;
    private final RdbExport.Parts parts;
    private final AtomicBoolean ended = new AtomicBoolean();
    private @Nullable FileChannel file;
    private volatile long length = UNKNOWN;

    /**
     * The term in which the snapshot was taken: of what it shows, who vouches for that may send.
     */
    private volatile long term;

    private volatile byte @Nullable [] next;
    private volatile @Nullable RuntimeException failure;

    // Of the event loop alone.
    private boolean isAsked;
    private boolean isBegun;
    private long sent;

    private RdbCopy(Client client, RdbExport.Parts parts) {
        this.client = client;
        this.parts = parts;
        server = client.server();
    }

    /** Has a client get one. Nothing else is sent to it from now on. */
    static void begin(Client client, RdbExport.Parts parts) {
        RdbCopy copy = new RdbCopy(client, parts);
        copy.server.rdbCopies().begin(copy);
        client.unsubscribeAll();
        client.server().tracking().disable(client);
        client.replyMode(Client.ReplyMode.ON);
        client.park(copy);
        RespServer.LOGGER.info(
                "SYNC by client id={} addr={} user={}: it gets an RDB file",
                client.id(),
                client.address(),
                client.account().name());
    }

    // ---- in the event loop's thread

    @Override
    public boolean isTransfer() {
        return true;
    }

    @Override
    public long advance(ReplyBuffer reply) {
        RuntimeException thrown = failure;
        if (thrown != null) {
            return fail(thrown);
        }
        Outbox outbox = client.connection().outbox();
        if (length == UNKNOWN) {
            if (isAsked) {
                outbox.push(SIGN_OF_LIFE);
            }
            // Before the first call returns, replies to what came before may not have been sent.
            isAsked = true;
            return SIGN_OF_LIFE_NS;
        }
        if (!isBegun) {
            isBegun = true;
            requireVouched();
            outbox.push(("$" + length + "\r\n").getBytes(StandardCharsets.US_ASCII));
        }
        while (!outbox.congested()) {
            byte[] piece = next;
            if (piece == null) {
                return UNTIL_WOKEN;
            }
            next = null;
            sent += piece.length;
            outbox.push(piece);
            if (sent == length) {
                cancel();
                client.close();
                return DONE;
            }
            boolean unused = server.rdbCopies().execute(this::read);
        }
        return UNTIL_ROOM;
    }

    private void requireVouched() {
        if (server.keyspace().topology() != null && !server.keyspace().vouches(term)) {
            cancel();
            throw new CommandException(Outbox.NOT_VOUCHED);
        }
    }

    private long fail(RuntimeException why) {
        cancel();
        if (!isBegun) {
            throw why;
        }
        // There is no way to say so in the middle of a file.
        client.connection().kill();
        return UNTIL_WOKEN;
    }

    /** Ends it, wherever it is. Idempotent. */
    @Override
    public void cancel() {
        if (ended.compareAndSet(false, true) && !server.rdbCopies().execute(this::release)) {
            release();
        }
    }

    // ---- in a thread that may take its time

    /** Writes all of the file, and reads its beginning. */
    synchronized void write() {
        try {
            requireWanted();
            FileChannel made = open();
            file = made;
            try (Snapshot snapshot = snapshot()) {
                // It may have been waited for, and a migration have begun meanwhile.
                SyncCommands.requireCurrent(client);
                RdbExport.Report written =
                        RdbExport.write(
                                snapshot,
                                parts,
                                server.keyspace().currentTimeMs(),
                                Channels.newOutputStream(made),
                                (done, total) -> requireWanted());
                RespServer.LOGGER.info(
                        "The RDB file for client id={} has {} bytes; {} fields of hashes lost their"
                                + " deadlines in it",
                        client.id(),
                        made.size(),
                        written.lostDeadlineCount());
            }
            made.position(0);
            read(made, made.size());
            length = made.size();
            client.connection().wake(this);
        } catch (IOException | RuntimeException | Error e) {
            failed(e);
        }
    }

    private static FileChannel open() throws IOException {
        // Java makes such a file with mode 0600.
        Path path = Files.createTempFile("hotpair-sync", ".rdb");
        try {
            return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } finally {
            Files.delete(path);
        }
    }

    /** There is one at a time, so who saves another one is waited for, as Redis does. */
    private Snapshot snapshot() {
        while (true) {
            try {
                // Before it, so that one whose term ended meanwhile is not vouched for.
                term = server.keyspace().term();
                return server.keyspace().snapshot();
            } catch (IllegalStateException e) {
                // If it is for another reason, nothing else can be read either.
                long unused = server.keyspace().session().version(ANY_KEY);
                requireWanted();
                RespServer.LOGGER.debug("Waits for a snapshot", e);
            }
            LockSupport.parkNanos(this, RETRY_NS);
        }
    }

    private void requireWanted() {
        if (ended.get()) {
            throw new CancellationException("the client has gone");
        }
    }

    /** Reads the next piece. */
    private synchronized void read() {
        FileChannel written = file;
        if (written == null || ended.get()) {
            return;
        }
        try {
            read(written, length);
            client.connection().wake(this);
        } catch (IOException | RuntimeException | Error e) {
            failed(e);
        }
    }

    private void read(FileChannel from, long end) throws IOException {
        long at = from.position();
        byte[] piece = new byte[(int) Math.min(PIECE_LENGTH, end - at)];
        ByteBuffer into = ByteBuffer.wrap(piece);
        while (into.hasRemaining()) {
            if (from.read(into) < 0) {
                throw new EOFException("the file became shorter");
            }
        }
        next = piece;
    }

    private void failed(Throwable why) {
        if (ended.get()) {
            return;
        }
        RespServer.LOGGER.warn("The RDB file for client id={} failed", client.id(), why);
        if (why instanceof CommandException known) {
            failure = known;
            client.connection().wake(this);
            return;
        }
        boolean isKnown = why instanceof HotpairException || why instanceof IllegalStateException;
        failure =
                new CommandException(
                        isKnown
                                ? "ERR " + why.getMessage()
                                : "ERR the RDB file can't be written; the log of this node says"
                                        + " why");
        client.connection().wake(this);
    }

    private synchronized void release() {
        FileChannel made = file;
        try {
            if (made != null) {
                made.close();
            }
        } catch (IOException e) {
            RespServer.LOGGER.debug("A file was not closed in an orderly way", e);
        } finally {
            server.rdbCopies().end(this);
        }
    }
}
