package io.hotpair.resp;

import io.hotpair.KeyArea;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * What one thread that served all connections one after the other would do, as Redis does: told of
 * each command at the moment when it is executed, it says what the reply is, who of those who wait
 * is served with what, and who is told.
 */
final class ConnectionsModel {
    private static final Field FUTURE = future();

    /** One that waits, in the order in which they came. */
    private static final class Waiter {
        final FuzzPeer peer;
        final FuzzPeer.Sent sent;
        final CompletableFuture<?> future;
        final List<String> words;
        final List<String> keys;
        final List<Integer> after;
        final long deadlineNs;
        boolean served;

        Waiter(
                FuzzPeer peer,
                FuzzPeer.Sent sent,
                CompletableFuture<?> future,
                List<String> words,
                List<String> keys,
                List<Integer> after) {
            this.peer = peer;
            this.sent = sent;
            this.future = future;
            this.words = words;
            this.keys = keys;
            this.after = after;
            deadlineNs = deadlineNs(peer.connection.client(), words);
        }

        String name() {
            return words.get(0);
        }
    }

    /** Entries by their numbers, and what each group has read. */
    private static final class Stream {
        final List<Integer> entries = new ArrayList<>();
        int last;
        final Map<String, Integer> groups = new HashMap<>();
    }

    private final Map<String, Object> keys = new TreeMap<>();
    private final Set<Waiter> waiters = new LinkedHashSet<>();
    private final Map<Connection, FuzzPeer> peers = new LinkedHashMap<>();

    /** Those whose database has other keys now, before they wait for these. */
    private final Map<FuzzPeer, Waiter> moved = new HashMap<>();

    /** Those who delete everything whose names begin so. */
    private final Map<FuzzPeer, String> flushing = new LinkedHashMap<>();

    private final Map<String, Set<Long>> tracked = new HashMap<>();
    private final Set<Long> unblocked = new HashSet<>();
    private final List<String> ready = new ArrayList<>();
    private final List<Runnable> afterExec = new ArrayList<>();
    private final int[] areas = {0, 1, 2, 3};
    private final FuzzLoop.Stage stage;
    private long stamp;
    private long pausedUntilNs;
    private boolean pausesAll;
    private int depth;

    /** Who has deleted everything in the transaction that is executed. */
    private @Nullable FuzzPeer flusher;

    /** Whose command is executed, or was last. */
    private @Nullable FuzzPeer now;

    /** What {@link #serve} and the rest has found; told when it is asked. */
    private @Nullable AssertionError failure;

    ConnectionsModel(FuzzLoop.Stage stage) {
        this.stage = stage;
    }

