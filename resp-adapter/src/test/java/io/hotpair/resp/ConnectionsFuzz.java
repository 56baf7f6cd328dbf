package io.hotpair.resp;

import io.hotpair.Clock;
import io.hotpair.KeyArea;
import io.hotpair.Keyspace;
import io.hotpair.ListEnd;
import io.hotpair.MaxMemoryPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Executes programs of {@link ConnectionsProgram}: some connections on two event loops that have no
 * thread but the test's. Bytes arrive in pieces and in any interleaving, clients take what they are
 * sent slowly or go; and what comes of it is looked at:
 *
 * <ul>
 *   <li>no exception escapes, and no connection is ended that nobody has ended
 *   <li>each command gets one reply, in order, in the protocol that its client speaks
 *   <li>replies, who of those who wait is served when and with what, messages, invalidations and
 *       lines of MONITOR are what {@link ConnectionsModel} says, and where it says
 *   <li>whoever waits does so for a reason, and no longer than it has asked
 *   <li>of connections that have ended nothing is left: no wait, subscription, tracked key, task,
 *       buffer or counted byte
 * </ul>
 *
 * <p>One command is one execution.
 */
final class ConnectionsFuzz implements AutoCloseable {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final int MAX_TRIES = 200;
    private static final int MAX_PASSES = 200;
    private static final int MAX_TASKS = 100_000;
    private static final long START_MS = 1_700_000_000_000L;
    private static final long MAX_MEMORY = 48 << 20;
    private static final long POLL_NS = 20_000;
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final byte[] NOBODYS = {'n'};
    private static final OutputLimit LIMIT = new OutputLimit(4_000, 0, 0);

    private final FuzzLoop.Stage stage = new FuzzLoop.Stage();
    private final long startNs = stage.nanoTime();
    private final FuzzChannel.Buffers buffers = new FuzzChannel.Buffers();
    private final List<FuzzLoop> loops = List.of(new FuzzLoop(stage), new FuzzLoop(stage));
    private final List<Thread> threads = new ArrayList<>();
    private final Keyspace keyspace;
    private final RespServer server;
    private long executions;
    private ConnectionsModel model = new ConnectionsModel(stage);
    private SplittableRandom random = new SplittableRandom(0);
    private final List<FuzzPeer> all = new ArrayList<>();
    private FuzzPeer[] peers = {};
    private boolean limited;
    private final boolean shortens;

