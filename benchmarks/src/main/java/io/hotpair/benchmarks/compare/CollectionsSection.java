package io.hotpair.benchmarks.compare;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.sun.management.OperatingSystemMXBean;
import io.hotpair.Keyspace;
import io.hotpair.ScoredMember;
import io.hotpair.ScoredRank;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Commands on collections beside those of a redis-server: the processor time of the thread that
 * calls Hotpair beside that of the thread that does everything in Redis. The same collections and
 * the same commands on both sides, which take turns; Redis gets its commands hundreds at a time, so
 * that it is spared most of what a command costs the kernel.
 */
final class CollectionsSection {
    private static final int WARM_UP_ROUNDS = 3;
    private static final int MIN_ROUNDS = 5;
    private static final int CHECKED_COMMANDS = 1_000;
    private static final int BATCH = 500;

    /** About what an element takes in each of the four collections of both sides. */
    private static final long BYTES_OF_EACH = 4 * 2 * 200L;

    /** From here on Redis is given less to do that it has to walk for. */
    private static final int LONG_LIST = 100_000;

    private static final int LONG_WALKS = 500;

    private final Plan plan;
    private final Report report;

    private final ThreadMXBean threadTimes = ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean processTimes =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /**
     * How much to do.
     *
     * @param sizes how many elements collections have
     * @param commands what is done to them
     * @param rounds turns that are measured
     * @param turnLength commands of a turn, as many again come before and are not measured
     * @param maxDurationNs when to do no more rounds than the least
     */
    record Plan(
            List<Integer> sizes,
            Iterable<CollectionCommand> commands,
            int rounds,
            int turnLength,
            long maxDurationNs) {
        static Plan of(Options options) {
            int rounds = options.quick() ? 9 : 31;
            return new Plan(
                    options.members(),
                    options.commands(),
                    options.rounds() > 0 ? options.rounds() : rounds,
                    20_000,
                    options.quick() ? TimeUnit.SECONDS.toNanos(40) : Long.MAX_VALUE);
        }
    }

    /**
     * What a command takes, in nanoseconds; one figure for each turn.
     *
     * @param hotpair processor time of the thread that called
     * @param process processor time of the whole JVM meanwhile, which is counted in ticks
     * @param redis processor time of Redis's main thread
     * @param redisCall duration of the command in Redis without reading, parsing and writing, as
     *     Redis says
     */
    record Cost(Samples hotpair, Samples process, Samples redis, Samples redisCall) {
        Cost() {
            this(new Samples(), new Samples(), new Samples(), new Samples());
        }

        double ratio() {
            return hotpair.median() / redis.median();
        }
    }

    /** A command on the collections of one size: a row of the table. */
    private static final class Cell {
        final CollectionCommand command;
        final Elements elements;
        final Cost cost = new Cost();

        /** How far the sequence of commands is. */
        long at;

        Cell(CollectionCommand command, Elements elements, long at) {
            this.command = command;
            this.elements = elements;
            this.at = at;
        }

        String label() {
            return command.label() + "." + Dataset.label(elements.size());
        }

        int turnLength(int usual) {
            return command.walks() && elements.size() >= LONG_LIST
                    ? Math.min(LONG_WALKS, usual)
                    : usual;
        }
    }

    CollectionsSection(Plan plan, Report report) {
        this.plan = plan;
        this.report = report;
    }

    void run() {
        String lacking = lacking();
        if (lacking != null) {
            report.skip("collections", lacking);
            return;
        }
        System.gc();
        try (RedisServer redis = RedisServer.start();
                Keyspace keyspace = open()) {
            report.redis(redis.version());
            compare(redis, CollectionCaller.of(keyspace.session()));
        } catch (RuntimeException e) {
            report.skip("collections", e.toString());
        }
    }

    /** Fills both, which are empty, and lets them take turns. */
    void compare(RedisServer redis, CollectionCaller hotpair) {
        new Rounds(redis, hotpair).run();
    }

    private @Nullable String lacking() {
        return Machine.hasRoomFor(elements() * BYTES_OF_EACH)
                ? RedisServer.lacking()
                : "not enough memory is free";
    }

    private long elements() {
        return plan.sizes().stream().mapToLong(size -> size).sum();
    }

    Keyspace open() {
        return Keyspace.open(
                Keyspace.builder()
                        .name("compare-collections")
                        .inMemory()
                        .maxMemory(elements() * BYTES_OF_EACH + (256L << 20))
                        .build());
    }

    /** The rounds, with all collections in both. */
    private final class Rounds {
        private final RedisServer redis;
        private final RedisConnection connection;
        private final CollectionCaller hotpair;
        private final List<Cell> cells = new ArrayList<>();

        Rounds(RedisServer redis, CollectionCaller hotpair) {
            this.redis = redis;
            this.connection = redis.connection();
            this.hotpair = hotpair;
        }

        void run() {
            for (int size : plan.sizes()) {
                report.progress("filling collections of %s", Dataset.label(size));
                Elements elements = new Elements(size);
                fillRedis(elements);
                fillHotpair(elements);
                plan.commands().forEach(command -> cells.add(cell(command, elements)));
            }
            check();
            measure();
            check();
            cells.forEach(cell -> report.add(cell.label(), cell.cost));
        }

        /** Commands about the same element do not follow each other: each has its own sequence. */
        private Cell cell(CollectionCommand command, Elements elements) {
            return new Cell(command, elements, (long) cells.size() << 50);
        }

        private void measure() {
            long startNs = System.nanoTime();
            for (int round = 1 - WARM_UP_ROUNDS; round <= plan.rounds(); round++) {
                if (round > MIN_ROUNDS && System.nanoTime() - startNs > plan.maxDurationNs()) {
                    break;
                }
                int current = round;
                cells.removeIf(cell -> !visit(cell, current));
                report.progress("collections, round %d of %d", round, plan.rounds());
            }
        }

