package io.hotpair.internal;

import io.hotpair.ChangeListener.Event;
import io.hotpair.internal.BlockedConsumer.Served;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Consumers that wait for a key to have something for them: what a blocking pop needs. One that
 * waits stands in a line for each of its keys, in the order of its ticket, and holds nothing else.
 *
 * <pre>
 *   line of a key ──► place ──► place ──► place       by ticket; first those who are rivals
 *     │                 │         │         │         of the one who came first,
 *     │ others          └─────────┴─────────┴───────► each leads to a {@link BlockedConsumer}
 *     ▼
 *   row ──► place ──► place                           then those who are rivals of another one
 * </pre>
 *
 * <ul>
 *   <li><b>W1</b> Whoever changes a key serves its line afterwards: of those who are rivals one
 *       after the other, until one finds nothing that the others look for as well; of all others
 *       each one. A line is served by one thread at a time. One that finds another at it leaves the
 *       work to that one, by a count. So no thread waits for another here.
 *   <li><b>W2</b> No wake-up is lost: a consumer stands in its lines before these are served for it
 *       the first time, and a line that was changed while it was served is served once more.
 *       Whoever changes a key looks for consumers after the change can be seen; a consumer says
 *       that it is there before it looks at the key.
 *   <li><b>W3</b> What a consumer does to other keys is served afterwards, by the same thread, in
 *       the order in which it was done: a chain of moves takes no stack.
 *   <li><b>W4</b> What runs for a user runs when the thread serves no more, so it may do anything,
 *       but holds up whoever changed the key.
 *   <li><b>W5</b> A thread that has served many, or has no memory or stack left, leaves the rest to
 *       the background thread. From the moment when something is taken for a consumer until that is
 *       told nothing is allocated here that it depends on.
 *   <li><b>W6</b> Rows are changed under the lock that {@link ConcurrentHashMap#compute} holds for
 *       the key, and a line is in the map as long as somebody stands in it. Whoever serves reads
 *       the rows without that lock. A place, or a row, that is taken out leads to itself from then
 *       on, and a reader who stands there begins the row, or the line, anew; so he comes to all who
 *       stand behind it, and who keeps a place that is out keeps nobody who came later. A place
 *       that is out is never used again.
 * </ul>
 *
 * <p>One that begins changes nothing, so it serves, once it stands in its lines (W2), only those of
 * whom nobody else may know:
 *
 * <ul>
 *   <li>If it only looks, itself alone, and without having its lines (W1): there is no order to
 *       keep, and nobody stands behind it whom others pass over because of it. What was changed
 *       before it stood there it finds now. Who changes a key afterwards comes to it by the line,
 *       or finds it being served, and then all its lines are served (B2).
 *   <li>Else its own row in each of its lines, from the front, so that those before it come first.
 *       Who came to it before it had begun has stopped in this row, and in no other. It has the
 *       line meanwhile; who comes then leaves a count, and for that the whole line is served.
 * </ul>
 *
 * <p>One that is to look again after some time is served by the background thread then, as if it
 * began.
 *
 * <p>All else is as for whoever changes a key: what is changed for those whom it serves is served
 * afterwards (W3), what runs for a user runs at the end (W4), what can't be done now is postponed
 * (W5). A thread that serves already leaves its lines for later, as a whole.
 *
 * <p>What waits is what a client makes a server keep, without limit to the number of keys. So a key
 * that one consumer waits for takes one line, one place, and one node of the map.
 */
final class BlockedConsumers {
    private static final Logger LOGGER = LoggerFactory.getLogger(BlockedConsumers.class);

    /** A thread that has other things to do makes so many attempts for others in a row. */
    private static final int MAX_ATTEMPTS = 1_000;

    /** More than an attempt takes. */
    private static final int PROBED_FRAMES = 500;

    /** Where a consumer stands. */
    static final class Place {
        private final BlockedConsumer<?> consumer;
        private final Row row;
        private volatile @Nullable Place next;

        /** Read and written under the lock of the key (W6). */
        private @Nullable Place before;

        Place(BlockedConsumer<?> consumer, Row row) {
            this.consumer = consumer;
            this.row = row;
        }
    }

    /** Those who wait for one key and are rivals. */
    private abstract static class Row {
        private final Rivals rivals;
        private volatile @Nullable Place first;

        /** The row of others who wait for the key. */
        private volatile @Nullable Row others;

        private @Nullable Place last;

        /** How many claim what others left; changed under the lock of the key. */
        private volatile int claiming;

        Row(Rivals rivals) {
            this.rivals = rivals;
        }

        /** Whether one who finds nothing says nothing of the others. */
        boolean asksAll() {
            return !rivals.compete() || claiming > 0;
        }

        abstract Line line();

        boolean isLastAndEmpty() {
            return first == null && others == null;
        }

        /** Adds a consumer, by its ticket, unless it is there: its key may be given twice. */
        void add(BlockedConsumer<?> consumer, int number) {
            Place before = last;
            while (before != null && before.consumer.ticket > consumer.ticket) {
                before = before.before;
            }
            if (before != null && before.consumer == consumer) {
                return;
            }
            Place place = new Place(consumer, this);
            Place behind = before == null ? first : before.next;
            place.before = before;
            place.next = behind;
            consumer.places[number] = place;
            countClaiming(consumer, 1);
            // Published when it leads on.
            if (before == null) {
                first = place;
            } else {
                before.next = place;
            }
            if (behind == null) {
                last = place;
            } else {
                behind.before = place;
            }
        }

        private void countClaiming(BlockedConsumer<?> consumer, int change) {
            if (consumer.rivals.claims()) {
                int changed = claiming + change;
                claiming = changed;
            }
        }

        /** What to look at after a place. */
        @Nullable Place after(Place place) {
            Place next = place.next;
            return next == place ? first : next;
        }

        /** Takes a place out; it leads to itself then, for who stands there. */
        void remove(Place place) {
            Place before = place.before;
            Place behind = place.next;
            if (behind == place) {
                return;
            }
            countClaiming(place.consumer, -1);
            place.before = null;
            if (before == null) {
                first = behind;
            } else {
                before.next = behind;
            }
            if (behind == null) {
                last = before;
            } else {
                behind.before = before;
            }
            // Last: who begins anew does not come here again.
            place.next = place;
        }
    }

    /** Those of a line who came when there was one for others already. */
    private static final class OtherRow extends Row {
        private final Line line;

        OtherRow(Rivals rivals, Line line) {
            super(rivals);
            this.line = line;
        }

        @Override
        Line line() {
            return line;
        }
    }

    /**
     * Those who wait for one key. Also its own key in the map; compared as bytes, so that keys of
     * one hash are found among each other by their order.
     */
    private static final class Line extends Row implements Comparable<Line> {
        static final AtomicIntegerFieldUpdater<Line> WORK =
                AtomicIntegerFieldUpdater.newUpdater(Line.class, "work");

        final byte[] key;
        volatile int work;
        volatile boolean mindsRemoval;
        volatile boolean postponed;

        Line(byte[] key, Rivals rivals) {
            super(rivals);
            this.key = key;
        }

        @Override
        Line line() {
            return this;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Line line && Arrays.equals(key, line.key);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(key);
        }

        @Override
        public int compareTo(Line other) {
            return Arrays.compare(key, other.key);
        }

        void enter(BlockedConsumer<?> consumer, int number) {
            mindsRemoval |= consumer.rivals.mindRemoval();
            rowOf(consumer.rivals).add(consumer, number);
        }

        /** The row to look at after one. */
        @Nullable Row after(Row row) {
            Row next = row.others;
            return next == row ? this : next;
        }

        private Row rowOf(Rivals rivals) {
            Row row = this;
            while (!row.rivals.areThoseOf(rivals)) {
                Row next = row.others;
                if (next == null) {
                    next = new OtherRow(rivals, this);
                    row.others = next;
                }
                row = next;
            }
            return row;
        }

        void leave(Place place) {
            place.row.remove(place);
            Row row = this;
            for (Row next = row.others; next != null; next = row.others) {
                if (next.first == null) {
                    row.others = next.others;
                    next.others = next;
                } else {
                    row = next;
                }
            }
        }
    }

    /** What a key is looked for with. */
    private static Line named(byte[] key) {
        return new Line(key, Rivals.NONE);
    }

    private final Map<Line, Line> lines = new ConcurrentHashMap<>();
    private final Map<Thread, Server> servers = new ConcurrentHashMap<>();
    private final AtomicReference<@Nullable BlockedConsumer<?>> unfinished =
            new AtomicReference<>();
    private final AtomicLong tickets = new AtomicLong();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger audience;
    private final Timers timers;

    /**
     * Set when a change may have gone unheard: the background thread is to serve every line. A
     * field, as whoever sets it may have no stack left for a call.
     */
    volatile boolean allPostponed;

    private volatile boolean somePostponed;
    private volatile boolean handedOver;

    /**
     * Creates them.
     *
     * @param audience how many want to hear of changes; raised while somebody waits
     * @param timers for time-outs
     */
    BlockedConsumers(AtomicInteger audience, Timers timers) {
        this.audience = audience;
        this.timers = timers;
    }

    Timers timers() {
        return timers;
    }

    int waitingCount() {
        return waiting.get();
    }

    /** How many keys somebody waits for. */
    int lineCount() {
        return lines.size();
    }

    /** Whether somebody waits for one of the keys. */
    boolean areWaitedFor(byte[][] keys) {
        for (byte[] key : keys) {
            if (waiting.get() > 0 && lines.containsKey(named(key))) {
                return true;
            }
        }
        return false;
    }

    // ---- by those who wait

    /**
     * Lets a consumer wait. Others before it are served first, if there is something now.
     *
     * @param keys those for which it waits; copied
     */
    void add(BlockedConsumer<?> consumer, byte[][] keys) {
        probe(PROBED_FRAMES);
        audience.incrementAndGet();
        waiting.incrementAndGet();
        consumer.ticket = tickets.incrementAndGet();
        try {
            for (int i = 0; i < keys.length; i++) {
                enter(consumer, keys[i], i);
            }
        } catch (RuntimeException | Error e) {
            boolean unused = consumer.end(() -> {});
            boolean unused2 = consumer.begin();
            leave(consumer);
            allPostponed = true;
            throw e;
        }
        boolean waits = consumer.begin();
        if (!waits) {
            leave(consumer);
        }
        try {
            if (waits) {
                serveFirst(consumer);
            } else {
                // Others may have found it there, and have served nobody behind it.
                serve(linesOf(consumer));
            }
        } catch (VirtualMachineError e) {
            // It waits all the same: from here on it ends as any other does.
            allPostponed = true;
        }
        if (!waits) {
            finish(consumer);
        }
    }

    private void enter(BlockedConsumer<?> consumer, byte[] key, int number) {
        Line its = new Line(key.clone(), consumer.rivals);
        lines.compute(
                its,
                (same, line) -> {
                    Line present = line == null ? its : line;
                    present.enter(consumer, number);
                    return present;
                });
    }

    /** Has a consumer's wait ended after some time, unless it ends before. */
    void addTimer(BlockedConsumer<?> consumer, long delayNs, Runnable how) {
        consumer.timer =
                timers.schedule(
                        delayNs,
                        () -> {
                            boolean unused = consumer.end(how);
                        });
    }

    /**
     * Has a consumer served once more after some time, unless it ends before: at that moment, and
     * not at one that was named before. Called by whoever serves it.
     *
     * @param atMs names that moment, on a clock of the caller's
     */
    void serveLater(BlockedConsumer<?> consumer, long atMs, long delayNs) {
        while (true) {
            BlockedConsumer.Again before = consumer.again();
            if (before != null && before.atMs == atMs) {
                return;
            }
            BlockedConsumer.Again next = new BlockedConsumer.Again(atMs);
            if (consumer.replaceAgain(before, next)) {
                if (before != null) {
                    // Else all who waited for what the first one took are served by each of theirs.
                    cancel(before.timer);
                }
                schedule(consumer, next, delayNs);
                return;
            }
        }
    }

    private void schedule(BlockedConsumer<?> consumer, BlockedConsumer.Again next, long delayNs) {
        try {
            next.timer =
                    timers.schedule(
                            delayNs,
                            () -> {
                                // First: an attempt that finds nothing asks for another one.
                                if (consumer.replaceAgain(next, null)) {
                                    serveFirst(consumer);
                                }
                            });
        } catch (RuntimeException | Error e) {
            // Whoever tries again is to find that there is no timer.
            boolean unused = consumer.replaceAgain(next, null);
            throw e;
        }
    }

    private void cancel(Timers.@Nullable Key timer) {
        if (timer != null) {
            timers.cancel(timer);
        }
    }

    private List<Line> linesOf(BlockedConsumer<?> consumer) {
        List<Line> found = new ArrayList<>(consumer.places.length);
        for (Place place : consumer.places) {
            if (place != null) {
                found.add(place.row.line());
            }
        }
        return found;
    }

    /** Takes a consumer that has ended out of its lines; called once for each. */
    void leave(BlockedConsumer<?> consumer) {
        waiting.decrementAndGet();
        audience.decrementAndGet();
        try {
            cancel(consumer.timer);
            BlockedConsumer.Again again = consumer.again();
            if (again != null) {
                cancel(again.timer);
            }
            removeFromLines(consumer);
        } catch (VirtualMachineError e) {
            // Whoever meets it there, or its timer, finds that it has gone.
            allPostponed = true;
        }
    }

    private void removeFromLines(BlockedConsumer<?> consumer) {
        for (Place place : consumer.places) {
            if (place != null) {
                lines.computeIfPresent(
                        place.row.line(),
                        (same, line) -> {
                            line.leave(place);
                            return line.isLastAndEmpty() ? null : line;
                        });
            }
        }
    }

    /**
     * Waits until an attempt, at whatever key, succeeds.
     *
     * @param keys whose changes are worth an attempt
     * @param attempt gives a result, or null; run in threads that change the keys
     * @return completed with the first result; whoever cancels it, or completes it, ends the wait
     */
    <R> ConsumerFuture<R> await(byte[][] keys, Supplier<@Nullable R> attempt) {
        ConsumerFuture<R> future = new ConsumerFuture<>();
        BlockedConsumer<R> consumer =
                new BlockedConsumer<>(
                        this, keys.length, Rivals.OF_A_USER, key -> attempt.get(), null);
        consumer.whenServed(() -> future.take(consumer));
        future.waitsAs(consumer);
        add(consumer, keys);
        return future;
    }

    /** Ends every wait, for a node that takes no writes any more. */
    void failAll(Supplier<RuntimeException> reason) {
        for (Line line : lines.values()) {
            for (Row row = line; row != null; row = line.after(row)) {
                for (Place place = row.first; place != null; place = row.after(place)) {
                    place.consumer.abort(reason.get());
                }
            }
        }
    }

    // ---- by those who change keys

    /** A key was changed by one operation. */
    void changed(byte[] key, Event event) {
        try {
            Line line = waiting.get() == 0 ? null : lines.get(named(key));
            if (line != null && (event == Event.CHANGED || line.mindsRemoval)) {
                serve(List.of(line));
            }
        } catch (VirtualMachineError e) {
            allPostponed = true;
        }
    }

    /** Keys were changed by one transaction, in this order. */
    void changed(List<byte[]> keys) {
        try {
            List<Line> changed = new ArrayList<>();
            for (byte[] key : keys) {
                Line line = lines.get(named(key));
                if (line != null) {
                    changed.add(line);
                }
            }
            if (!changed.isEmpty()) {
                serve(changed);
            }
        } catch (VirtualMachineError e) {
            allPostponed = true;
        }
    }

    private void postpone(Line line) {
        line.postponed = true;
        somePostponed = true;
    }

    private void serve(List<Line> changed) {
        Server present = servers.get(Thread.currentThread());
        if (present != null) {
            take(present, changed);
        } else {
            serve(server -> take(server, changed));
        }
    }

    /** Serves one that begins, after those who go first. */
    private void serveFirst(BlockedConsumer<?> consumer) {
        Server present = servers.get(Thread.currentThread());
        if (present != null) {
            take(present, linesOf(consumer));
        } else {
            serve(server -> server.serveFirst(consumer));
        }
    }

    /** Serves as this thread, which does not serve yet. */
    private void serve(Consumer<Server> first) {
        Server server;
        try {
            probe(PROBED_FRAMES);
            server = new Server();
        } catch (VirtualMachineError e) {
            allPostponed = true;
            return;
        }
        try {
            servers.put(Thread.currentThread(), server);
            first.accept(server);
            server.run();
        } catch (VirtualMachineError e) {
            // The change itself is made: what is left to do for others is done later.
            allPostponed = true;
        } finally {
            servers.remove(Thread.currentThread());
            server.giveUp();
        }
        finishAll(server.ended());
    }

    /** Makes sure that there is some stack: an attempt that is begun should come to its end. */
    private static void probe(int frames) {
        if (frames > 0) {
            probe(frames - 1);
        }
    }

    private void take(Server server, List<Line> changed) {
        try {
            changed.forEach(server::take);
        } catch (VirtualMachineError e) {
            allPostponed = true;
        }
    }

    private void finishAll(@Nullable BlockedConsumer<?> first) {
        for (BlockedConsumer<?> each = first; each != null; ) {
            BlockedConsumer<?> next = each.next;
            finish(each);
            each = next;
        }
    }

    private void finish(BlockedConsumer<?> consumer) {
        try {
            consumer.finish();
        } catch (VirtualMachineError e) {
            do {
                consumer.next = unfinished.get();
            } while (!unfinished.compareAndSet(consumer.next, consumer));
        } catch (RuntimeException | Error e) {
            LOGGER.error("what was to follow the end of a wait failed", e);
        }
    }

    /** Time-outs, and what others handed over; by the background thread. */
    void tidy() {
        timers.run();
        finishAll(unfinished.getAndSet(null));
        if (handedOver) {
            handedOver = false;
            servePostponed();
        }
    }

    /** Finishes what there is to finish when there is no background thread any more. */
    void close() {
        timers.stop();
        tidy();
    }

    /** Serves lines that others could not; by the background thread. */
    void servePostponed() {
        if (allPostponed) {
            allPostponed = false;
            lines.values().forEach(this::postpone);
        }
        if (somePostponed) {
            somePostponed = false;
            for (Line line : lines.values()) {
                if (line.postponed) {
                    line.postponed = false;
                    serve(List.of(line));
                }
            }
        }
    }

    /** A thread that serves: the lines that only it may serve, one after the other. */
    private final class Server {
        private final ArrayDeque<Line> own = new ArrayDeque<>();
        private @Nullable BlockedConsumer<?> firstEnded;
        private @Nullable BlockedConsumer<?> lastEnded;
        private @Nullable Line present;
        private int attempts;

        /** Those who are to be finished, in the order in which they were served. */
        @Nullable BlockedConsumer<?> ended() {
            return firstEnded;
        }

        private void end(BlockedConsumer<?> consumer) {
            BlockedConsumer<?> last = lastEnded;
            if (last == null) {
                firstEnded = consumer;
            } else {
                last.next = consumer;
            }
            lastEnded = consumer;
        }

        /** Takes a line over, or leaves the work to whoever has it. */
        void take(Line line) {
            if (Line.WORK.getAndIncrement(line) == 0) {
                boolean added = false;
                try {
                    own.add(line);
                    added = true;
                } finally {
                    if (!added) {
                        giveUp(line);
                    }
                }
            }
        }

        /** Leaves what it has not done to the background thread. */
        void giveUp() {
            Line unfinishedLine = present;
            if (unfinishedLine != null) {
                giveUp(unfinishedLine);
            }
            own.forEach(this::giveUp);
            own.clear();
        }

        private void giveUp(Line line) {
            // First: whoever comes from now on serves the line, and nobody counts on this thread.
            line.work = 0;
            postpone(line);
        }

        /** One that begins; before anything else. */
        void serveFirst(BlockedConsumer<?> consumer) {
            for (Place place : consumer.places) {
                if (place == null) {
                    continue;
                }
                Line line = place.row.line();
                if (!consumer.rivals.haveOrder()) {
                    if (isOut(serve(line, consumer))) {
                        return;
                    }
                } else if (Line.WORK.getAndIncrement(line) == 0) {
                    present = line;
                    serve(line, place.row);
                    if (Line.WORK.compareAndSet(line, 1, 0)) {
                        present = null;
                    } else {
                        run(line);
                    }
                }
            }
        }

        void run() {
            for (Line line = own.poll(); line != null; line = own.poll()) {
                run(line);
            }
        }

        /** Serves a line until nobody has left anything to do there. */
        private void run(Line line) {
            present = line;
            boolean isDone = false;
            while (!isDone) {
                int seen = line.work;
                serve(line);
                isDone = Line.WORK.compareAndSet(line, seen, 0);
                // Only what is left: a line of many who are not served now is done all the same.
                boolean isLeft = !isDone || !own.isEmpty();
                if (isLeft && attempts > MAX_ATTEMPTS && timers.hasRunner()) {
                    present = isDone ? null : line;
                    giveUp();
                    present = null;
                    handedOver = true;
                    timers.wake();
                    return;
                }
            }
            present = null;
        }

        private void serve(Line line) {
            for (Row row = line; row != null; row = line.after(row)) {
                serve(line, row);
            }
        }

        private void serve(Line line, Row row) {
            boolean goesOn = true;
            Place at = row.first;
            while (at != null && goesOn) {
                // Asked for before: who is served is out afterwards. Who comes behind the last one
                // meanwhile has himself served.
                Place next = row.after(at);
                Served served = serve(line, at.consumer);
                // Who is busy, or is to be served later, comes before those it competes with: it
                // may take what there is.
                goesOn =
                        isOut(served)
                                || !row.rivals.compete()
                                || (served == Served.NOTHING && row.asksAll());
                at = next;
            }
        }

        private static boolean isOut(Served served) {
            return served == Served.ENDED || served == Served.GONE;
        }

        private Served serve(Line line, BlockedConsumer<?> consumer) {
            attempts++;
            Served served = consumer.tryServe(line.key, this::serveAgain);
            switch (served) {
                case ENDED -> {
                    leave(consumer);
                    if (consumer.isParked()) {
                        consumer.finish();
                    } else {
                        end(consumer);
                    }
                }
                // On its way out, or stopped there.
                case GONE -> removeFromLines(consumer);
                case LATER -> postpone(line);
                case NOTHING, BUSY -> {}
            }
            return served;
        }

        /** B2: others found a consumer busy, and served nobody behind it. */
        private void serveAgain(BlockedConsumer<?> consumer) {
            try {
                linesOf(consumer).forEach(this::take);
            } catch (VirtualMachineError e) {
                allPostponed = true;
            }
        }
    }
}
