package io.hotpair.server;

import io.hotpair.Backup;
import io.hotpair.BackupManifest;
import io.hotpair.HotpairException;
import io.hotpair.Moment;
import io.hotpair.Progress;
import io.hotpair.log.OperationLog;
import io.hotpair.resp.AofExport;
import io.hotpair.resp.AofImport;
import io.hotpair.resp.RdbExport;
import io.hotpair.resp.RdbImport;
import io.hotpair.resp.RedisImport;
import io.hotpair.resp.RespConfig;
import io.hotpair.resp.RespConfigBuilder;
import java.io.BufferedInputStream;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the server's jar does with directories that no process has open: one command, then end. */
final class OfflineTool {
    static final String USAGE =
            """
            Usage: hotpair-server COMMAND [options]    with directories that no server has open

              backup  --dir DIRECTORY --to BACKUP      makes a backup
              verify  --dir BACKUP                     checks every file of a backup, which may
                                                       be a ZIP
              restore --dir BACKUP --to DIRECTORY      makes a keyspace of such a backup
              clone   --dir DIRECTORY --to DIRECTORY   makes a keyspace of another one
              inspect --dir DIRECTORY                  prints what the log holds, a line each
              import  --rdb FILE --to DIRECTORY        makes a keyspace of a Redis RDB file
              import  --aof PATH --to DIRECTORY        ... of a Redis append-only log
              import  --from redis://HOST --to DIRECTORY
                                                       ... of a running Redis, key by key
              export  --dir DIRECTORY --rdb FILE       writes a keyspace as a Redis RDB file
              export  --dir DIRECTORY --aof DIRECTORY  ... as a Redis append-only log

              --at TIME          (restore, clone, inspect) up to a time, as 2026-11-21T03:00:00Z
              --op N             (restore, clone, inspect) up to an operation's opId
              --from N           (inspect) from an opId on
              --from ADDRESS     (import) redis://[[user]:password@]host[:port][/database], or
                                 rediss:// with TLS; not of one moment if it is written meanwhile
              --limit N          (inspect) so many lines at most (1000)
              --format FORMAT    (inspect) text or json (text)
              --aof PATH         (import) appendonlydir, its manifest, or a log of one file
              --db N             (import) one database of the file, which becomes database 0
                                 (all, which keep their numbers)
              --redis VERSION    (export) what is to read the file: 7.0, which has no deadlines of
                                 the fields of hashes, or 7.4, which has (7.0)
              --maxmemory SIZE   (import, export) off-heap memory to load it with
                                 (1gb, or ten times what is read)
              --script-memory-limit SIZE
                                 (import) what the server's is to be, for functions (32mb)
            """;

    private static final Set<String> COMMANDS =
            Set.of("backup", "verify", "restore", "clone", "inspect", "import", "export");

    private static final Map<String, Set<String>> OPTIONS =
            Map.of(
                    "backup", Set.of("--dir", "--to"),
                    "verify", Set.of("--dir"),
                    "restore", Set.of("--dir", "--to", "--at", "--op"),
                    "clone", Set.of("--dir", "--to", "--at", "--op"),
                    "inspect", Set.of("--dir", "--at", "--op", "--from", "--limit", "--format"),
                    "import",
                            Set.of(
                                    "--rdb",
                                    "--aof",
                                    "--from",
                                    "--to",
                                    "--db",
                                    "--maxmemory",
                                    "--script-memory-limit"),
                    "export", Set.of("--dir", "--rdb", "--aof", "--redis", "--maxmemory"));

    private final String command;
    private final Map<String, String> options = new TreeMap<>();
    private final PrintStream out;
    private final PrintStream err;

    private OfflineTool(String command, PrintStream out, PrintStream err) {
        this.command = command;
        this.out = out;
        this.err = err;
    }

    /** Whether these are arguments of a command, not the server's options. */
    static boolean isCommand(String[] args) {
        return args.length > 0 && COMMANDS.contains(args[0]);
    }