        /** Returns whether Hotpair has done its work. */
        private boolean visit(Cell cell, int round) {
            try {
                turns(cell, round % 2 == 0, round > 0 ? cell.cost : new Cost());
                return true;
            } catch (Operation.WrongAnswer e) {
                report.skip(cell.label(), e.toString());
                return false;
            }
        }

        private void turns(Cell cell, boolean hotpairIsFirst, Cost cost) {
            int count = cell.turnLength(plan.turnLength());
            if (hotpairIsFirst) {
                turnOfHotpair(cell, count, cost);
                turnOfRedis(cell, count, cost);
            } else {
                turnOfRedis(cell, count, cost);
                turnOfHotpair(cell, count, cost);
            }
            cell.at += 2L * count;
        }

        private void turnOfHotpair(Cell cell, int count, Cost cost) {
            call(cell, cell.at, count);
            long processNs = processTimes.getProcessCpuTime();
            long ns = threadTimes.getCurrentThreadCpuTime();
            call(cell, cell.at + count, count);
            ns = threadTimes.getCurrentThreadCpuTime() - ns;
            processNs = processTimes.getProcessCpuTime() - processNs;
            cost.hotpair().add((double) ns / count);
            cost.process().add((double) processNs / count);
        }

        private void turnOfRedis(Cell cell, int count, Cost cost) {
            send(cell, cell.at, count);
            String unused = connection.command("CONFIG", "RESETSTAT");
            long ns = redis.mainThreadNs();
            send(cell, cell.at + count, count);
            ns = redis.mainThreadNs() - ns;
            cost.redis().add((double) ns / count);
            cost.redisCall().add(callUs() * 1e3 / count);
        }

        private void call(Cell cell, long from, int count) {
            CollectionCommand command = cell.command;
            Elements elements = cell.elements;
            boolean isAbsent = false;
            for (long at = from; at < from + count; at++) {
                isAbsent |= command.call(hotpair, elements, at) == null;
            }
            if (isAbsent) {
                throw new Operation.WrongAnswer(cell.label() + " has lost an element");
            }
        }

        private void send(Cell cell, long from, int count) {
            for (long at = from; at < from + count; ) {
                long end = Math.min(at + BATCH, from + count);
                int sent = (int) (end - at);
                for (; at < end; at++) {
                    connection.send(cell.command.words(cell.elements, at));
                }
                receive(sent);
            }
        }

        private void receive(int count) {
            connection.flush();
            for (int i = 0; i < count; i++) {
                Object unused = connection.anyReply();
            }
        }

        /** What all commands took since the statistics were set to zero, but for that one. */
        private long callUs() {
            long us = 0;
            for (String line : connection.command("INFO", "commandstats").split("\r\n", -1)) {
                if (line.startsWith("cmdstat_") && !line.startsWith("cmdstat_config")) {
                    us += Long.parseLong(line.replaceFirst(".*usec=(\\d+),.*", "$1"));
                }
            }
            return us;
        }

        private void fillHotpair(Elements elements) {
            for (int number = 0; number < elements.size(); number++) {
                byte[] member = elements.memberAt(number);
                byte[] value = elements.value(number);
                boolean unusedHset = hotpair.hashes().hset(elements.hash, member, value);
                int unusedSadd = hotpair.sets().sadd(elements.set, member);
                boolean unusedZadd = hotpair.sortedSets().zadd(elements.sortedSet, number, member);
                long unusedRpush = hotpair.lists().rpush(elements.list, value);
            }
        }

        private void fillRedis(Elements elements) {
            int sent = 0;
            for (int number = 0; number < elements.size(); number++) {
                byte[] member = elements.memberAt(number);
                byte[] value = elements.value(number);
                connection.send(CollectionCommand.words("HSET", elements.hash, member, value));
                connection.send(CollectionCommand.words("SADD", elements.set, member));
                connection.send(
                        CollectionCommand.words("ZADD", elements.sortedSet, number, member));
                connection.send(CollectionCommand.words("RPUSH", elements.list, value));
                sent += 4;
                if (sent >= BATCH) {
                    receive(sent);
                    sent = 0;
                }
            }
            receive(sent);
        }

        /** Leaves out what is not answered as Redis does. */
        private void check() {
            for (Iterator<Cell> each = cells.iterator(); each.hasNext(); ) {
                Cell cell = each.next();
                String difference = difference(cell);
                if (difference != null) {
                    report.skip(cell.label(), difference);
                    each.remove();
                }
            }
        }

        private @Nullable String difference(Cell cell) {
            for (int i = 0; i < CHECKED_COMMANDS; i++, cell.at++) {
                Object ours = plain(cell.command.call(hotpair, cell.elements, cell.at));
                connection.send(cell.command.words(cell.elements, cell.at));
                connection.flush();
                Object theirs = plain(connection.anyReply());
                if (!ours.equals(theirs)) {
                    return "a wrong answer: " + ours + ", expected " + theirs;
                }
            }
            return null;
        }
    }

    /** An answer as Redis would write it. */
    static Object plain(@Nullable Object answer) {
        if (answer instanceof List<?> list) {
            return list.stream().map(CollectionsSection::plain).toList();
        }
        if (answer instanceof byte[] bytes) {
            return new String(bytes, ISO_8859_1);
        }
        if (answer instanceof Boolean is) {
            return is ? "1" : "0";
        }
        if (answer instanceof Double score) {
            return Long.toString(score.longValue());
        }
        if (answer instanceof ScoredRank place) {
            return Long.toString(place.rank());
        }
        return answer instanceof ScoredMember scored ? plain(scored.member()) : "" + answer;
    }
}