    /**
     * Creates one.
     *
     * @param shortens whether a program that fails is tried in fewer steps
     */
    ConnectionsFuzz(boolean shortens) {
        this.shortens = shortens;
        keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .inMemory()
                                .maxMemory(MAX_MEMORY)
                                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                                .threadFactory(
                                        task -> {
                                            Thread thread = new Thread(task, "fuzz-keyspace");
                                            thread.setDaemon(true);
                                            threads.add(thread);
                                            return thread;
                                        })
                                .clock(new StageClock())
                                .build());
        server =
                new RespServer(
                        KeyspacePort.of(keyspace, this::nowMs),
                        RespConfig.builder().port(0).build());
        for (FuzzLoop loop : loops) {
            server.workers().add(new Worker(loop, server, server.workers().size()));
        }
        for (Command command : server.commands().everything()) {
            if (!command.isContainer()) {
                Command.Function function = command.function();
                command.does((r, c, out) -> model.execute(command, function, r, c, out));
            }
        }
    }

    private long nowMs() {
        return START_MS + TimeUnit.NANOSECONDS.toMillis(stage.nanoTime() - startNs);
    }

    private final class StageClock implements Clock {
        @Override
        public long currentTimeMs() {
            return nowMs();
        }

        @Override
        public long nanoTime() {
            return stage.nanoTime();
        }
    }

    /**
     * Executes programs until one fails, or as many commands as are asked for.
     *
     * @return how many commands there were
     * @throws AssertionError that tells the seed, and the program in as few steps as fail too
     */
    long run(long seed, long most) {
        executions = 0;
        for (long i = 0; executions < most; i++) {
            ConnectionsProgram program = ConnectionsProgram.of(seed + i * GOLDEN);
            try {
                execute(program);
            } catch (AssertionError | RuntimeException | VirtualMachineError e) {
                long found = executions;
                String where = "\nconnections, seed=" + (seed + i * GOLDEN) + "\n";
                String how = String.valueOf(e.getMessage());
                ConnectionsProgram shown = shortens ? shortest(program, how) : program;
                throw new FuzzFailure(found, e + where + shown, e);
            }
        }
        return executions;
    }

    private static ConnectionsProgram shortest(ConnectionsProgram program, String how) {
        ConnectionsProgram least = program;
        int tries = 0;
        for (int size = program.steps().size() / 2; size > 0; size /= 2) {
            for (int at = 0; at + size <= least.steps().size() && tries++ < MAX_TRIES; ) {
                ConnectionsProgram shorter = least.without(at, at + size);
                if (fails(shorter, how)) {
                    least = shorter;
                } else {
                    at += size;
                }
            }
        }
        return least;
    }

    /** Whether a program fails in about the same way. */
    private static boolean fails(ConnectionsProgram program, String how) {
        try (ConnectionsFuzz anew = new ConnectionsFuzz(false)) {
            anew.execute(program);
            return false;
        } catch (AssertionError | RuntimeException | VirtualMachineError e) {
            return kind(how).equals(kind(String.valueOf(e.getMessage())));
        }
    }

    private static String kind(String failure) {
        return failure.replaceAll("[0-9]+", "").replaceAll("(: [a-z ]+).*", "$1");
    }

    // ---- a program

    void execute(ConnectionsProgram program) {
        begin(program.seed());
        for (ConnectionsProgram.Step step : program.steps()) {
            perform(step);
            for (int i = random.nextInt(6); i > 0; i--) {
                moveOn();
            }
            model.check();
        }
        end();
    }

    private void begin(long seed) {
        random = new SplittableRandom(seed);
        model = new ConnectionsModel(stage);
        all.clear();
        limited = random.nextInt(4) == 0;
        server.settings().pubSubLimit(limited ? LIMIT : OutputLimit.PUBSUB);
        peers = new FuzzPeer[ConnectionsProgram.SLOTS];
        for (int slot = 0; slot < peers.length; slot++) {
            connect(slot);
        }
    }

    private void connect(int slot) {
        FuzzLoop loop = loops.get(random.nextInt(loops.size()));
        WriteBufferWaterMark marks =
                random.nextInt(4) == 0
                        ? new WriteBufferWaterMark(64 << 10, 256 << 10)
                        : new WriteBufferWaterMark(64, 512);
        Worker worker = server.workers().get(loops.indexOf(loop));
        boolean admitted = server.clients().admit();
        if (!admitted) {
            throw new AssertionError("not admitted: " + server.clients().count());
        }
        long id = server.clients().nextId();
        FuzzChannel channel = new FuzzChannel(10_000 + all.size(), buffers, marks);
        Connection connection = new Connection(id, channel, worker, keyspace.session());
        FuzzPeer peer = new FuzzPeer(channel, connection, loop, slot);
        server.clients().add(connection);
        loop.run(
                () -> {
                    channel.pipeline().addLast(new Ending(peer));
                    channel.pipeline().addLast(connection);
                    loop.register(channel).syncUninterruptibly();
                });
        peers[slot] = peer;
        all.add(peer);
        model.connected(peer);
    }

    /** Tells the model at which moment a connection is known to have ended. */
    private final class Ending extends ChannelInboundHandlerAdapter {
        private final FuzzPeer peer;

        Ending(FuzzPeer peer) {
            this.peer = peer;
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            model.ended(peer);
            ctx.fireChannelInactive();
        }
    }

    private void perform(ConnectionsProgram.Step step) {
        FuzzPeer peer = peers[step.slot()];
        switch (step.kind()) {
            case SEND -> {
                String[] words = step.words().toArray(String[]::new);
                for (int i = 0; i < words.length; i++) {
                    if (words[i].matches("@\\d")) {
                        words[i] = Long.toString(peers[words[i].charAt(1) - '0'].id());
                    }
                }
                peer.send(words);
                executions++;
            }
            case PASS -> pass(step.number());
            case STALL -> {
                peer.channel.stall();
                peer.loop.run(() -> peer.channel.take(step.number()));
            }
            case TAKE -> peer.loop.run(() -> peer.channel.take(Integer.MAX_VALUE));
            case CLOSE -> {
                close(peer);
                connect(step.slot());
            }
            case SETTLE -> settle();
        }
    }

    private static void close(FuzzPeer peer) {
        peer.mayEnd = true;
        peer.loop.run(() -> peer.channel.unsafe().close(peer.channel.voidPromise()));
    }

    /** Something happens: bytes arrive, or a loop does what is next, or a client takes some. */
    private void moveOn() {
        FuzzPeer peer = peers[random.nextInt(peers.length)];
        switch (random.nextInt(4)) {
            case 0, 1 -> deliver(peer, 1 + random.nextInt(random.nextInt(3) == 0 ? 300 : 60));
            case 2 -> {
                FuzzLoop loop = loops.get(random.nextInt(loops.size()));
                for (int i = random.nextInt(4); i >= 0; i--) {
                    boolean unused = loop.runOne();
                }
            }
            default -> {
                if (peer.channel.isStalled()) {
                    peer.loop.run(() -> peer.channel.take(random.nextInt(40)));
                }
            }
        }
        model.check();
    }

    private static boolean deliver(FuzzPeer peer, int count) {
        boolean reads = peer.isOpen() && peer.channel.config().isAutoRead();
        if (!reads || peer.undelivered() == 0) {
            return false;
        }
        ByteBuf piece = Unpooled.wrappedBuffer(peer.deliver(count));
        peer.loop.run(
                () -> {
                    peer.channel.pipeline().fireChannelRead(piece);
                    peer.channel.pipeline().fireChannelReadComplete();
                });
        return true;
    }

    /** Does what can be done now, until there is nothing. */
    private void settle() {
        int tasks = 0;
        for (boolean any = true; any; ) {
            any = false;
            for (FuzzLoop loop : loops) {
                any |= loop.runOne();
            }
            for (FuzzPeer peer : peers) {
                any |= deliver(peer, Integer.MAX_VALUE / 2);
            }
            model.check();
            if (++tasks > MAX_TASKS) {
                throw new AssertionError("there is always something to be done");
            }
        }
    }

    /** Time passes; whoever has waited long enough is told by the keyspace's thread. */
    private void pass(int ms) {
        awaitEnds(ms);
        for (int i = 0; i < loops.size(); i++) {
            loops.get(i).execute(server.workers().get(i)::tick);
        }
    }

    private void awaitEnds(int ms) {
        long nowNs = stage.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        List<CompletableFuture<?>> due = new ArrayList<>();
        for (FuzzPeer peer : all) {
            CompletableFuture<?> future = ConnectionsModel.waiting(peer.connection.client());
            if (future == null || future.isDone()) {
                continue;
            }
            if (nowNs >= deadlineNs(peer.connection.client())) {
                due.add(future);
            }
        }
        if (due.isEmpty()) {
            stage.advance(ms);
            return;
        }
        // Its time is over last of all, in the thread that ends the others.
        CompletableFuture<?> last =
                keyspace.lists()
                        .blmpopAsync(
                                Duration.ofMillis(ms), ListEnd.LEFT, 1, new byte[][] {NOBODYS});
        stage.advance(ms);
        long giveUpNs = System.nanoTime() + DEADLINE_NS;
        while (!last.isDone()) {
            threads.forEach(LockSupport::unpark);
            LockSupport.parkNanos(POLL_NS);
            if (System.nanoTime() > giveUpNs) {
                throw new AssertionError("the keyspace's thread does not run");
            }
        }
        if (!due.stream().allMatch(CompletableFuture::isDone)) {
            throw new AssertionError("waits longer than it has asked to");
        }
    }

    // ---- the end of a program

    private void end() {
        server.pause().end();
        model.unpause();
        for (FuzzPeer peer : peers) {
            peer.loop.run(() -> peer.channel.take(Integer.MAX_VALUE));
        }
        settle();
        for (int i = 0; i < MAX_PASSES && isAnyUnderWay(); i++) {
            pass(200);
            settle();
        }
        model.checkAtEnd();
        checkWaits();
        for (FuzzPeer peer : all) {
            checkPeer(peer);
        }
        for (FuzzPeer peer : all) {
            close(peer);
        }
        settle();
        pass(10_000);
        settle();
        checkNothingLeft();
        flush();
    }

    /** What comes now is taken by nobody. */
    private void checkNobodyTakes() {
        flush();
        for (int area = 0; area < 2; area++) {
            for (int i = 0; i < 3; i++) {
                byte[] list = KeyArea.key(area, new byte[] {'l', (byte) ('0' + i)});
                long unused = keyspace.lists().rpush(list, new byte[1]);
                check("taken", 1 - keyspace.lists().llen(list));
            }
        }
    }

    private void flush() {
        long cursor = 0;
        var session = keyspace.session();
        List<byte[]> keys = new ArrayList<>();
        do {
            cursor = session.scan(cursor, 1_000, keys::add);
        } while (cursor != 0);
        for (byte[] key : keys) {
            boolean unused = keyspace.delete(key);
        }
        // Also which database has which area.
        boolean unused = keyspace.delete(KeyArea.noneKey());
    }

    /** Whether anybody waits for time to pass. */
    private boolean isAnyUnderWay() {
        for (FuzzPeer peer : peers) {
            if (peer.isOpen() && peer.connection.client().parked() != null) {
                if (ConnectionsModel.waiting(peer.connection.client()) == null
                        || deadlineNs(peer.connection.client()) < Long.MAX_VALUE) {
                    return true;
                }
            }
        }
        return false;
    }

    /** When the wait of a client is over. */
    private static long deadlineNs(Client client) {
        Client.Begun begun = client.begun();
        if (begun == null) {
            return Long.MAX_VALUE;
        }
        List<String> words = new ArrayList<>();
        for (int i = 0; i < begun.request().count(); i++) {
            words.add(begun.request().text(i));
        }
        words.set(0, words.get(0).toLowerCase(Locale.ROOT));
        return ConnectionsModel.deadlineNs(client, words);
    }

    private void checkWaits() {
        for (FuzzPeer peer : peers) {
            Client client = peer.connection.client();
            Parked parked = client.parked();
            if (!peer.isOpen() || parked == null) {
                continue;
            }
            CompletableFuture<?> future = ConnectionsModel.waiting(client);
            if (future == null || future.isDone()) {
                throw new AssertionError("hangs: connection " + peer.slot + " " + parked);
            }
        }
    }

    private void checkPeer(FuzzPeer peer) {
        boolean open = peer.isOpen();
        if (open && peer.connection.client().parked() == null) {
            if (peer.undelivered() > 0 && peer.connection.isOpen()) {
                throw new AssertionError("does not read on: connection " + peer.slot);
            }
            if (peer.connection.isOpen()) {
                model.passOverRest(peer);
                model.check();
            }
        }
        boolean ends = !open || !peer.connection.isOpen();
        boolean isCut = limited;
        if (ends && !peer.mayEnd && !isCut) {
            throw new AssertionError("ended without a reason: connection " + peer.slot);
        }
        peer.check(!ends);
    }

    private void checkNothingLeft() {
        check("clients", server.clients().count());
        check("budget", server.budget().usedBytes());
        for (Topic.Kind kind : Topic.Kind.values()) {
            check("topics", server.pubSub().count(kind));
        }
        check("trackers", server.tracking().clientCount());
        check("tracked keys", server.tracking().keyCount());
        check("tracked items", server.tracking().itemCount());
        check("prefixes", server.tracking().prefixCount());
        check("monitors", server.monitors().isActive() ? 1 : 0);
        check("listening", server.keyEvents().isListening() ? 1 : 0);
        check("behind", server.pubSub().isBehind() ? 1 : 0);
        checkNobodyTakes();
        for (Worker worker : server.workers()) {
            check("connections", worker.connections().size());
            check("inbox", worker.inbox().heldBytes());
            check("executing", worker.executing() == null ? 0 : 1);
        }
        for (FuzzLoop loop : loops) {
            check("tasks", loop.hasTasks() ? 1 : 0);
        }
        check("buffers", buffers.takeUnreleased());
    }

    private static void check(String what, long count) {
        if (count != 0) {
            throw new AssertionError("left when all have gone: " + what + "=" + count);
        }
    }

    @Override
    public void close() {
        server.scripts().close();
        for (FuzzPeer peer : all) {
            if (peer.isOpen()) {
                close(peer);
            }
        }
        keyspace.close();
    }
}
