package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hotpair.resp.Command.Group;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;

/** What COMMAND DOCS says of arguments, compared with a real server; the words are our own. */
class CommandDocsTest {
    private static final Set<Group> GROUPS =
            EnumSet.of(Group.HASH, Group.LIST, Group.SET, Group.PUBSUB);
    private static final Set<String> NAMELESS = Set.of("oneof", "block", "pure-token");

    @Test
    void shouldDescribeArgumentsAsRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                Jedis theirs = new Jedis("127.0.0.1", redis.port());
                Jedis ours = new Jedis("127.0.0.1", listener.port())) {
            int compared = 0;
            for (Command command : listener.server().commands().commands()) {
                boolean newer = command.since().compareTo("7.1") > 0;
                if (GROUPS.contains(command.group()) && !newer) {
                    Map<String, Object> docs = docs(ours, command.name());
                    if (command.name().equals("hscan")) {
                        // Its option of 7.4.
                        docs.computeIfPresent(
                                "arguments", (name, all) -> withoutLast((List<?>) all));
                    }
                    assertEquals(docs(theirs, command.name()), docs, command.name());
                    compared++;
                }
            }
            assertEquals(16 + 22 + 17 + 9, compared);
        }
    }

    @Test
    void shouldDescribeArgumentsOfNewerCommandsAsTheNewerRedisDoes() {
        try (RealRedis redis = RealRedis.startNewer(RealRedis.NEWER);
                TestListener listener = TestListener.open();
                Jedis theirs = new Jedis("127.0.0.1", redis.port());
                Jedis ours = new Jedis("127.0.0.1", listener.port())) {
            for (Command command : listener.server().commands().everything()) {
                String since = command.since();
                boolean newer = since.compareTo("7.1") > 0 && since.compareTo("8.1") < 0;
                String name = command.fullName();
                if (newer || name.matches("hscan|z(rev)?rank")) {
                    assertEquals(docs(theirs, name), docs(ours, name), name);
                }
            }
        }
    }

    @Test
    void shouldDescribeArgumentsOfTheNewestCommandsAsTheNewestRedisDoes() {
        try (RealRedis redis = RealRedis.startNewer(RealRedis.NEWEST);
                TestListener listener = TestListener.open();
                Jedis theirs = new Jedis("127.0.0.1", redis.port());
                Jedis ours = new Jedis("127.0.0.1", listener.port())) {
            for (String name :
                    List.of(
                            "digest",
                            "msetex",
                            "delex",
                            "set",
                            "xdelex",
                            "xackdel",
                            "bitop",
                            "hotkeys|start",
                            "hotkeys|get")) {
                // A digest is no integer, as later versions say, too.
                String expected =
                        docs(theirs, name)
                                .toString()
                                .replace("type=integer, name=ifd", "type=string, name=ifd");
                assertEquals(expected, docs(ours, name).toString(), name);
            }
        }
    }

    private static List<?> withoutLast(List<?> list) {
        return list.subList(0, list.size() - 1);
    }

    private static Map<String, Object> docs(Jedis jedis, String name) {
        List<?> reply = (List<?>) jedis.sendCommand(Protocol.Command.COMMAND, "DOCS", name);
        Map<String, Object> all = map(reply.get(1));
        Map<String, Object> compared = new LinkedHashMap<>();
        compared.put("since", text(all, "since"));
        compared.put("group", text(all, "group"));
        compared.put("arguments", arguments(list(all, "arguments")));
        return compared;
    }

    private static List<Map<String, Object>> arguments(List<?> arguments) {
        List<Map<String, Object>> compared = new ArrayList<>();
        for (Object argument : arguments) {
            Map<String, Object> all = map(argument);
            Map<String, Object> one = new LinkedHashMap<>();
            String type = text(all, "type");
            one.put("type", type);
            one.put("name", NAMELESS.contains(type) ? "" : text(all, "name"));
            one.put("token", text(all, "token"));
            one.put("key_spec_index", all.getOrDefault("key_spec_index", -1L));
            Set<String> flags = new TreeSet<>();
            list(all, "flags").forEach(f -> flags.add(text(f)));
            one.put("flags", flags);
            List<Map<String, Object>> parts = arguments(list(all, "arguments"));
            one.put("arguments", parts);
            boolean blockOfOne = type.equals("block") && parts.size() == 1;
            if (blockOfOne) {
                // PSUBSCRIBE has such a thing, which is its one part, several times.
                parts.get(0).put("flags", flags);
            }
            compared.add(blockOfOne ? parts.get(0) : one);
        }
        return compared;
    }

    private static Map<String, Object> map(Object flat) {
        List<?> list = (List<?>) flat;
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < list.size(); i += 2) {
            map.put(text(list.get(i)), list.get(i + 1));
        }
        return map;
    }

    private static List<?> list(Map<String, Object> map, String name) {
        return (List<?>) map.getOrDefault(name, List.of());
    }

    private static String text(Map<String, Object> map, String name) {
        return text(map.getOrDefault(name, ""));
    }

    private static String text(Object bytes) {
        return bytes instanceof byte[] raw
                ? new String(raw, StandardCharsets.ISO_8859_1)
                : String.valueOf(bytes);
    }
}
