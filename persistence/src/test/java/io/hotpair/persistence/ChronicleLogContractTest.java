package io.hotpair.persistence;

import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationLogContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class ChronicleLogContractTest extends OperationLogContract {
    @TempDir Path directory;

    @Override
    protected OperationLog open() {
        return ChronicleLog.open(directory, LogOptions.standard());
    }
}
