package io.hotpair.log;

class MemoryLogTest extends OperationLogContract {
    private final MemoryLog log = new MemoryLog();

    @Override
    protected OperationLog open() {
        return log;
    }
}
