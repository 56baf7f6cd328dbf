package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Filters of CLIENT LIST and CLIENT KILL, of which Valkey 9 has more than Redis. */
class ClientFiltersTest {
    private static final String SYNTAX = "-ERR syntax error\r\n";

    private final TestListener listener = TestListener.open(config -> config.databases(4));
    private final RawClient asking = listener.connect();
    private final RawClient named = listener.connect();
    private final RawClient plain = listener.connect();
    private final List<String> ids = new ArrayList<>();

    ClientFiltersTest() {
        asking.call("ACL", "SETUSER", "ann", "on", ">pw", "+@all", "allkeys", "allchannels");
        named.call("CLIENT", "SETNAME", "n");
        named.call("CLIENT", "SETINFO", "LIB-NAME", "l");
        named.call("CLIENT", "SETINFO", "LIB-VER", "1");
        named.call("AUTH", "ann", "pw");
        named.call("SELECT", "2");
        named.call("CLIENT", "NO-TOUCH", "ON");
        named.call("CLIENT", "NO-EVICT", "ON");
        for (RawClient client : List.of(asking, named, plain)) {
            ids.add(client.call("CLIENT", "ID").substring(1).trim());
        }
    }

    @AfterEach
    void close() {
        asking.close();
        named.close();
        plain.close();
        listener.close();
    }

    /**
     * The clients that a line lists: a for who asks, n for the one with a name, p for the other.
     */
    private String listed(String filters) {
        String reply = asking.call(("client list" + filters).split(" ", -1));
        assertTrue(reply.startsWith("$"), filters + ": " + reply);
        StringBuilder found = new StringBuilder();
        for (int i = 0; i < ids.size(); i++) {
            found.append(reply.contains("id=" + ids.get(i) + " ") ? "anp".charAt(i) : "");
        }
        return found.toString();
    }

    private String address(int client) {
        String reply = asking.call("CLIENT", "LIST", "ID", ids.get(client));
        return reply.replaceAll("(?s).* addr=(\\S+) .*", "$1");
    }

    @Test
    void shouldListByWhatIsSoAndByWhatIsNot() {
        assertEquals("anp", listed(""));
        for (String one :
                List.of("name n", "lib-name l", "lib-ver 1", "user ann", "db 2", "flags eT")) {
            assertEquals("n", listed(" " + one), one);
            assertEquals("ap", listed(" not-" + one), one);
        }
        assertEquals("np", listed(" id " + ids.get(1) + " " + ids.get(2)));
        assertEquals("p", listed(" id " + ids.get(1) + " " + ids.get(2) + " not-name n"));
        assertEquals("p", listed(" id " + ids.get(1) + " id " + ids.get(2)));
        assertEquals("np", listed(" not-id " + ids.get(0)));
        assertEquals("a", listed(" NOT-ID " + ids.get(1) + " " + ids.get(2)));
        assertEquals("np", listed(" skipme yes"));
        assertEquals("anp", listed(" skipme no type normal"));
        assertEquals("", listed(" not-type normal"));
        assertEquals("n", listed(" addr " + address(1)));
        assertEquals("ap", listed(" not-addr " + address(1)));
        assertEquals("anp", listed(" ip 127.0.0.1"));
        assertEquals("", listed(" not-ip 127.0.0.1"));
        assertEquals("anp", listed(" not-laddr 127.0.0.1:1"));
        assertEquals("", listed(" maxage 1000000"));
        assertEquals("", listed(" idle 1000000"));
        assertEquals("ap", listed(" flags N"));
        assertEquals("", listed(" flags eN"));
        assertEquals("n", listed(" name x name n not-name n not-name x db 2"));
    }

    @Test
    void shouldNotTakeAnEmptyNameForNone() {
        String listed = asking.call("CLIENT", "LIST", "NAME", "");
        assertEquals("$0\r\n\r\n", listed);
        assertTrue(asking.call("CLIENT", "LIST", "NOT-LIB-NAME", "").contains("id="));
    }

    @Test
    void shouldKillByTheSameFilters() {
        assertEquals(":0\r\n", asking.call("CLIENT", "KILL", "NAME", "x"));
        assertEquals(":1\r\n", asking.call("CLIENT", "KILL", "NOT-DB", "0", "FLAGS", "e"));
        assertEquals("", named.untilClosed());
        assertEquals(":1\r\n", asking.call("CLIENT", "KILL", "NOT-ID", ids.get(0)));
        assertEquals("", plain.untilClosed());
        assertEquals("+PONG\r\n", asking.call("PING"));
    }

    @Test
    void shouldKillSeveralByTheirIds() {
        assertEquals(":2\r\n", asking.call("CLIENT", "KILL", "ID", ids.get(1), ids.get(2)));
        assertEquals("", named.untilClosed());
        assertEquals("", plain.untilClosed());
    }

    @Test
    void shouldSayWhatIsWrongAsValkeyDoes() {
        for (String command : List.of("list", "kill")) {
            String[][] mistakes = {
                {"idle x", "-ERR idle is not an integer or out of range\r\n"},
                {"idle 0", "-ERR idle should be greater than 0\r\n"},
                {"maxage 0", "-ERR maxage should be greater than 0\r\n"},
                {"flags q", "-ERR Unknown flags found in the provided filter: q\r\n"},
                {"not-flags q", "-ERR Unknown flags found in the NOT-FLAGS filter: q\r\n"},
                {"db x", "-ERR DB is not an integer or out of range\r\n"},
                {"db 4", "-ERR DB number should be between 0 and 3\r\n"},
                {"not-db -1", "-ERR NOT-DB number should be between 0 and 3\r\n"},
                {"not-user nosuch", "-ERR No such user 'nosuch'\r\n"},
                {"not-type nosuch", "-ERR Unknown client type 'nosuch'\r\n"},
                {"not-skipme yes", SYNTAX},
                {"not-idle 1", SYNTAX},
                {"skipme maybe", SYNTAX},
                {"nosuch x", SYNTAX},
                {"name n ip", SYNTAX},
            };
            for (String[] mistake : mistakes) {
                String line = "client " + command + " " + mistake[0];
                assertEquals(mistake[1], asking.call(line.split(" ", -1)), line);
            }
        }
    }

    @Test
    void shouldSayWhatIsWrongAsRedisDoesWhereItHasTheFilter() {
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port())) {
            for (String line :
                    List.of(
                            "client list id",
                            "client list id x",
                            "client list id 0",
                            "client list id 4000 x",
                            "client list type",
                            "client list type x",
                            "client list nosuch",
                            "client kill id 0 addr",
                            "client kill id x",
                            "client kill id x skipme no",
                            "client kill addr x laddr",
                            "client kill type x",
                            "client kill user nosuch skipme",
                            "client kill skipme x",
                            "client kill nosuch x")) {
                String[] command = line.split(" ", -1);
                assertEquals(theirs.call(command), asking.call(command), line);
            }
        }
    }
}
