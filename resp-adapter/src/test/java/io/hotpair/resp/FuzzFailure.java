package io.hotpair.resp;

/** What a fuzz found. */
final class FuzzFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final long executions;

    FuzzFailure(long executions, String message, Throwable cause) {
        super(message, cause);
        this.executions = executions;
    }

    /** How many executions it took. */
    long executions() {
        return executions;
    }
}
