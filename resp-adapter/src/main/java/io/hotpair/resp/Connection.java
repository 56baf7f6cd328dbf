package io.hotpair.resp;

import io.hotpair.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: what arrives is parsed and executed at once, in the event loop's thread.
 *
 * <pre>
 *  network ──► worker's read array ──► parser ──► dispatcher ──► worker's reply buffer ──► outbox
 *                     │                some ahead                     one batch per read
 *                     │ what is left of an incomplete command
 *                     ▼
 *               array of our own, while there is something to keep
 * </pre>
 *
 * An idle client holds no buffer at all. Nothing more is executed, and soon nothing more is read,
 * while a command is parked or the outbox is congested.
 */
final class Connection extends ChannelInboundHandlerAdapter implements Outbox.Owner {
    private static final int KEPT_ARRAY = 16 << 10;
    private static final int FIRST_ARRAY = 1 << 10;
    private static final int READ_WHILE_PARKED = 64 << 10;
    private static final int SUBMIT_AT = 64 << 10;
    private static final int MANY_ARGUMENTS = 1_000;
    private static final long LINGER_NS = TimeUnit.SECONDS.toNanos(1);
    private static final byte[] NOTHING = {};

    private final SocketChannel channel;
    private final @Nullable SslHandler tls;
    private final Worker worker;
    private final RespServer server;
    private final Client client;
    private final MemoryBudget.Account account;
    private final Outbox outbox;
    private final RequestParser parser;

    private byte[] held = NOTHING;
    private int heldEnd;
    private boolean holding;
    private int chargedIndexBytes;
    private long chargedParkedBytes;

    private boolean handshaking;
    private boolean running;
    private boolean closing;
    private volatile boolean left;
    private boolean lingering;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private boolean closed;
    private boolean parkedScheduled;
    private int executingLength;
    private int readAheadLength;
    private long lingerSinceNs;
    private long lastOpId;
    private long lastTerm;
    private long parkedReadTerm = ReplyBuffer.NO_TERM;

    /** When it was known last who the client is, or it connected. */
    private long knownNs;

    private long progressMark;
    private long progressNs;
    private boolean overSoftLimit;
    private long overSoftLimitSinceNs;

    Connection(long id, SocketChannel channel, Worker worker, Session session) {
        this(id, channel, worker, session, null);
    }

    /**
     * Creates one.
     *
     * @param tls what encrypts it, first in the channel's pipeline; null if nothing does
     */
    Connection(
            long id,
            SocketChannel channel,
            Worker worker,
            Session session,
            @Nullable SslHandler tls) {
        this.channel = channel;
        this.tls = tls;
        handshaking = tls != null;
        this.worker = worker;
        server = worker.server();
        account = server.budget().open(this::evict);
        client = new Client(id, this, server, session, endpoints(channel));
        outbox = new Outbox(channel, worker, account, this, tls != null);
        parser = new RequestParser(server.settings().maxBulkLength());
        progressNs = client.connectedAtNs();
        knownNs = client.connectedAtNs();
    }

    Client client() {
        return client;
    }

    SocketChannel channel() {
        return channel;
    }

    MemoryBudget.Account account() {
        return account;
    }

    Worker worker() {
        return worker;
    }

    Outbox outbox() {
        return outbox;
    }

    /** Bytes of an incomplete or postponed command, and of the one that is executing. */
    int heldLength() {
        int waiting = running || holding ? Math.max(0, parser.remaining()) : 0;
        return running ? waiting + executingLength + readAheadLength : waiting;
    }

    int heldCapacity() {
        return held.length;
    }

    /**
     * Whether the client is there. One whose last reply is on its way is not: its socket stays open
     * for as long as it takes the client to close it, too.
     */
    boolean isOpen() {
        return !left && channel.isOpen();
    }

    boolean isBlocked() {
        Parked parked = client.parked();
        return parked != null && parked.isBlocking();
    }

