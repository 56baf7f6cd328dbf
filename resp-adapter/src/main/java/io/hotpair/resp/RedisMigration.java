package io.hotpair.resp;

import com.moilioncircle.redis.replicator.Configuration;
import com.moilioncircle.redis.replicator.FileType;
import com.moilioncircle.redis.replicator.RedisReplicator;
import com.moilioncircle.redis.replicator.Replicator;
import com.moilioncircle.redis.replicator.io.RedisInputStream;
import com.moilioncircle.redis.replicator.rdb.DefaultRdbValueVisitor;
import com.moilioncircle.redis.replicator.rdb.datatype.DB;
import com.moilioncircle.redis.replicator.rdb.datatype.Function;
import com.moilioncircle.redis.replicator.rdb.skip.SkipRdbParser;
import com.moilioncircle.redis.replicator.rdb.skip.SkipRdbValueVisitor;
import com.moilioncircle.redis.replicator.rdb.skip.SkipRdbVisitor;
import io.hotpair.DeadlineHold;
import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import io.hotpair.resp.MigrationStatus.State;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a keyspace a replica of a running Redis, until {@link #promote} ends that: what the Redis
 * holds comes as a full copy, then every write it takes, in order, so that its clients can be moved
 * over without a pause longer than their reconnection. Thread-safe.
 *
 * <pre>{@code
 * RedisMigration migration =
 *         RedisMigration.builder(keyspace, "redis.example", 6379).password("secret").start();
 * // ... stop the writers, wait until migration.status().offset() is master_repl_offset ...
 * migration.promote();
 * }</pre>
 *
 * <p>What the keyspace held is gone as soon as a full copy has arrived as a whole and is found
 * sound. From the start to the end, clients of its listeners can't write; the application must not
 * either. A connection that breaks is made again, and the stream taken up where it was, if the
 * Redis still has it; else there is another full copy, and so there is after a restart of this
 * process. Deadlines are the Redis's business meanwhile: what has expired there, it says.
 *
 * <p>All databases are taken, and keep their numbers, and so are functions. Scripts and what is
 * published do not come along.
 */
public final class RedisMigration implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(RedisMigration.class);
    private static final byte[] ANY_KEY = {0};
    private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long STATE_POLL_MS = 5;
    private static final long ACKNOWLEDGE_MS = 1_000;
    private static final long REPEAT_NS = TimeUnit.MINUTES.toNanos(1);
    private static final int MAX_SAID = 64;
    private static final long REPORT_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long END_TIMEOUT_SECONDS = 60;
    private static final long SWEEP_TIMEOUT_SECONDS = 5;
    private static final int MARKER_LENGTH = 40;

    /** What Redis says, of several versions, to those who are not who they should be. */
    private static final Pattern OF_ACCESS =
            Pattern.compile(
                    "WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password|ERR Client sent AUTH");

    private static final int BUFFER_BYTES = 1 << 16;

    private final Keyspace keyspace;
    private final MigrationSlot slot;
    private final SourceLink.Source source;
    private final int listeningPort;
    private final int databases;
    private final RespConfig limits;
    private final Progress progress;
    private final @Nullable RedisMigration predecessor;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Object pause = new Object();
    private final Thread thread;

    private volatile State state = State.CONNECTING;
    private volatile @Nullable SourceLink link;
    private volatile @Nullable SourceStream stream;
    private volatile String replicationId = "";

    /** Who begins to load, and who ends all of it, take turns. */
    private final Object turn = new Object();

    private final AtomicLong receivedBytes = new AtomicLong();
    private volatile long totalBytes;
    private volatile long downSinceNs;
    private volatile boolean wasUp;
    private final AtomicLong fullCopies = new AtomicLong();
    private final AtomicLong resumptions = new AtomicLong();
    private volatile @Nullable String lastError;

    // Of its thread alone.
    private final Set<String> said = new HashSet<>();
    private long saidSinceNs = System.nanoTime();
    private boolean isSaidDown;
    private long reportedNs;
    private String copyId = "";
    private long copyOffset;
    private long lastDatabase;

    private RedisMigration(Builder from, @Nullable RedisMigration predecessor) {
        keyspace = from.keyspace;
        slot = MigrationSlot.of(keyspace);
        source =
                new SourceLink.Source(
                        from.host,
                        from.port,
                        from.user,
                        from.password,
                        from.tls,
                        from.bytesPerSecond);
        listeningPort = from.listeningPort;
        databases = from.databases;
        limits = from.limits;
        progress = from.progress;
        this.predecessor = predecessor;
        thread = keyspace.config().threadFactory().newThread(this::run);
        thread.setName(thread.getName() + "-migration");
    }

    /**
     * Starts the description of a migration.
     *
     * @param keyspace where the keys go: one that is alone, or the master of a pair
     * @param host the Redis
     * @param port its port
     * @return a builder with every default set
     */
    public static Builder builder(Keyspace keyspace, String host, int port) {
        return new Builder(keyspace, host, port);
    }

    /** Describes a migration. A setter checks its value. Not thread-safe. */
    public static final class Builder {
        private static final int MAX_PORT = 65_535;

        private final Keyspace keyspace;
        private final String host;
        private final int port;
        private @Nullable String user;
        private @Nullable String password;
        private @Nullable SSLContext tls;
        private long bytesPerSecond;
        private int listeningPort;
        private int databases = KeyArea.COUNT;
        private RespConfig limits = RespConfig.builder().build();
        private Progress progress = Progress.NONE;

        private Builder(Keyspace keyspace, String host, int port) {
            if (host.isEmpty() || port < 1 || port > MAX_PORT) {
                throw new IllegalArgumentException(
                        "host=" + host + " port=" + port + ", expected a host and 1 to 65535");
            }
            this.keyspace = keyspace;
            this.host = host;
            this.port = port;
        }

        /**
         * Sets the user to log in as. The default is the Redis's default user.
         *
         * @param name the user's name
         * @return this
         */
        public Builder user(String name) {
            user = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets the password to log in with. By default there is none.
         *
         * @param text the password
         * @return this
         */
        public Builder password(String text) {
            password = Objects.requireNonNull(text, "text");
            return this;
        }

        /**
         * Has the connection encrypted, and the Redis's certificate checked against its host name.
         *
         * @param context what it is checked with
         * @return this
         */
        public Builder tls(SSLContext context) {
            tls = Objects.requireNonNull(context, "context");
            return this;
        }

        /**
         * Limits how fast it is read from the Redis, which has to keep what waits: see its {@code
         * client-output-buffer-limit replica}. By default there is no limit.
         *
         * @param limit at least 1024
         * @return this
         */
        public Builder bytesPerSecond(long limit) {
            if (limit < 1024) {
                throw new IllegalArgumentException(
                        "bytesPerSecond=" + limit + ", expected at least 1024");
            }
            bytesPerSecond = limit;
            return this;
        }

        /**
         * Sets who is told how far a full copy is: first received, then loaded, in bytes of it.
         *
         * @param progress called by the migration's thread
         * @return this
         */
        public Builder progress(Progress progress) {
            this.progress = Objects.requireNonNull(progress, "progress");
            return this;
        }

        /**
         * Sets how many databases clients have here ({@link RespConfigBuilder#databases}). A Redis
         * that has keys in another one is refused. The default is 255, as many as there can be.
         *
         * @param count 1 to 255
         * @return this
         */
        public Builder databases(int count) {
            if (count < 1 || count > KeyArea.COUNT) {
                throw new IllegalArgumentException(
                        "databases=" + count + ", expected 1 to " + KeyArea.COUNT);
            }
            databases = count;
            return this;
        }

        /**
         * Says how those are served who come here then. Its number of databases counts as if given
         * to {@link #databases}, and its limits of scripts are those that libraries of functions
         * are loaded under; by default they are a listener's defaults.
         *
         * @param config the configuration of the listener
         * @return this
         */
        public Builder listener(RespConfig config) {
            limits = config;
            return databases(config.databases());
        }

        /** Says at which port this node has its own clients, which the Redis shows. */
        Builder listeningPort(int port) {
            listeningPort = port;
            return this;
        }

        /**
         * Starts it. Returns at once: {@link RedisMigration#status} tells how it goes.
         *
         * @return the migration
         * @throws IllegalStateException if another one goes on, or this node is not the master
         */
        public RedisMigration start() {
            return start(null);
        }

        /** Starts it in the place of another one, which ends first. */
        RedisMigration start(@Nullable RedisMigration instead) {
            Topology topology = keyspace.topology();
            if (topology != null && topology.role() != Role.MASTER) {
                throw new IllegalStateException(
                        "role=" + topology.role() + ", expected the master of a pair");
            }
            RedisMigration migration = new RedisMigration(this, instead);
            migration.slot.begin(instead, migration);
            if (instead != null) {
                instead.stop();
            }
            migration.thread.start();
            return migration;
        }
    }

    /** Where it comes from. */
    String source() {
        return source.toString();
    }

    /**
     * How far it is.
     *
     * @return the status now
     */
    public MigrationStatus status() {
        SourceLink present = link;
        SourceStream applied = stream;
        State now = state;
        return new MigrationStatus(
                now,
                source.host(),
                source.port(),
                replicationId,
                replicationId.isEmpty() || applied == null ? -1 : applied.offset(),
                receivedBytes.get(),
                totalBytes,
                present == null ? -1 : TimeUnit.NANOSECONDS.toSeconds(present.silentNs()),
                now == State.FOLLOWING || !wasUp
                        ? -1
                        : TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - downSinceNs),
                fullCopies.get(),
                resumptions.get(),
                lastError);
    }

    /** Whether clients have to wait until a copy is loaded. Called for each command. */
    boolean isLoading() {
        return state == State.LOADING;
    }

    /**
     * Ends it behind the last command that was applied, and has the keyspace take writes: this is
     * the master now. Of what the Redis has written and not sent yet nothing comes any more, so its
     * writers are to be stopped before, and the offsets compared.
     *
     * @return the last offset that was applied
     * @throws IllegalStateException if a copy is being loaded, or none was; then it goes on
     */
    public long promote() {
        synchronized (turn) {
            MigrationStatus now = status();
            if (now.state() == State.LOADING || (now.offset() < 0 && now.state() != State.ENDED)) {
                throw new IllegalStateException(
                        "state=" + now.state() + ", expected that a copy has been loaded");
            }
            stopping.set(true);
        }
        close();
        return status().offset();
    }

    /**
     * Ends it, wherever it is. If a copy is being loaded the keyspace keeps the part that has come.
     * Idempotent.
     */
    @Override
    public void close() {
        stop();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            if (!ended.await(END_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        "the migration from " + source + " did not end, expected it within 60 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Has it end soon. */
    void stop() {
        synchronized (turn) {
            stopping.set(true);
        }
        SourceLink present = link;
        if (present != null) {
            present.close();
        }
        synchronized (pause) {
            pause.notifyAll();
        }
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    // ---- its thread

    private void run() {
        ScheduledExecutorService ticker =
                Executors.newSingleThreadScheduledExecutor(
                        task -> {
                            Thread made = keyspace.config().threadFactory().newThread(task);
                            made.setName(made.getName() + "-migration-offset");
                            made.setDaemon(true);
                            return made;
                        });
        try {
            if (predecessor != null) {
                predecessor.close();
            }
            sendWaitingAway();
            var unused =
                    ticker.scheduleAtFixedRate(
                            this::tick, ACKNOWLEDGE_MS, ACKNOWLEDGE_MS, TimeUnit.MILLISECONDS);
            followUntilStopped();
        } catch (RuntimeException | Error e) {
            fail(e);
            awaitStop();
        } finally {
            ticker.shutdownNow();
            link = null;
            state = State.ENDED;
            slot.end(this);
            ended.countDown();
            LOGGER.info("The migration from {} has ended, at offset {}", source, status().offset());
        }
    }

    /** An element that comes from the Redis is not for a client that waits here. */
    private void sendWaitingAway() {
        try {
            Void unused = slot.sendWaitingAway().get(SWEEP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.warn("A listener does not answer; it may be closing", e);
        } catch (InterruptedException e) {
            stopping.set(true);
        }
    }

    private void followUntilStopped() {
        try (DeadlineHold deadlines = keyspace.holdDeadlines();
                LocalClient client =
                        new LocalClient(keyspace, deadlines::nowMs, databases, limits)) {
            SourceStream applied = new SourceStream(client, databases, deadlines, stopping::get);
            stream = applied;
            while (!stopping.get()) {
                long beganNs = System.nanoTime();
                boolean wasFollowing = false;
                try {
                    connectAndFollow(applied, client, deadlines);
                } catch (IOException e) {
                    wasFollowing = state == State.FOLLOWING;
                    lost(e);
                }
                // The sooner it is there again the likelier the Redis still has what it missed.
                // But one who closes each connection at once is not asked without a rest.
                if (!wasFollowing || System.nanoTime() - beganNs < RETRY_NS) {
                    pause();
                }
            }
        }
    }

    private void lost(IOException why) {
        link = null;
        if (state == State.FOLLOWING) {
            downSinceNs = System.nanoTime();
        }
        state = State.CONNECTING;
        if (stopping.get()) {
            return;
        }
        String reason = String.valueOf(why.getMessage());
        lastError = reason;
        boolean isForEver =
                reason.startsWith("ERR unknown command")
                        || reason.startsWith(SyncCommands.NO_STREAM);
        if (why instanceof SourceLink.Refusal && isForEver) {
            throw new IllegalStateException(
                    reason
                            + ": it lets nobody follow it; RedisImport copies what it holds without"
                            + " that",
                    why);
        }
        sayWhyThereIsNoLink(why, reason);
    }

    private void sayWhyThereIsNoLink(IOException why, String reason) {
        if (isDue(reason)) {
            isSaidDown = true;
            LOGGER.warn(
                    "No link to {}: {}; {}it is tried again every second, and said again after a"
                            + " minute",
                    source,
                    reason,
                    remedy(why, reason));
        }
    }

    /** What has to be done about a reason that does not pass by itself. */
    private static String remedy(IOException why, String reason) {
        if (why instanceof SourceLink.Refusal && OF_ACCESS.matcher(reason).lookingAt()) {
            return "this lasts until the user, the password or what that user may do is changed,"
                    + " here or there; ";
        }
        if (why instanceof SourceLink.OtherProtocol) {
            return "this lasts until a Redis listens there; ";
        }
        if (why instanceof SSLException) {
            return "this lasts until certificates or settings of TLS are changed, here or there; ";
        }
        return "";
    }

    /**
     * Whether something is to be said now; if so, it counts as said. Each thing once a minute at
     * most, and no more than so many of them, as a Redis may be away for days, or come and go.
     */
    private boolean isDue(String sentence) {
        long nowNs = System.nanoTime();
        if (nowNs - saidSinceNs >= REPEAT_NS) {
            saidSinceNs = nowNs;
            said.clear();
        }
        return said.size() < MAX_SAID && said.add(sentence);
    }

    private void inform(String sentence, Object... values) {
        if (isDue(sentence)) {
            LOGGER.info(sentence, values);
        }
    }

    private void pause() {
        synchronized (pause) {
            long endNs = System.nanoTime() + RETRY_NS;
            long leftNs = endNs - System.nanoTime();
            while (!stopping.get() && leftNs > 0) {
                waitFor(leftNs);
                leftNs = endNs - System.nanoTime();
            }
        }
    }

    private void awaitStop() {
        synchronized (pause) {
            while (!stopping.get() && !isKeyspaceClosed()) {
                waitFor(TimeUnit.SECONDS.toNanos(1));
            }
        }
    }

    private void waitFor(long ns) {
        try {
            TimeUnit.NANOSECONDS.timedWait(pause, ns);
        } catch (InterruptedException e) {
            // Nobody but who ends the process interrupts this thread.
            stopping.set(true);
        }
    }

    private void fail(Throwable why) {
        lastError = String.valueOf(why.getMessage());
        if (state == State.FOLLOWING) {
            downSinceNs = System.nanoTime();
        }
        state = State.FAILED;
        SourceLink present = link;
        if (present != null) {
            present.close();
            link = null;
        }
        if (!stopping.get() && !isKeyspaceClosed()) {
            LOGGER.error(
                    "The migration from {} failed; what is there stays, and takes no writes until"
                            + " REPLICAOF NO ONE",
                    source,
                    why);
        }
    }

    private void connectAndFollow(SourceStream applied, LocalClient client, DeadlineHold deadlines)
            throws IOException {
        state = State.CONNECTING;
        try (SourceLink made = SourceLink.connect(source)) {
            link = made;
            if (stopping.get()) {
                return;
            }
            state = State.HANDSHAKE;
            if (listeningPort > 0) {
                String unused =
                        made.status("REPLCONF", "listening-port", Integer.toString(listeningPort));
            }
            String unused = made.status("REPLCONF", "capa", "eof", "capa", "psync2");
            if (!resumes(made, applied)) {
                receive(made, applied, client, deadlines);
            }
            follow(made, applied);
        } finally {
            link = null;
        }
    }

    /** Asks for the rest of the stream; the Redis may decide for a full copy. */
    private boolean resumes(SourceLink from, SourceStream applied) throws IOException {
        boolean isNew = replicationId.isEmpty();
        String answer =
                from.status(
                        "PSYNC",
                        isNew ? "?" : replicationId,
                        isNew ? "-1" : Long.toString(applied.offset() + 1));
        String[] words = answer.split(" ", -1);
        if (words[0].equals("CONTINUE")) {
            if (words.length > 1 && words[1].length() == MARKER_LENGTH) {
                replicationId = words[1];
            }
            applied.resume();
            resumptions.incrementAndGet();
            inform("Goes on with {} at offset {}", source, applied.offset());
            return true;
        }
        if (words.length != 3 || !words[0].equals("FULLRESYNC")) {
            throw new SourceLink.Refusal(answer);
        }
        inform("Receives a full copy of what {} holds", source);
        copyId = words[1];
        copyOffset = number(words[2]);
        return false;
    }

    private static long number(String text) throws IOException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException("a number=" + text + ", expected digits", e);
        }
    }

    private void receive(
            SourceLink from, SourceStream applied, LocalClient client, DeadlineHold deadlines)
            throws IOException {
        fullCopies.incrementAndGet();
        state = State.RECEIVING;
        Path file = Files.createTempFile("hotpair-migration", ".rdb");
        try {
            receive(from, file);
            List<byte[]> libraries = inspect(file);
            load(file, libraries, applied, client, deadlines);
        } finally {
            boolean unused = Files.deleteIfExists(file);
        }
    }

    /** A copy has a length before it, or is followed by a mark that is told before it. */
    private void receive(SourceLink from, Path file) throws IOException {
        String header = from.line();
        if (!header.startsWith("$")) {
            throw new SourceLink.Refusal(header);
        }
        receivedBytes.set(0);
        try (OutputStream out = Files.newOutputStream(file)) {
            if (header.startsWith("$EOF:")) {
                totalBytes = 0;
                receiveUntil(from, header.substring(5).getBytes(StandardCharsets.ISO_8859_1), out);
            } else {
                totalBytes = number(header.substring(1));
                receiveAll(from, out);
            }
        }
    }

    private void receiveAll(SourceLink from, OutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        while (receivedBytes.get() < totalBytes) {
            int most = (int) Math.min(buffer.length, totalBytes - receivedBytes.get());
            int n = from.in().read(buffer, 0, most);
            if (n < 0) {
                throw new EOFException("the connection was closed while a copy was received");
            }
            out.write(buffer, 0, n);
            report("received", receivedBytes.get() + n, totalBytes);
            receivedBytes.addAndGet(n);
        }
    }

    /** Nothing follows the mark until the first acknowledgement. */
    private void receiveUntil(SourceLink from, byte[] mark, OutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        int held = 0;
        while (true) {
            int n = from.in().read(buffer, held, buffer.length - held);
            if (n < 0) {
                throw new EOFException("the connection was closed while a copy was received");
            }
            int end = held + n;
            int rest = Math.max(0, end - mark.length);
            if (end >= mark.length && Arrays.equals(buffer, rest, end, mark, 0, mark.length)) {
                out.write(buffer, 0, rest);
                receivedBytes.addAndGet(rest);
                totalBytes = receivedBytes.get();
                report("received", receivedBytes.get(), totalBytes);
                return;
            }
            out.write(buffer, 0, rest);
            System.arraycopy(buffer, rest, buffer, 0, end - rest);
            held = end - rest;
            receivedBytes.addAndGet(rest);
            report("received", receivedBytes.get(), 0);
        }
    }

    private void report(String what, long done, long total) {
        progress.at(done, total);
        long nowNs = System.nanoTime();
        if (reportedNs == 0) {
            reportedNs = nowNs;
        }
        if (nowNs - reportedNs > REPORT_NS) {
            reportedNs = nowNs;
            LOGGER.info("Of the copy from {}, {} of {} bytes are {}", source, done, total, what);
        }
    }

    /** Looks before anything is removed here; returns the code of the libraries of functions. */
    private List<byte[]> inspect(Path file) throws IOException {
        try {
            RdbImport.checkSum(file, Files.size(file));
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.CORRUPTION) {
                throw e;
            }
            throw new IOException("the copy was damaged on its way: " + e.getMessage(), e);
        }
        lastDatabase = 0;
        List<byte[]> libraries = new ArrayList<>();
        try (Replicator reader =
                new RedisReplicator(
                        Files.newInputStream(file), FileType.RDB, Configuration.defaultSetting())) {
            DefaultRdbValueVisitor read = new DefaultRdbValueVisitor(reader);
            reader.setRdbVisitor(
                    new SkipRdbVisitor(reader, new SkipRdbValueVisitor(reader)) {
                        @Override
                        public DB applySelectDB(RedisInputStream in, int version)
                                throws IOException {
                            long number = new SkipRdbParser(in).rdbLoadLen().len;
                            lastDatabase = Math.max(lastDatabase, number);
                            return new DB(number);
                        }

                        @Override
                        public Function applyFunction(RedisInputStream in, int version)
                                throws IOException {
                            return take(read.applyFunction(in, version));
                        }

                        @Override
                        public Function applyFunction2(RedisInputStream in, int version)
                                throws IOException {
                            return take(read.applyFunction2(in, version));
                        }

                        private Function take(Function library) {
                            libraries.add(library.getCode());
                            return library;
                        }
                    });
            reader.open();
        }
        if (lastDatabase >= databases) {
            throw new IllegalArgumentException(
                    "database="
                            + lastDatabase
                            + " of "
                            + source
                            + " has keys, expected at most "
                            + (databases - 1));
        }
        return libraries;
    }

    private void load(
            Path file,
            List<byte[]> libraries,
            SourceStream applied,
            LocalClient client,
            DeadlineHold deadlines)
            throws IOException {
        inform("Loads {} bytes from {}", Files.size(file), source);
        synchronized (turn) {
            if (stopping.get()) {
                throw new EOFException("ended before the copy was loaded");
            }
            state = State.LOADING;
        }
        // Before anything is removed, as a library may be refused; but room may be made for them.
        boolean lacksRoom = !addLibraries(libraries, client);
        synchronized (turn) {
            // From here on nothing of what was followed before is left to go on with.
            replicationId = "";
        }
        String error = client.execute(LocalClient.request("FLUSHALL"));
        if (error != null) {
            throw client.refusal("the keyspace was not emptied: " + error);
        }
        if (lacksRoom) {
            client.addLibraries(libraries, FunctionSet.Policy.FLUSH, refusal());
        }
        RdbImport.Report read =
                RdbImport.readKeys(
                        file,
                        keyspace,
                        deadlines.nowMs(),
                        (done, total) -> {
                            if (stopping.get()) {
                                throw new UncheckedIOException(new IOException("stopped"));
                            }
                            report("loaded", done, total);
                        });
        replicationId = copyId;
        applied.begin(copyOffset);
        inform("Follows {} from offset {} on, with {} keys", source, copyOffset, read.keyCount());
    }

    /** Whether they are there; if not, there is room for them when all else is removed. */
    private boolean addLibraries(List<byte[]> libraries, LocalClient client) {
        try {
            client.addLibraries(libraries, FunctionSet.Policy.FLUSH, refusal());
            return true;
        } catch (HotpairException e) {
            if (e.category() != HotpairException.Category.MEMORY_LIMIT) {
                throw e;
            }
            LOGGER.info("Functions find no room unless all else goes: {}", e.getMessage());
        }
        long maxMemoryBytes = keyspace.statistics().maxMemoryBytes();
        try (Keyspace empty = AofImport.past(maxMemoryBytes, keyspace.config().clock());
                LocalClient there = new LocalClient(empty, limits)) {
            there.addLibraries(libraries, FunctionSet.Policy.FLUSH, refusal());
        }
        return false;
    }

    private String refusal() {
        return "the libraries of functions of " + source + " can't be loaded here";
    }

    private void follow(SourceLink from, SourceStream applied) throws IOException {
        state = State.FOLLOWING;
        wasUp = true;
        if (isSaidDown) {
            isSaidDown = false;
            LOGGER.info("The link to {} is up again", source);
        }
        acknowledge(from, applied);
        while (!stopping.get()) {
            if (!applied.advance(from.in())) {
                throw new EOFException("the connection was closed");
            }
            if (applied.takeAsked()) {
                acknowledge(from, applied);
            }
        }
    }

    private static void acknowledge(SourceLink to, SourceStream applied) throws IOException {
        to.send("REPLCONF", "ACK", Long.toString(applied.offset()));
    }

    /** With the keyspace goes what follows for it. */
    private boolean isKeyspaceClosed() {
        try {
            long unused = keyspace.session().version(ANY_KEY);
            return false;
        } catch (HotpairException e) {
            return false;
        } catch (IllegalStateException e) {
            LOGGER.debug("The keyspace is closed", e);
            return true;
        }
    }

    /** Says once a second that somebody is there, and how far. */
    private void tick() {
        if (isKeyspaceClosed()) {
            stop();
        }
        SourceLink present = link;
        SourceStream applied = stream;
        try {
            if (present != null && applied != null) {
                switch (state) {
                    case FOLLOWING -> acknowledge(present, applied);
                    case LOADING -> present.sendSignOfLife();
                    default -> {}
                }
            }
        } catch (IOException e) {
            LOGGER.debug("Who reads from {} will notice too", source, e);
        }
    }

    /**
     * Waits until it follows, that is until a full copy is loaded.
     *
     * @param atMost for how long
     * @return whether it does
     * @throws HotpairException {@code NETWORK} if the migration has failed; the message says why
     * @throws InterruptedException if the thread is interrupted
     */
    public boolean awaitFollowing(Duration atMost) throws InterruptedException {
        long endNs = System.nanoTime() + atMost.toNanos();
        while (System.nanoTime() - endNs < 0) {
            State now = state;
            if (now == State.FOLLOWING) {
                return true;
            }
            if (now == State.FAILED || now == State.ENDED) {
                throw new HotpairException(
                        HotpairException.Category.NETWORK,
                        "the migration from " + source + " is " + now + ": " + lastError);
            }
            TimeUnit.MILLISECONDS.sleep(STATE_POLL_MS);
        }
        return false;
    }
}
