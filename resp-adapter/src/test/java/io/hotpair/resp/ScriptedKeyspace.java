package io.hotpair.resp;

import io.hotpair.Acknowledgement;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceStatistics;
import io.hotpair.MaxMemoryPolicy;
import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import io.hotpair.Session;
import io.hotpair.Snapshot;
import io.hotpair.Watermark;
import io.hotpair.WriteListener;
import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import io.hotpair.topology.Topology;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A keyspace in memory that says of acknowledgements, terms and roles what a test wants. */
final class ScriptedKeyspace implements KeyspacePort, AutoCloseable {
    private final Keyspace keyspace =
            Keyspace.open(Keyspace.builder().inMemory().maxMemory(32 << 20).build());
    private final KeyspacePort real = KeyspacePort.of(keyspace);
    private final ConcurrentLinkedQueue<Watermark.Waiter> waiters = new ConcurrentLinkedQueue<>();
    private final List<String> hastened = new CopyOnWriteArrayList<>();
    private final List<Member> members = new CopyOnWriteArrayList<>();
    private volatile boolean acknowledgesAtOnce;
    private volatile long lastAskedOpId;
    private volatile boolean vouches = true;
    private volatile long term = 7;
    private volatile long endedTerm = -1;
    private volatile Role role = Role.MASTER;
    private volatile @Nullable Member master;
    private volatile boolean haReady;
    private volatile @Nullable String alarm;
    private volatile Duration timeout = Duration.ofSeconds(20);
    private volatile long laterNs;
    private volatile UnaryOperator<Session> sessions = UnaryOperator.identity();
    private volatile PersistenceStatus persistenceStatus = real.persistenceStatus();
    private final List<CompletableFuture<SavedSnapshot>> savings = new CopyOnWriteArrayList<>();

    ScriptedKeyspace acknowledgesAtOnce(boolean whether) {
        acknowledgesAtOnce = whether;
        return this;
    }

    void haReady(boolean whether, @Nullable String alarmed) {
        haReady = whether;
        alarm = alarmed;
    }

    void vouches(boolean whether) {
        vouches = whether;
    }

    /** From now on this term is over. */
    void endTerm(long ended) {
        endedTerm = ended;
    }

    /** The present term is over, and another one has begun. */
    void beginTerm(long next) {
        endTerm(term);
        term = next;
    }

    /** Has it be later than it is. */
    void later(Duration time) {
        laterNs = time.toNanos();
    }

    void role(Role newRole) {
        role = newRole;
    }

    void timeout(Duration newTimeout) {
        timeout = newTimeout;
    }

    void sessions(UnaryOperator<Session> wrapper) {
        sessions = wrapper;
    }

    /** What a test does in the place of a session's method. */
    @FunctionalInterface
    interface Around {
        /**
         * Called for each call.
         *
         * @param real does what the method does
         */
        @Nullable Object call(Callable<@Nullable Object> real) throws Exception;
    }

    /** Has a test decide what one method of the sessions that are opened from now on does. */
    void around(String name, Around around) {
        sessions(
                session ->
                        (Session)
                                Proxy.newProxyInstance(
                                        Session.class.getClassLoader(),
                                        new Class<?>[] {Session.class},
                                        (proxy, method, arguments) -> {
                                            Callable<@Nullable Object> real =
                                                    () -> invoke(session, method, arguments);
                                            return method.getName().equals(name)
                                                    ? around.call(real)
                                                    : real.call();
                                        }));
    }

