package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What RESET takes back, and what it leaves, as a real redis-server has it. */
class ResetDifferentialTest {
    private static final Pattern STATE =
            Pattern.compile(" (name|flags|db|sub|psub|ssub|multi|user|redir|resp)=([^ \n]*)");

    /** What is said before RESET, line by line. */
    private static final String[] STATES = {
        "ping",
        "client no-evict on",
        "client no-evict on|client no-evict off",
        "client setname n",
        "select 3",
        "hello 3",
        "hello 3 auth other pw setname n",
        "auth other pw",
        "multi|set k v",
        "watch k|multi",
        "client tracking on",
        "client tracking on bcast prefix a noloop",
        "client tracking on optin|client caching yes",
        "hello 3|client tracking on|client no-evict on|select 2",
        "subscribe c d",
        "psubscribe c*",
        "ssubscribe c",
        "monitor",
        "client no-evict on|monitor",
        "client reply off",
        "client reply skip",
        "readonly",
    };

    /** The reply to RESET if there is one, what CLIENT INFO says behind it, and what EXEC does. */
    private static List<String> after(int port, String state) {
        try (RawClient client = new RawClient(port)) {
            StringBuilder program = new StringBuilder();
            for (String line : state.split("\\|", -1)) {
                program.append(line).append("\r\n");
            }
            client.send(program + "reset\r\n");
            client.send("exec\r\nclient caching yes\r\nclient info\r\nquit\r\n");
            String replies = client.untilClosed();
            String info = replies.substring(replies.lastIndexOf("id="));
            List<String> found = new ArrayList<>();
            STATE.matcher(info).results().forEach(field -> found.add(field.group()));
            found.add("reset=" + replies.contains("+RESET\r\n"));
            found.add(replies.substring(replies.indexOf("-ERR EXEC"), replies.lastIndexOf('$')));
            return found;
        }
    }

    @Test
    void shouldTakeBackWhatRedisDoes() {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open()) {
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient client = new RawClient(port)) {
                    client.call("ACL", "SETUSER", "other", "on", ">pw", "+@all", "~*", "&*");
                }
            }
            for (String state : STATES) {
                assertEquals(after(redis.port(), state), after(listener.port(), state), state);
            }
        }
    }

    @Test
    void shouldAskForThePasswordAgain() {
        try (RealRedis redis = RealRedis.start("--requirepass", "pw");
                TestListener listener = TestListener.open(config -> config.password("pw"))) {
            for (int port : new int[] {redis.port(), listener.port()}) {
                try (RawClient client = new RawClient(port)) {
                    assertEquals("+OK\r\n", client.call("AUTH", "pw"));
                    assertEquals("+RESET\r\n", client.call("RESET"));
                    String refused = client.call("GET", "k");
                    assertTrue(refused.startsWith("-NOAUTH"), refused);
                }
            }
        }
    }

    /** As in Redis 7.2, which has both. */
    @Test
    void shouldKeepWhichLibraryItIsAndTouchKeysAgain() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("CLIENT", "SETINFO", "LIB-NAME", "l");
            client.call("CLIENT", "NO-TOUCH", "ON");
            assertTrue(client.call("CLIENT", "INFO").contains(" flags=T "));
            client.call("RESET");
            String info = client.call("CLIENT", "INFO");
            assertTrue(info.contains(" flags=N ") && info.contains(" lib-name=l "), info);
        }
    }
}
