package io.hotpair.resp;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.lang.reflect.InvocationTargetException;

/** How sockets are served: by epoll where that is possible without a warning, else by NIO. */
enum Transport {
    EPOLL,
    NIO;

    private static final int FIRST_JDK_THAT_WARNS = 24;

    /** The better one of those that this JVM allows. */
    static Transport best() {
        return nativeAccessIsQuiet() && Epoll.isAvailable() ? EPOLL : NIO;
    }

    IoHandlerFactory ioHandlers() {
        return this == EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    }

    Class<? extends ServerSocketChannel> channelType() {
        return this == EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    /**
     * Whether a library can be loaded without the JVM complaining. From 24 on it prints a warning
     * unless started with {@code --enable-native-access}, and an embedded library has no business
     * causing one. The method that tells came with 22, so it is looked up.
     */
    private static boolean nativeAccessIsQuiet() {
        if (Runtime.version().feature() < FIRST_JDK_THAT_WARNS) {
            return true;
        }
        try {
            Object enabled =
                    Module.class.getMethod("isNativeAccessEnabled").invoke(Epoll.class.getModule());
            return Boolean.TRUE.equals(enabled);
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            RespServer.LOGGER.debug("This JVM does not tell about native access, NIO is used", e);
            return false;
        }
    }
}