    /**
     * Runs a command.
     *
     * @return the exit code: 0; 1 for a wrong use; 2 if it could not be done
     */
    static int run(String[] args, PrintStream out, PrintStream err) {
        if (List.of(args).contains("--help") || List.of(args).contains("-h")) {
            out.print(USAGE);
            return 0;
        }
        try {
            OfflineTool tool = new OfflineTool(args[0], out, err);
            tool.parse(args);
            tool.run();
            return 0;
        } catch (IllegalArgumentException e) {
            err.println("hotpair-server " + args[0] + ": " + e.getMessage());
            err.println("hotpair-server: --help lists the options");
            return 1;
        } catch (HotpairException | IllegalStateException | UncheckedIOException e) {
            err.println("hotpair-server " + args[0] + ": " + e.getMessage());
            return 2;
        }
    }

    private void parse(String[] args) {
        Set<String> known = OPTIONS.getOrDefault(command, Set.of());
        for (int i = 1; i < args.length; i++) {
            String[] parts = args[i].split("=", 2);
            if (!known.contains(parts[0])) {
                throw new IllegalArgumentException(
                        "option=" + parts[0] + ", expected one of " + new TreeSet<>(known));
            }
            if (parts.length == 1 && i + 1 == args.length) {
                throw new IllegalArgumentException(
                        "option=" + args[i] + ", expected a value after it");
            }
            options.put(parts[0], parts.length == 2 ? parts[1] : args[++i]);
        }
    }

    private void run() {
        switch (command) {
            case "backup" -> report(Backup.make(source("--dir"), path("--to"), new Bar(err)));
            case "verify" -> verify();
            case "restore" -> restore();
            case "clone" ->
                    report(Backup.copy(source("--dir"), path("--to"), moment(), new Bar(err)));
            case "import" -> importFiles();
            case "export" -> export();
            default ->
                    new LogPrinter(out, isJson()).print(source("--dir"), from(), moment(), limit());
        }
    }

