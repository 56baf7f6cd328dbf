package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The same rules, and then the same users' commands, to a real redis-server and to a listener. */
class AclDifferentialTest {
    private static final int PROGRAMS =
            Integer.getInteger("hotpair.programs", DifferentialTest.isCi() ? 300 : 30);
    private static final int COMMANDS = 120;
    private static final long SEED = Long.getLong("hotpair.seed", 20_261_122);
    private static final List<String> USERS = List.of("alice", "bob", "carol", "default2");

    private static final CommandTable TABLE = new CommandTable();
    private static final Set<String> NOT_OF_REDIS =
            new AclCatalog(TABLE)
                    .everything().stream()
                            .filter(entry -> !entry.isOfRedis())
                            .map(AclCatalog.Entry::name)
                            .collect(Collectors.toSet());

    @Test
    void shouldUnderstandRulesAsRedisDoes() {
        AclCatalog catalog = new AclCatalog(TABLE);
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (int program = 0; program < PROGRAMS; program++) {
                long seed = SEED + program;
                forgetUsers(theirs, ours);
                AclSource source = new AclSource(new Random(seed), catalog);
                List<String> history = new ArrayList<>();
                for (int i = 0; i < COMMANDS; i++) {
                    String[] rules = source.next();
                    compare(seed, history, theirs, ours, rules);
                    compareUsers(seed, history, theirs, ours, source);
                }
            }
        }
    }

    private static void forgetUsers(RawClient theirs, RawClient ours) {
        String[] all = {"ACL", "DELUSER", "alice", "bob", "carol", "default2"};
        assertEquals(theirs.call(all), ours.call(all));
        assertEquals(theirs.call("ACL", "LOG", "RESET"), ours.call("ACL", "LOG", "RESET"));
    }

    private static void compareUsers(
            long seed, List<String> history, RawClient theirs, RawClient ours, AclSource source) {
        compare(seed, history, theirs, ours, "ACL", "LIST");
        compare(seed, history, theirs, ours, "ACL", "GETUSER", source.user());
        for (int i = 0; i < 3; i++) {
            String[] dry = CommandSource.plus(new String[] {"ACL", "DRYRUN", source.user()});
            compare(seed, history, theirs, ours, CommandSource.plus(dry, source.use()));
        }
    }

    private static void compare(
            long seed, List<String> history, RawClient theirs, RawClient ours, String... command) {
        history.add(Arrays.toString(command));
        String expected = sorted(theirs.call(command));
        String actual = sorted(ours.call(command));
        if (!expected.equals(actual)) {
            String where =
                    "seed="
                            + seed
                            + "\n"
                            + String.join(
                                    "\n",
                                    history.subList(
                                            Math.max(0, history.size() - 40), history.size()));
            assertEquals(expected, actual, where);
        }
    }

    /**
     * Single commands stand in the order of Redis's tables, which its seed decides; and Redis does
     * not know the newer ones, nor SENTINEL.
     */
    private static String sorted(String reply) {
        StringBuilder out = new StringBuilder();
        for (String line : reply.split("\r\n", -1)) {
            if (line.startsWith("$")) {
                continue;
            }
            List<String> run = new ArrayList<>();
            for (String word : line.split("(?= )|(?<=\\()|(?=\\))", -1)) {
                String rule = word.trim();
                if (rule.matches("[+-][a-z_][-a-z_|0-9]*")) {
                    if (!NOT_OF_REDIS.contains(rule.substring(1))) {
                        run.add(" " + rule);
                    }
                    continue;
                }
                Collections.sort(run);
                run.forEach(out::append);
                run.clear();
                out.append(word);
            }
            Collections.sort(run);
            run.forEach(out::append);
            out.append('\n');
        }
        return out.toString();
    }

    @Test
    void shouldLetRestrictedUsersDoWhatRedisLetsThem() {
        AclCatalog catalog = new AclCatalog(TABLE);
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (int program = 0; program < PROGRAMS; program++) {
                long seed = SEED + 1_000_000 + program;
                forgetUsers(theirs, ours);
                assertEquals(theirs.call("FLUSHALL"), ours.call("FLUSHALL"));
                AclSource source = new AclSource(new Random(seed), catalog);
                List<String> history = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    compare(seed, history, theirs, ours, source.next());
                }
                for (String user : USERS) {
                    compare(seed, history, theirs, ours, "ACL", "SETUSER", user, "on", "nopass");
                    try (RawClient theirUser = new RawClient(redis.port());
                            RawClient ourUser = listener.connect()) {
                        use(seed, history, theirUser, ourUser, user, source);
                    }
                }
            }
        }
    }

    private static void use(
            long seed,
            List<String> history,
            RawClient theirs,
            RawClient ours,
            String user,
            AclSource source) {
        compare(seed, history, theirs, ours, "AUTH", user, "x");
        StringBuilder pipeline = new StringBuilder();
        for (int i = 0; i < COMMANDS / 2; i++) {
            String[] command = source.use();
            history.add(Arrays.toString(command));
            pipeline.append(RawClient.command(command));
        }
        pipeline.append(RawClient.command("QUIT"));
        theirs.send(pipeline.toString());
        ours.send(pipeline.toString());
        assertEquals(
                comparable(theirs.untilClosed()),
                comparable(ours.untilClosed()),
                () -> "seed=" + seed + "\n" + String.join("\n", history));
    }

    /** Without what depends on who and when. */
    private static String comparable(String replies) {
        return replies.replaceAll("id=\\d+ addr[^\r]*", "client")
                .replaceAll("\\$\\d+\r\n(?=client)", "")
                // Which of the two it is depends on what was there before.
                .replaceAll("\\$3\r\nraw\r\n", "\\$6\r\nembstr\r\n")
                .replaceAll(":\\d{10}\r\n", ":time\r\n")
                .replaceAll("\\$\\d+\r\n\\d{4,5}\r\n", "port\r\n");
    }

    /**
     * Programs on several connections: the number says on which one, and {@code closed} that the
     * server has ended it by now; a caret stands for a bar in a rule.
     */
    private static final String[] SCRIPTS = {
        "0 acl whoami|0 acl users|0 acl list|0 acl getuser default|0 acl getuser nosuch|0 acl foo"
                + "|0 acl|0 acl whoami x|0 acl cat x y|0 acl cat nosuch|0 acl CAT|0 acl log foo"
                + "|0 acl log 1 2|0 acl log -1|0 acl genpass 0|0 acl genpass 4097|0 acl genpass x"
                + "|0 acl genpass 1 2|0 acl deluser default|0 acl deluser|0 acl deluser a default"
                + "|0 acl setuser|0 acl dryrun x get y|0 acl dryrun default nosuch y"
                + "|0 acl dryrun default get|0 acl dryrun default config nosuch"
                + "|0 acl dryrun default config|0 acl dryrun default|0 acl load|0 acl save",
        "0 acl setuser a on >p ~k* +@read|1 auth a x|1 auth x p|1 auth a p|1 acl whoami|1 get k1"
                + "|1 get x|1 set k1 v|1 mget k1 x|1 whoami|0 acl log|0 acl log reset|0 acl log"
                + "|0 acl setuser a off|1 get k1|2 auth a p|0 acl setuser a on nopass|2 auth a y"
                + "|2 acl whoami|0 acl setuser a resetpass|2 get k1|3 auth a p|0 client kill user a"
                + "|1 closed|2 closed|0 client kill user nosuch|0 client kill user default skipme no",
        "0 hello 3 auth default x|0 hello 3 auth nosuch x|0 acl setuser h on >h +@all|0 hello 3"
                + " auth h x|0 hello 3 auth h h setname n|0 acl whoami|0 reset|0 acl whoami|0 ping"
                + "|0 hello 2 auth|0 acl setuser h -hello -auth|0 auth h h|0 acl whoami|0 hello 3",
        "0 acl setuser a on nopass +@all ~*|1 auth a x|1 multi|1 set k v|1 get k|0 acl setuser a"
                + " -set|1 exec|0 acl log|0 acl setuser a resetkeys ~k|1 multi|1 get k|1 get x"
                + "|1 exec|1 multi|1 get k|0 acl setuser a resetkeys|1 exec|0 acl log|1 multi"
                + "|1 publish c m|1 exec|0 acl setuser a &c|1 multi|1 publish c m|0 acl setuser a"
                + " resetchannels|1 exec|0 acl log 1|1 multi|1 subscribe x|1 auth a y|1 discard",
        "0 multi|0 acl setuser a on nopass +get ~*|0 auth a x|0 acl whoami|0 get k|0 exec|0 get k"
                + "|0 acl whoami|1 acl setuser a +acl|0 acl whoami|1 acl deluser a a nosuch|0 closed",
        "0 acl setuser a on nopass +@all ~* allchannels|1 auth a x|1 subscribe c|2 auth a x"
                + "|2 psubscribe c*|3 auth a x|3 ssubscribe c|0 acl setuser a resetchannels &c*"
                + "|0 ping|1 ping|2 ping|3 unsubscribe|0 acl setuser a resetchannels &c|2 closed"
                + "|1 ping|0 acl setuser a resetchannels &d (&c*)|1 ping|0 acl setuser a"
                + " clearselectors|1 closed|3 closed|0 publish c m",
        "0 acl setuser a on nopass +@all ~* allchannels|1 auth a x|1 subscribe c|2 auth a x"
                + "|0 acl setuser a resetchannels &x|1 closed|2 ping|2 subscribe x|0 acl setuser a"
                + " &y|2 ping|0 acl deluser a|2 closed|3 auth a x",
        "0 acl setuser a on nopass +get^config|0 acl setuser a +select^0 +config^get|1 auth a x"
                + "|1 select 0|1 select 1|1 config get port|1 config set x y|1 CONFIG GET save"
                + "|1 acl whoami|0 acl getuser a|0 acl setuser a -select|1 select 0|1 get x"
                + "|0 acl setuser a +select^1|0 acl setuser a +SELECT^1 +select^2|0 acl list",
        "0 acl setuser a on nopass ~k* +@all|1 auth a x|1 rpush k 1|1 sort k by w_* get #|1 sort k"
                + " by nosort get #|1 sort k by nosort|1 sort k store x|1 sort k get w_*|1 sort_ro"
                + " k by w_*|0 acl setuser a %R~*|1 sort k by w_* get # get x|1 sort k store x"
                + "|1 sort k by w_* store k2|1 get x|1 set x y|1 append x y|1 getex x|1 copy k x"
                + "|1 copy x k1|1 rename x k|1 sort_ro k by w_*|1 set x v get|1 set k v get"
                + "|0 acl setuser a resetkeys %W~w*|1 set w v|1 set w v get|1 get w|1 incr w"
                + "|1 append w x|1 strlen w|1 exists w|1 type w|1 ttl w|1 del w|1 lpush w a"
                + "|1 lpop w|1 llen w|1 bitfield w get u8 0|1 bitfield w overflow fail get u8 0"
                + "|1 bitfield w set u8 0 1|1 expire w 10|1 object encoding w",
        "0 acl setuser a on nopass ~k* &c* +@all|1 auth a x|1 command getkeys get x|1 publish d m"
                + "|1 publish c m|1 spublish d m|1 subscribe c d|1 psubscribe c*|1 punsubscribe d*"
                + "|1 unsubscribe d|1 ssubscribe d|1 psubscribe c|1 quit|0 acl log",
        "0 acl setuser a|0 acl setuser a b|0 acl setuser a >p >p #"
                + "148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940|0 acl list"
                + "|0 acl setuser a <q|0 acl setuser a <p|0 acl setuser a !ab|0 acl getuser a"
                + "|0 acl setuser a ~* ~x|0 acl setuser a &* &x|0 acl setuser a ( ~x +get|0 acl"
                + " setuser a ( ~x +get )|0 acl list|0 acl setuser a clearselectors reset|0 acl"
                + " list|0 acl setuser default <x|0 acl setuser a %R~a %W~a %RW~b %WR~c|0 acl list",
        "0 config set acl-pubsub-default allchannels|0 acl setuser a|0 acl setuser a (+get)"
                + "|0 acl list|0 config get acllog-max-len|0 config set acl-pubsub-default foo|0 config set"
                + " acl-pubsub-default resetchannels|0 acl setuser a reset|0 acl list|0 config set"
                + " acllog-max-len 1|1 auth x y|1 auth z y|0 acl log|0 config set acllog-max-len x"
                + "|0 config set acllog-max-len 128",
        "0 acl setuser default >p|1 ping|1 auth p|1 ping|2 auth default q|2 acl whoami|2 reset"
                + "|2 get k|0 ping|0 reset|0 ping|0 auth p|0 acl setuser default off|0 ping|3 auth p"
                + "|3 get k|0 acl setuser default on nopass|3 ping|0 auth foo",
        "0 acl setuser a on nopass ~a* &c* +@all -incr -config|1 auth a x|1 eval"
                + " return(redis.call('set','b','1')) 0|1 eval return(redis.call('incr','a')) 0|1 eval"
                + " return(redis.call('publish','x','1')) 0|1 eval return(redis.call('publish','c','1')) 0"
                + "|1 eval return(redis.call('set','a','1')) 0|1 eval return(redis.pcall('get','b')) 0"
                + "|1 eval return(redis.pcall('config','get','x')) 0|1 eval"
                + " return{redis.acl_check_cmd('set','a','1'),1,redis.acl_check_cmd('set','b','1'),2}"
                + " 0|1 eval return{redis.acl_check_cmd('incr','a'),redis.acl_check_cmd('get','a')} 0"
                + "|1 eval return(redis.acl_check_cmd('nosuch')) 0|1 eval"
                + " return(redis.call('set',KEYS[1],'1')) 1 b|1 eval return(1) 1 b|0 acl log"
                + "|0 acl setuser a -eval|1 eval return(1) 0|1 multi|1 evalsha x 0|1 exec"
                + "|0 acl setuser a +eval|1 multi|1 eval return(redis.call('get','b')) 0|1 exec",
        "0 config get requirepass|0 config set requirepass p|0 acl getuser default|0 acl list|0 ping"
                + "|1 ping|1 auth q|1 auth p|1 ping|2 reset|2 ping|2 hello 2 auth default p|0 acl"
                + " setuser default >r|0 config set requirepass s|0 acl getuser default|1 ping|3"
                + " auth default r|3 auth s|0 config set requirepass t requirepass u|0 config set"
                + " requirepass t nosuch x|0 config set requirepass t maxmemory x|0 acl getuser"
                + " default|0 acl setuser default off|0 config set requirepass t|0 acl getuser"
                + " default|0 config set requirepass |0 acl getuser default|0 config get requirepass"
                + "|0 acl setuser default on|2 ping|3 auth t|0 config get protected-mode",
        "0 multi|0 config set requirepass p|0 auth p|0 exec|0 config rewrite|0 config set"
                + " requirepass (a|0 acl getuser default|1 auth (a|0 config set requirepass "
                + "x".repeat(600)
                + "|0 acl list|1 auth "
                + "x".repeat(600)
                + "|0 config set REQUIREPASS \0\377|1 auth default \0\377|1 acl list|0 acl setuser a on"
                + " >p ~* +@all|1 auth a p|1 config set requirepass |1 config get requirepass|0 acl"
                + " setuser a -config|1 config set requirepass p|2 acl list",
        "0 acl setuser default >p|1 reset|1 ping|0 acl setuser default nopass|1 ping|2 ping|0 acl"
                + " setuser default resetpass >q|1 ping|2 ping|0 ping|1 auth q|1 ping|3 reset|3"
                + " ping|0 config set requirepass r|3 ping|0 config set requirepass |3 ping|0 config"
                + " set requirepass s|3 ping|3 auth s",
        "0 acl setuser default -get|0 get k|1 get k|0 acl setuser default -@all|1 ping|1 auth x y"
                + "|1 quit|0 ping|0 acl whoami",
    };

    @Test
    void shouldAnswerScriptsAsRedisDoes() {
        for (String script : SCRIPTS) {
            try (RealRedis redis = RealRedis.start();
                    TestListener listener = TestListener.open()) {
                List<RawClient> theirs = new ArrayList<>();
                List<RawClient> ours = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    theirs.add(new RawClient(redis.port()));
                    ours.add(listener.connect());
                    // A connection counts as made when it was accepted, which takes its time.
                    assertEquals(theirs.get(i).call("PING"), ours.get(i).call("PING"));
                }
                int left = 4;
                for (String step : script.split("\\|(?=\\d )", -1)) {
                    int who = step.charAt(0) - '0';
                    String[] command = step.substring(2).replace('^', '|').split(" ", -1);
                    assertEquals(
                            answer(theirs.get(who), command),
                            answer(ours.get(who), command),
                            step + " of " + script);
                    if (command[0].equals("closed")) {
                        // Who sees the end of a connection may be quicker than what follows from
                        // it.
                        int most = --left;
                        Await.until(() -> listener.listener().clientCount() <= most, () -> script);
                    }
                }
                theirs.forEach(RawClient::close);
                ours.forEach(RawClient::close);
            }
        }
    }

    private static String answer(RawClient client, String[] command) {
        if (command[0].equals("closed")) {
            return client.untilClosed();
        }
        boolean several = command[0].matches("p?s?s?(un)?subscribe") && command.length > 2;
        client.send(RawClient.command(command));
        StringBuilder replies = new StringBuilder(client.reply());
        for (int i = 2; several && i < command.length && replies.charAt(0) != '-'; i++) {
            replies.append(client.reply());
        }
        return sorted(
                comparable(replies.toString())
                        .replaceAll("(age-seconds\r\n)[^c]*client", "$1age client")
                        .replaceAll("(?<=id\r\n):\\d+", ":n"));
    }

    @Test
    void shouldPutTheSameCommandsIntoCategoriesAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            Set<String> known =
                    TABLE.everything().stream().map(Command::fullName).collect(Collectors.toSet());
            for (Command.Category category : Command.Category.values()) {
                String name = category.text().substring(1);
                Set<String> expected = names(theirs.call("ACL", "CAT", name));
                expected.retainAll(known);
                Set<String> actual = names(ours.call("ACL", "CAT", name));
                actual.removeAll(NOT_OF_REDIS);
                assertEquals(expected, actual, name);
            }
        }
    }

    private static Set<String> names(String reply) {
        return Arrays.stream(reply.split("\r\n"))
                .filter(line -> !line.startsWith("$") && !line.startsWith("*"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void shouldKnowEveryCommandOfRedisInRules() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            Set<String> names = names(theirs.call("COMMAND", "LIST"));
            for (Command.Category category : Command.Category.values()) {
                names.addAll(names(theirs.call("ACL", "CAT", category.text().substring(1))));
            }
            for (String name : names) {
                String[] rule = {"ACL", "SETUSER", "u", "reset", "-@all", "+" + name};
                assertEquals(theirs.call(rule), ours.call(rule), name);
                assertEquals(
                        sorted(theirs.call("ACL", "LIST")), sorted(ours.call("ACL", "LIST")), name);
            }
        }
    }
}
