package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * jcstress, in JVMs of its own: the protocols' steps on the memory of this machine, as its JIT
 * compiler and its processors order them. The other tests stop threads between two steps, but on
 * memory that is in order.
 *
 * <p>The short form runs some tests for a moment each; {@code -Dhotpair.jcstress.ms=5000} runs all
 * of them, for so long in each of their JVMs.
 */
@Timeout(36_000)
class JcstressTest {
    private static final int SHORT_MS = 100;
    private static final int BUG_MS = 500;
    private static final int BUG_ATTEMPTS = 6;
    private static final int TIME_MS = Integer.getInteger("hotpair.jcstress.ms", SHORT_MS);

    /** Those of the short form: on two busy cores each of them takes 3 seconds. */
    private static final Set<String> SHORT =
            Set.of(
                    "WriteStress.WriteAndRead",
                    "NumberingStress.NumberTwiceAndPoison",
                    "CommitStress.CommitAndOverwrite",
                    "SegmentStress.SplitAndInsert",
                    "ReclamationStress.ReadAndReuse");

    /** How many of the bugs the short form plants. */
    private static final int SHORT_BUGS = 2;

    private static final Pattern VERDICT = Pattern.compile("\\[([A-Z ]+)] \\S*\\.(\\w+\\.\\w+)");

    @TempDir private Path directory;

    /** What jcstress says of each test, and all that it printed. */
    private record Report(int exit, Map<String, String> verdicts, String text) {}