    /** Whether the client gets a file. */
    boolean isTransferring() {
        Parked parked = client.parked();
        return parked != null && parked.isTransfer();
    }

    /** The opId of this client's last write, or 0. */
    long lastOpId() {
        return lastOpId;
    }

    /** The term of that write. */
    long lastTerm() {
        return lastTerm;
    }

    private void noteLastWrite() {
        if (client.commandOpId() != 0) {
            lastOpId = client.commandOpId();
            lastTerm = client.commandTerm();
        }
    }

    @Nullable InetSocketAddress remoteAddress() {
        return channel.remoteAddress();
    }

    /** Disconnects at once, from any thread. */
    // When it is done the pipeline hears of it; there is nobody else to tell.
    @SuppressWarnings("FutureReturnValueIgnored")
    void kill() {
        ChannelHandlerContext encryption = tls == null ? null : channel.pipeline().context(tls);
        if (encryption == null) {
            channel.close();
        } else {
            // Behind the encryption's back: it would first say good-bye, to who may not listen.
            encryption.close();
        }
    }

    /** Done when the client is disconnected and nothing is known of it any more. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    private void evict() {
        server.countEviction(client);
        kill();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        worker.connections().add(this);
        if (handshaking) {
            server.handshakes().begun(this);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            handshaking = false;
            server.handshakes().ended(this);
            if (handshake.cause() instanceof ClosedChannelException) {
                kill();
            } else if (!handshake.isSuccess()) {
                drop("failed the handshake of TLS: " + handshake.cause().getMessage());
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed = true;
        server.handshakes().ended(this);
        worker.connections().remove(this);
        server.clients().remove(this);
        outbox.close();
        cancelParked();
        client.unsubscribeAll();
        server.monitors().remove(client);
        server.tracking().disable(client);
        account.close();
        held = NOTHING;
        holding = false;
        parser.input(NOTHING, 0, 0);
        boolean unused = ended.complete(null);
    }

    private void cancelParked() {
        Parked parked = client.parked();
        if (parked != null) {
            parked.cancel();
            client.unpark();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (!closing && !closed) {
                receive(in);
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable() && !running && !closed) {
            outbox.settled();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException || cause.getCause() instanceof SSLException) {
            kill();
        } else {
            fail(cause);
        }
    }

    @Override
    public void outboxAdvanced() {
        run();
    }

    @Override
    public void outboxClosing() {
        // The error that was just written must not be lost to the reset that a close with unread
        // input causes: when it is out, say that no more comes, read on for a moment, then close.
        channel.config().setAutoRead(true);
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> linger());
    }

    @SuppressWarnings("FutureReturnValueIgnored") // If it fails the connection is gone anyway.
    private void linger() {
        lingering = true;
        lingerSinceNs = server.keyspace().nanoTime();
        if (tls == null) {
            channel.shutdownOutput();
        } else {
            tls.closeOutbound().addListener(said -> channel.shutdownOutput());
        }
    }

    private void receive(ByteBuf in) {
        int count = in.readableBytes();
        worker.statistics().received(count);
        if (holding) {
            if (!append(in, count)) {
                return;
            }
        } else {
            byte[] shared = worker.readArray(count);
            in.readBytes(shared, 0, count);
            parser.input(shared, 0, count);
        }
        run();
    }

    /** Appends to what is held, in a larger array if need be, never by more than has arrived. */
    private boolean append(ByteBuf in, int count) {
        int from = parser.start();
        int kept = heldEnd - from;
        long needed = (long) kept + count;
        if (needed > server.settings().queryBufferLimitBytes()) {
            refuse(
                    "ERR Protocol error: the command is longer than the limit for client input, "
                            + server.settings().queryBufferLimitBytes()
                            + " bytes");
            return false;
        }
        if (needed > held.length - from) {
            byte[] larger = needed <= held.length / 2 ? held : new byte[grown(needed)];
            System.arraycopy(held, from, larger, 0, kept);
            account.charge((long) larger.length - held.length);
            held = larger;
            from = 0;
        }
        in.readBytes(held, from + kept, count);
        heldEnd = from + kept + count;
        parser.input(held, from, heldEnd);
        return !closed;
    }

