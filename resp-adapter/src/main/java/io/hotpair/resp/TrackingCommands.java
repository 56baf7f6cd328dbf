package io.hotpair.resp;

import static io.hotpair.resp.Command.Flag.LOADING;
import static io.hotpair.resp.Command.Flag.NOSCRIPT;
import static io.hotpair.resp.Command.Flag.STALE;

import io.hotpair.resp.Command.Category;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** CLIENT TRACKING and its kin. */
final class TrackingCommands {
    private TrackingCommands() {}

    static void register(CommandTable table, Command client) {
        add(
                        table,
                        client,
                        "tracking",
                        -3,
                        "(ON|OFF) [REDIRECT client-id] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT]"
                                + " [NOLOOP]")
                .summary("Says whether the connection is told when keys change that it has read.")
                .does(TrackingCommands::tracking);
        add(table, client, "caching", 3, "(YES|NO)")
                .summary("Says whether the keys of the next command are tracked.")
                .does(TrackingCommands::caching);
        add(table, client, "getredir", 2, "")
                .summary("Returns the id of the client that is told in this one's place.")
                .does((r, c, out) -> out.integer(redirect(c)));
        add(table, client, "trackinginfo", 2, "")
                .since("6.2.0")
                .summary("Tells how keys are tracked for the connection.")
                .does(TrackingCommands::info);
    }

    private static Command add(
            CommandTable table, Command client, String name, int arity, String syntax) {
        return table.addSubcommand(client, name, arity)
                .flags(NOSCRIPT, LOADING, STALE)
                .categories(Category.CONNECTION)
                .since("6.0.0")
                .syntax(syntax);
    }

    /** What CLIENT LIST and GETREDIR say: -1 without tracking, 0 for the client itself. */
    static long redirect(Client client) {
        Tracking.Mode mode = client.tracking();
        return mode == null ? -1 : mode.redirect();
    }

    private static final class Options {
        long redirect;
        boolean broadcast;
        boolean optIn;
        boolean optOut;
        boolean noLoop;
        final List<byte[]> prefixes = new ArrayList<>();

        Options(Request request, Client client) {
            for (int i = 3; i < request.count(); i++) {
                boolean more = i + 1 < request.count();
                if (request.is(i, "REDIRECT") && more) {
                    i++;
                    redirectTo(request, i, client);
                } else if (request.is(i, "BCAST")) {
                    broadcast = true;
                } else if (request.is(i, "OPTIN")) {
                    optIn = true;
                } else if (request.is(i, "OPTOUT")) {
                    optOut = true;
                } else if (request.is(i, "NOLOOP")) {
                    noLoop = true;
                } else if (request.is(i, "PREFIX") && more) {
                    i++;
                    prefixes.add(request.copy(i));
                } else {
                    throw CommandException.syntax();
                }
            }
        }

        private void redirectTo(Request request, int argument, Client client) {
            if (redirect != 0) {
                throw new CommandException(
                        "ERR A client can only redirect to a single other client");
            }
            redirect = request.integer(argument);
            if (client.server().clients().find(redirect) == null) {
                throw new CommandException("ERR The client ID you want redirect to does not exist");
            }
        }

        Tracking.Mode mode() {
            return new Tracking.Mode(redirect, broadcast, optIn, optOut, noLoop);
        }
    }

    private static void tracking(Request request, Client client, ReplyBuffer reply) {
        Options options = new Options(request, client);
        Tracking tracking = client.server().tracking();
        if (request.is(2, "ON")) {
            check(options, client);
            if (options.broadcast && options.prefixes.isEmpty()) {
                options.prefixes.add(new byte[0]);
            }
            tracking.enable(client, options.mode(), options.prefixes);
        } else if (request.is(2, "OFF")) {
            tracking.disable(client);
        } else {
            throw CommandException.syntax();
        }
        reply.ok();
    }

