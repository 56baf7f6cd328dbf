package io.hotpair.persistence;

import java.util.Set;
import net.openhft.chronicle.core.io.BackgroundResourceReleaser;
import net.openhft.chronicle.threads.DiskSpaceMonitor;

/**
 * Chronicle starts two threads that outlive its queues. They are stopped when the last log of this
 * JVM closes, unless they ran before the first one opened: then they serve somebody else's queues.
 * Logs that open afterwards do without them: what the one would release is then released at once,
 * and free space is watched by the log itself.
 */
final class ChronicleThreads {
    private static final Set<String> NAMES =
            Set.of(
                    "background~resource~releaser",
                    // As the constant in DiskSpaceMonitor; naming that would start the thread.
                    "disk~space~checker");

    private static int openLogs;
    private static boolean asked;
    private static boolean foreign;

    private ChronicleThreads() {}

    /** A log is about to open. Called before any class of Chronicle is touched. */
    static synchronized void retain() {
        if (!asked) {
            asked = true;
            foreign =
                    Thread.getAllStackTraces().keySet().stream()
                            .anyMatch(t -> NAMES.stream().anyMatch(t.getName()::endsWith));
        }
        openLogs++;
    }

    /** A log has closed its queue. */
    static synchronized void release() {
        openLogs--;
        BackgroundResourceReleaser.releasePendingResources();
        if (openLogs == 0 && !foreign) {
            DiskSpaceMonitor.INSTANCE.close();
            BackgroundResourceReleaser.stop();
        }
    }
}