    private int grown(long needed) {
        long doubled = Math.max(needed, 2L * held.length);
        long announced = parser.needed();
        long length = announced > needed ? Math.min(doubled, announced) : doubled;
        return (int) Math.min(length, Integer.MAX_VALUE - 64);
    }

    /** Executes what has arrived, as far as it is complete and may be. */
    private void run() {
        if (running || closed || closing) {
            return;
        }
        worker.inbox().deliver();
        running = true;
        worker.executing(client);
        ReplyBuffer reply = worker.reply();
        begin(reply);
        try {
            while (goesOn(reply)) {
                worker.tellAfterReply();
                if (reply.length() >= SUBMIT_AT) {
                    outbox.submit(reply);
                    begin(reply);
                }
            }
            worker.broadcasts().tell(server.tracking());
            worker.tellAfterReply();
            outbox.submit(reply);
            giveBack();
            stow();
            updateReading();
        } catch (RuntimeException | Error e) {
            // Also an OutOfMemoryError: this client goes, the listener and the host stay.
            worker.abandon();
            fail(e);
        } finally {
            running = false;
            worker.executing(null);
            worker.readAhead().clear();
        }
        worker.flushIfMuch();
    }

    /**
     * Sends what the client did not ask for now: behind what it has been answered so far. Called by
     * the event loop's thread.
     */
    void push(byte[] encoded) {
        if (closed || closing || client.isClosing() || isTransferring() || !channel.isOpen()) {
            return;
        }
        if (running) {
            worker.reply().push(encoded);
        } else {
            outbox.push(encoded);
        }
        if (isOverLimit(server.keyspace().nanoTime())) {
            drop("does not read what it subscribed to, and more waits than the limit allows");
        }
    }

    /** Whether more waits for a subscriber than may, at once or for too long. */
    private boolean isOverLimit(long nowNs) {
        OutputLimit limit =
                client.isSubscriber()
                        ? server.settings().pubSubLimit()
                        : server.settings().normalLimit();
        long waitingBytes = outbox.queuedBytes() + pendingBytes();
        if (!limit.isOverSoft(waitingBytes)) {
            overSoftLimit = false;
        } else if (!overSoftLimit) {
            overSoftLimit = true;
            overSoftLimitSinceNs = nowNs;
        }
        return limit.isOverHard(waitingBytes)
                || (overSoftLimit && nowNs - overSoftLimitSinceNs > limit.softNs());
    }

    /** Disconnects after a failure that is this client's alone. Called by the event loop. */
    void fail(Throwable cause) {
        try {
            RespServer.LOGGER.error(
                    "Client id={} addr={} is disconnected after a failure",
                    client.id(),
                    client.address(),
                    cause);
        } finally {
            // Also where there is no memory to say so.
            kill();
        }
    }

    /** Does what is next, be it the parked command or a new one, if there is anything to do. */
    private boolean goesOn(ReplyBuffer reply) {
        Parked parked = client.parked();
        if (parked != null && !closed) {
            return !parkedScheduled && advance(parked, reply);
        }
        return mayExecute() && executeNext(reply);
    }

    private void begin(ReplyBuffer reply) {
        reply.begin(client.protocol(), server.replyLimitBytes());
    }

    private boolean mayExecute() {
        return !closing
                && !closed
                && account.isOpen()
                && client.parked() == null
                && !outbox.congested();
    }