    /** Opens a ZIP, as the keyspace's own backups to a stream are. */
    private static void unpack(Path zip, Consumer<InputStream> to) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(zip))) {
            to.accept(in);
        } catch (IOException e) {
            throw new UncheckedIOException(zip + " can't be read: " + e, e);
        }
    }

    private void verify() {
        Path backup = source("--dir");
        if (Files.isRegularFile(backup)) {
            unpack(backup, in -> report(Backup.verify(in)));
        } else {
            report(Backup.verify(backup));
        }
    }

    private void restore() {
        Path backup = source("--dir");
        Path to = path("--to");
        if (Files.isRegularFile(backup)) {
            unpack(backup, in -> Backup.restore(in, to, moment(), new Bar(err)));
        } else {
            Backup.restore(backup, to, moment(), new Bar(err));
        }
        restored(to);
    }

    /** Says how far it came: a time before the first write is one, too, and gives nothing. */
    private void restored(Path to) {
        try (OperationLog log = Backup.openLog(to)) {
            long last = log.lastOpId();
            out.println(
                    "restored to "
                            + to
                            + (last == 0
                                    ? ": nothing, nothing was written by then"
                                    : ": up to opId " + last));
        }
    }

    /** Whether an append-only log is meant, not an RDB file. */
    private boolean isLog() {
        if (options.containsKey("--aof") && options.containsKey("--rdb")) {
            throw new IllegalArgumentException("--rdb and --aof, expected one of them");
        }
        return options.containsKey("--aof");
    }

    private void importFiles() {
        requireOneOf("--rdb", "--aof", "--from");
        if (options.containsKey("--from")) {
            importRedis();
            return;
        }
        if (isLog()) {
            importLog();
            return;
        }
        int database = database();
        RespConfig limits = limits();
        RdbImport.Report read =
                RdbDirectory.make(
                        path("--rdb"),
                        path("--to"),
                        maxMemory(),
                        keyspace ->
                                RdbImport.read(
                                        path("--rdb"), database, keyspace, limits, new Bar(err)));
        imported(read.keyCount(), libraries(read.libraryCount()));
        leftOut(read.expiredCount(), "keys past their deadline");
        leftOut(read.otherDatabaseCount(), "keys of other databases");
    }

    private void importRedis() {
        if (options.containsKey("--rdb") || options.containsKey("--aof")) {
            throw new IllegalArgumentException("--from and a file, expected one of them");
        }
        RedisImport.Report read =
                RdbDirectory.makeOfRedis(
                        URI.create(options.getOrDefault("--from", "")), path("--to"), maxMemory());
        imported(read.keyCount(), "");
        leftOut(read.goneCount(), "keys that went away meanwhile");
    }

    private void importLog() {
        int database = database();
        RespConfig limits = limits();
        AofImport.Report read =
                RdbDirectory.make(
                        path("--aof"),
                        path("--to"),
                        maxMemory(),
                        keyspace ->
                                AofImport.read(
                                        path("--aof"), database, keyspace, limits, new Bar(err)));
        imported(
                read.keyCount(),
                libraries(read.libraryCount()) + ", by " + read.commandCount() + " commands");
        leftOut(read.expiredCount(), "keys past their deadline");
        leftOut(read.otherDatabaseCount(), "keys and commands of other databases");
        leftOut(read.cutBytes(), "bytes at the end of the log, where a command is cut short");
    }

    private void imported(long keyCount, String more) {
        out.println("imported to " + path("--to") + ": " + keyCount + " keys" + more);
    }

    private static String libraries(int count) {
        return count == 0 ? "" : " and " + count + " libraries of functions";
    }

    private void leftOut(long count, String what) {
        if (count > 0) {
            out.println("left out: " + count + " " + what);
        }
    }

    private void export() {
        requireOneOf("--rdb", "--aof");
        Path target = path(isLog() ? "--aof" : "--rdb");
        RdbExport.Format format = format();
        RdbExport.Report written =
                RdbDirectory.write(
                        source("--dir"),
                        maxMemory(),
                        keyspace ->
                                isLog()
                                        ? AofExport.toDirectory(
                                                keyspace, format, target, new Bar(err))
                                        : RdbExport.toFile(keyspace, format, target, new Bar(err)));
        out.println(
                "exported to "
                        + target
                        + ": "
                        + written.keyCount()
                        + " keys"
                        + libraries(written.libraryCount()));
        leftOut(written.expiredCount(), "keys past their deadline");
        if (written.lostDeadlineCount() > 0) {
            out.println(
                    "lost: the deadlines of "
                            + written.lostDeadlineCount()
                            + " fields of hashes, which Redis 7.0 does not have");
        }
    }

    private RdbExport.Format format() {
        String version = options.getOrDefault("--redis", "7.0");
        return switch (version) {
            case "7.0" -> RdbExport.Format.REDIS_7_0;
            case "7.4" -> RdbExport.Format.REDIS_7_4;
            default ->
                    throw new IllegalArgumentException(
                            "--redis=" + version + ", expected 7.0 or 7.4");
        };
    }

    /** 0 for what is usual. */
    private long maxMemory() {
        return size("--maxmemory");
    }

    /** Those of the server that is to serve it, as far as libraries of functions go. */
    private RespConfig limits() {
        RespConfigBuilder limits = RespConfig.builder();
        long size = size("--script-memory-limit");
        return (size == 0 ? limits : limits.scriptMemoryLimit(size)).build();
    }

    /** 0 if it was not given. */
    private long size(String option) {
        String size = options.get(option);
        try {
            return size == null ? 0 : ServerOptions.memory(size);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + "=" + size + ", " + e.getMessage(), e);
        }
    }

    private int database() {
        String value = options.get("--db");
        if (value == null) {
            return RdbImport.ALL_DATABASES;
        }
        return value.equals("0") ? 0 : (int) Math.min(Integer.MAX_VALUE, number("--db", value));
    }

    private void report(BackupManifest manifest) {
        out.println("keyspace:  " + manifest.keyspace());
        out.println("created:   " + manifest.created());
        out.println("reaches:   opId " + manifest.firstOpId() + " to " + manifest.lastOpId());
        out.println("last term: " + manifest.lastTerm());
        out.println("last time: " + manifest.lastTime());
    }

    private Path path(String option) {
        String value = options.get(option);
        if (value == null) {
            throw new IllegalArgumentException(option + " is missing");
        }
        return Path.of(value);
    }

    /** What is read: it has to be there. */
    private Path source(String option) {
        Path path = path(option);
        if (!Files.exists(path)) {
            throw new IllegalArgumentException(option + "=" + path + " is not there");
        }
        return path;
    }

    private void requireOneOf(String... names) {
        if (Stream.of(names).noneMatch(options::containsKey)) {
            throw new IllegalArgumentException(
                    String.join(", ", names) + ": none is given, expected one of them");
        }
    }

    private Moment moment() {
        String time = options.get("--at");
        String opId = options.get("--op");
        if (time != null && opId != null) {
            throw new IllegalArgumentException("--at and --op, expected one of them");
        }
        if (time != null) {
            try {
                return Moment.at(Instant.parse(time));
            } catch (DateTimeException e) {
                throw new IllegalArgumentException(
                        "--at=" + time + ", expected a time such as 2026-11-21T03:00:00Z", e);
            }
        }
        return opId == null ? Moment.latest() : Moment.after(number("--op", opId));
    }

    private long from() {
        return number("--from", options.getOrDefault("--from", "1"));
    }

    private long limit() {
        return number("--limit", options.getOrDefault("--limit", "1000"));
    }

    private static long number(String option, String value) {
        try {
            long number = Long.parseLong(value);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + "=" + value + ", expected above 0", e);
        }
        throw new IllegalArgumentException(option + "=" + value + ", expected above 0");
    }

    private boolean isJson() {
        String format = options.getOrDefault("--format", "text");
        if (!format.equals("text") && !format.equals("json")) {
            throw new IllegalArgumentException("--format=" + format + ", expected text or json");
        }
        return format.equals("json");
    }

    /** A bar on a terminal's last line; nothing where there is no terminal. */
    private static final class Bar implements Progress {
        private static final long STEP_NS = 100_000_000;
        private static final int WIDTH = 40;

        private final @Nullable PrintStream to;
        private long shownNs;

        Bar(PrintStream err) {
            to = isTerminal() ? err : null;
        }

        /** Up to Java 21 there is a console only on a terminal; later ones have to be asked. */
        @SuppressWarnings("SystemConsoleNull")
        private static boolean isTerminal() {
            Console console = System.console();
            if (console == null) {
                return false;
            }
            try {
                return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
            } catch (NoSuchMethodException e) {
                return true;
            } catch (ReflectiveOperationException e) {
                return false;
            }
        }

        @Override
        public void at(long doneBytes, long totalBytes) {
            PrintStream stream = to;
            long nowNs = System.nanoTime();
            boolean isEnd = doneBytes == totalBytes;
            if (stream == null || (nowNs - shownNs < STEP_NS && !isEnd)) {
                return;
            }
            shownNs = nowNs;
            double part = totalBytes == 0 ? 1 : (double) doneBytes / totalBytes;
            int filled = (int) (part * WIDTH);
            stream.printf(
                    Locale.ROOT,
                    "\r[%s%s] %3.0f %% of %,d MiB",
                    "#".repeat(filled),
                    ".".repeat(WIDTH - filled),
                    part * 100,
                    totalBytes >> 20);
            if (isEnd) {
                stream.println();
            }
        }
    }
}