    private static Field future() {
        try {
            Field field = BlockedClient.class.getDeclaredField("future");
            field.setAccessible(true);
            return field;
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a client waits with; null if it does not. */
    static @Nullable CompletableFuture<?> waiting(Client client) {
        try {
            return client.parked() instanceof BlockedClient<?> blocked
                    ? (CompletableFuture<?>) FUTURE.get(blocked)
                    : null;
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    void connected(FuzzPeer peer) {
        peers.put(peer.connection, peer);
    }

    /** A connection has ended, and is told so just now. */
    void ended(FuzzPeer peer) {
        leave(peer);
        peer.monitor = false;
        peers.remove(peer.connection);
        waiters.removeIf(each -> each.peer == peer);
    }

    /** A flush is over when its client does not wait for it any more. */
    private void endFlushes() {
        for (Map.Entry<FuzzPeer, String> each : Map.copyOf(flushing).entrySet()) {
            FuzzPeer peer = each.getKey();
            if (!(peer.connection.client().parked() instanceof FlushWalk)) {
                flushing.remove(peer);
                flush(each.getValue(), peer);
                serve();
            }
        }
    }

    void check() {
        endFlushes();
        AssertionError found = failure;
        if (found != null) {
            throw found;
        }
    }

    private void fail(String what) {
        if (failure == null) {
            failure = new AssertionError(what);
        }
    }

    /** It is no subscriber any more, and tracks nothing. */
    private void leave(FuzzPeer peer) {
        if (!peer.left) {
            peer.left = true;
            peer.topics.values().forEach(Set::clear);
            untrack(peer);
        }
    }

    private void untrack(FuzzPeer peer) {
        if (peer.tracking == null) {
            return;
        }
        peer.tracking = null;
        peer.prefixes.clear();
        if (peers.values().stream().noneMatch(each -> each.tracking != null)) {
            tracked.clear();
        }
    }

    // ---- executions

    /** Executes a command, and says of everything that comes of it what it should be. */
    void execute(
            Command command,
            Command.Function function,
            Request request,
            Client client,
            ReplyBuffer reply) {
        FuzzPeer peer = peers.get(client.connection());
        if (peer == null) {
            function.execute(request, client, reply);
            return;
        }
        if (depth == 0) {
            endFlushes();
        }
        Waiter again = depth == 0 ? settle(peer) : null;
        boolean inner = client.transaction().isExecuting();
        List<String> words = words(command, request);
        FuzzPeer.Sent sent = again == null ? inner ? null : resolve(peer, words) : again.sent;
        if (!inner) {
            stamp++;
        }
        int from = reply.length();
        checkAreas(command, request, peer);
        if (!inner && again == null) {
            checkPause(command, words);
        }
        if (again == null) {
            note(command, words, peer);
        }
        if (words.get(0).equals("exec")) {
            peer.dirtyAtExec = peer.dirty;
        }
        if (!inner) {
            now = peer;
        }
        depth++;
        String plain = null;
        boolean failed = true;
        int receivers = -1;
        try {
            if (words.get(0).endsWith("publish")) {
                receivers = publish(words, inner);
            }
            function.execute(request, client, reply);
            failed = false;
        } catch (RuntimeException e) {
            if (e instanceof CommandException error) {
                // One that waits is told of a lost group in other words.
                plain = again == null ? "-" + error.reply() : "-";
            }
            throw e;
        } finally {
            depth--;
            if (!failed) {
                plain = receivers >= 0 ? ":" + receivers : apply(words, peer, reply, from);
            }
            finish(command, words, peer, sent, again, client, reply, from, plain, inner, failed);
        }
    }

    private void finish(
            Command command,
            List<String> words,
            FuzzPeer peer,
            FuzzPeer.@Nullable Sent sent,
            @Nullable Waiter again,
            Client client,
            ReplyBuffer reply,
            int from,
            @Nullable String plain,
            boolean inner,
            boolean failed) {
        if (inner) {
            if (!failed && reply.length() > from) {
                compare(words, plain, reply, from, client);
            }
            shown(command, words);
            return;
        }
        Parked parked = client.parked();
        boolean waits = parked != null && !failed;
        if (failed && words.get(0).equals("exec")) {
            endTransaction(peer);
        }
        if (sent != null) {
            sent.stamp = stamp;
            sent.floats = waits || again != null;
            sent.plain = plain;
            if (again == null) {
                sent.resolved = true;
                sent.muted = mutes(words, peer, failed);
            }
            if (!waits) {
                sent.answered = true;
                byte[] written = Arrays.copyOfRange(reply.bytes(), from, reply.length());
                sent.written = failed || again != null ? null : written;
                if (failed && again == null) {
                    sent.plain = plain;
                }
            } else if (waiting(client) == null) {
                // Its end is near, and rests on nothing that others do.
                sent.answered = true;
            }
        }
        if (again == null) {
            shown(command, words);
        }
        CompletableFuture<?> future = waiting(client);
        if (waits && future != null && sent != null) {
            waiters.add(waiter(peer, sent, future, words));
        }
        if (!failed) {
            afterExec.forEach(Runnable::run);
        }
        afterExec.clear();
        FuzzPeer by = flusher;
        flusher = null;
        if (by != null && !failed) {
            tellFlushed(by);
        }
        serve();
        forgetCaching(words, peer);
        if (client.isClosing()) {
            leave(peer);
            peer.mayEnd = true;
        }
    }

    private void compare(
            List<String> words,
            @Nullable String plain,
            ReplyBuffer reply,
            int from,
            Client client) {
        WireReply item = WireReply.read(reply.bytes(), from, reply.length(), client.protocol());
        if (plain != null && !plain.equals(item.plain(false))) {
            fail("in EXEC: " + words + ": expected " + plain + ", was " + item.plain(false));
        }
    }

    private static List<String> words(Command command, Request request) {
        Request named = command.handsKeysOn() ? request : Databases.named(command, request);
        List<String> words = new ArrayList<>();
        for (int i = 0; i < named.count(); i++) {
            words.add(named.text(i));
        }
        words.set(0, words.get(0).toLowerCase(Locale.ROOT));
        return words;
    }

    /** Finds the command among those that were sent: what was before it was not executed. */
    private FuzzPeer.@Nullable Sent resolve(FuzzPeer peer, List<String> words) {
        while (peer.next < peer.sent.size()) {
            FuzzPeer.Sent each = peer.sent.get(peer.next++);
            if (isSame(each, words) && !isRefused(peer, each)) {
                return each;
            }
            passOver(peer, each);
        }
        fail("executed, but not sent: " + words);
        return null;
    }

    private static boolean isSame(FuzzPeer.Sent sent, List<String> words) {
        return sent.words.length == words.size()
                && sent.name().equals(words.get(0))
                && List.of(sent.words)
                        .subList(1, sent.words.length)
                        .equals(words.subList(1, words.size()));
    }

    /** Whatever is left was refused, or waits for EXEC. */
    void passOverRest(FuzzPeer peer) {
        while (peer.next < peer.sent.size()) {
            passOver(peer, peer.sent.get(peer.next++));
        }
    }

    private boolean isRefused(FuzzPeer peer, FuzzPeer.Sent sent) {
        return refusal(peer, sent) != null;
    }

    /** What it is answered without being executed; null if it is executed. */
    private @Nullable String refusal(FuzzPeer peer, FuzzPeer.Sent sent) {
        Command command = command(peer, sent);
        if (peer.multi && command.has(Command.Flag.NO_MULTI)) {
            return "-ERR";
        }
        boolean isExec = command.name().equals("exec");
        if (peer.isSubscriber() && peer.protocol == 2 && !command.isInSubscribedMode()) {
            return isExec ? "-EXECABORT" : "-ERR Can't execute";
        }
        boolean touches = command.touchesKeys() || command.name().endsWith("publish");
        if (peer.monitor && touches) {
            return "-ERR Replica";
        }
        return peer.multi && !command.isUnqueued() ? "+QUEUED" : null;
    }

    private static Command command(FuzzPeer peer, FuzzPeer.Sent sent) {
        CommandTable table = peer.connection.client().server().commands();
        Command command = table.find(sent.name());
        if (command != null && !command.subcommands().isEmpty()) {
            command = command.subcommands().get(sent.words[1].toLowerCase(Locale.ROOT));
        }
        if (command == null) {
            throw new IllegalStateException("unknown: " + sent);
        }
        return command;
    }

    private void passOver(FuzzPeer peer, FuzzPeer.Sent sent) {
        String refusal = refusal(peer, sent);
        if (refusal == null) {
            fail("sent, but not executed: " + sent + " by " + peer.slot);
            return;
        }
        sent.resolved = true;
        sent.answered = true;
        sent.plain = refusal;
        sent.floats = true;
        sent.muted = mutes(List.of(sent.name()), peer, true);
        if (refusal.startsWith("-")) {
            peer.broken |= peer.multi;
            if (sent.name().equals("exec")) {
                endTransaction(peer);
            }
        }
        forgetCaching(List.of(sent.words), peer);
    }

    private static void forgetCaching(List<String> words, FuzzPeer peer) {
        if (!words.get(0).equalsIgnoreCase("client") && !peer.multi) {
            peer.caching = false;
        }
    }

    private static void endTransaction(FuzzPeer peer) {
        peer.multi = false;
        peer.broken = false;
        peer.dirty = false;
        peer.maybeDirty = false;
        peer.watched.clear();
    }

    /** Whether the reply to the command is left out, as CLIENT REPLY has said. */
    private static boolean mutes(List<String> words, FuzzPeer peer, boolean failed) {
        boolean isReply = !failed && words.size() == 3 && words.get(1).equalsIgnoreCase("REPLY");
        if (isReply) {
            switch (words.get(2)) {
                case "ON" -> {
                    peer.off = false;
                    peer.skips = 0;
                }
                case "OFF" -> {
                    peer.off = true;
                    peer.skips = 0;
                }
                default -> peer.skips = peer.off ? 0 : 2;
            }
        }
        if (words.get(0).equals("reset") && !failed) {
            peer.off = false;
        }
        if (peer.off) {
            return true;
        }
        if (peer.skips > 0) {
            peer.skips--;
            return true;
        }
        return false;
    }

    /** Whether a command should be held back until a pause is over. */
    private void checkPause(Command command, List<String> words) {
        boolean isHeld =
                stage.nanoTime() < pausedUntilNs
                        && !words.get(0).equals("client")
                        && (pausesAll || command.isWrite() || words.get(0).endsWith("publish"));
        if (isHeld) {
            fail("executed in a pause: " + words);
        }
    }

    void unpause() {
        pausedUntilNs = 0;
    }

    private void pause(long ms, boolean allCommands) {
        long untilNs = stage.nanoTime() + ms * 1_000_000;
        boolean isPaused = stage.nanoTime() < pausedUntilNs;
        pausesAll = allCommands || (isPaused && pausesAll);
        pausedUntilNs = isPaused ? Math.max(pausedUntilNs, untilNs) : untilNs;
    }

    /** Whether keys are those of the database that the client has selected. */
    private void checkAreas(Command command, Request request, FuzzPeer peer) {
        if (command.handsKeysOn()) {
            return;
        }
        for (KeySpec.Found found : KeySpec.find(command.keys(), request, 0)) {
            int area = KeyArea.of(request.copy(found.argument()));
            if (!command.name().endsWith("publish")
                    && !command.name().endsWith("subscribe")
                    && area != areas[peer.database]) {
                fail(command.name() + " in area " + area + ", expected " + areas[peer.database]);
            }
        }
    }

    private void shown(Command command, List<String> words) {
        if (!Monitors.shows(command) || words.get(0).equals("exec")) {
            return;
        }
        for (FuzzPeer each : peers.values()) {
            if (each.monitor) {
                StringBuilder line = new StringBuilder();
                words.subList(1, words.size())
                        .forEach(word -> line.append(" \"").append(word).append('"'));
                each.lines.add(line.toString());
            }
        }
    }

    // ---- those who wait

    /**
     * Sees who has stopped to wait since the last command, and why.
     *
     * @return the wait of the client itself, if that begins once more
     */
    private @Nullable Waiter settle(@Nullable FuzzPeer now) {
        for (Waiter each : List.copyOf(waiters)) {
            if (each.future.isDone()) {
                waiters.remove(each);
                String how = how(each);
                if (how.equals("Moved")) {
                    moved.put(each.peer, each);
                } else if (!how.isEmpty()) {
                    each.sent.answered = true;
                    each.sent.plain = how.equals("null") ? "nil" : how;
                }
            }
        }
        // Only a wait that begins once more is executed while its client has begun something.
        boolean isAgain = now != null && now.connection.client().begun() != null;
        return isAgain ? moved.remove(now) : null;
    }

    /** How a wait has ended that nobody served; empty if its client has gone. */
    private String how(Waiter waiter) {
        try {
            Object found = waiter.future.join();
            if (found != null && !isNothing(found)) {
                fail("served without a reason: " + waiter.words + " of " + waiter.peer.slot);
            }
            if (stage.nanoTime() < waiter.deadlineNs) {
                fail("given up too early: " + waiter.words + " of " + waiter.peer.slot);
            }
            return "null";
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String name = cause.getClass().getSimpleName();
            if (name.equals("Unblocked")) {
                if (!unblocked.contains(waiter.peer.id())) {
                    fail("unblocked without a reason: " + waiter.words);
                }
                return cause.toString().isEmpty() ? "" : unblockedReply(cause);
            }
            if (name.equals("Moved")) {
                return "Moved";
            }
            return "-" + (cause instanceof CommandException error ? error.reply() : "");
        } catch (CancellationException e) {
            return "";
        }
    }

    private static boolean isNothing(Object found) {
        return found instanceof Collection<?> some && some.isEmpty();
    }

    private static String unblockedReply(Throwable cause) {
        try {
            Field withError = cause.getClass().getDeclaredField("withError");
            withError.setAccessible(true);
            return withError.getBoolean(cause) ? "-UNBLOCKED" : "null";
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** When a wait is over; never if that is the greatest number. */
    static long deadlineNs(Client client, List<String> words) {
        double ms;
        if (words.get(0).startsWith("xread")) {
            int at = words.indexOf("BLOCK");
            ms = Double.parseDouble(words.get(at + 1));
        } else {
            int at = words.get(0).endsWith("mpop") ? 1 : words.size() - 1;
            ms = Math.ceil(Double.parseDouble(words.get(at)) * 1_000);
        }
        return ms == 0 ? Long.MAX_VALUE : client.lastCommandNs() + ((long) ms) * 1_000_000;
    }

    private Waiter waiter(
            FuzzPeer peer, FuzzPeer.Sent sent, CompletableFuture<?> future, List<String> words) {
        List<String> names = blockingKeys(words);
        List<String> own = names.stream().map(name -> key(peer, name)).toList();
        List<Integer> after = new ArrayList<>();
        if (words.get(0).equals("xread")) {
            int ids = words.size() - names.size();
            for (int i = 0; i < names.size(); i++) {
                String id = words.get(ids + i);
                Stream stream = keys.get(own.get(i)) instanceof Stream s ? s : new Stream();
                after.add(id.equals("$") ? stream.last : Integer.parseInt(id));
            }
        }
        return new Waiter(peer, sent, future, words, own, after);
    }

    private static List<String> blockingKeys(List<String> words) {
        return switch (words.get(0)) {
            case "blmove", "brpoplpush" -> words.subList(1, 2);
            case "blmpop", "bzmpop" -> words.subList(3, 3 + Integer.parseInt(words.get(2)));
            case "xread", "xreadgroup" -> {
                int from = words.indexOf("STREAMS") + 1;
                yield words.subList(from, from + (words.size() - from) / 2);
            }
            default -> words.subList(1, words.size() - 1);
        };
    }

    private String key(FuzzPeer peer, String name) {
        return areas[peer.database] + ":" + name;
    }

    private static String nameOf(String key) {
        return key.substring(key.indexOf(':') + 1);
    }

    /** Serves those who wait for keys that were changed, the first first. */
    private void serve() {
        ArrayDeque<String> queue = new ArrayDeque<>(ready);
        ready.clear();
        while (!queue.isEmpty()) {
            String key = queue.poll();
            for (Waiter each : List.copyOf(waiters)) {
                if (each.keys.contains(key) && !each.served && !each.future.isCancelled()) {
                    attempt(each, key);
                }
            }
            ready.stream().filter(more -> !queue.contains(more)).forEach(queue::add);
            ready.clear();
        }
        for (Waiter each : List.copyOf(waiters)) {
            if (each.served) {
                waiters.remove(each);
                if (!each.future.isDone()) {
                    fail("not served: " + each.words + " of " + each.peer.slot);
                }
            }
        }
        for (Waiter each : waiters) {
            if (each.future.isDone() && !each.future.isCompletedExceptionally()) {
                String unused = how(each);
            }
        }
    }

    private void attempt(Waiter waiter, String key) {
        if (waiter.future.isDone() && waiter.future.isCompletedExceptionally()) {
            boolean isGroup = waiter.name().equals("xreadgroup");
            if (!isGroup) {
                return;
            }
        }
        String plain = take(waiter, key);
        if (plain != null) {
            waiter.served = true;
            waiter.sent.answered = true;
            waiter.sent.plain = plain;
        }
    }

    private @Nullable String take(Waiter waiter, String key) {
        List<String> words = waiter.words;
        FuzzPeer peer = waiter.peer;
        return switch (waiter.name()) {
            case "blpop" -> popOne(key, true, peer);
            case "brpop" -> popOne(key, false, peer);
            case "blmove" ->
                    moveOne(
                            key,
                            destination(waiter, words.get(2)),
                            words.get(3).equals("LEFT"),
                            words.get(4).equals("LEFT"),
                            peer);
            case "brpoplpush" -> moveOne(key, destination(waiter, words.get(2)), false, true, peer);
            case "blmpop" -> popSeveral(key, words, peer);
            case "bzpopmin" -> popScored(key, true, peer);
            case "bzpopmax" -> popScored(key, false, peer);
            case "xread" -> read(key, waiter.after.get(waiter.keys.indexOf(key)), peer);
            case "xreadgroup" -> readGroup(key, words, peer);
            default -> null;
        };
    }

    /** The other key of a move, in the database that the wait began in. */
    private static String destination(Waiter waiter, String name) {
        String key = waiter.keys.get(0);
        return key.substring(0, key.indexOf(':') + 1) + name;
    }

    // ---- values

    @SuppressWarnings("unchecked") // Lists of nothing else are put there.
    private @Nullable List<String> list(String key) {
        return keys.get(key) instanceof List<?> list ? (List<String>) list : null;
    }

    @SuppressWarnings("unchecked") // Nothing else is put there.
    private @Nullable NavigableMap<Integer, String> scored(String key) {
        return keys.get(key) instanceof NavigableMap<?, ?> map
                ? (NavigableMap<Integer, String>) map
                : null;
    }

    private void touched(String key, FuzzPeer by) {
        for (FuzzPeer each : peers.values()) {
            if (each.watched.contains(key)) {
                each.dirty = true;
            }
        }
        if (depth > 0) {
            // What a transaction has written is told when it has committed.
            afterExec.add(() -> invalidate(nameOf(key), by));
        } else {
            invalidate(nameOf(key), by);
        }
    }

    private void invalidate(String name, FuzzPeer by) {
        Set<Long> ids = tracked.remove(name);
        if (ids != null) {
            for (FuzzPeer each : peers.values()) {
                Tracking.Mode mode = each.tracking;
                if (mode != null
                        && ids.contains(each.id())
                        && !mode.broadcast()
                        && !(mode.noLoop() && each == by)) {
                    tell(each, mode, "invalidate " + name, by, each.invalidations);
                }
            }
        }
        by.ownKeys.add(name);
        for (FuzzPeer each : peers.values()) {
            Tracking.Mode mode = each.tracking;
            if (mode != null
                    && mode.broadcast()
                    && each.prefixes.stream().anyMatch(name::startsWith)
                    && !(mode.noLoop() && each == by)) {
                tell(each, mode, "invalidate " + name, by, each.broadcasts);
            }
        }
    }

    private void tell(
            FuzzPeer tracker,
            Tracking.Mode mode,
            String what,
            FuzzPeer by,
            List<FuzzPeer.Told> own) {
        FuzzPeer target = tracker;
        List<FuzzPeer.Told> list = own;
        if (mode.redirect() != 0) {
            target = find(mode.redirect());
            if (target == null) {
                if (tracker.protocol == 3) {
                    String broken = "tracking-redir-broken " + mode.redirect();
                    tracker.invalidations.add(new FuzzPeer.Told(List.of(broken), stamp, false));
                }
                return;
            }
            list = own == tracker.broadcasts ? target.broadcasts : target.invalidations;
        }
        boolean hears = target.protocol == 3 || (mode.redirect() != 0 && target.isSubscriber());
        if (!hears && list == target.broadcasts) {
            // It may say HELLO before the end of the pipeline, and hear then.
            list.add(new FuzzPeer.Told(List.of(what), stamp, false));
        } else if (hears) {
            // Of several writes of a key the first one's client counts, as in Redis.
            boolean isVague = mode.broadcast() && mode.noLoop();
            boolean isOwn =
                    List.of(target, tracker).contains(by) || target == now || tracker == now;
            boolean exact = !isOwn && !isVague;
            boolean isOwnReply = target == by && target == now && list == target.invalidations;
            list.add(new FuzzPeer.Told(List.of(what), stamp, exact, isOwnReply));
        }
    }

    private @Nullable FuzzPeer find(long id) {
        for (FuzzPeer each : peers.values()) {
            if (each.id() == id && each.connection.isOpen()) {
                return each;
            }
        }
        return null;
    }

    private void note(Command command, List<String> words, FuzzPeer peer) {
        Tracking.Mode mode = peer.tracking;
        if (mode == null
                || mode.broadcast()
                || !command.has(Command.Flag.READONLY)
                || (mode.optIn() && !peer.caching)
                || (mode.optOut() && peer.caching)) {
            return;
        }
        List<String> names =
                words.get(0).startsWith("x") && words.contains("STREAMS")
                        ? blockingKeys(words)
                        : words.get(0).equals("lrange")
                                ? words.subList(1, 2)
                                : words.subList(1, words.size());
        for (String name : names) {
            tracked.computeIfAbsent(name, n -> new HashSet<>()).add(peer.id());
        }
    }

    private void signal(String key) {
        if (!ready.contains(key)) {
            ready.add(key);
        }
    }

    private @Nullable String removeOne(String key, boolean first, FuzzPeer by) {
        List<String> list = list(key);
        if (list == null) {
            return null;
        }
        String element = list.remove(first ? 0 : list.size() - 1);
        if (list.isEmpty()) {
            keys.remove(key);
        }
        touched(key, by);
        return element;
    }

    private void addOne(String key, boolean first, String element) {
        List<String> list = list(key);
        if (list == null) {
            list = new ArrayList<>();
            keys.put(key, list);
        }
        list.add(first ? 0 : list.size(), element);
        signal(key);
    }

    private @Nullable String popOne(String key, boolean first, FuzzPeer by) {
        String element = removeOne(key, first, by);
        return element == null ? null : "[$" + nameOf(key) + " $" + element + "]";
    }

    private @Nullable String moveOne(
            String key, String to, boolean first, boolean toFirst, FuzzPeer by) {
        List<String> list = list(key);
        if (list != null && key.equals(to) && (first == toFirst || list.size() == 1)) {
            // All is as before, so nobody is told; Redis tells.
            return "$" + list.get(first ? 0 : list.size() - 1);
        }
        String element = removeOne(key, first, by);
        if (element == null) {
            return null;
        }
        addOne(to, toFirst, element);
        touched(to, by);
        return "$" + element;
    }

    private @Nullable String popSeveral(String key, List<String> words, FuzzPeer by) {
        int keyCount = Integer.parseInt(words.get(2));
        boolean first = words.get(3 + keyCount).equals("LEFT");
        int count = words.size() > 5 + keyCount ? Integer.parseInt(words.get(5 + keyCount)) : 1;
        List<String> taken = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String element = removeOne(key, first, by);
            if (element == null) {
                break;
            }
            taken.add("$" + element);
        }
        return taken.isEmpty() ? null : "[$" + nameOf(key) + " [" + String.join(" ", taken) + "]]";
    }

    private @Nullable String popScored(String key, boolean least, FuzzPeer by) {
        NavigableMap<Integer, String> scored = scored(key);
        if (scored == null) {
            return null;
        }
        var entry = least ? scored.pollFirstEntry() : scored.pollLastEntry();
        if (scored.isEmpty()) {
            keys.remove(key);
        }
        touched(key, by);
        return "[$" + nameOf(key) + " $" + entry.getValue() + " $" + entry.getKey() + "]";
    }

    private static String entries(String key, List<Integer> numbers, FuzzPeer peer) {
        List<String> texts = numbers.stream().map(n -> "[$" + n + "-0 [$f $v" + n + "]]").toList();
        String one = "$" + nameOf(key) + " [" + String.join(" ", texts) + "]";
        return peer.protocol == 3 ? "[" + one + "]" : "[[" + one + "]]";
    }

    private @Nullable String read(String key, int after, FuzzPeer peer) {
        Stream stream = keys.get(key) instanceof Stream s ? s : null;
        if (stream == null) {
            return null;
        }
        List<Integer> newer = stream.entries.stream().filter(n -> n > after).toList();
        return newer.isEmpty() ? null : entries(key, newer, peer);
    }

    private @Nullable String readGroup(String key, List<String> words, FuzzPeer peer) {
        Stream stream = keys.get(key) instanceof Stream s ? s : null;
        if (stream == null) {
            return "-";
        }
        Integer read = stream.groups.get(words.get(2));
        if (read == null) {
            return "-";
        }
        List<Integer> newer = stream.entries.stream().filter(n -> n > read).toList();
        if (newer.isEmpty()) {
            return null;
        }
        stream.groups.put(words.get(2), stream.last);
        touched(key, peer);
        return entries(key, newer, peer);
    }

    // ---- commands

    /** What a command does; returns what its reply says, or null if anything may be. */
    private @Nullable String apply(List<String> words, FuzzPeer peer, ReplyBuffer reply, int from) {
        String first = words.size() > 1 ? key(peer, words.get(1)) : "";
        switch (words.get(0)) {
            case "set" -> {
                keys.put(first, words.get(2));
                touched(first, peer);
                return "+OK";
            }
            case "get" -> {
                Object value = keys.get(first);
                return value == null ? "nil" : value instanceof String text ? "$" + text : null;
            }
            case "del", "unlink" -> {
                return delete(words, peer);
            }
            case "rpush", "lpush" -> {
                boolean isLeft = words.get(0).equals("lpush");
                for (String element : words.subList(2, words.size())) {
                    addOne(first, isLeft, element);
                }
                touched(first, peer);
                List<String> list = list(first);
                return ":" + (list == null ? 0 : list.size());
            }
            case "lpop", "rpop" -> {
                String element = removeOne(first, words.get(0).equals("lpop"), peer);
                return element == null ? "nil" : "$" + element;
            }
            case "llen" -> {
                List<String> list = list(first);
                return ":" + (list == null ? 0 : list.size());
            }
            case "lrange" -> {
                List<String> list = list(first);
                return list == null
                        ? "[]"
                        : "[" + String.join(" ", list.stream().map(e -> "$" + e).toList()) + "]";
            }
            case "zadd" -> {
                NavigableMap<Integer, String> scored = scored(first);
                if (scored == null) {
                    scored = new TreeMap<>();
                    keys.put(first, scored);
                }
                scored.put(Integer.parseInt(words.get(2)), words.get(3));
                touched(first, peer);
                signal(first);
                return ":1";
            }
            case "xadd" -> {
                Stream stream = stream(first);
                int number = Integer.parseInt(words.get(2).replace("-0", ""));
                stream.entries.add(number);
                stream.last = number;
                touched(first, peer);
                signal(first);
                return "$" + words.get(2);
            }
            case "xgroup" -> {
                return group(words, peer);
            }
            case "rename" -> {
                return rename(first, key(peer, words.get(2)), peer);
            }
            case "blpop",
                    "brpop",
                    "blmove",
                    "brpoplpush",
                    "blmpop",
                    "bzpopmin",
                    "bzpopmax",
                    "xread",
                    "xreadgroup" -> {
                return begin(words, peer);
            }
            case "exec" -> {
                return exec(peer, reply, from);
            }
            case "client" -> {
                return client(words, peer);
            }
            default -> {
                return other(words, peer, reply);
            }
        }
    }

    private Stream stream(String key) {
        if (keys.get(key) instanceof Stream present) {
            return present;
        }
        Stream made = new Stream();
        keys.put(key, made);
        return made;
    }

    private String delete(List<String> words, FuzzPeer peer) {
        int count = 0;
        for (String name : words.subList(1, words.size())) {
            String key = key(peer, name);
            if (keys.remove(key) != null) {
                count++;
                touched(key, peer);
                signal(key);
            }
        }
        return ":" + count;
    }

    private @Nullable String group(List<String> words, FuzzPeer peer) {
        String key = key(peer, words.get(2));
        Stream stream = stream(key);
        stream.groups.put(words.get(3), stream.last);
        touched(key, peer);
        return "+OK";
    }

    private @Nullable String rename(String from, String to, FuzzPeer peer) {
        Object value = keys.remove(from);
        if (value == null) {
            return null;
        }
        if (from.equals(to)) {
            keys.put(to, value);
            return "+OK";
        }
        keys.put(to, value);
        touched(from, peer);
        touched(to, peer);
        signal(from);
        signal(to);
        return "+OK";
    }

    /** What may wait, when it is executed: what is there already it gets at once. */
    private @Nullable String begin(List<String> words, FuzzPeer peer) {
        CompletableFuture<Object> none = new CompletableFuture<>();
        FuzzPeer.Sent sent = new FuzzPeer.Sent(words.toArray(String[]::new));
        Waiter one = waiter(peer, sent, none, words);
        for (String key : one.keys) {
            String plain = take(one, key);
            if (plain != null) {
                return plain;
            }
        }
        // In EXEC it waits for nothing; outside it is answered later.
        return "nil";
    }

    private @Nullable String exec(FuzzPeer peer, ReplyBuffer reply, int from) {
        boolean isNull = reply.bytes()[from] == '_' || reply.bytes()[from + 1] == '-';
        if (!peer.maybeDirty && isNull != peer.dirtyAtExec) {
            fail("EXEC of " + peer.slot + ": null=" + isNull + ", expected " + !isNull);
        }
        if (peer.broken) {
            fail("EXEC of " + peer.slot + ", of which a command was refused");
        }
        endTransaction(peer);
        return null;
    }

    private @Nullable String other(List<String> words, FuzzPeer peer, ReplyBuffer reply) {
        switch (words.get(0)) {
            case "ping" -> {
                return peer.isSubscriber() && peer.protocol == 2 ? "[$pong $]" : "+PONG";
            }
            case "echo" -> {
                return "$" + words.get(1);
            }
            case "multi" -> {
                peer.multi = true;
                return "+OK";
            }
            case "discard" -> {
                endTransaction(peer);
                return "+OK";
            }
            case "watch" -> {
                words.subList(1, words.size()).forEach(n -> peer.watched.add(key(peer, n)));
                return "+OK";
            }
            case "unwatch" -> {
                if (depth == 0) {
                    peer.watched.clear();
                    peer.dirty = false;
                    peer.maybeDirty = false;
                }
                return "+OK";
            }
            case "select" -> {
                peer.database = Integer.parseInt(words.get(1));
                return "+OK";
            }
            case "swapdb" -> {
                swap(Integer.parseInt(words.get(1)), Integer.parseInt(words.get(2)));
                return "+OK";
            }
            case "flushall", "flushdb" -> {
                String prefix = words.get(0).equals("flushall") ? "" : areas[peer.database] + ":";
                if (depth > 0) {
                    flush(prefix, peer);
                } else {
                    flushing.put(peer, prefix);
                }
                return "+OK";
            }
            case "hello" -> peer.protocol = Integer.parseInt(words.get(1));
            case "reset" -> reset(peer);
            case "monitor" -> afterExec.add(() -> peer.monitor = true);
            case "subscribe", "psubscribe", "ssubscribe" -> {
                words.subList(1, words.size()).forEach(n -> topics(words.get(0), peer).add(n));
                checkConfirmed(words, peer, reply);
            }
            case "unsubscribe", "punsubscribe", "sunsubscribe" -> {
                Set<String> names = topics(words.get(0), peer);
                if (words.size() == 1) {
                    names.clear();
                } else {
                    words.subList(1, words.size()).forEach(names::remove);
                }
                checkConfirmed(words, peer, reply);
            }
            default -> {}
        }
        return null;
    }

    /** Whether the last confirmation counts as many subscriptions as there are. */
    private void checkConfirmed(List<String> words, FuzzPeer peer, ReplyBuffer reply) {
        boolean isShard = words.get(0).startsWith("ss") || words.get(0).startsWith("su");
        isShard &= topics(words.get(0), peer) == peer.topics.get(Topic.Kind.SHARD);
        int count = 0;
        for (Map.Entry<Topic.Kind, Set<String>> each : peer.topics.entrySet()) {
            count += each.getKey().isShard() == isShard ? each.getValue().size() : 0;
        }
        byte[] end = (":" + count + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        int at = reply.length() - end.length;
        if (!Arrays.equals(reply.bytes(), at, reply.length(), end, 0, end.length)) {
            fail("confirmed with another count than " + count + ": " + words);
        }
    }

    private static Set<String> topics(String command, FuzzPeer peer) {
        Topic.Kind kind =
                command.startsWith("p")
                        ? Topic.Kind.PATTERN
                        : command.startsWith("ssub") || command.startsWith("suns")
                                ? Topic.Kind.SHARD
                                : Topic.Kind.CHANNEL;
        return peer.topics.getOrDefault(kind, new HashSet<>());
    }

    private void reset(FuzzPeer peer) {
        peer.protocol = 2;
        peer.database = 0;
        endTransaction(peer);
        peer.topics.values().forEach(Set::clear);
        peer.monitor = false;
        peer.caching = false;
        untrack(peer);
    }

    private void swap(int one, int other) {
        int area = areas[one];
        areas[one] = areas[other];
        areas[other] = area;
        peers.values().forEach(each -> each.maybeDirty |= !each.watched.isEmpty());
    }

    private void flush(String prefix, FuzzPeer by) {
        List<String> gone = keys.keySet().stream().filter(k -> k.startsWith(prefix)).toList();
        for (String key : gone) {
            keys.remove(key);
            for (FuzzPeer each : peers.values()) {
                each.dirty |= each.watched.contains(key);
            }
            signal(key);
        }
        if (depth > 0) {
            // Of several in a transaction it is told once, behind what else was written there.
            flusher = by;
        } else {
            tellFlushed(by);
        }
    }

    private void tellFlushed(FuzzPeer by) {
        tracked.clear();
        for (FuzzPeer each : peers.values()) {
            Tracking.Mode mode = each.tracking;
            if (mode != null) {
                tell(each, mode, "invalidate *", by, each.invalidations);
            }
        }
    }

    private int publish(List<String> words, boolean inner) {
        String channel = words.get(1);
        boolean isShard = words.get(0).equals("spublish");
        int receivers = 0;
        for (FuzzPeer each : peers.values()) {
            List<String> texts = new ArrayList<>();
            Topic.Kind kind = isShard ? Topic.Kind.SHARD : Topic.Kind.CHANNEL;
            if (each.topics.getOrDefault(kind, Set.of()).contains(channel)) {
                texts.add((isShard ? "smessage " : "message ") + channel + " " + words.get(2));
            }
            for (String pattern : each.topics.getOrDefault(Topic.Kind.PATTERN, Set.of())) {
                byte[] bytes = pattern.getBytes(StandardCharsets.ISO_8859_1);
                if (!isShard
                        && new GlobPattern(bytes, false)
                                .matches(channel.getBytes(StandardCharsets.ISO_8859_1))) {
                    texts.add("pmessage " + pattern + " " + channel + " " + words.get(2));
                }
            }
            receivers += texts.size();
            if (!texts.isEmpty()) {
                FuzzPeer.Told told = new FuzzPeer.Told(texts, stamp, true);
                if (inner) {
                    afterExec.add(() -> each.messages.add(told));
                } else {
                    each.messages.add(told);
                }
            }
        }
        return receivers;
    }

    private @Nullable String client(List<String> words, FuzzPeer peer) {
        switch (words.get(1).toLowerCase(Locale.ROOT)) {
            case "id" -> {
                return ":" + peer.id();
            }
            case "tracking" -> track(words, peer);
            case "caching" -> peer.caching = true;
            case "pause" -> pause(Long.parseLong(words.get(2)), words.get(3).equals("ALL"));
            case "unpause" -> unpause();
            case "unblock" -> unblocked.add(Long.parseLong(words.get(2)));
            case "kill" -> {
                for (FuzzPeer each : peers.values()) {
                    boolean isNamed = words.contains(Long.toString(each.id()));
                    each.mayEnd |= isNamed || words.contains("TYPE");
                }
            }
            default -> {}
        }
        return null;
    }

    private void track(List<String> words, FuzzPeer peer) {
        if (words.get(2).equals("OFF")) {
            untrack(peer);
            peer.caching = false;
            return;
        }
        long redirect =
                words.contains("REDIRECT")
                        ? Long.parseLong(words.get(words.indexOf("REDIRECT") + 1))
                        : 0;
        boolean broadcast = words.contains("BCAST");
        peer.tracking =
                new Tracking.Mode(
                        redirect,
                        broadcast,
                        words.contains("OPTIN"),
                        words.contains("OPTOUT"),
                        words.contains("NOLOOP"));
        peer.caching = false;
        if (broadcast && !words.contains("NOLOOP")) {
            // How it is told at the end of a pipeline is decided there, as in Redis.
            for (String name : peer.ownKeys) {
                List<String> texts = List.of("invalidate " + name);
                peer.broadcasts.add(new FuzzPeer.Told(texts, stamp, false));
            }
        }
        if (broadcast) {
            if (words.contains("PREFIX")) {
                peer.prefixes.add(words.get(words.indexOf("PREFIX") + 1));
            } else {
                peer.prefixes.add("");
            }
        }
    }

    // ---- when all is over

    /** Sees to it that whoever waits does so for a reason, and with a command that may. */
    void checkAtEnd() {
        Waiter unused = settle(null);
        check();
    }
}
