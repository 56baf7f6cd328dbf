package io.hotpair.resp;

import io.hotpair.Acknowledgement;
import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.PersistenceStatus;
import io.hotpair.Session;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets Redis clients work on a keyspace. Thread-safe.
 *
 * <pre>{@code
 * try (RespListener listener = RespListener.open(keyspace, RespConfig.builder().port(0).build())) {
 *     // redis-cli -p listener.port()
 * }
 * }</pre>
 *
 * <p>A command is executed at once, in the thread of an event loop; its reply is sent when its
 * writes have come as far as the configuration's acknowledgement level asks. A reply {@code
 * -UNKNOWN ...} means that a write was made and may or may not survive; see {@code
 * docs/decisions.md}.
 *
 * <p>The listener does not own the keyspace: close the listener first.
 */
public final class RespListener implements AutoCloseable {
    private static final long CLOSE_TIMEOUT_SECONDS = 10;
    private static final int BACKLOG = 511;
    private static final int MIN_READ = 1 << 10;
    private static final int FIRST_READ = 16 << 10;
    private static final int MAX_READ = 64 << 10;
    private static final WriteBufferWaterMark WATER_MARK =
            new WriteBufferWaterMark(64 << 10, 256 << 10);
    private static final long SAY_TURNED_AWAY_EVERY_NS = TimeUnit.SECONDS.toNanos(10);
    private static final byte[] TOO_MANY =
            "-ERR max number of clients reached\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] KEPT_OUT =
            ("-DENIED Redis is running in protected mode because protected mode is enabled and no"
                            + " password is set for the default user. In this mode connections are"
                            + " only accepted from the loopback interface. If you want to connect"
                            + " from external computers, set a password for the default user, by"
                            + " 'CONFIG SET requirepass <password>' from the loopback interface,"
                            + " or where the server is configured.\r\n")
                    .getBytes(StandardCharsets.US_ASCII);

    private final RespServer server;
    private final MultiThreadIoEventLoopGroup group;
    private final PooledByteBufAllocator allocator;
    private final Transport transport;
    private final Ticks ticks;
    private final Map<EventExecutor, Worker> workers = new HashMap<>();
    private final List<Channel> listening = new ArrayList<>();
    private final AtomicLong saidTurnedAwayNs;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final @Nullable TlsContext tls;
    private final Supplier<CompletableFuture<Void>> sendWaitingAway;

    private RespListener(KeyspacePort keyspace, RespConfig config) {
        server = new RespServer(keyspace, config);
        saidTurnedAwayNs = new AtomicLong(keyspace.nanoTime() - SAY_TURNED_AWAY_EVERY_NS);
        TlsConfig tlsConfig = config.tls();
        tls =
                tlsConfig == null
                        ? null
                        : new TlsContext(
                                tlsConfig,
                                config.eventLoopThreads(),
                                "hotpair-tls-" + keyspace.name());
        sendWaitingAway = server::sendWaitingAway;
        transport = Transport.best();
        ticks = new Ticks(keyspace.name());
        group =
                new MultiThreadIoEventLoopGroup(
                        config.eventLoopThreads(),
                        new DefaultThreadFactory("hotpair-resp-" + keyspace.name(), true),
                        transport.ioHandlers());
        // An allocator of our own: what clients make it take goes when the listener goes, and the
        // host's other uses of the network library are not touched.
        allocator =
                new PooledByteBufAllocator(
                        true, 0, config.eventLoopThreads(), 8192, 8, 64, 16, false);
        for (EventExecutor executor : group) {
            Worker worker = new Worker((EventLoop) executor, server, workers.size());
            workers.put(executor, worker);
            server.workers().add(worker);
        }
    }

    /**
     * Opens a listener. Returns when it accepts clients.
     *
     * @param keyspace what clients work on; it must stay open until the listener is closed
     * @param config from {@link RespConfig#builder()}
     * @return the listener; the caller closes it
     * @throws IllegalStateException if the keyspace is closed, an address is not of the loopback
     *     and there is no password, or the keyspace has not what the acknowledgement level needs
     * @throws HotpairException {@code NETWORK} if an address can't be listened at
     */
    public static RespListener open(Keyspace keyspace, RespConfig config) {
        return open(KeyspacePort.of(keyspace), config);
    }