    private static void check(Options options, Client client) {
        Tracking.Mode present = client.tracking();
        if (!options.broadcast && !options.prefixes.isEmpty()) {
            throw new CommandException("ERR PREFIX option requires BCAST mode to be enabled");
        }
        if (present != null && present.broadcast() != options.broadcast) {
            throw new CommandException(
                    "ERR You can't switch BCAST mode on/off before disabling tracking for this"
                            + " client, and then re-enabling it with a different mode.");
        }
        if (options.broadcast && (options.optIn || options.optOut)) {
            throw new CommandException("ERR OPTIN and OPTOUT are not compatible with BCAST");
        }
        if (options.optIn && options.optOut) {
            throw new CommandException("ERR You can't specify both OPTIN mode and OPTOUT mode");
        }
        if (present != null
                && ((options.optIn && present.optOut()) || (options.optOut && present.optIn()))) {
            throw new CommandException(
                    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this"
                            + " client, and then re-enabling it with a different mode.");
        }
        checkPrefixes(options.prefixes, client);
    }

    private static void checkPrefixes(List<byte[]> prefixes, Client client) {
        for (int i = 0; i < prefixes.size(); i++) {
            for (KeyName present : client.trackedPrefixes()) {
                checkOverlap(prefixes.get(i), present.bytes(), "an existing prefix");
            }
            for (int j = i + 1; j < prefixes.size(); j++) {
                checkOverlap(prefixes.get(i), prefixes.get(j), "another provided prefix");
            }
        }
    }

    private static void checkOverlap(byte[] prefix, byte[] other, String what) {
        if (Tracking.startsWith(prefix, other) || Tracking.startsWith(other, prefix)) {
            throw new CommandException(
                    "ERR Prefix '"
                            + text(prefix)
                            + "' overlaps with "
                            + what
                            + " '"
                            + text(other)
                            + "'. Prefixes for a single client must not overlap.");
        }
    }

    /** As C prints it: what follows a zero byte is not printed. */
    private static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int zero = text.indexOf('\0');
        return zero < 0 ? text : text.substring(0, zero);
    }

    private static void caching(Request request, Client client, ReplyBuffer reply) {
        Tracking.Mode mode = client.tracking();
        if (mode == null) {
            throw new CommandException(
                    "ERR CLIENT CACHING can be called only when the client is in tracking mode with"
                            + " OPTIN or OPTOUT mode enabled");
        }
        boolean yes = request.is(2, "YES");
        if (!yes && !request.is(2, "NO")) {
            throw CommandException.syntax();
        }
        if (yes && !mode.optIn()) {
            throw new CommandException(
                    "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
        }
        if (!yes && !mode.optOut()) {
            throw new CommandException(
                    "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
        }
        client.caching(true);
        reply.ok();
    }

    private static void info(Request request, Client client, ReplyBuffer reply) {
        Tracking.Mode mode = client.tracking();
        List<String> flags = new ArrayList<>();
        flags.add(mode == null ? "off" : "on");
        if (mode != null) {
            describe(mode, client, flags);
        }
        reply.map(3);
        reply.bulk("flags");
        reply.set(flags.size());
        flags.forEach(reply::bulk);
        reply.bulk("redirect");
        reply.integer(redirect(client));
        reply.bulk("prefixes");
        reply.array(client.trackedPrefixes().size());
        client.trackedPrefixes().forEach(prefix -> reply.bulk(prefix.bytes()));
    }

    private static void describe(Tracking.Mode mode, Client client, List<String> flags) {
        if (mode.broadcast()) {
            flags.add("bcast");
        }
        if (mode.optIn()) {
            flags.add("optin");
            if (client.isCachingSet()) {
                flags.add("caching-yes");
            }
        }
        if (mode.optOut()) {
            flags.add("optout");
            if (client.isCachingSet()) {
                flags.add("caching-no");
            }
        }
        if (mode.noLoop()) {
            flags.add("noloop");
        }
        if (client.isRedirectionBroken()) {
            flags.add("broken_redirect");
        }
    }
}
