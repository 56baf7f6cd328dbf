package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.hotpair.resp.Command.Group;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/commands.md} is what the table says. Run with {@code
 * -Dtest.jvmFlags=-Dhotpair.writeDocs=true} to write it anew.
 */
class CommandDocumentTest {
    private static final Path DOCUMENT = Path.of("docs", "commands.md");

    @Test
    void shouldDocumentTheTableAsItIs() throws IOException {
        String text = render(new CommandTable());
        if (Boolean.getBoolean("hotpair.writeDocs")) {
            Files.createDirectories(DOCUMENT.toAbsolutePath().getParent());
            Files.writeString(DOCUMENT, text);
        }
        assertEquals(text, Files.readString(DOCUMENT));
    }

    @Test
    void shouldSayOfEveryCommandWhatItDoes() {
        for (Command command : new CommandTable().everything()) {
            assertFalse(command.summary().isEmpty(), command.fullName());
            SyntaxTree.parse(command.syntax());
        }
    }

    private static String render(CommandTable table) {
        StringBuilder out = new StringBuilder();
        out.append("# Commands\n\n");
        out.append(
                "Generated from the command table; a test compares. Replies are those of Redis ");
        out.append(RespServer.REDIS_VERSION);
        out.append(", to the byte, but for what [decisions.md](decisions.md) lists.\n");
        out.append("`write` changes keys and is refused by a replica; `read` reads them.\n");
        for (Group group : Group.values()) {
            out.append("\n## ").append(title(group)).append("\n\n");
            out.append("| command | | since | what it does |\n| --- | --- | --- | --- |\n");
            for (Command command : table.commands()) {
                if (command.group() == group) {
                    row(command, out);
                    command.subcommands().values().forEach(sub -> row(sub, out));
                }
            }
        }
        return out.toString();
    }

    private static String title(Group group) {
        String name = group.text();
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    private static void row(Command command, StringBuilder out) {
        String name = command.fullName().replace('|', ' ').toUpperCase(Locale.ROOT);
        String kind = command.isWrite() ? "write" : command.touchesKeys() ? "read" : "";
        out.append("| `")
                .append((name + " " + command.syntax()).trim().replace("|", "\\|"))
                .append("` | ")
                .append(kind)
                .append(" | ")
                .append(command.since())
                .append(" | ")
                .append(command.summary().lines().collect(Collectors.joining(" ")))
                .append(" |\n");
    }
}