    private boolean executeNext(ReplyBuffer reply) {
        ReadAhead ahead = worker.readAhead();
        if (ahead.isEmpty()) {
            switch (ahead.fill(parser, client)) {
                case INCOMPLETE -> {
                    return false;
                }
                case ERROR -> {
                    reply.error("ERR Protocol error: " + parser.error());
                    reply.end(ReplyBuffer.Ground.NOTHING);
                    close(reply);
                    return false;
                }
                case REQUEST -> {}
            }
        }
        Request request = ahead.current();
        executingLength = ahead.length();
        readAheadLength = ahead.lengthBehind();
        if (request.count() > MANY_ARGUMENTS && !chargeCopies(request)) {
            closing = true;
            return false;
        }
        Dispatcher.Result result = worker.dispatcher().execute(request, client, reply);
        noteLastWrite();
        switch (result) {
            case DONE -> chargeParked(0);
            case PARKED -> {
                parkedReadTerm = reply.readTerm();
                chargeParked(Math.max(chargedParkedBytes, request.parkedBytes()));
            }
            case HELD -> chargeParked(0);
            case DROP -> {
                closing = true;
                kill();
            }
        }
        if (result != Dispatcher.Result.HELD) {
            ahead.advance();
        }
        if (client.isClosing()) {
            close(reply);
        }
        if (!client.isAuthenticated()) {
            giveBack();
            // Of what has come in part its length was accepted as that of somebody else.
            parser.rewindTo(parser.start());
        }
        return !closing;
    }

    /** Has what was parsed and is not to be executed now be parsed again later. */
    private void giveBack() {
        readAheadLength = 0;
        if (!closed) {
            worker.readAhead().giveBack(parser);
        }
    }

    private void close(ReplyBuffer reply) {
        closing = true;
        left = true;
        // Who sees the end of the connection must find it gone from the channels too, and from
        // those who track keys.
        client.unsubscribeAll();
        server.tracking().disable(client);
        reply.close();
    }

    private void refuse(String error) {
        // Nothing goes on for this client: nobody is to wait for that, nor to give it anything,
        // until it has read the error and is gone.
        cancelParked();
        ReplyBuffer reply = worker.reply();
        begin(reply);
        reply.error(error);
        reply.end(ReplyBuffer.Ground.NOTHING);
        close(reply);
        outbox.submit(reply);
    }

    /** Keeps what is left of the input, in an array of our own. */
    private void stow() {
        if (closed) {
            return;
        }
        int left = closing ? 0 : parser.remaining();
        if (left == 0) {
            holding = false;
            if (held.length > KEPT_ARRAY) {
                releaseHeld();
            }
            parser.input(held, 0, 0);
        } else if (!holding) {
            if (held.length < left) {
                byte[] own = new byte[Math.max(FIRST_ARRAY, left)];
                account.charge((long) own.length - held.length);
                held = own;
            }
            System.arraycopy(worker.readArray(0), parser.start(), held, 0, left);
            heldEnd = left;
            holding = true;
            parser.input(held, 0, left);
        }
        chargeIndex();
    }

    private void releaseHeld() {
        account.charge(-held.length);
        held = NOTHING;
        parser.input(held, 0, 0);
    }

    private void chargeIndex() {
        int indexBytes = holding ? parser.request().indexBytes() : 0;
        if (indexBytes != chargedIndexBytes) {
            account.charge((long) indexBytes - chargedIndexBytes);
            chargedIndexBytes = indexBytes;
        }
    }

    /**
     * Charges what a command keeps if it waits, before it takes that: one command may ask for more
     * than there is.
     *
     * @return whether the client may still be served
     */
    boolean chargeWait(Request request) {
        chargeParked(request.waitingBytes());
        return account.isOpen();
    }

    /** Charges what a command with very many arguments takes while it is executed. */
    private boolean chargeCopies(Request request) {
        chargeParked(request.copiedBytes());
        return account.isOpen();
    }

    /** What is parked keeps what it needs of its request, for as long as it likes. */
    private void chargeParked(long bytes) {
        if (bytes != chargedParkedBytes) {
            account.charge(bytes - chargedParkedBytes);
            chargedParkedBytes = bytes;
        }
    }

    private void updateReading() {
        if (closed) {
            return;
        }
        boolean read =
                closing
                        || (mayExecute()
                                || (client.parked() != null && heldLength() < READ_WHILE_PARKED));
        if (channel.config().isAutoRead() != read) {
            channel.config().setAutoRead(read);
        }
    }

