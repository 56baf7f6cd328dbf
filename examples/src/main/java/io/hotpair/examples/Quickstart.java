package io.hotpair.examples;

import io.hotpair.Keyspace;
import java.nio.file.Path;
import java.time.Duration;

/** The embedded use in ten lines. Run it twice: the counter goes on where it was. */
public final class Quickstart {
    private Quickstart() {}

    /**
     * Runs it.
     *
     * @param args the directory to keep the log in; {@code quickstart-data} if there is none
     */
    public static void main(String[] args) {
        Path directory = Path.of(args.length > 0 ? args[0] : "quickstart-data");
        try (Keyspace keyspace =
                Keyspace.open(
                        Keyspace.builder().directory(directory).maxMemory(64 << 20).build())) {
            keyspace.put("user:1", "Ada");
            keyspace.put("session:7", "token", Duration.ofMinutes(30));
            long visits = keyspace.increment("visits", 1);
            System.out.println(keyspace.get("user:1") + " was here " + visits + " times");
        }
    }
}
