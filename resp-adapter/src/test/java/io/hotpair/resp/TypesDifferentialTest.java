package io.hotpair.resp;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random programs over each type, with some commands of other types on the same keys, to a real
 * redis-server and to a listener: on one connection, as pipelines, and on several in turns.
 */
class TypesDifferentialTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 300 : 25);
    private static final int COMMANDS = 500;
    private static final int CONNECTIONS = 3;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);

    static Stream<Arguments> families() {
        List<Arguments> all = new ArrayList<>();
        for (int protocol = 2; protocol <= 3; protocol++) {
            all.add(family("hashes", protocol, HashSource::new));
            all.add(family("lists", protocol, ListSource::new));
            all.add(family("sets", protocol, SetSource::new));
            all.add(family("sorted sets", protocol, SortedSetSource::new));
            all.add(family("strings and bits", protocol, BitSource::new));
            all.add(family("positions", protocol, GeoSource::new));
            all.add(family("streams", protocol, StreamSource::new));
            all.add(family("sorting", protocol, SortSource::new));
            all.add(family("transactions", protocol, TransactionSource::new));
        }
        return all.stream();
    }

    private static Arguments family(
            String name, int protocol, Function<Random, CommandSource> source) {
        return Arguments.of(name, protocol, source);
    }

    /**
     * Mostly commands of one type, and some of strings; in every other program some of several
     * databases.
     */
    static Function<Long, List<String[]>> programs(Function<Random, CommandSource> source) {
        return seed -> {
            Random random = new Random(seed);
            CommandSource family = source.apply(random);
            RandomProgram others = new RandomProgram(seed);
            List<String[]> commands = new ArrayList<>();
            commands.add(new String[] {"SELECT", "0"});
            boolean hasDatabases = seed % 2 != 0;
            while (commands.size() < COMMANDS) {
                if (hasDatabases && random.nextInt(12) == 0) {
                    commands.add(family.ofDatabases());
                    continue;
                }
                boolean other = family.mixes() && random.nextInt(12) == 0;
                boolean move = !other && random.nextInt(30) == 0;
                commands.add(move ? family.move() : other ? others.next() : family.next());
            }
            return commands;
        };
    }

    @ParameterizedTest(name = "{0}, RESP{1}")
    @MethodSource("families")
    void shouldAnswerPipelinesAsRedisDoes(
            String name, int protocol, Function<Random, CommandSource> source) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            theirs.call("HELLO", Integer.toString(protocol));
            ours.call("HELLO", Integer.toString(protocol));
            for (int program = 0; program < PROGRAMS; program++) {
                DifferentialTest.run(SEED + program, programs(source), theirs, ours);
            }
        }
    }

    @ParameterizedTest(name = "{0}, RESP{1}")
    @MethodSource("families")
    void shouldAnswerSeveralConnectionsAsRedisDoes(
            String name, int protocol, Function<Random, CommandSource> source) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                Connections connections = new Connections(redis, listener, protocol)) {
            for (int program = 0; program < 1 + PROGRAMS / 5; program++) {
                connections.run(SEED + program, programs(source));
            }
        }
    }

    /** As many connections to the one server as to the other. */
    private static final class Connections implements AutoCloseable {
        private final List<RawClient> theirs = new ArrayList<>();
        private final List<RawClient> ours = new ArrayList<>();

        Connections(RealRedis redis, TestListener listener, int protocol) {
            for (int i = 0; i < CONNECTIONS; i++) {
                theirs.add(new RawClient(redis.port()));
                ours.add(listener.connect());
                theirs.get(i).call("HELLO", Integer.toString(protocol));
                ours.get(i).call("HELLO", Integer.toString(protocol));
            }
        }

        void run(long seed, Function<Long, List<String[]>> programs) {
            theirs.get(0).call("FLUSHALL");
            ours.get(0).call("FLUSHALL");
            Random turns = new Random(seed);
            List<String[]> commands = programs.apply(seed);
            for (int i = 0; i < commands.size(); i++) {
                int who = turns.nextInt(CONNECTIONS);
                String[] command = commands.get(i);
                String expected = theirs.get(who).call(command);
                String actual = ours.get(who).call(command);
                DifferentialTest.compare(seed, commands, i, expected, actual);
            }
        }

        @Override
        public void close() {
            theirs.forEach(RawClient::close);
            ours.forEach(RawClient::close);
        }
    }
}
