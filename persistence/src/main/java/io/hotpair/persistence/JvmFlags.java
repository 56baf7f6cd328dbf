package io.hotpair.persistence;

import io.hotpair.HotpairException;

/**
 * Finds out whether the JVM was started as Chronicle needs it. Without the flags Chronicle fails in
 * ways that do not name them, and some of its classes stay broken for the life of the JVM; so this
 * is asked before any of them is touched.
 */
final class JvmFlags {
    static final String REQUIRED =
            "--add-opens java.base/java.lang.reflect=ALL-UNNAMED"
                    + " --add-exports java.base/sun.nio.ch=ALL-UNNAMED";

    private JvmFlags() {}

    /**
     * Checks.
     *
     * @throws HotpairException {@code MISSING_JVM_FLAG} with the flags to add
     */
    static void require() {
        Module base = Object.class.getModule();
        Module user = JvmFlags.class.getModule();
        boolean opened = base.isOpen("java.lang.reflect", user);
        boolean exported = base.isExported("sun.nio.ch", user);
        if (!opened || !exported) {
            throw new HotpairException(
                    HotpairException.Category.MISSING_JVM_FLAG,
                    "the log needs this JVM started with "
                            + REQUIRED
                            + "; found java.lang.reflect "
                            + (opened ? "open" : "not open")
                            + " and sun.nio.ch "
                            + (exported ? "exported" : "not exported"));
        }
    }
}
