package io.hotpair.persistence;

import java.lang.reflect.InaccessibleObjectException;
import java.util.Set;
import java.util.stream.Stream;
import net.openhft.chronicle.core.io.BackgroundResourceReleaser;
import net.openhft.chronicle.threads.DiskSpaceMonitor;

/**
 * Chronicle starts two threads that outlive its queues. They are stopped when the last log of this
 * JVM closes, unless they ran before the first one opened: then they serve somebody else's queues.
 * Logs that open afterwards do without them: what the one would release is then released at once,
 * and free space is watched by the log itself.
 */
final class ChronicleThreads {
    // As the constant in DiskSpaceMonitor; naming that would start the thread.
    private static final String CHECKER = "disk~space~checker";

    private static final Set<String> NAMES = Set.of("background~resource~releaser", CHECKER);

    private static int openLogs;
    private static boolean asked;
    private static boolean foreign;

    private ChronicleThreads() {}

    /** A log is about to open. Called before any class of Chronicle is touched. */
    static synchronized void retain() {
        if (!asked) {
            asked = true;
            foreign = threads().anyMatch(t -> NAMES.stream().anyMatch(t.getName()::endsWith));
        }
        openLogs++;
    }

    /** A log has closed its queue. */
    static synchronized void release() {
        openLogs--;
        BackgroundResourceReleaser.releasePendingResources();
        if (openLogs == 0 && !foreign) {
            threads().filter(t -> t.getName().endsWith(CHECKER)).forEach(ChronicleThreads::quieten);
            DiskSpaceMonitor.INSTANCE.close();
            BackgroundResourceReleaser.stop();
        }
    }

    /**
     * Keeps a thread from reporting how it ended. Its last act is to clear its thread-locals by
     * reflection, which Java refuses; they are garbage with the thread all the same. Opening {@code
     * java.lang} for that would be one more flag for every user.
     */
    private static void quieten(Thread thread) {
        thread.setUncaughtExceptionHandler(ChronicleThreads::onUncaught);
    }

    private static void onUncaught(Thread thread, Throwable thrown) {
        ThreadGroup group = thread.getThreadGroup();
        if (!(thrown instanceof InaccessibleObjectException) && group != null) {
            group.uncaughtException(thread, thrown);
        }
    }

    private static Stream<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream();
    }
}
