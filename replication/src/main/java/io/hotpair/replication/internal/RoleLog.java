package io.hotpair.replication.internal;

import io.hotpair.Clock;
import io.hotpair.replication.PairEvent;
import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.PairListener;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log and the listener what happens to a node's role. Thread-safe. */
final class RoleLog {
    private static final Logger LOG = LoggerFactory.getLogger("io.hotpair.replication.role");

    private final Clock clock;
    private final String node;
    private final PairListener listener;
    private final ReentrantLock oneAtATime = new ReentrantLock();
    private volatile @Nullable String alarm;

    RoleLog(Clock clock, String node, PairListener listener) {
        this.clock = clock;
        this.node = node;
        this.listener = listener;
    }

    /** What is wrong that needs a person, or null. */
    @Nullable String alarm() {
        return alarm;
    }

    void clearAlarm() {
        alarm = null;
    }

    /** Takes back this alarm, unless another one has taken its place. */
    void clearAlarm(String sentence) {
        if (sentence.equals(alarm)) {
            alarm = null;
        }
    }

    /** Raises an alarm, once for the same sentence. */
    void alarm(long term, String sentence) {
        if (note(sentence)) {
            tell(Kind.ALARM, term, 0, 0, 0, sentence);
        }
    }

    /** Raises an alarm that the caller is to tell of; false if it is raised already. */
    boolean note(String sentence) {
        boolean isNew = !sentence.equals(alarm);
        alarm = sentence;
        return isNew;
    }

    void tell(Kind kind, long term, long opId, long operations, long durationNs, String text) {
        PairEvent event =
                new PairEvent(
                        kind,
                        clock.currentTimeMs(),
                        node,
                        term,
                        opId,
                        operations,
                        durationNs,
                        text);
        write(event);
        oneAtATime.lock();
        try {
            listener.onEvent(event);
        } catch (RuntimeException | Error e) {
            // What an application throws, whatever it is, does not end the agent.
            LOG.error("event={} node={} the listener failed", kind, node, e);
        } finally {
            oneAtATime.unlock();
        }
    }

    private static void write(PairEvent event) {
        if (event.kind() == Kind.ALARM) {
            LOG.error("event=ALARM node={} term={} {}", event.node(), event.term(), event.text());
            return;
        }
        if (event.kind() == Kind.VOTERS_SILENT || event.kind() == Kind.OUT_OF_SYNC) {
            LOG.warn(
                    "event={} node={} term={} {}",
                    event.kind(),
                    event.node(),
                    event.term(),
                    event.text());
            return;
        }
        LOG.info(
                "event={} node={} term={} opId={} operations={} tookMs={} {}",
                event.kind(),
                event.node(),
                event.term(),
                event.opId(),
                event.operations(),
                TimeUnit.NANOSECONDS.toMillis(event.durationNs()),
                event.text());
    }
}
