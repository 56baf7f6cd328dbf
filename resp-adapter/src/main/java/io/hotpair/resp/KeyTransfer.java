package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.Session;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A MIGRATE that is under way: sends keys to another server, some at a time, and removes each one
 * here when that server has said that it has it.
 *
 * <pre>
 *  connect ──► AUTH, SELECT ──► RESTORE, a batch of keys ──► their replies ──► remove those keys
 *                                        ▲                                          │
 *                                        └────────────── until all are sent ────────┘
 * </pre>
 *
 * The client is parked meanwhile, the connection to the target is served by the client's event
 * loop, and others go on, also with these keys. So a key is removed only if it is still what was
 * sent: nothing that is written meanwhile is lost. Used by the event loop's thread only.
 */
final class KeyTransfer extends ChannelInboundHandlerAdapter implements Parked {
    private static final String NOT_CONNECTED = "IOERR error or timeout connecting to the client";
    private static final String NOT_WRITTEN = "IOERR error or timeout writing to target instance";
    private static final String NOT_READ = "IOERR error or timeout reading to target instance";
    private static final String CHANGED =
            "ERR a key was changed or removed here while it was sent, so it is left as it is here;"
                    + " the target has what it was before";

    /** A batch is done when it has so much; a larger value is one by itself. */
    private static final int BATCH_BYTES = 64 << 10;

    private static final int CHUNK = 64 << 10;

    /** So much of a line Redis reads. */
    private static final int MAX_LINE = 1023;

    private static final int MAX_PORT = 65_535;

    /**
     * A key that is on its way.
     *
     * @param version which value was sent
     * @param term in which it has that version: in another one it may be another value's
     * @param deadlineMs when it expires
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, and never compared.
    private record Sent(byte[] key, long version, long term, long deadlineMs) {}

    private final Client client;
    private final MigrateArguments arguments;
    private final Iterator<KeyName> keys;

    private @Nullable Future<?> connectTimeout;
    private @Nullable Future<?> lookup;
    private @Nullable Channel channel;
    private boolean closed;
    private boolean greeted;

    private final List<Sent> batch = new ArrayList<>();
    private final ArrayDeque<byte[]> output = new ArrayDeque<>();
    private int position;
    private long chargedBytes;
    private boolean writing;

    /** Replies that are to come before keys are sent: to SELECT, to AUTH, or to a batch. */
    private int expected = 1;

    private final List<String> replies = new ArrayList<>();
    private final StringBuilder line = new StringBuilder();

    /** Why nothing more can be sent. */
    private @Nullable String broken;

    /** The first thing that went wrong. */
    private @Nullable String error;

    private KeyTransfer(Client client, MigrateArguments arguments, Set<KeyName> keys) {
        this.client = client;
        this.arguments = arguments;
        this.keys = keys.iterator();
    }

    /** Parks the command that is executing, and begins. */
    static void begin(Client client, MigrateArguments arguments, Set<KeyName> keys) {
        KeyTransfer transfer = new KeyTransfer(client, arguments, keys);
        client.park(transfer);
        transfer.findHost();
    }

    // ---- the client's side

    @Override
    public long advance(ReplyBuffer reply) {
        if (broken == null && replies.size() < expected) {
            return UNTIL_WOKEN;
        }
        boolean goesOn = false;
        try {
            settle();
            goesOn = broken == null && greeted && send();
        } finally {
            if (!goesOn) {
                close();
            }
        }
        if (goesOn) {
            return UNTIL_WOKEN;
        }
        note(broken);
        if (error != null) {
            throw new CommandException(error);
        }
        reply.ok();
        return DONE;
    }

    /** Redis has all clients wait meanwhile, and counts none. */
    @Override
    public boolean isBlocking() {
        return false;
    }

    @Override
    public void cancel() {
        close();
    }

    // Nobody waits for the end of it.
    @SuppressWarnings("FutureReturnValueIgnored")
    private void close() {
        closed = true;
        release();
        if (connectTimeout != null) {
            boolean unused = connectTimeout.cancel(false);
        }
        if (lookup != null) {
            // So that what has not begun never does, and holds nothing of ours until its turn.
            boolean unused = lookup.cancel(false);
        }
        if (channel != null) {
            channel.close();
        }
    }

