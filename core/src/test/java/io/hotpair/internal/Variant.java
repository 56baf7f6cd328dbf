package io.hotpair.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The engine compiled from its own source text with some of it replaced: with smaller constants, so
 * that a few operations fill a segment or go round the ring, or with a bug planted. So the code
 * that is checked is the code that is shipped, and there is no hook in it for any of this.
 *
 * <p>A replacement must match exactly once: when the engine's text changes, whoever changes it is
 * told to look at what was planted here.
 */
final class Variant {
    private static final String PACKAGE = "io.hotpair.internal.";

    private record Replacement(String file, String from, String to) {}

    private final List<Replacement> replacements;
    private final UnaryOperator<byte[]> change;

    private Variant(List<Replacement> replacements, UnaryOperator<byte[]> change) {
        this.replacements = replacements;
        this.change = change;
    }

    /** The engine as it is. */
    static Variant plain() {
        return new Variant(List.of(), UnaryOperator.identity());
    }

    /** The engine with small segments, a short ring, few stripes, and memory reused at once. */
    static Variant small() {
        return plain().with("Index", "BUCKETS = 256;", "BUCKETS = 2;")
                .with("Index", "MAX_DISTANCE = 6 * 8;", "MAX_DISTANCE = 4;")
                .with("OperationRing", "CAPACITY = 1 << 15;", "CAPACITY = 1 << 5;")
                // An access of memory, before which a thread can be stopped that has claimed a
                // position of the ring and not used it.
                .with(
                        "OperationRing",
                        "long p = (long) CELL.getAndAdd(cells, TAIL, 1L);",
                        "long p = (long) CELL.getAndAdd(cells, TAIL, 1L); mem.getLongVolatile(record);")
                .with("Stripes", "MAX_COUNT = 1024;", "MAX_COUNT = 8;")
                .with("Slab", "RECLAIM_INTERVAL = 32;", "RECLAIM_INTERVAL = 1;")
                .with(
                        "Engine",
                        "new SecureRandom()",
                        "new SecureRandom() {"
                                + " private long next;"
                                + " @Override public long nextLong() { return ++next; } }");
    }

    Variant with(String file, String from, String to) {
        List<Replacement> more = new ArrayList<>(replacements);
        more.add(new Replacement(file, from, to));
        return new Variant(more, change);
    }

    /** Has {@link Faults} count the blocks that the slab has given. */
    Variant countingBlocks() {
        return with(
                        "Slab",
                        "    long allocate(Stripe stripe, long lengthBytes, boolean fromReserve) {",
                        "    long allocate(Stripe stripe, long lengthBytes, boolean fromReserve) {"
                                + " long block = take(stripe, lengthBytes, fromReserve);"
                                + " Faults.blocks(block == 0 ? 0 : 1); return block; }"
                                + " long take(Stripe stripe, long lengthBytes, boolean fromReserve)"
                                + " {")
                .with(
                        "Slab",
                        "    void free(Stripe stripe, long address, long lengthBytes) {",
                        "    void free(Stripe stripe, long address, long lengthBytes) {"
                                + " Faults.blocks(-1);");
    }

    /** Has {@link Faults} called before each allocation on the heap. */
    Variant withFaultsAtAllocations() {
        return new Variant(replacements, FaultPoints::atAllocations);
    }

    /**
     * Has a class of the tests do its {@code run()}, on this engine.
     *
     * @throws Throwable what that throws
     */
    void run(Class<?> test) throws Throwable {
        Method run = load(test).getDeclaredMethod("run");
        run.setAccessible(true);
        try {
            Object unused = run.invoke(null);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** A class of the tests, on this engine. */
    Class<?> load(Class<?> test) {
        try {
            return new Loader(compile(), change).loadClass(test.getName());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes the classes that differ, for the class path of another JVM. */
    void writeTo(Path directory) throws IOException {
        for (Map.Entry<String, byte[]> entry : compile().entrySet()) {
            Path file = directory.resolve(entry.getKey().replace('.', '/') + ".class");
            Files.createDirectories(file.getParent());
            Files.write(file, entry.getValue());
        }
    }

    private static Path source(String file) {
        return Path.of(
                System.getProperty("basedir", "."),
                "src/main/java/io/hotpair/internal",
                file + ".java");
    }

    private static String read(String file) {
        try {
            return Files.readString(source(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, byte[]> compile() {
        Map<String, String> texts = new LinkedHashMap<>();
        for (Replacement replacement : replacements) {
            String text = texts.computeIfAbsent(replacement.file(), Variant::read);
            int at = text.indexOf(replacement.from());
            if (at < 0 || text.indexOf(replacement.from(), at + 1) >= 0) {
                throw new AssertionError(
                        replacement.file() + ".java, expected exactly once: " + replacement.from());
            }
            texts.put(replacement.file(), text.replace(replacement.from(), replacement.to()));
        }
        if (texts.containsKey("Index")) {
            // It has constants of the index compiled into it.
            texts.computeIfAbsent("SizeClass", Variant::read);
        }
        return texts.isEmpty() ? Map.of() : compile(texts);
    }

    private static Map<String, byte[]> compile(Map<String, String> texts) {
        Set<JavaFileObject> units = new java.util.LinkedHashSet<>();
        texts.forEach((file, text) -> units.add(new Source(file, text)));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        String classPath =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Output output = new Output(files)) {
            boolean compiled =
                    compiler.getTask(
                                    messages,
                                    output,
                                    null,
                                    List.of("-classpath", classPath, "-proc:none", "-nowarn"),
                                    null,
                                    units)
                            .call();
            if (!compiled) {
                throw new AssertionError(messages.toString());
            }
            return output.classes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        Set<String> files = new TreeSet<>();
        replacements.forEach(replacement -> files.add(replacement.file()));
        return "Variant" + files;
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String file, String text) {
            super(
                    URI.create("string:///" + PACKAGE.replace('.', '/') + file + ".java"),
                    Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class Output extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> written = new HashMap<>();

        Output(JavaFileManager files) {
            super(files);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location,
                String className,
                JavaFileObject.Kind kind,
                @Nullable FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("memory:///" + className), kind) {
                @Override
                public OutputStream openOutputStream() {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    written.put(className, bytes);
                    return bytes;
                }
            };
        }

        Map<String, byte[]> classes() {
            Map<String, byte[]> classes = new HashMap<>();
            written.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
            return classes;
        }
    }

    /** Loads the engine's package, with the tests in it, anew; all else comes from the parent. */
    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> replaced;
        private final UnaryOperator<byte[]> change;

        Loader(Map<String, byte[]> replaced, UnaryOperator<byte[]> change) {
            super(Variant.class.getClassLoader());
            this.replaced = replaced;
            this.change = change;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(PACKAGE)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null) {
                    return loaded;
                }
                byte[] bytes = isTest(name) ? bytes(name) : change.apply(bytes(name));
                return defineClass(name, bytes, 0, bytes.length);
            }
        }

        private static boolean isTest(String name) {
            String outer = name.replaceFirst("\\$.*", "");
            return !Files.exists(source(outer.substring(PACKAGE.length())));
        }

        private byte[] bytes(String name) throws ClassNotFoundException {
            byte[] bytes = replaced.get(name);
            if (bytes != null) {
                return bytes;
            }
            String resource = name.replace('.', '/') + ".class";
            try (InputStream in = getParent().getResourceAsStream(resource)) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                return in.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
