package io.hotpair.resp;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DefaultSocketChannelConfig;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketChannelConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;

/** A connection without a network: its client takes as many bytes as the test lets it. */
final class FuzzChannel extends AbstractChannel implements SocketChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final InetSocketAddress remote;
    private final SocketChannelConfig config;
    private final FuzzBytes taken = new FuzzBytes();
    private int window = Integer.MAX_VALUE;
    private boolean open = true;
    private boolean inputShut;
    private boolean outputShut;

    FuzzChannel(int port, Buffers buffers, WriteBufferWaterMark marks) {
        super(null);
        remote = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        config = new DefaultSocketChannelConfig(this, new NoSocket());
        config.setAllocator(buffers);
        config.setWriteBufferWaterMark(marks);
    }

    /** Makes buffers, and tells whether all of them were given back. */
    static final class Buffers extends AbstractByteBufAllocator {
        private final List<ByteBuf> given = new ArrayList<>();

        /** How many are still in use; forgets all. */
        long takeUnreleased() {
            long unreleased = given.stream().filter(each -> each.refCnt() > 0).count();
            given.clear();
            return unreleased;
        }

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            ByteBuf buffer = new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity);
            given.add(buffer);
            return buffer;
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            return newHeapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }

    /** Lets the client take more, and hands it what waits for that. In the event loop. */
    void take(int bytes) {
        window = bytes > Integer.MAX_VALUE - window ? Integer.MAX_VALUE : window + bytes;
        if (open && unsafe() instanceof FuzzUnsafe own) {
            own.goOn();
        }
    }

    /** Has the client take nothing more by itself. */
    void stall() {
        window = 0;
    }

    /** All that the client has been sent. */
    byte[] taken() {
        return taken.toArray();
    }

    boolean isStalled() {
        return window < Integer.MAX_VALUE;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        while (in.current() instanceof ByteBuf buffer) {
            int count = Math.min(window, buffer.readableBytes());
            if (count == 0 && buffer.isReadable()) {
                return;
            }
            byte[] bytes = new byte[count];
            buffer.getBytes(buffer.readerIndex(), bytes);
            taken.add(bytes);
            window -= window == Integer.MAX_VALUE ? 0 : count;
            if (count == buffer.readableBytes()) {
                in.remove();
            } else {
                in.removeBytes(count);
            }
        }
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new FuzzUnsafe();
    }

    private final class FuzzUnsafe extends AbstractUnsafe {
        void goOn() {
            flush0();
        }

        @Override
        public void connect(SocketAddress to, SocketAddress from, ChannelPromise promise) {
            throw new UnsupportedOperationException("it is connected");
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof FuzzLoop;
    }

    @Override
    protected void doBind(SocketAddress address) {
        throw new UnsupportedOperationException("it is connected");
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doClose() {
        open = false;
    }

    @Override
    protected void doShutdownOutput() {
        outputShut = true;
    }

    @Override
    protected void doBeginRead() {
        // The test delivers what it likes, while reading is on.
    }

    @Override
    public ServerSocketChannel parent() {
        throw new UnsupportedOperationException("nobody has accepted it");
    }

    @Override
    public SocketChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public InetSocketAddress localAddress() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    @Override
    protected SocketAddress localAddress0() {
        return localAddress();
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    public boolean isInputShutdown() {
        return inputShut;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        inputShut = true;
        return promise.setSuccess();
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShut;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        ((AbstractUnsafe) unsafe()).shutdownOutput(promise);
        return promise;
    }

    @Override
    public boolean isShutdown() {
        return inputShut && outputShut;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        inputShut = true;
        return shutdownOutput(promise);
    }

    /** For options that nobody looks at. */
    private static final class NoSocket extends Socket {
        NoSocket() {
            super(Proxy.NO_PROXY);
        }

        @Override
        public void setTcpNoDelay(boolean on) {
            // There is nothing to delay.
        }
    }
}
