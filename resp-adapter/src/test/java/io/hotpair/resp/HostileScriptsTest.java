package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Scripts that want everything for themselves. Each gets an error or an answer within its limits;
 * meanwhile another client of the same event loop is served.
 */
class HostileScriptsTest {
    private static final long LIMIT_BYTES = 8 << 20;
    private static final Duration TIMEOUT = Duration.ofMillis(250);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final int ATTACKERS = 3;
    private static final long MAX_HELD_NS = 500_000_000L;
    private static final long MAX_LEFT_BYTES = 64 << 20;
    private static final long MAX_WAIT_NS = 1_500_000_000L;

    private TestListener listener;

    @BeforeEach
    void open() {
        listener =
                TestListener.open(
                        config ->
                                config.eventLoopThreads(1)
                                        .scriptMemoryLimit(LIMIT_BYTES)
                                        .scriptTimeout(TIMEOUT));
    }

    @AfterEach
    void close() {
        listener.close();
    }

    private static String repeated(String text, int times) {
        return text.repeat(times);
    }

    /** Executes a script, and asks as another client all the time; no answer may take long. */
    private String attack(String script) {
        return attack(listener, script);
    }

    private static String attack(TestListener target, String script) {
        AtomicBoolean done = new AtomicBoolean();
        AtomicLong slowestNs = new AtomicLong();
        AtomicLong answers = new AtomicLong();
        Thread other =
                new Thread(
                        () -> {
                            try (RawClient client = target.connect()) {
                                do {
                                    long startNs = System.nanoTime();
                                    assertEquals("+PONG\r\n", client.call("PING"));
                                    assertEquals("+OK\r\n", client.call("SET", "mine", "1"));
                                    slowestNs.accumulateAndGet(
                                            System.nanoTime() - startNs, Math::max);
                                    answers.incrementAndGet();
                                } while (!done.get());
                            }
                        });
        other.start();
        String reply;
        try (RawClient client = target.connect()) {
            reply = client.call("EVAL", script, "1", "key", "arg");
        } finally {
            done.set(true);
            join(other);
        }
        assertTrue(answers.get() > 0, "the other client got no answer");
        assertTrue(
                slowestNs.get() < MAX_WAIT_NS,
                "the other client waited " + slowestNs.get() / 1_000_000 + " ms");
        try (RawClient client = target.connect()) {
            assertEquals(":1\r\n", client.call("EVAL", "return 1", "0"), "after " + script);
        }
        return reply;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "while true do end",
                "repeat until false",
                "for i=1,1e300 do end",
                "while true do pcall(function() while true do end end) end",
                "local function f() return f() end return f()",
                "while true do redis.call('get', 'key') end",
                "while true do redis.pcall('nosuch') end",
                "while true do pcall(error, 'x') end",
                "return string.find(('a'):rep(30), ('a?'):rep(30)..('a'):rep(30)..'b')",
                "return string.find(('a'):rep(5000), '.-.-.-.-b')",
                "return string.find(('a'):rep(100000), '(.*)(.*)(.*)(.*)b')",
                "return string.gsub(('a'):rep(100000), '.-b', '')",
                "return string.match(('('):rep(200000), '%b()%b()')",
                "local s = ('x'):rep(1000000) for i=1,1e9 do local a = s:lower() end",
                "local s = ('x'):rep(1000000) for i=1,1e9 do local a = s:reverse() end",
                "local s = ('x'):rep(1000000) for i=1,1e9 do s:find('y', 1, true) end",
                "local t = {} for i=1,1000 do t[i] = i end while true do table.sort(t, function(a, b)"
                        + " return a > b end) end",
                "local t = {} for i=1,10000 do t[i] = 1 end while true do table.insert(t, 1, 1)"
                        + " table.remove(t, 1) end",
                "local t = setmetatable({}, {__index=function(t, k) while true do end end}) return t.x",
                "while true do loadstring('return 1') end",
                "while true do coroutine.wrap(function() end)() end",
                "coroutine.wrap(function() while true do end end)()",
                "local function f() while true do coroutine.yield() end end local c ="
                        + " coroutine.wrap(f) while true do c() end",
                "assert(load(function() return 'x=1 ' end))",
                "while true do cjson.decode('[1,2,3]') end",
                "while true do string.format('%99d', 1) end",
                "while true do redis.sha1hex('x') end",
                "local i = 0 while true do i = i + 1 redis.call('set', 'k'..i % 10, i) end",
            })
    void shouldEndWhatTakesForEver(String script) {
        String reply = attack(script);

        assertTrue(reply.startsWith("-ERR "), reply);
        assertTrue(reply.contains("took longer") || reply.contains("memory"), () -> reply);
        try (RawClient client = listener.connect()) {
            assertEquals(":0\r\n", client.call("EXISTS", "k1"), "what it wrote is forgotten");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "return #string.rep('x', 2^30)",
                "return #string.rep('xxxxxxxx', 2^31-1)",
                "local s = 'x' while true do s = s..s end",
                "local t = {} for i=1,1e9 do t[i] = i end",
                "local t = {} for i=1,1e9 do t['k'..i] = i end",
                "local t = {} for i=1,1e9 do t[#t+1] = {} end",
                "local t = {} for i=1,1e9 do t[#t+1] = function() return t end end",
                "local t = {} for i=1,1e9 do t = {t} end",
                "local function f(n) return ('x'):rep(1000000)..f(n + 1) end return f(1)",
                "local function f(...) local t = {} for i=1,100000 do t[i] = i end return f(t, ...) end"
                        + " return f() .. ''",
                "local t = {} for i=1,1000 do t[i] = ('x'):rep(100000) end return table.concat(t)",
                "local s = ('x'):rep(100000) return s:gsub('x', ('y'):rep(100000))",
                "local s = ('x'):rep(100000) return s:gsub('x', function() return s end)",
                "local t = {} while true do t[#t+1] = ('x'):rep(100):upper() end",
                "local s = ('x'):rep(1000000) local t = {} for i=1,1000 do t[i] = s:sub(1, -1 - i) end",
                "local t = {} for i=1,300 do t[i] = i end local s = {} while true do s[#s+1] ="
                        + " string.char(unpack(t, 1, 200)) end",
                "local t = {} while true do t[#t+1] = cjson.decode('[[],[],[],[]]') end",
                "return cjson.decode('['..('[],'):rep(2000000)..'1]')",
                "return cmsgpack.unpack('\\221\\0\\127\\255\\255'..('\\144'):rep(5000000))",
                "return ('x'):rep(4000000), (function() return ('x'):rep(4000000), ('x'):rep(4000000)"
                        + " end)()",
                "local t = {} while true do t[#t+1] = cmsgpack.pack({1,2,3,('x'):rep(1000)}) end",
                "local t = {} while true do t[#t+1] = struct.pack('c0', ('x'):rep(1000)) end",
                "redis.call('set', 'big', ('x'):rep(1000000)) local t = {} while true do t[#t+1] ="
                        + " redis.call('get', 'big') end",
                "return assert(load(function() return ('x'):rep(100000)..'=1 ' end))",
                "local t = {} while true do t[#t+1] = loadstring('return '..#t) end",
                "local t = {} for i=1,1e9 do t[i] = coroutine.create(function() end) end",
                "local s = {} while true do s[#s+1] = string.format('%s', ('x'):rep(1000)) end",
                "local t = {} while true do t[#t+1] = redis.sha1hex(tostring(#t)) end",
                "return string.format(('%s'):rep(1000), unpack((function() local t = {} for i=1,1000 do"
                        + " t[i] = ('x'):rep(10000) end return t end)()))",
            })
    void shouldRefuseMemoryWithoutEnd(String script) {
        String reply;
        try (TestListener patient =
                TestListener.open(
                        config ->
                                config.eventLoopThreads(1)
                                        .scriptMemoryLimit(LIMIT_BYTES)
                                        .scriptTimeout(PATIENCE))) {
            reply = attack(patient, script);
        }

        assertTrue(reply.contains("not enough memory") || reply.contains("overflow"), () -> reply);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "local function f() return 1 + f() end return f()",
                "local function f() f() end f()",
                "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end"
                        + " return t.x",
                "local t = {} setmetatable(t, {__index=t}) return t.x",
                "local function f() return pcall(f) end local ok, e = f() error(e)",
                "local function f() return pcall(pcall, f) end local a, b, c = f() error(c)",
                "local t = {} table.sort({1, 2, 3}, function(a, b) error('x') end)",
                "local function f() table.sort({1, 2}, f) end f()",
                "local function f() return (('x'):gsub('x', f)) end return f()",
                "local mt = {} mt.__tostring = function(t) return tostring(t) end return"
                        + " tostring(setmetatable({}, mt))",
                "local mt = {} mt.__eq = function(a, b) return a == b end return setmetatable({}, mt) =="
                        + " setmetatable({}, mt)",
                "local mt = {} mt.__concat = function(a, b) return a..b end return setmetatable({},"
                        + " mt)..'x'",
                "local mt = {} mt.__call = function(self) return self() end return (setmetatable({},"
                        + " mt)())",
                "local function f() return coroutine.wrap(f)() end return f()",
                "local t = {} for i=1,100 do t[i] = coroutine.create(function() coroutine.yield() end)"
                        + " coroutine.resume(t[i]) end error('too many')",
                "local t = {} t[1] = t return cjson.encode(t)",
                "return cjson.decode(('['):rep(100000))",
                "return cjson.decode(('{\"a\":'):rep(100000))",
                "return cmsgpack.unpack(('\\145'):rep(100000))",
                "return string.find('x', ('('):rep(1000))",
                "return string.find(('x'):rep(10000), ('x?'):rep(10000))",
                "return unpack({}, 1, 1e8)",
                "return string.byte(('x'):rep(100000), 1, -1)",
                "return string.format('%99999d', 1)",
                "return string.format('%.99999f', 1)",
                "string.rep = nil",
                "getmetatable('').__index = function() end",
                "getmetatable('').__index.upper = nil",
                "_G.redis = nil",
                "_G = nil",
                "redis.call = nil",
                "rawset(_G, 'x', 1)",
                "setmetatable(_G, nil)",
                "setmetatable(string, {})",
                "getmetatable(_G).__newindex = 1",
                "return io.open('/etc/passwd')",
                "return os.execute('id')",
                "return require('x')",
                "return package.path",
                "return debug.getinfo(1)",
                "return dofile('/etc/passwd')",
                "return loadfile('/etc/passwd')",
                "return luajava.bindClass('java.lang.System')",
                "return setfenv(1, {})",
                "return getfenv(0)",
                "return newproxy()",
                "return module('x')",
                "return print('x')",
                "return loadstring(string.dump(function() end))()",
                "return loadstring('\\27Lua')()",
                "return load(function() return '\\27LuaQ' end)()",
                "return redis.call('eval', 'return 1', 0)",
                "return redis.call('script', 'flush')",
                "return redis.call('multi')",
                "return redis.call('subscribe', 'x')",
                "return redis.call('shutdown')",
                "return redis.call('debug', 'sleep', 10)",
                "return redis.call(unpack({}, 1, 5000))",
                "local t = {} for i=1,7000 do t[i] = i end return redis.call(unpack(t))",
            })
    void shouldRefuseWhatIsNotAllowed(String script) {
        String reply = attack(script);

        assertTrue(reply.startsWith("-"), () -> script + ": " + reply);
    }

    @Test
    void shouldRefuseSourcesThatAreTooDeepToParse() {
        List<String> sources = new ArrayList<>();
        sources.add("return " + repeated("(", 100_000));
        sources.add("return " + repeated("{", 100_000));
        sources.add("return " + repeated("not ", 100_000) + "1");
        sources.add("return " + repeated("- ", 100_000) + "x");
        sources.add("return " + repeated("1 ..", 100_000) + "1");
        sources.add("return " + repeated("2^", 100_000) + "1");
        sources.add(repeated("do ", 100_000));
        sources.add(repeated("if x then ", 100_000));
        sources.add(repeated("while true do ", 100_000));
        sources.add(repeated("local function f() ", 100_000));
        sources.add("return " + repeated("function() return ", 100_000));
        sources.add("local x = f" + repeated("()", 100_000));
        sources.add("local x = f" + repeated(".x", 100_000));
        sources.add("local x = f" + repeated("[1]", 100_000));
        sources.add("local " + repeated("x,", 300) + "x");
        for (String source : sources) {
            String reply = attack(source);

            assertTrue(
                    reply.startsWith("-ERR Error compiling script"),
                    () -> source.substring(0, 30) + ": " + reply);
        }
    }

    private static Stream<Arguments> families() {
        return Stream.of(
                Arguments.of(
                        "long work", HostileScripts.longWork(), List.of("took longer", "memory")),
                Arguments.of("depth", HostileScripts.depth(), List.of()),
                Arguments.of("sources", HostileScripts.sources(), List.of()),
                Arguments.of("arguments", HostileScripts.arguments(), List.of()),
                Arguments.of(
                        "catching", HostileScripts.catching(), List.of("took longer", "too many")),
                Arguments.of("replies", HostileScripts.replies(), List.of()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("families")
    void shouldAnswerWhateverAScriptAttacks(
            String family, List<String> scripts, List<String> errors) {
        attackWithAll(listener, family, scripts, errors);
    }

    @Test
    void shouldCountWhateverAScriptKeeps() {
        // With time enough on a busy machine, so that it is the memory that ends them.
        try (TestListener patient =
                TestListener.open(
                        config ->
                                config.eventLoopThreads(1)
                                        .scriptMemoryLimit(LIMIT_BYTES / 4)
                                        .scriptTimeout(PATIENCE))) {
            attackWithAll(
                    patient,
                    "memory",
                    HostileScripts.memory(),
                    List.of("not enough memory", "overflow", "too many"));
        }
    }

    private static void attackWithAll(
            TestListener target, String family, List<String> scripts, List<String> errors) {
        long heapBefore = liveHeapBytes();
        Queue<String> waiting = new ConcurrentLinkedQueue<>(scripts);
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        List<Thread> attackers = new ArrayList<>();
        for (int i = 0; i < ATTACKERS; i++) {
            Thread attacker = new Thread(() -> attackWith(target, waiting, errors, wrong));
            attacker.start();
            attackers.add(attacker);
        }
        long mostNs = 0;
        try (RawClient other = target.connect()) {
            assertEquals("+PONG\r\n", other.call("PING"));
            long[] loops = loops();
            long beforeNs = cpuNs(loops);
            do {
                assertEquals("+PONG\r\n", other.call("PING"));
                long nowNs = cpuNs(loops);
                mostNs = Math.max(mostNs, nowNs - beforeNs);
                beforeNs = nowNs;
            } while (attackers.stream().anyMatch(Thread::isAlive));
        }
        attackers.forEach(HostileScriptsTest::join);

        assertEquals(List.of(), List.copyOf(wrong));
        long heldNs = mostNs;
        assertTrue(
                heldNs < MAX_HELD_NS,
                () -> family + " held the event loop for " + heldNs / 1_000_000 + " ms");
        long heapAfter = liveHeapBytes();
        assertTrue(
                heapAfter - heapBefore < MAX_LEFT_BYTES,
                () -> family + " left " + (heapAfter - heapBefore) + " bytes");
    }

    private static void attackWith(
            TestListener target, Queue<String> waiting, List<String> errors, Queue<String> wrong) {
        for (String script = waiting.poll(); script != null; script = waiting.poll()) {
            String reply;
            try (RawClient client = target.connect()) {
                reply = client.call("EVAL", script, "1", "key", "arg");
                client.call("SCRIPT", "FLUSH");
            } catch (RuntimeException | AssertionError e) {
                reply = e.toString();
            }
            String answer = reply;
            boolean isExpected =
                    errors.isEmpty()
                            ? !answer.isEmpty() && "-+:$*_#,(=%~".indexOf(answer.charAt(0)) >= 0
                            : answer.startsWith("-") && errors.stream().anyMatch(answer::contains);
            if (!isExpected
                    // Said after an error of the JVM's, which a limit should have come before.
                    || answer.contains("the server has no memory")
                    || answer.contains("expected RESP")
                    || answer.contains("out of bounds")) {
                wrong.add(shortened(script) + " -> " + shortened(answer));
            }
        }
    }

    private static String shortened(String text) {
        return text.length() < 400
                ? text
                : text.substring(0, 100) + "..." + text.substring(text.length() - 280);
    }

    /** The event loops that there are. */
    private static long[] loops() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().startsWith("hotpair-resp-"))
                .mapToLong(Thread::getId)
                .toArray();
    }

    /** What they have worked, which says more on a busy machine than the clock does. */
    private static long cpuNs(long[] loops) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long totalNs = 0;
        for (long loop : loops) {
            totalNs += Math.max(0, threads.getThreadCpuTime(loop));
        }
        return totalNs;
    }

    /** What is left when all garbage is gone. */
    private static long liveHeapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void shouldGoThroughAChainOfOperatorsWithoutDepth() {
        try (RawClient client = listener.connect()) {
            assertEquals(
                    ":20001\r\n",
                    client.call("EVAL", "local x = 1 return x" + " + x".repeat(20_000), "0"));
            assertEquals(
                    "$5\r\n31bcd\r\n",
                    client.call(
                            "EVAL",
                            "local a = 1 return a + a + a .. a .. 'b' .. 'c' .. 'd' == 'x' and 0 or"
                                    + " a + a + a .. a .. 'b' .. 'c' .. 'd'",
                            "0"));
        }
    }

    @Test
    void shouldLookForRoomBeforeALibraryIsCompiled() {
        try (TestListener small = TestListener.open(config -> config.scriptCacheLimit(1 << 20));
                RawClient client = small.connect()) {
            // What can't be compiled says so only if it was tried.
            String library = "#!lua name=big\n" + "= ".repeat(1 << 20);

            String reply = client.call("FUNCTION", "LOAD", library);

            assertEquals("-ERR there is no room for more functions\r\n", reply);
        }
    }

    @Test
    void shouldCountWhatAllLibrariesOfADumpRegisterTogether() {
        int libraries = 20;
        String payload;
        try (TestListener donor = TestListener.open(config -> config.scriptMemoryLimit(64 << 20));
                RawClient client = donor.connect()) {
            for (int i = 0; i < libraries; i++) {
                String code =
                        "local d = 'x' for i = 1, 16 do d = d .. d end for i = 1, 25 do"
                                + " redis.register_function{function_name = 'f%d_' .. i,"
                                + " description = d, callback = function() end} end";
                String library = "#!lua name=l%d\n" + code;
                assertEquals(
                        "$" + ("l" + i).length() + "\r\nl" + i + "\r\n",
                        client.call(
                                "FUNCTION", "LOAD", library.replace("%d", Integer.toString(i))));
            }
            String dumped = client.call("FUNCTION", "DUMP");
            payload = dumped.substring(dumped.indexOf('\n') + 1, dumped.length() - 2);
        }
        try (RawClient client = listener.connect()) {
            String reply = client.call("FUNCTION", "RESTORE", payload);

            assertTrue(reply.startsWith("-ERR not enough memory"), reply);
            assertEquals("*0\r\n", client.call("FUNCTION", "LIST"));
        }
    }

    @Test
    void shouldLoadPiecesForAsLongAsNothingOfThemIsKept() {
        try (TestListener patient =
                        TestListener.open(
                                config ->
                                        config.scriptMemoryLimit(LIMIT_BYTES / 8)
                                                .scriptTimeout(PATIENCE));
                RawClient client = patient.connect()) {
            String script =
                    "local f for i = 1, 20000 do local done f = load(function() if done then return"
                            + " nil end done = true return 'return 1 -- ' .. ('x'):rep(200) end) end"
                            + " return f()";
            assertEquals(":1\r\n", client.call("EVAL", script, "0"));
        }
    }

    @Test
    void shouldAnswerWhoIsRefusedAsTooManyScriptsWait() {
        try (TestListener patient =
                        TestListener.open(
                                config -> config.eventLoopThreads(1).scriptTimeout(PATIENCE));
                RawClient client = patient.connect()) {
            List<RawClient> waiting = new ArrayList<>();
            try {
                for (int i = 0; i < 1_002; i++) {
                    RawClient next = patient.connect();
                    waiting.add(next);
                    next.send(RawClient.command("EVAL", "while true do end", "0"));
                }
                Await.until(() -> patient.listener().clientCount() == 1_003, () -> "not all");
                // What they have sent comes before what is sent when one of these is answered.
                assertEquals("+PONG\r\n", client.call("PING"));
                assertEquals("+PONG\r\n", client.call("PING"));
                String reply = client.call("EVAL", "while true do end", "0");

                assertEquals("-ERR too many scripts wait that take long\r\n", reply);
                assertEquals("+PONG\r\n", client.call("PING"));
            } finally {
                waiting.forEach(RawClient::close);
            }
        }
    }

    @Test
    void shouldCompileALongLibraryAsideAndRefuseWhatDoesNotEnd() {
        try (TestListener patient =
                        TestListener.open(
                                config -> config.eventLoopThreads(1).scriptTimeout(PATIENCE));
                RawClient client = patient.connect()) {
            String code = "redis.register_function('f', function() return 1 end) ";
            String library = "#!lua name=long\n" + code + "local x " + "x = 1 ".repeat(20_000);
            String endless = "#!lua name=endless\n" + code + "while true do end";

            assertEquals("$4\r\nlong\r\n", client.call("FUNCTION", "LOAD", library));
            assertEquals(":1\r\n", client.call("FCALL", "f", "0"));
            assertEquals(
                    "-ERR Error registering functions: ERR FUNCTION LOAD timeout\r\n",
                    client.call("FUNCTION", "LOAD", "REPLACE", endless));
            assertEquals(":1\r\n", client.call("FCALL", "f", "0"));
        }
    }

    @Test
    void shouldSuspendCoroutinesWithinTheDepthOfOne() {
        String deep =
                "local function f(n) if n == 0 then coroutine.yield() else f(n - 1) end return 1 end"
                        + " local c = {} for i = 1, 15 do c[i] = coroutine.create(f)"
                        + " local ok, e = coroutine.resume(c[i], 5000) if not ok then return e end end";
        try (RawClient client = listener.connect()) {
            assertTrue(client.call("EVAL", deep, "0").contains("stack overflow"));
        }
    }

    @Test
    void shouldBeKilledByAnotherClient() {
        AtomicBoolean done = new AtomicBoolean();
        String[] reply = new String[1];
        Thread attacker =
                new Thread(
                        () -> {
                            try (RawClient client = listener.connect()) {
                                reply[0] =
                                        client.call(
                                                "EVAL",
                                                "redis.call('set', 'k', 1) while true do end",
                                                "0");
                            } finally {
                                done.set(true);
                            }
                        });
        try (RawClient client = listener.connect()) {
            // What was begun for clients of other tests goes on without them.
            Await.until(
                    () -> client.call("SCRIPT", "KILL").startsWith("-NOTBUSY"),
                    () -> "a script goes on");
            attacker.start();
            Await.until(() -> client.call("SCRIPT", "KILL").equals("+OK\r\n"), () -> "no script");
            join(attacker);

            assertTrue(reply[0].startsWith("-ERR Script killed by user"), reply[0]);
            assertEquals(":0\r\n", client.call("EXISTS", "k"), "nothing of it has happened");
            // It is over; one of another test may have begun since.
            Await.until(
                    () -> client.call("SCRIPT", "KILL").startsWith("-NOTBUSY"),
                    () -> "a script goes on");
        }
    }

    @Test
    void shouldLimitWhatTheCacheTakes() {
        long limitBytes = 1 << 20;
        try (TestListener small = TestListener.open(config -> config.scriptCacheLimit(limitBytes));
                RawClient client = small.connect()) {
            String kept = client.call("SCRIPT", "LOAD", "return 'kept'").split("\r\n", -1)[1];
            for (int i = 0; i < 50; i++) {
                String source = "return " + i + " --" + "x".repeat(100_000);
                assertEquals(":" + i + "\r\n", client.call("EVAL", source, "0"));
                assertTrue(small.server().scripts().bytes() <= limitBytes);
            }
            assertEquals("$4\r\nkept\r\n", client.call("EVALSHA", kept, "0"));

            String reply = "";
            for (int i = 0; i < 50 && !reply.startsWith("-"); i++) {
                reply = client.call("SCRIPT", "LOAD", "return " + i + " --" + "x".repeat(100_000));
            }

            assertTrue(reply.startsWith("-ERR the script cache is full"), reply);
            assertTrue(small.server().scripts().bytes() <= limitBytes);
            assertEquals("+OK\r\n", client.call("SCRIPT", "FLUSH"));
            assertEquals(":5\r\n", client.call("EVAL", "return 5", "0"));
        }
    }

    @Test
    void shouldNotHoldTheLoopWithAScriptInsideOfATransaction() {
        try (RawClient client = listener.connect()) {
            client.call("MULTI");
            client.call("EVAL", "while true do end", "0");
            client.call("SET", "after", "1");

            String reply = client.call("EXEC");

            assertTrue(
                    reply.startsWith(
                            "-EXECABORT Transaction discarded because of: the script needs"),
                    reply);
            assertEquals("$-1\r\n", client.call("GET", "after"));
        }
    }
}
