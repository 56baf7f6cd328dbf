package io.hotpair.resp;

import java.util.ArrayList;
import java.util.List;

/**
 * A connection that gets messages beside replies. What has arrived by now is known by a PING that
 * is sent behind: all that comes before its reply.
 */
final class Watched implements AutoCloseable {
    private final int port;
    private RawClient client;
    private boolean gathers;
    private int marks;

    Watched(int port) {
        this.port = port;
        client = new RawClient(port);
    }

    RawClient client() {
        return client;
    }

    /** Sends a command, and returns all that has arrived when it is answered. */
    List<String> call(String... command) {
        client.send(RawClient.command(command));
        if (command[0].equals("QUIT")) {
            String all = client.untilClosed();
            client.close();
            client = new RawClient(port);
            gathers = false;
            return List.of(all);
        }
        List<String> replies = new ArrayList<>();
        if (!gathers && !command[0].equals("MULTI")) {
            // The mark must not be in the same input: some things come when all of it is executed.
            replies.add(client.reply());
            replies.addAll(arrived());
            return replies;
        }
        do {
            replies.add(client.reply());
        } while (replies.get(replies.size() - 1).startsWith(">"));
        String reply = replies.get(replies.size() - 1);
        boolean ends = command[0].matches("EXEC|DISCARD|RESET");
        if (!ends || reply.startsWith("-ERR")) {
            gathers |= reply.equals("+OK\r\n");
            return replies;
        }
        gathers = false;
        replies.addAll(arrived());
        return replies;
    }

    /** What has arrived; nothing while commands are gathered, as PING would be one of them. */
    List<String> arrived() {
        List<String> replies = new ArrayList<>();
        if (gathers) {
            return replies;
        }
        String mark = "mark" + marks++;
        client.send(RawClient.command("PING", mark));
        String bulk = "$" + mark.length() + "\r\n" + mark + "\r\n";
        while (true) {
            String reply = client.reply();
            if (reply.equals(bulk) || reply.equals("*2\r\n$4\r\npong\r\n" + bulk)) {
                return replies;
            }
            replies.add(reply);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
