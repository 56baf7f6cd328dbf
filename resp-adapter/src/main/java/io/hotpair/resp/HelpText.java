package io.hotpair.resp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What HELP answers of a command with subcommands: the table, in the form of Redis. */
final class HelpText {
    private HelpText() {}

    static void write(Command container, ReplyBuffer reply) {
        List<String> lines = new ArrayList<>();
        lines.add(
                container.name().toUpperCase(Locale.ROOT)
                        + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
        for (Command sub : container.subcommands().values()) {
            String name = sub.name().toUpperCase(Locale.ROOT);
            lines.add(sub.syntax().isEmpty() ? name : name + " " + sub.syntax());
            lines.add("    " + sub.summary());
        }
        reply.array(lines.size());
        for (String line : lines) {
            reply.status(line);
        }
    }
}
