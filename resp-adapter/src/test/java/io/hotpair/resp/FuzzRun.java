package io.hotpair.resp;

import org.jspecify.annotations.Nullable;

/** One run of a fuzz, for who can't name the classes because another loader has loaded them. */
final class FuzzRun {
    private FuzzRun() {}

    /**
     * Runs.
     *
     * @param what {@code parser}, {@code commands} or {@code connections}
     * @return how many executions it took to find something, and what that was; null if nothing
     */
    static Object @Nullable [] run(String what, long seed, long executions) {
        try {
            switch (what) {
                case "parser" -> {
                    try (ParserFuzz fuzz = new ParserFuzz()) {
                        long unused = fuzz.run(seed, executions);
                    }
                }
                case "commands" -> {
                    try (CommandFuzz fuzz = new CommandFuzz()) {
                        long unused = fuzz.run(seed, executions);
                    }
                }
                default -> {
                    try (ConnectionsFuzz fuzz = new ConnectionsFuzz(false)) {
                        long unused = fuzz.run(seed, executions);
                    }
                }
            }
            return null;
        } catch (FuzzFailure e) {
            return new Object[] {e.executions(), String.valueOf(e.getMessage())};
        }
    }
}