    private static @Nullable Object invoke(
            Session session, Method method, @Nullable Object @Nullable [] arguments)
            throws Exception {
        try {
            return method.invoke(session, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    void persistenceStatus(PersistenceStatus status) {
        persistenceStatus = status;
    }

    /** Snapshots that were asked for: what a test makes of them. */
    List<CompletableFuture<SavedSnapshot>> savings() {
        return savings;
    }

    void members(@Nullable Member newMaster, Member... all) {
        master = newMaster;
        members.clear();
        members.addAll(List.of(all));
    }

    /** What was to come as far as a level asks, with nobody who waits for it. */
    List<String> hastened() {
        return hastened;
    }

    /** The write that somebody waited for last. */
    long lastAskedOpId() {
        return lastAskedOpId;
    }

    int waiterCount() {
        return waiters.size();
    }

    /** Settles the oldest write that waits, in another thread than the event loop's. */
    void settleNext(boolean reached) {
        Watermark.Waiter waiter = waiters.poll();
        if (waiter == null) {
            throw new AssertionError("waiters=0, expected a write that waits");
        }
        waiter.done(reached);
    }

    Keyspace keyspace() {
        return keyspace;
    }

    RespListener listen(UnaryOperator<RespConfigBuilder> settings) {
        return RespListener.open(this, settings.apply(RespConfig.builder().port(0)).build());
    }

    @Override
    public Session session() {
        return sessions.apply(real.session());
    }

    @Override
    public void whenAcknowledged(
            Acknowledgement level, long opId, long term, Watermark.Waiter waiter) {
        lastAskedOpId = opId;
        if (acknowledgesAtOnce) {
            waiter.done(true);
        } else {
            waiters.add(waiter);
        }
    }

    @Override
    public void addWriteListener(WriteListener listener) {
        real.addWriteListener(listener);
    }

    @Override
    public void removeWriteListener(WriteListener listener) {
        real.removeWriteListener(listener);
    }

    @Override
    public void hasten(Acknowledgement level, long opId) {
        hastened.add(level + " " + opId);
    }

    @Override
    public boolean vouches(long asked) {
        return vouches && asked != endedTerm;
    }

    @Override
    public long term() {
        return term;
    }

    @Override
    public Topology topology() {
        return new Topology() {
            @Override
            public String nodeName() {
                return "here";
            }

            @Override
            public Role role() {
                return role;
            }

            @Override
            public long term() {
                return term;
            }

            @Override
            public @Nullable Member master() {
                return master;
            }

            @Override
            public List<Member> members() {
                return members;
            }

            @Override
            public long fullCopyCount() {
                return 0;
            }

            @Override
            public boolean haReady() {
                return haReady;
            }

            @Override
            public @Nullable String alarm() {
                return alarm;
            }
        };
    }

    @Override
    public KeyspaceStatistics statistics() {
        return real.statistics();
    }

    @Override
    public boolean isUnused(int area) {
        return real.isUnused(area);
    }

    @Override
    public long keyCount(int area) {
        return real.keyCount(area);
    }

    @Override
    public long deadlineCount(int area) {
        return real.deadlineCount(area);
    }

    @Override
    public PersistenceStatus persistenceStatus() {
        return persistenceStatus;
    }

    @Override
    public CompletableFuture<SavedSnapshot> saveSnapshot() {
        CompletableFuture<SavedSnapshot> saving = new CompletableFuture<>();
        savings.add(saving);
        return saving;
    }

    @Override
    public Snapshot snapshot() {
        return real.snapshot();
    }

    @Override
    public OptionalLong memoryUsage(byte[] key) {
        return real.memoryUsage(key);
    }

    @Override
    public OptionalInt useFrequency(byte[] key) {
        return real.useFrequency(key);
    }

    @Override
    public Optional<Duration> idleTime(byte[] key) {
        return real.idleTime(key);
    }

    @Override
    public void maxMemory(long bytes) {
        real.maxMemory(bytes);
    }

    @Override
    public void keepExpired(Duration howLong) {
        real.keepExpired(howLong);
    }

    @Override
    public MaxMemoryPolicy maxMemoryPolicy() {
        return real.maxMemoryPolicy();
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public boolean hasLog() {
        return true;
    }

    @Override
    public Acknowledgement acknowledgement() {
        return Acknowledgement.PEER;
    }

    @Override
    public Duration acknowledgementTimeout() {
        return timeout;
    }

    @Override
    public long currentTimeMs() {
        return real.currentTimeMs();
    }

    @Override
    public long nanoTime() {
        return real.nanoTime() + laterNs;
    }

    @Override
    public void close() {
        keyspace.close();
    }
}