    private void note(@Nullable String what) {
        if (error == null) {
            error = what;
        }
    }

    private void fail(String why) {
        if (broken == null) {
            broken = why;
            wake();
        }
    }

    private void wake() {
        client.connection().wake(this);
    }

    // ---- what was answered

    /** Draws the conclusions from the replies to what was sent last. */
    private void settle() {
        boolean wasGreeted = greeted;
        greeted = true;
        for (int i = 0; i < replies.size(); i++) {
            boolean isRefused = replies.get(i).startsWith("-");
            if (isRefused) {
                note("ERR Target instance replied with error: " + replies.get(i).substring(1));
                greeted = wasGreeted;
            } else if (wasGreeted && !arguments.copy()) {
                remove(batch.get(i));
            }
        }
        batch.clear();
        replies.clear();
        release();
    }

    /** Removes a key that the target has, unless it is not any more what the target has. */
    private void remove(Sent sent) {
        Session session = client.session();
        boolean isRemoved =
                session.transaction(
                        view ->
                                client.keyspace().term() == sent.term()
                                        && view.version(sent.key()) == sent.version()
                                        && view.delete(sent.key()));
        client.noteWrite();
        if (!isRemoved && !hasExpired(sent)) {
            note(CHANGED);
        }
    }

    private boolean hasExpired(Sent sent) {
        return sent.deadlineMs() != Session.NEVER
                && sent.deadlineMs() <= client.keyspace().currentTimeMs()
                && client.session().deadlineMs(sent.key(), 0, sent.key().length) == Session.ABSENT;
    }

    // ---- what is sent

    /** Sends the next keys; returns whether there were any. */
    private boolean send() {
        while (keys.hasNext() && chargedBytes < BATCH_BYTES) {
            add(keys.next().bytes());
        }
        expected = batch.size();
        write();
        return expected > 0;
    }

    private void add(byte[] key) {
        // The version first: what is written from now on is not what is sent.
        long version = client.session().version(key);
        long term = client.keyspace().term();
        long deadlineMs = client.session().deadlineMs(key, 0, key.length);
        byte[] payload = DumpCommands.dumped(key, client, KeyTransfer::valueTooLong);
        if (deadlineMs == Session.ABSENT || payload == null) {
            return;
        }
        long leftMs =
                deadlineMs == Session.NEVER
                        ? 0
                        : Math.max(1, deadlineMs - client.keyspace().currentTimeMs());
        batch.add(new Sent(key, version, term, deadlineMs));
        String name = new String(KeyArea.name(key), StandardCharsets.ISO_8859_1);
        StringBuilder head = new StringBuilder();
        SourceLink.append(head, "RESTORE", name, Long.toString(leftMs));
        head.setCharAt(1, arguments.replace() ? '5' : '4');
        put(head.append('$').append(payload.length).append("\r\n"));
        put(payload);
        put(new StringBuilder(arguments.replace() ? "\r\n$7\r\nREPLACE\r\n" : "\r\n"));
    }

    private static CommandException valueTooLong(long limitBytes) {
        return new CommandException(
                "ERR a value is longer than the limit for client output, "
                        + limitBytes
                        + " bytes, so it is not sent");
    }

