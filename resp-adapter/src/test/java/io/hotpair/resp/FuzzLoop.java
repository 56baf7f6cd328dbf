package io.hotpair.resp;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An event loop without a thread: the test has it do one thing after the other. */
final class FuzzLoop extends AbstractScheduledEventExecutor implements EventLoop {
    /** What several loops share: how late it is, and which of them the test's thread is now. */
    static final class Stage implements Ticker {
        private final Thread owner = Thread.currentThread();
        private @Nullable FuzzLoop running;
        private final AtomicLong nowNs = new AtomicLong(TimeUnit.SECONDS.toNanos(1_000));

        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public long nanoTime() {
            return nowNs.get();
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("nobody sleeps here");
        }

        void advance(long ms) {
            long unused = nowNs.addAndGet(TimeUnit.MILLISECONDS.toNanos(ms));
        }
    }

    private final Stage stage;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

    FuzzLoop(Stage stage) {
        this.stage = stage;
    }

    /** Does one of the things that are to be done now; false if there is none. */
    boolean runOne() {
        boolean[] any = new boolean[1];
        run(
                () -> {
                    Runnable task = tasks.poll();
                    Runnable next = task == null ? pollScheduledTask(stage.nanoTime()) : task;
                    if (next != null) {
                        any[0] = true;
                        next.run();
                    }
                });
        return any[0];
    }

    /** Does something in this loop's place at once. */
    void run(Runnable task) {
        FuzzLoop before = stage.running;
        stage.running = this;
        try {
            task.run();
        } finally {
            stage.running = before;
        }
    }

    /** Whether something is to be done now or later. */
    boolean hasTasks() {
        return !tasks.isEmpty() || hasScheduledTasks();
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public boolean inEventLoop(Thread thread) {
        return thread == stage.owner && stage.running == this;
    }

    @Override
    public Ticker ticker() {
        return stage;
    }

    @Deprecated
    @Override
    protected long getCurrentTimeNanos() {
        return stage.nanoTime();
    }

    @Override
    public EventLoopGroup parent() {
        return this;
    }

    @Override
    public EventLoop next() {
        return this;
    }

    @Override
    public ChannelFuture register(Channel channel) {
        return register(new DefaultChannelPromise(channel, this));
    }

    @Override
    public ChannelFuture register(ChannelPromise promise) {
        promise.channel().unsafe().register(this, promise);
        return promise;
    }

    @Deprecated
    @Override
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        channel.unsafe().register(this, promise);
        return promise;
    }

    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        throw new UnsupportedOperationException("it has no thread that could end");
    }

    @Override
    public Future<?> terminationFuture() {
        throw new UnsupportedOperationException("it has no thread that could end");
    }

    @Deprecated
    @Override
    public void shutdown() {
        throw new UnsupportedOperationException("it has no thread that could end");
    }

    @Override
    public boolean isShuttingDown() {
        return false;
    }

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return false;
    }
}
