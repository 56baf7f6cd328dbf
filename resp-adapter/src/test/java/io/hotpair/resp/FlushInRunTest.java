package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.hotpair.Keyspace;
import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A client that is sent more than its connection takes at once. */
class FlushInRunTest {
    private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(64, 512);

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void shouldSendWhatWaitsWhenTheReplysOwnFlushMakesRoom() {
        FuzzLoop loop = new FuzzLoop(new FuzzLoop.Stage());
        FuzzChannel channel = new FuzzChannel(1_000, new FuzzChannel.Buffers(), MARKS);
        try (Keyspace keyspace = Keyspace.open(Keyspace.builder().inMemory().build())) {
            RespServer server =
                    new RespServer(KeyspacePort.of(keyspace), RespConfig.builder().port(0).build());
            Worker worker = new Worker(loop, server, 0);
            server.workers().add(worker);
            Connection connection = new Connection(1, channel, worker, keyspace.session());
            String push = "x".repeat(600);
            loop.run(
                    () -> {
                        channel.pipeline().addLast(connection);
                        loop.register(channel).syncUninterruptibly();
                        // Nothing is flushed before the task is over: the second one has to wait.
                        connection.push(latin(push));
                        connection.push(latin("y"));
                        assertFalse(channel.isWritable());
                        channel.pipeline()
                                .fireChannelRead(Unpooled.wrappedBuffer(latin("PING\r\n")));
                        channel.pipeline().fireChannelReadComplete();
                    });
            while (loop.runOne()) {
                // Until there is nothing to be done.
            }
            assertEquals(push + "y+PONG\r\n", new String(channel.taken(), StandardCharsets.UTF_8));
            loop.run(() -> channel.unsafe().close(channel.voidPromise()));
        }
    }
}