    private void put(StringBuilder text) {
        put(text.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private void put(byte[] bytes) {
        output.add(bytes);
        chargedBytes += bytes.length;
        client.connection().account().charge(bytes.length);
    }

    private void release() {
        output.clear();
        position = 0;
        client.connection().account().charge(-chargedBytes);
        chargedBytes = 0;
    }

    /** Hands as much to the network as it takes now. */
    @SuppressWarnings("FutureReturnValueIgnored") // What fails closes the channel.
    private void write() {
        Channel to = channel;
        if (to == null || writing) {
            return;
        }
        writing = true;
        while (!output.isEmpty() && to.isWritable()) {
            to.writeAndFlush(nextChunk(to));
        }
        writing = false;
    }

    private ByteBuf nextChunk(Channel to) {
        ByteBuf chunk = to.alloc().directBuffer(CHUNK);
        while (!output.isEmpty() && chunk.writerIndex() < CHUNK) {
            byte[] part = output.element();
            int length = Math.min(CHUNK - chunk.writerIndex(), part.length - position);
            chunk.writeBytes(part, position, length);
            position += length;
            if (position == part.length) {
                output.remove();
                position = 0;
            }
        }
        return chunk;
    }

    // ---- the connection

    private void findHost() {
        Worker worker = client.connection().worker();
        connectTimeout =
                worker.loop()
                        .schedule(
                                () -> fail(NOT_CONNECTED),
                                arguments.timeoutMs(),
                                TimeUnit.MILLISECONDS);
        CompletableFuture<InetAddress> found = client.server().hostNames().find(arguments.host());
        lookup = found;
        CompletableFuture<InetAddress> unused =
                found.whenComplete((address, failure) -> worker.execute(() -> connect(address)));
    }

    private void connect(@Nullable InetAddress address) {
        if (closed) {
            return;
        }
        if (address == null) {
            fail(NOT_CONNECTED);
            return;
        }
        int port = port();
        if (port == 0) {
            fail(arguments.port().startsWith("-") ? NOT_CONNECTED : NOT_WRITTEN);
            return;
        }
        // Of the same kind as the client's, as the same event loop has to serve it.
        SocketChannel like = client.connection().channel();
        ChannelFuture connected =
                new Bootstrap()
                        .group(like.eventLoop())
                        .channel(like.getClass())
                        .disableResolver()
                        .option(ChannelOption.ALLOCATOR, like.alloc())
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                        .handler(this)
                        .connect(new InetSocketAddress(address, port));
        connected.addListener(
                done -> {
                    if (!done.isSuccess()) {
                        // Redis finds out that it was refused when it writes.
                        boolean isRefused = done.cause() instanceof ConnectException;
                        String why = isRefused ? NOT_WRITTEN : NOT_CONNECTED;
                        client.connection().worker().execute(() -> fail(why));
                    }
                });
    }

    /** Where it is to connect to, or 0 if nobody can be there. */
    private int port() {
        String digits = arguments.port();
        int port = digits.matches("\\d{1,5}") ? Integer.parseInt(digits) : 0;
        return port > MAX_PORT ? 0 : port;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel = ctx.channel();
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (connectTimeout != null) {
            boolean unused = connectTimeout.cancel(false);
        }
        ctx.pipeline()
                .addFirst(new IdleStateHandler(0, 0, arguments.timeoutMs(), TimeUnit.MILLISECONDS));
        greet();
    }

    /**
     * Before any key is sent: one that came into another database, or from nobody, would be there
     * though the client is told of an error.
     */
    private void greet() {
        StringBuilder text = new StringBuilder();
        String user = arguments.user();
        String password = arguments.password();
        if (password != null) {
            expected++;
            if (user == null) {
                SourceLink.append(text, "AUTH", password);
            } else {
                SourceLink.append(text, "AUTH", user, password);
            }
        }
        SourceLink.append(text, "SELECT", Long.toString(arguments.database()));
        put(text);
        write();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            while (in.isReadable() && broken == null) {
                received((char) (in.readByte() & 0xFF));
            }
        } finally {
            in.release();
        }
        wake();
    }

    private void received(char next) {
        if (next != '\n') {
            if (line.length() < MAX_LINE) {
                line.append(next);
            }
            return;
        }
        int length = line.length();
        boolean hasReturn = length > 0 && line.charAt(length - 1) == '\r';
        String reply = line.substring(0, hasReturn ? length - 1 : length);
        line.setLength(0);
        boolean isKnown = reply.startsWith("+") || reply.startsWith("-");
        if (isKnown && replies.size() < expected) {
            replies.add(reply);
        } else {
            // What is no answer to what was sent must not be taken for one.
            fail(NOT_READ);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        write();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent) {
            failUnderWay();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        failUnderWay();
    }

    private void failUnderWay() {
        fail(output.isEmpty() ? NOT_READ : NOT_WRITTEN);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The end of the channel is told.
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        RespServer.LOGGER.debug("MIGRATE to {} failed", arguments, cause);
        ctx.close();
    }
}