    private static Set<String> tests() {
        return Stream.of(
                        WriteStress.class,
                        NumberingStress.class,
                        CommitStress.class,
                        SegmentStress.class,
                        ReclamationStress.class)
                .flatMap(type -> Arrays.stream(type.getClasses()))
                .map(type -> type.getName().replaceAll(".*\\.", "").replace('$', '.'))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isShort() {
        return TIME_MS == SHORT_MS;
    }

    @Test
    void shouldSeeNothingForbidden() throws Exception {
        // Where segments are so small that a few keys fill them, and the ring soon goes round.
        shouldPass(Variant.small(), isShort() ? SHORT : tests());
    }

    @Test
    void shouldSeeNothingForbiddenAtFullSize() throws Exception {
        Set<String> tests = tests();
        tests.removeIf(test -> test.startsWith("SegmentStress") || isShort());
        if (!tests.isEmpty()) {
            shouldPass(Variant.plain(), tests);
        }
    }

    private void shouldPass(Variant variant, Collection<String> tests) throws Exception {
        Report report = jcstress(variant, tests, TIME_MS);
        Map<String, String> expected = new TreeMap<>();
        tests.forEach(test -> expected.put(test, "OK"));
        // A test for which there are too few processors is left out without a word.
        assertEquals(expected, report.verdicts(), report::text);
        assertEquals(0, report.exit(), report::text);
    }

    /** A bug, and the test that sees it. */
    private record Bug(String name, String test, String file, String from, String to) {}

    /** The first ones are seen soonest, and each of them by its own test only. */
    private static final List<Bug> BUGS =
            List.of(
                    new Bug(
                            "an abort leaves a new record behind",
                            "CommitStress.CommitAndOverwrite",
                            "MultiCommit",
                            "takeOut(descriptor, count, OLD_WORD);",
                            "takeOut(descriptor, count, NEW_WORD);"),
                    new Bug(
                            "a claimer does not see that its position was poisoned",
                            "NumberingStress.NumberAndPoison",
                            "OperationRing",
                            "if (takenOpId() >= p || isPoisoned(p, at)) {",
                            "if (takenOpId() >= p || isPoisoned(p, at)) { if (p > 0) return true;"),
                    new Bug(
                            "a block is used again without a grace period",
                            "ReclamationStress.ReadAndReuse",
                            "Slab",
                            "stripe.limboCount() > 0 && stripe.oldestEpoch() < safe;",
                            "stripe.limboCount() > 0;"),
                    new Bug(
                            "a reader sees new records before the commit is decided",
                            "CommitStress.CommitAndRead",
                            "MultiCommit",
                            "if (status(descriptor) != COMMITTED) {",
                            "if (status(descriptor) == ABORTED) {"),
                    new Bug(
                            "a segment is copied before all of its entries are frozen",
                            "SegmentStress.SplitAndInsert",
                            "Index",
                            "while ((word & FROZEN) == 0) {",
                            "while (word != 0 && (word & FROZEN) == 0) {"),
                    new Bug(
                            "a write takes its number before it is installed",
                            "WriteStress.WriteAndRead",
                            "Engine",
                            "installed = index.install(stripe, record);",
                            "numbering.number(record); installed = index.install(stripe, record);"),
                    new Bug(
                            "a read returns a record that has no number",
                            "WriteStress.WriteAndRead",
                            "Engine",
                            "long live = record == 0 ? 0 : live(record);",
                            "long live = record == 0 || Records.type(mem, record) =="
                                    + " Records.TOMBSTONE ? 0 : record;"));

    @Test
    void shouldSeeWhatIsPlanted() throws Exception {
        if (isShort()) {
            shouldFail(BUGS.subList(0, SHORT_BUGS), SHORT_MS);
            return;
        }
        for (Bug bug : BUGS) {
            shouldFail(List.of(bug), Math.max(BUG_MS, TIME_MS));
        }
    }

    private void shouldFail(List<Bug> bugs, int timeMs) throws Exception {
        Variant variant = Variant.small();
        Map<String, String> expected = new TreeMap<>();
        for (Bug bug : bugs) {
            System.out.println("planted: " + bug.name());
            variant = variant.with(bug.file(), bug.from(), bug.to());
            expected.put(bug.test(), "FAILED");
        }
        // How often it shows in a moment depends on who else uses the machine.
        Report report = jcstress(variant, expected.keySet(), timeMs);
        for (int i = 1; i < BUG_ATTEMPTS && !report.verdicts().equals(expected); i++) {
            report = jcstress(variant, expected.keySet(), timeMs << i);
        }
        assertEquals(expected, report.verdicts(), report::text);
        assertNotEquals(0, report.exit());
        assertTrue(report.text().contains("Forbidden"), report::text);
    }

    private Report jcstress(Variant variant, Collection<String> tests, int timeMs)
            throws IOException, InterruptedException {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        variant.writeTo(classes);
        Path output = directory.resolve("output");
        Process child =
                new ProcessBuilder(command(classes, tests, timeMs))
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            int exit = child.waitFor();
            return report(exit, Files.readString(output, StandardCharsets.UTF_8));
        } finally {
            child.destroyForcibly();
        }
    }

    private List<String> command(Path classes, Collection<String> tests, int timeMs) {
        String classPath =
                classes
                        + File.pathSeparator
                        + System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", classPath, "org.openjdk.jcstress.Main", "-v"));
        command.addAll(List.of("-t", "(" + String.join("|", tests) + ")$"));
        // One set of flags, and all of the actors compiled together: that is one JVM a test, or
        // two where locks may be biased.
        command.addAll(List.of("-jvmArgs", "-Xmx256m", "-sc", "false", "-f", "1", "-fsm", "1"));
        command.addAll(List.of("-iters", "1", "-time", Integer.toString(timeMs)));
        // Threads may go where the machine, which others use as well, has room for them.
        command.addAll(List.of("-af", "NONE", "-pth", "false", "-r", "report"));
        return command;
    }

    private static Report report(int exit, String text) {
        int results = text.indexOf("RUN RESULTS");
        String shown = results < 0 ? text : text.substring(results);
        System.out.println(
                shown.lines()
                        .filter(line -> line.matches(".*(\\[[A-Z]|Acceptable|Forbidden).*"))
                        .collect(Collectors.joining(System.lineSeparator())));
        Map<String, String> verdicts = new TreeMap<>();
        Matcher matcher = VERDICT.matcher(shown);
        while (matcher.find()) {
            verdicts.put(matcher.group(2), matcher.group(1));
        }
        return new Report(exit, verdicts, shown);
    }
}
