package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same libraries of functions, and calls of them, to a real redis-server and to a listener. */
class FunctionDifferentialTest {
    private static final String LIBRARY =
            "#!lua name=mylib\n"
                    + "local function get() return redis.call('get', 'text') end\n"
                    + "redis.register_function('args', function(keys, args) return {keys, args} end)\n"
                    + "redis.register_function{function_name='reads', callback=get,"
                    + " flags={'no-writes'}}\n"
                    + "redis.register_function{function_name='all', callback=get, description='what it"
                    + " does', flags={'no-writes'}}\n"
                    + "redis.register_function('writes', function(keys, args) return redis.call('set',"
                    + " keys[1], args[1]) end)\n"
                    + "redis.register_function('fails', function() error('x') end)\n"
                    + "redis.register_function('nosuch', function() return redis.call('nosuch') end)\n"
                    + "redis.register_function('globals', function() return KEYS end)\n"
                    + "redis.register_function('registers', function() return"
                    + " redis.register_function('x', function() end) end)\n"
                    + "redis.register_function('fields', function() local t = {} for k in pairs(redis)"
                    + " do t[#t+1] = k end table.sort(t) return t end)\n"
                    + "redis.register_function('sums', function(keys, args) local s = 0 for _, a in"
                    + " ipairs(args) do s = s + a end return s end)\n";

    private static String withName(String code) {
        return "#!lua name=other\n" + code;
    }

