package io.hotpair.replication.internal;

import io.hotpair.replication.PairEvent.Kind;
import io.hotpair.replication.register.RegisterView;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says which voters are silent. With a majority the register's answers name them: the voter that
 * leads knows whom it does not hear. Without one there are no answers, and what is left is which
 * voters this node itself could not reach. Not thread-safe.
 *
 * <p>Neither counts before it has lasted: voters that elect a leader, or are started one after
 * another, are no news.
 */
final class VoterWatch {
    /** With the consensus engine's own 2 s an alarm comes within 5 s of a voter's end. */
    static final long PATIENCE_NS = TimeUnit.MILLISECONDS.toNanos(2_500);

    static final long REPEAT_NS = TimeUnit.SECONDS.toNanos(30);

    /** Who was not there itself for so long can't say that others were silent. */
    private static final long STANDSTILL_NS = TimeUnit.SECONDS.toNanos(1);

    /** Stands among the names of silent voters for as many as make a majority. */
    private static final String MAJORITY = "a majority of voters";

    private final int voterCount;
    private final Supplier<Set<String>> unreached;
    private final RoleLog events;

    /** Since when each voter is missing, as the leading one says. */
    private final Map<String, Long> missingSinceNs = new TreeMap<>();

    /** When the question was sent to which there was no answer, nor to any after it. */
    private @Nullable Long unansweredSinceNs;

    /** Since when the register has known of no master that holds its lease. */
    private @Nullable Long masterlessSinceNs;

    /** Who may become master, as the register says. */
    private Set<String> inSync = Set.of();

    /** Whether every voter took part when the leading one last knew. */
    private boolean everyVoterTookPart;

    /** Questions that were sent before this say nothing new. */
    private long newestSentNs;

    private long lookedNs;
    private Set<String> told = Set.of();
    private boolean toldMasterless;
    private long toldNs;
    private @Nullable String alarm;

    /**
     * Makes one.
     *
     * @param voterCount how many voters there are
     * @param unreached asked for the voters that this node can't reach
     * @param events told of what is found
     * @param nowNs the time
     */
    VoterWatch(int voterCount, Supplier<Set<String>> unreached, RoleLog events, long nowNs) {
        this.voterCount = voterCount;
        this.unreached = unreached;
        this.events = events;
        newestSentNs = nowNs;
        lookedNs = nowNs;
    }

    /** Which voters are silent and what follows, or null. */
    @Nullable String alarm() {
        return alarm;
    }

    /** Whether every voter takes part, as far as is known now: at once false if one does not. */
    boolean everyVoterReady() {
        return everyVoterTookPart && unansweredSinceNs == null;
    }

    /** Whether a majority of voters has answered this node lately. */
    boolean majorityAnswers() {
        return !told.contains(MAJORITY);
    }

    /** The register has answered a question. */
    void answered(RegisterView view, long sentNs, long nowNs) {
        if (sentNs - newestSentNs < 0) {
            return;
        }
        newestSentNs = sentNs;
        unansweredSinceNs = null;
        inSync = view.state().inSync();
        if (view.leaseLeftMs() > 0 || inSync.isEmpty()) {
            masterlessSinceNs = null;
        } else if (masterlessSinceNs == null) {
            masterlessSinceNs = nowNs;
        }
        if (view.everyVoterReady()) {
            everyVoterTookPart = true;
            missingSinceNs.clear();
        } else if (!view.missingVoters().isEmpty()) {
            everyVoterTookPart = false;
            missingSinceNs.keySet().retainAll(view.missingVoters());
            view.missingVoters().forEach(voter -> missingSinceNs.putIfAbsent(voter, nowNs));
        }
    }

    /** The register has not answered a question in time. */
    void unanswered(long sentNs) {
        if (sentNs - newestSentNs >= 0 && unansweredSinceNs == null) {
            unansweredSinceNs = sentNs;
        }
    }

    /** Says what has changed since the last time. To be called several times a second. */
    void look(long nowNs, long term) {
        leaveOutStandstill(nowNs);
        Set<String> silent = silent(nowNs);
        tellBack(silent, term);
        alarm = silent.isEmpty() ? null : describe(nowNs);
        toldMasterless &= isMasterless(nowNs);
        boolean isNew = !told.containsAll(silent) || toldMasterless != isMasterless(nowNs);
        if (alarm != null && (isNew || nowNs - toldNs >= REPEAT_NS)) {
            toldNs = nowNs;
            toldMasterless = isMasterless(nowNs);
            events.tell(Kind.VOTERS_SILENT, term, 0, 0, 0, alarm);
        }
        told = silent;
    }

    private void leaveOutStandstill(long nowNs) {
        long gapNs = nowNs - lookedNs;
        lookedNs = nowNs;
        if (gapNs > STANDSTILL_NS) {
            newestSentNs = nowNs;
            if (unansweredSinceNs != null) {
                unansweredSinceNs += gapNs;
            }
            if (masterlessSinceNs != null) {
                masterlessSinceNs += gapNs;
            }
            missingSinceNs.replaceAll((voter, sinceNs) -> sinceNs + gapNs);
        }
    }

    private Set<String> silent(long nowNs) {
        if (isWithoutMajority(nowNs)) {
            return Set.of(MAJORITY);
        }
        Set<String> silent = new TreeSet<>();
        missingSinceNs.forEach(
                (voter, sinceNs) -> {
                    if (nowNs - sinceNs >= PATIENCE_NS) {
                        silent.add(voter);
                    }
                });
        return silent;
    }

    private boolean isWithoutMajority(long nowNs) {
        return unansweredSinceNs != null && nowNs - unansweredSinceNs >= PATIENCE_NS;
    }

    private boolean isMasterless(long nowNs) {
        return masterlessSinceNs != null
                && nowNs - masterlessSinceNs >= PATIENCE_NS
                && !isWithoutMajority(nowNs);
    }

    private void tellBack(Set<String> silent, long term) {
        Set<String> back = new TreeSet<>(told);
        back.removeAll(silent);
        // Without a majority nothing is known of single voters.
        if (!back.isEmpty() && !silent.contains(MAJORITY)) {
            events.tell(
                    Kind.VOTERS_BACK, term, 0, 0, 0, "answering again: " + String.join(", ", back));
        }
    }

    private String describe(long nowNs) {
        Long sinceNs = unansweredSinceNs;
        if (sinceNs != null && isWithoutMajority(nowNs)) {
            return describeNoMajority(nowNs - sinceNs);
        }
        StringJoiner text = new StringJoiner(", ");
        missingSinceNs.forEach(
                (voter, missingNs) -> {
                    if (nowNs - missingNs >= PATIENCE_NS) {
                        text.add(voter + " silent for " + seconds(nowNs - missingNs));
                    }
                });
        return text + ": " + consequence(nowNs);
    }

    private String consequence(long nowNs) {
        if (isMasterless(nowNs)) {
            return "there is no master, and no write is taken, until one of those in sync, "
                    + inSync
                    + ", takes over";
        }
        int spare = (voterCount - 1) / 2 - missingSinceNs.size();
        return spare > 0
                ? "further failures that can be survived: " + spare
                : "a further failure stops the shard";
    }

    private String describeNoMajority(long forNs) {
        Set<String> voters = unreached.get();
        return "no majority of voters has answered this node for "
                + seconds(forNs)
                + ": until one does it is no master, knows none, and takes no writes; silent: "
                + (voters.isEmpty() ? "none, but none leads" : String.join(", ", voters));
    }

    private static String seconds(long durationNs) {
        return TimeUnit.NANOSECONDS.toSeconds(durationNs) + " s";
    }
}