    static RespListener open(KeyspacePort keyspace, RespConfig config) {
        // Refused by a keyspace that is closed, of which a listener would tell every client anew.
        PersistenceStatus unused = keyspace.persistenceStatus();
        checkLevel(keyspace, config.acknowledgement());
        RespListener listener = new RespListener(keyspace, config);
        try {
            listener.server.configure();
            listener.listen(listener.resolve(config.bindAddresses()));
            listener.startTicking();
            keyspace.migration().addListener(listener.sendWaitingAway);
            return listener;
        } catch (RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    /**
     * The port that it listens at for plain text.
     *
     * @return the port; the one that was found if 0 was asked for; 0 if there is none but the one
     *     for TLS
     */
    public int port() {
        return server.port();
    }

    /**
     * The port that it listens at for TLS.
     *
     * @return the port; the one that was found if 0 was asked for; 0 if there is none
     */
    public int tlsPort() {
        return server.tlsPort();
    }

    /**
     * Reads the files of certificates and of the key again, for connections that begin from now on;
     * those that there are stay as they are.
     *
     * @throws IllegalStateException if TLS is not spoken
     * @throws HotpairException {@code NETWORK} if a file can't be read or used; all is as before
     *     then
     */
    public void reloadCertificates() {
        TlsContext present = tls;
        if (present == null) {
            throw new IllegalStateException("tls=null, expected a listener that was given one");
        }
        present.reload();
    }

    /**
     * Lets clients connect from these addresses and networks only, from now on, and ends the
     * connections of others. {@code CONFIG SET allowed-addresses} does the same.
     *
     * @param cidrs as in {@link RespConfigBuilder#allowedAddresses}; none for no limit
     * @throws IllegalArgumentException if one is not understood; all is as before then
     */
    public void allowAddresses(List<String> cidrs) {
        server.allow(AllowedAddresses.of(cidrs));
    }

    /**
     * How many clients are connected.
     *
     * @return the count
     */
    public int clientCount() {
        return server.clients().count();
    }

    /** Disconnects all clients, stops listening, ends the threads. Idempotent. */
    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The termination future is waited for instead.
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        server.keyspace().migration().removeListener(sendWaitingAway);
        server.keyEvents().close();
        for (Channel channel : listening) {
            channel.close().syncUninterruptibly();
        }
        for (Connection connection : server.clients().all()) {
            connection.kill();
        }
        if (tls != null) {
            tls.close();
        }
        ticks.close();
        server.scripts().close();
        server.rdbCopies().close();
        server.hostNames().close();
        group.shutdownGracefully(0, CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        boolean ended =
                group.terminationFuture()
                        .awaitUninterruptibly(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            RespServer.LOGGER.warn(
                    "The listener's threads did not end within {} s", CLOSE_TIMEOUT_SECONDS);
        }
        // Now that no client can begin another one.
        Set<PauseWait> unused = server.pause().end();
    }

    RespServer server() {
        return server;
    }

    Transport transport() {
        return transport;
    }

    private static void checkLevel(KeyspacePort keyspace, @Nullable Acknowledgement level) {
        boolean needsLog = level != null && level != Acknowledgement.MEMORY;
        boolean needsPair = level != null && level.needsPeer();
        if ((needsLog && !keyspace.hasLog()) || (needsPair && keyspace.topology() == null)) {
            throw new IllegalStateException(
                    "acknowledgement="
                            + level
                            + ", expected a keyspace with a log, and for PEER and PEER_DISK one of a"
                            + " pair");
        }
    }

    private List<InetAddress> resolve(List<String> names) {
        List<InetAddress> addresses = new ArrayList<>();
        for (String name : names) {
            InetAddress address = resolve(name);
            if (server.acl().keepsOut(new InetSocketAddress(address, 0))) {
                throw new IllegalStateException(
                        "bind="
                                + name
                                + " without a password, expected a password, or an address of this"
                                + " machine's loopback such as 127.0.0.1");
            }
            addresses.add(address);
        }
        return addresses;
    }

    private static InetAddress resolve(String name) {
        try {
            return InetAddress.getByName(name);
        } catch (UnknownHostException e) {
            throw new HotpairException(
                    HotpairException.Category.NETWORK,
                    "bind=" + name + ", expected an address of this machine",
                    e);
        }
    }

    private void listen(List<InetAddress> addresses) {
        RespConfig config = server.config();
        if (config.isPlain()) {
            server.port(listen(addresses, config.port(), null));
        }
        TlsConfig tlsConfig = config.tls();
        if (tlsConfig != null) {
            server.tlsPort(listen(addresses, tlsConfig.port(), tls));
        }
    }

    /** Listens at all addresses, at one port. */
    private int listen(List<InetAddress> addresses, int port, @Nullable TlsContext encryption) {
        int bound = port;
        for (InetAddress address : addresses) {
            Channel channel = listen(new InetSocketAddress(address, bound), encryption);
            listening.add(channel);
            bound = ((InetSocketAddress) channel.localAddress()).getPort();
        }
        return bound;
    }

    private Channel listen(InetSocketAddress address, @Nullable TlsContext encryption) {
        ChannelFuture bound =
                new ServerBootstrap()
                        .group(group)
                        .channel(transport.channelType())
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .option(ChannelOption.ALLOCATOR, allocator)
                        .childOption(ChannelOption.ALLOCATOR, allocator)
                        .childOption(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new AdaptiveRecvByteBufAllocator(MIN_READ, FIRST_READ, MAX_READ))
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                        .childHandler(new Acceptor(encryption))
                        .bind(address)
                        .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new HotpairException(
                    HotpairException.Category.NETWORK,
                    "bind="
                            + address.getAddress().getHostAddress()
                            + " port="
                            + address.getPort()
                            + ", expected a free port of this machine: "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
        return bound.channel();
    }

    private void startTicking() {
        for (Worker worker : workers.values()) {
            ticks.add(worker::execute, worker::tick);
            if (worker.index() == 0) {
                ticks.add(worker::execute, server.samples()::take);
            }
            if (worker.index() == 0 && server.keyspace().topology() != null) {
                ticks.add(worker::execute, server.sentinel()::watch);
            }
        }
    }

    private final class Acceptor extends ChannelInitializer<SocketChannel> {
        private final @Nullable TlsContext encryption;

        Acceptor(@Nullable TlsContext encryption) {
            this.encryption = encryption;
        }

        @Override
        protected void initChannel(SocketChannel channel) {
            if (!server.allows(channel.remoteAddress())) {
                turnAway(channel);
                return;
            }
            if (server.acl().keepsOut(channel.remoteAddress())) {
                server.clients().countRejected();
                sayTurnedAway(
                        channel,
                        "it is not local, and the default user needs no password",
                        server.clients().rejectedCount());
                refuse(channel, KEPT_OUT);
                return;
            }
            Worker worker = workers.get(channel.eventLoop());
            Session session = server.keyspace().session();
            if (worker == null || !server.clients().admit()) {
                refuse(channel, TOO_MANY);
                return;
            }
            SslHandler tlsHandler = encryption == null ? null : encryption.newHandler(channel);
            Connection connection =
                    new Connection(server.clients().nextId(), channel, worker, session, tlsHandler);
            server.clients().add(connection);
            if (tlsHandler != null) {
                channel.pipeline().addLast(tlsHandler);
            }
            channel.pipeline().addLast(connection);
            if (!server.allows(channel.remoteAddress())) {
                // They changed since, and who ended the others may not have seen this one.
                connection.kill();
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // It is closed, whatever comes of it.
        private void turnAway(SocketChannel channel) {
            server.clients().countDisallowed();
            sayTurnedAway(
                    channel,
                    "it is not among the allowed addresses",
                    server.clients().disallowedCount());
            channel.close();
        }

        /** Names one in a while, as there may be many. */
        private void sayTurnedAway(SocketChannel channel, String why, long count) {
            long nowNs = server.keyspace().nanoTime();
            long lastNs = saidTurnedAwayNs.get();
            boolean isLongAgo = nowNs - lastNs >= SAY_TURNED_AWAY_EVERY_NS;
            if (isLongAgo && saidTurnedAwayNs.compareAndSet(lastNs, nowNs)) {
                RespServer.LOGGER.warn(
                        "A client at {} was turned away, as {}; {} so far",
                        channel.remoteAddress(),
                        why,
                        count);
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // It is closed, whatever comes of it.
        private void refuse(SocketChannel channel, byte[] why) {
            if (encryption != null) {
                // Who expects a handshake would not understand the sentence.
                channel.close();
                return;
            }
            channel.writeAndFlush(channel.alloc().buffer().writeBytes(why))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }
}
