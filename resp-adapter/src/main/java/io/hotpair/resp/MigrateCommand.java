package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.WRITE;

import io.hotpair.Session;
import io.hotpair.resp.Command.Category;
import io.hotpair.resp.Command.Group;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** MIGRATE: moves keys to another server. */
final class MigrateCommand {
    private static final List<String> KEY_ACCESS = List.of("RW", "access", "delete");

    private MigrateCommand() {}

    static void register(CommandTable table) {
        table.add("migrate", -6, Group.GENERIC)
                .categories(Category.KEYSPACE, Category.DANGEROUS)
                .syntax(
                        "host port (key|\"\") destination-db timeout [COPY] [REPLACE] [AUTH"
                                + " password|AUTH2 username password] [KEYS key...]")
                .flags(WRITE)
                .keys(KeySpec.unlessBehindKeys(3, "RW", "access", "delete"))
                .keys(KeySpec.behindKeys(-2, "RW", "access", "delete", "incomplete"))
                .variableAccess((request, from) -> KEY_ACCESS)
                .tips("nondeterministic_output")
                .since("2.6.0")
                .complexity("O(N), N being the length of the values")
                .summary("Moves keys with their deadlines to another server, here or of Redis.")
                .does(MigrateCommand::migrate);
    }

    private static void migrate(Request request, Client client, ReplyBuffer reply) {
        if (!client.server().config().migrateCommand()) {
            throw new CommandException(
                    "ERR MIGRATE is off: enable-migrate-command lets clients have this node connect"
                            + " to wherever they say");
        }
        MigrateArguments arguments = MigrateArguments.of(request);
        if (client.transaction().isExecuting()) {
            throw new CommandException(
                    "ERR MIGRATE can't wait for another server inside a transaction or a script");
        }
        Set<KeyName> keys = new LinkedHashSet<>();
        for (int i = arguments.firstKey(); i <= arguments.lastKey(); i++) {
            byte[] key = request.copy(i);
            if (client.session().deadlineMs(key, 0, key.length) != Session.ABSENT) {
                keys.add(new KeyName(key));
            }
        }
        if (keys.isEmpty()) {
            reply.status("NOKEY");
        } else {
            KeyTransfer.begin(client, arguments, keys);
        }
    }
}