    private static void compare(int protocol, List<String[]> commands) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient real = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            String version = Integer.toString(protocol);
            real.call("HELLO", version);
            ours.call("HELLO", version);
            ScriptDifferentialTest.compare(real, ours, commands);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldLoadAndCallAsRedisDoes(int protocol) {
        List<String[]> commands = new ArrayList<>();
        commands.add(new String[] {"SET", "text", "abc"});
        commands.add(new String[] {"FUNCTION", "LOAD", LIBRARY});
        commands.add(new String[] {"FUNCTION", "LOAD", LIBRARY});
        commands.add(new String[] {"FUNCTION", "LOAD", "REPLACE", LIBRARY});
        commands.add(new String[] {"FUNCTION", "LOAD", "FOO", LIBRARY});
        for (String call :
                List.of(
                        "FCALL args 1 k a b",
                        "FCALL args 0",
                        "FCALL reads 0",
                        "FCALL_RO reads 0",
                        "FCALL_RO args 0",
                        "FCALL all 0",
                        "FCALL writes 1 key value",
                        "GET key",
                        "FCALL_RO writes 1 key value",
                        "FCALL fails 0",
                        "FCALL nosuch 0",
                        "FCALL globals 0",
                        "FCALL registers 0",
                        "FCALL fields 0",
                        "FCALL sums 0 1 2 3",
                        "FCALL missing 0",
                        "FCALL args x",
                        "FCALL args 5",
                        "FCALL args -1",
                        "FCALL args",
                        "MULTI",
                        "FCALL sums 0 1 2",
                        "FCALL fails 0",
                        "EXEC",
                        "FUNCTION STATS",
                        "FUNCTION KILL",
                        "FUNCTION LIST LIBRARYNAME nosuch*",
                        "FUNCTION LIST LIBRARYNAME",
                        "FUNCTION LIST x",
                        "FUNCTION DELETE nosuch",
                        "FUNCTION DELETE",
                        "FUNCTION FLUSH x",
                        "FUNCTION nosuch",
                        "FUNCTION",
                        "FUNCTION DELETE mylib",
                        "FCALL args 0",
                        "FUNCTION LIST",
                        "FUNCTION STATS")) {
            commands.add(call.split(" ", -1));
        }
        compare(protocol, commands);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldListAsRedisDoes(int protocol) {
        String library =
                withName(
                        "redis.register_function{function_name='one', callback=function() end,"
                                + " description='what it does', flags={'no-writes'}}");
        compare(
                protocol,
                List.of(
                        new String[] {"FUNCTION", "LOAD", library},
                        new String[] {"FUNCTION", "LIST"},
                        new String[] {"FUNCTION", "LIST", "WITHCODE"},
                        new String[] {"FUNCTION", "LIST", "LIBRARYNAME", "ot*", "WITHCODE"},
                        new String[] {"FUNCTION", "LIST", "WITHCODE", "WITHCODE"},
                        new String[] {"FUNCTION", "FLUSH", "SYNC"},
                        new String[] {"FUNCTION", "LIST"}));
    }

    @Test
    void shouldRefuseWhatRedisRefuses() {
        List<String[]> commands = new ArrayList<>();
        commands.add(new String[] {"FUNCTION", "LOAD", LIBRARY});
        for (String code :
                List.of(
                        "x",
                        "#!lua\nx",
                        "#!lua name=a-b\nx",
                        "#!lua name=\nx",
                        "#!lua name=a foo=b\nx",
                        "#!lua name=a name=b\nx",
                        "#!py name=a\nx",
                        withName("x x"),
                        withName("return 1"),
                        withName("error('x')"),
                        withName("redis.register_function()"),
                        withName("redis.register_function('a')"),
                        withName("redis.register_function('a-b', function() end)"),
                        withName("redis.register_function('x', 1)"),
                        withName("redis.register_function({}, function() end)"),
                        withName("redis.register_function('x', function() end, 1)"),
                        withName("redis.register_function{function_name='x'}"),
                        withName("redis.register_function{callback=function() end}"),
                        withName("redis.register_function{function_name='x', callback=5}"),
                        withName(
                                "redis.register_function{function_name={}, callback=function() end}"),
                        withName(
                                "redis.register_function{function_name='x', callback=function() end,"
                                        + " foo=1}"),
                        withName(
                                "redis.register_function{function_name='x', callback=function() end,"
                                        + " flags={'bad'}}"),
                        withName(
                                "redis.register_function{function_name='x', callback=function() end,"
                                        + " flags=5}"),
                        withName(
                                "redis.register_function('x', function() end)"
                                        + " redis.register_function('x', function() end)"),
                        withName("redis.register_function('args', function() end)"),
                        withName("redis.call('get', 'x')"),
                        withName("foo = 1"),
                        withName("local x = math.random()"),
                        withName("local x = _G"),
                        withName("local x = redis.REPL_ALL"),
                        withName("redis.log(2, 'x') local x = redis.REDIS_VERSION"),
                        withName("while true do end"))) {
            commands.add(new String[] {"FUNCTION", "LOAD", code});
        }
        compare(2, commands);
    }

    private static String simple(String library, String function) {
        return "#!lua name="
                + library
                + "\nredis.register_function('"
                + function
                + "', function() return '"
                + library
                + "' end)";
    }

    /** What FUNCTION DUMP answers, without the length before it. */
    private static String dumped(RawClient client) {
        String reply = client.call("FUNCTION", "DUMP");
        return reply.substring(reply.indexOf('\n') + 1, reply.length() - 2);
    }

    private static String payload(String content, int version) {
        RdbBuffer out = new RdbBuffer(RdbBuffer.NONE);
        byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
        out.raw(bytes, 0, bytes.length);
        RdbPayload.end(out, version);
        return new String(out.copy(), StandardCharsets.ISO_8859_1);
    }

    private static String library(String code) {
        assertTrue(code.length() > 63 && code.length() < 1 << 14, "length=" + code.length());
        return "\u00f5" + (char) (0x40 | code.length() >> 8) + (char) (code.length() & 0xFF) + code;
    }

    @Test
    void shouldTakeTheLibrariesThatRedisDumpedAndGiveItsOwn() {
        // Redis compresses this one.
        String large = LIBRARY + "-- nothing to see here\n".repeat(200);
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient real = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            assertEquals(dumped(real), dumped(ours));
            real.call("FUNCTION", "LOAD", large);
            ours.call("FUNCTION", "RESTORE", dumped(real));
            String listed = real.call("FUNCTION", "LIST", "WITHCODE");
            assertTrue(listed.contains("nothing to see"));
            assertEquals(
                    real.call("FUNCTION", "STATS"),
                    ours.call("FUNCTION", "STATS"),
                    "restored here");
            assertTrue(ours.call("FUNCTION", "LIST", "WITHCODE").contains(large));
            assertEquals(":6\r\n", ours.call("FCALL", "sums", "0", "1", "2", "3"));
            ours.call("FUNCTION", "LOAD", simple("other", "one"));
            assertEquals(
                    "+OK\r\n", real.call("FUNCTION", "RESTORE", dumped(ours), "REPLACE"), "there");
            assertEquals(":6\r\n", real.call("FCALL", "sums", "0", "1", "2", "3"));
            assertEquals("$5\r\nother\r\n", real.call("FCALL", "one", "0"));
            assertTrue(real.call("FUNCTION", "LIST", "WITHCODE").contains(large));
            // Nothing is compressed here.
            real.call("CONFIG", "SET", "rdbcompression", "no");
            real.call("FUNCTION", "DELETE", "mylib");
            ours.call("FUNCTION", "FLUSH");
            ours.call("FUNCTION", "LOAD", simple("other", "one"));
            assertEquals(dumped(real), dumped(ours));
        }
    }

