package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.hotpair.BackupManifest;
import io.hotpair.BackupOptions;
import io.hotpair.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When backups are made, by whom, and which go. */
class BackupScheduleTest {
    private final FakePlace place = new FakePlace();
    private final FakeClock clock = new FakeClock();
    private final BackupOptions options =
            BackupOptions.defaults().withInterval(Duration.ofHours(6)).withKeep(2);

    private void check(BackupSchedule schedule, Duration later) {
        clock.ms += later.toMillis();
        schedule.check();
    }

    private BackupSchedule schedule() {
        return new BackupSchedule("k-1-", options, place, clock, new Tasks(Runner::new));
    }

    /** Runs at once what others begin. */
    private static final class Runner extends Thread {
        private final Runnable task;

        Runner(Runnable task) {
            this.task = task;
        }

        @Override
        public synchronized void start() {
            task.run();
        }
    }

    @Test
    void shouldMakeNoneOnANodeThatIsNotTheOne() {
        BackupSchedule schedule = schedule();
        place.mine = false;
        check(schedule, Duration.ofDays(1));
        assertEquals(List.of(), place.there);
        place.mine = true;
        check(schedule, Duration.ofMinutes(59));
        assertEquals(List.of(), place.there);
        check(schedule, Duration.ofMinutes(1));
        assertEquals(List.of("k-1-20010910t024640z.x"), place.there);
        assertNotNull(schedule.last());
    }

    @Test
    void shouldTellFromTheNamesWhatIsDueAndWhatGoes() {
        List<String> others =
                List.of("k-20010908t000000z.x", "k-1-2-20010908t000000z.x", "k-1-x.x", "README");
        place.there.addAll(others);
        place.there.add("k-1-20010909t014640z.x");
        place.there.add("k-1-20010908t014640z.x");
        BackupSchedule schedule = schedule();
        check(schedule, Duration.ofHours(1));
        assertNull(schedule.last());
        check(schedule, Duration.ofHours(5));
        assertNotNull(schedule.last());
        List<String> expected = new ArrayList<>(others);
        expected.add("k-1-20010909t014640z.x");
        expected.add("k-1-20010909t074640z.x");
        assertEquals(expected, place.there);
    }

    @Test
    void shouldNotBeStoppedByAClockThatWasWrong() {
        place.there.add("k-1-20360101t000000z.x");
        BackupSchedule schedule = schedule();
        check(schedule, Duration.ofHours(1));
        assertEquals(2, place.there.size());
        clock.ms += Duration.ofDays(3650).toMillis();
        check(schedule, Duration.ZERO);
        assertEquals(2, place.there.size(), "and the oldest went");
        clock.ms -= Duration.ofDays(3650).toMillis();
        check(schedule, Duration.ofHours(6));
        assertNotNull(schedule.last());
        assertEquals("k-1-20010909t084640z.x", place.made.get(place.made.size() - 1));
    }

    @Test
    void shouldMakeAnOverdueOneSoonAfterARestart() {
        place.there.add("k-1-20010908t014640z.x");
        check(schedule(), Duration.ofMinutes(1));
        assertEquals(List.of("k-1-20010909t014740z.x"), place.made);
    }

    @Test
    void shouldGoOnWhenAThreadCannotBeHad() {
        AtomicBoolean none = new AtomicBoolean(true);
        Tasks tasks =
                new Tasks(
                        task -> {
                            if (none.get()) {
                                throw new OutOfMemoryError("unable to create native thread");
                            }
                            return new Runner(task);
                        });
        BackupSchedule schedule = new BackupSchedule("k-1-", options, place, clock, tasks);
        check(schedule, Duration.ofHours(1));
        assertEquals("unable to create native thread", schedule.failure());
        none.set(false);
        check(schedule, Duration.ofMinutes(10));
        assertNull(schedule.failure());
        assertEquals(1, place.there.size());
    }

    @Test
    void shouldSayThatItCouldNotRemoveOneUntilItCan() {
        place.there.add("k-1-20010908t014640z.x");
        place.there.add("k-1-20010907t014640z.x");
        place.deleting = new IllegalStateException("not yours");
        BackupSchedule schedule = schedule();
        check(schedule, Duration.ofMinutes(1));
        assertEquals("not yours", schedule.failure());
        check(schedule, Duration.ofMinutes(10));
        assertEquals("not yours", schedule.failure());
        place.deleting = null;
        check(schedule, Duration.ofMinutes(10));
        assertNull(schedule.failure());
        assertEquals(List.of("k-1-20010908t014640z.x", "k-1-20010909t014740z.x"), place.there);
    }

    @Test
    void shouldSayWhatFailedAndTryAgainTenMinutesLater() {
        BackupSchedule schedule = schedule();
        place.failure = new IllegalStateException("no room");
        check(schedule, Duration.ofHours(1));
        assertEquals("no room", schedule.failure());
        place.failure = null;
        check(schedule, Duration.ofMinutes(9));
        assertEquals("no room", schedule.failure());
        check(schedule, Duration.ofMinutes(1));
        assertNull(schedule.failure());
        assertEquals(1, place.there.size());
    }

    /** Not when the first one is due, which is hours later. */
    @Test
    void shouldSayWithinAMinuteThatNoneCanBeMadeThere() {
        BackupSchedule schedule = schedule();
        place.unusable = new IllegalStateException("not a directory");
        check(schedule, Duration.ofMinutes(1));
        assertEquals("not a directory", schedule.failure());
        assertNull(schedule.last());
        place.unusable = null;
        check(schedule, Duration.ofMinutes(10));
        assertNull(schedule.failure());
        assertEquals(List.of(), place.there);
    }

    /** Begins at 2001-09-09T01:46:40Z. */
    private static final class FakeClock implements Clock {
        private long ms = 1_000_000_000_000L;

        @Override
        public long currentTimeMs() {
            return ms;
        }

        @Override
        public long nanoTime() {
            return ms * 1_000_000;
        }
    }

    private static final class FakePlace implements BackupPlace {
        private final List<String> there = new ArrayList<>();
        private final List<String> made = new ArrayList<>();
        private boolean mine = true;
        private @Nullable RuntimeException deleting;
        private @Nullable RuntimeException failure;
        private @Nullable RuntimeException unusable;

        @Override
        public String suffix() {
            return ".x";
        }

        @Override
        public boolean isMine() {
            return mine;
        }

        @Override
        public void check() {
            if (unusable != null) {
                throw unusable;
            }
        }

        @Override
        public BackupManifest make(String name) {
            if (failure != null) {
                throw failure;
            }
            there.add(name);
            made.add(name);
            return new BackupManifest("k", new UUID(1, 2), Instant.EPOCH, 0, 1, 1, Instant.EPOCH);
        }

        @Override
        public List<String> names() {
            return there;
        }

        @Override
        public void delete(String name) {
            if (deleting != null) {
                throw deleting;
            }
            there.remove(name);
        }
    }
}
