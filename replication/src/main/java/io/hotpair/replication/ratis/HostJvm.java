package io.hotpair.replication.ratis;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.ratis.util.ExitUtils;

/**
 * Keeps the consensus engine from ruling the JVM that it is a guest in. Ratis ends the process when
 * a port is taken, and installs a handler that ends it on any thread's uncaught exception, be it
 * the application's own.
 */
final class HostJvm {

    /** Held here because the JDK forgets the level of a logger that nobody refers to. */
    private static final Logger GREETING =
            Logger.getLogger("org.apache.ratis.thirdparty.io.grpc.netty.TcpMetrics");

    private static boolean isProtected;

    private HostJvm() {}

    /** Must be called before anything else of Ratis is touched. */
    static synchronized void protect() {
        if (isProtected) {
            return;
        }
        Thread.UncaughtExceptionHandler ofTheHost = Thread.getDefaultUncaughtExceptionHandler();
        // The first touch of this class installs its handler; so the host's goes back afterwards.
        ExitUtils.disableSystemExit();
        ExitUtils.setTerminateOnUncaughtException(false);
        Thread.setDefaultUncaughtExceptionHandler(ofTheHost);
        if (GREETING.getLevel() == null) {
            GREETING.setLevel(Level.WARNING);
        }
        isProtected = true;
    }
}