    @Test
    void shouldRestoreByThePoliciesOfRedis() {
        String one = payload(library(simple("one", "f1")), 10);
        String two = payload(library(simple("one", "f2")), 10);
        String three = payload(library(simple("three", "F1")), 10);
        List<String[]> commands = new ArrayList<>();
        for (String[] restore :
                List.of(
                        new String[] {one},
                        new String[] {one},
                        new String[] {one, "append"},
                        new String[] {two, "REPLACE"},
                        new String[] {one, "REPLACE"},
                        new String[] {three},
                        new String[] {three, "REPLACE"},
                        new String[] {three, "Flush"},
                        new String[] {one, "FLUSH"},
                        new String[] {payload("", 10)},
                        new String[] {payload("", 10), "REPLACE"},
                        new String[] {two, "x"},
                        new String[] {"x", "x"},
                        new String[] {two, "FLUSH", "REPLACE"},
                        new String[] {},
                        new String[] {payload("", 10), "FLUSH"})) {
            List<String> command = new ArrayList<>(List.of("FUNCTION", "RESTORE"));
            command.addAll(List.of(restore));
            commands.add(command.toArray(String[]::new));
            commands.add(new String[] {"FUNCTION", "LIST", "WITHCODE"});
            commands.add(new String[] {"FCALL", "f1", "0"});
            commands.add(new String[] {"FCALL", "f2", "0"});
        }
        commands.add(new String[] {"FUNCTION", "DUMP"});
        commands.add(new String[] {"FUNCTION", "DUMP", "x"});
        compare(2, commands);
    }

    @Test
    void shouldRefuseThePayloadsThatRedisRefuses() {
        String good = library(simple("one", "f1"));
        List<String[]> commands = new ArrayList<>();
        commands.add(new String[] {"FUNCTION", "LOAD", simple("kept", "kept")});
        for (String bytes :
                List.of(
                        "",
                        "x".repeat(20),
                        payload(good, 13),
                        payload(good, 10) + "x",
                        payload("\0" + good, 10),
                        payload(good + "\u00f5", 10),
                        payload("\u00f5\u007f", 10),
                        payload("\u00f5\u00c0\u0007", 10),
                        payload("\u00f5\u0003abc", 10),
                        payload(good + good, 10),
                        payload(good + library(simple("two", "f1")), 10),
                        payload(good + library(simple("two", "f2") + " x"), 10),
                        payload(good + library(withName("return 1 --" + "x".repeat(60))), 10),
                        payload(good + library(simple("two", "kept")), 10),
                        payload(good, 1))) {
            commands.add(new String[] {"FUNCTION", "RESTORE", bytes});
            commands.add(new String[] {"FUNCTION", "STATS"});
        }
        compare(2, commands);
    }
}
