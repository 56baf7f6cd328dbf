package io.hotpair.resp;

/** What a thread has for scripts: how they execute commands, and where the replies go. */
final class ScriptContext {
    private final Dispatcher dispatcher;
    private final ReplyBuffer reply;
    private final Request request = new Request();
    private final WorkerStatistics statistics;

    /** For a thread that is no event loop's; what it counts is added to that of one at the end. */
    ScriptContext(RespServer server) {
        statistics = new WorkerStatistics(server);
        dispatcher = new Dispatcher(server, statistics);
        reply = new ReplyBuffer(server.errorCounts());
    }

    ScriptContext(RespServer server, Dispatcher dispatcher, WorkerStatistics statistics) {
        this.statistics = statistics;
        this.dispatcher = dispatcher;
        reply = new ReplyBuffer(server.errorCounts());
    }

    /** Forgets what another script left. */
    void begin() {
        request.locate(new byte[0], 0);
        request.reset();
    }

    WorkerStatistics statistics() {
        return statistics;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    ReplyBuffer reply() {
        return reply;
    }

    Request request() {
        return request;
    }

    /** Counts for an event loop what was executed here. Called by its thread. */
    void countFor(WorkerStatistics of) {
        of.add(statistics);
        statistics.reset();
    }
}