    // A task that can't run any more, because the listener closes, is not missed.
    @SuppressWarnings("FutureReturnValueIgnored")
    private boolean advance(Parked parked, ReplyBuffer reply) {
        long delayNs = worker.dispatcher().advance(parked, parkedReadTerm, client, reply);
        noteLastWrite();
        if (delayNs == Parked.DONE) {
            parkedReadTerm = ReplyBuffer.NO_TERM;
            chargeParked(0);
            client.takeAfterReply().forEach(worker::tellAfterReply);
            if (client.isClosing()) {
                close(reply);
            }
            return true;
        }
        if (delayNs == Parked.UNTIL_ROOM) {
            // The outbox has this looked at again when it has advanced.
            return false;
        }
        parkedScheduled = true;
        if (delayNs == 0) {
            worker.execute(this::resume);
        } else if (delayNs != Parked.UNTIL_WOKEN) {
            worker.loop().schedule(this::resume, delayNs, TimeUnit.NANOSECONDS);
        }
        return false;
    }

    /** Goes on with a parked command, unless it has ended by now. Called by any thread. */
    void wake(Parked parked) {
        if (!channel.isRegistered()) {
            // It has gone, or was never made: then whoever waits looks by himself.
            return;
        }
        worker.execute(
                () -> {
                    if (client.parked() == parked) {
                        resume();
                    }
                });
    }

    private void resume() {
        parkedScheduled = false;
        if (!closed) {
            run();
        }
    }

    /** Looks whether a time-out has passed. */
    void tick(long nowNs) {
        outbox.timeOut(nowNs, server.acknowledgementTimeoutNs());
        if (closed) {
            return;
        }
        if (lingering) {
            if (nowNs - lingerSinceNs > LINGER_NS) {
                kill();
            }
            return;
        }
        if (!handshaking && client.isAuthenticated()) {
            knownNs = nowNs;
        }
        if (isIdle(nowNs)) {
            drop("was idle for too long");
        } else if (nowNs - knownNs > server.config().handshakeTimeout().toNanos()) {
            drop("did not authenticate in time");
        } else if (isStalled(nowNs)) {
            drop("does not read its replies");
        } else if ((client.isSubscriber() || client.isMonitor()) && isOverLimit(nowNs)) {
            drop("has not read what it subscribed to for too long");
        } else if (!holding && held.length > 0) {
            releaseHeld();
        }
    }

    private void drop(String why) {
        RespServer.LOGGER.info(
                "Client id={} addr={} {}: disconnected", client.id(), client.address(), why);
        kill();
    }

    private boolean isIdle(long nowNs) {
        long limitNs = server.settings().idleTimeoutNs();
        return limitNs > 0
                && client.parked() == null
                && !client.isSubscriber()
                && !client.isMonitor()
                && outbox.isEmpty()
                && nowNs - client.lastCommandNs() > limitNs;
    }

    /** Whether replies wait that the client could read, and none has left for too long. */
    private boolean isStalled(long nowNs) {
        long pending = pendingBytes();
        long mark = outbox.handedBytes() - pending;
        if (mark != progressMark || pending == 0) {
            progressMark = mark;
            progressNs = nowNs;
            return false;
        }
        return nowNs - progressNs > server.config().stallTimeout().toNanos();
    }

    private long pendingBytes() {
        var buffer = channel.unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes();
    }

    private static Client.Endpoints endpoints(SocketChannel channel) {
        InetSocketAddress remote = channel.remoteAddress();
        return new Client.Endpoints(
                text(remote),
                text(channel.localAddress()),
                remote == null ? "" : remote.getAddress().getHostAddress(),
                AllowedAddresses.isLoopback(remote));
    }

    private static String text(@Nullable InetSocketAddress address) {
        if (address == null) {
            return "?:0";
        }
        String host = address.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
