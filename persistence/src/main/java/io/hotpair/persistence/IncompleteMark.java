package io.hotpair.persistence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The file {@code incomplete}: there was damage, and what lay behind it was set aside, so that
 * operations may be missing that somebody was told are here. It stays until that is accepted. Its
 * presence says it, so damage to it changes nothing; what is in it is for people.
 */
final class IncompleteMark {
    static final String FILE_NAME = "incomplete";

    private IncompleteMark() {}

    static void write(Path home, long keptOpId, Path aside) throws IOException {
        SealedText.write(
                home.resolve(FILE_NAME),
                List.of("kept-op-id=" + keptOpId, "set-aside=" + home.relativize(aside)));
    }

    static boolean exists(Path home) {
        return Files.exists(home.resolve(FILE_NAME));
    }

    static void delete(Path home) throws IOException {
        if (Files.deleteIfExists(home.resolve(FILE_NAME))) {
            Directories.force(home);
        }
    }
}
