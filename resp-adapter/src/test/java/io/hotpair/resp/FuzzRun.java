package io.hotpair.resp;

import org.jspecify.annotations.Nullable;

/** One run of a fuzz, for who can't name the classes because another loader has loaded them. */
final class FuzzRun {
    private FuzzRun() {}

    /**
     * Runs.
     *
     * @return how many executions it took to find something, and what that was; null if nothing
     */
    static Object @Nullable [] run(boolean ofParser, long seed, long executions) {
        try {
            if (ofParser) {
                try (ParserFuzz fuzz = new ParserFuzz()) {
                    long unused = fuzz.run(seed, executions);
                }
            } else {
                try (CommandFuzz fuzz = new CommandFuzz()) {
                    long unused = fuzz.run(seed, executions);
                }
            }
            return null;
        } catch (FuzzFailure e) {
            return new Object[] {e.executions(), String.valueOf(e.getMessage())};
        }
    }
}
