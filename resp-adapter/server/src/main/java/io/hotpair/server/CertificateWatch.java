package io.hotpair.server;

import io.hotpair.HotpairException;
import io.hotpair.resp.RespListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has the listener read its certificates again when their files have changed. */
final class CertificateWatch {
    private static final Logger LOGGER = LoggerFactory.getLogger(CertificateWatch.class);
    private static final long PERIOD_MS = 1000;

    private final List<Path> files;
    private final RespListener listener;
    private List<@Nullable FileTime> read;

    private CertificateWatch(List<Path> files, RespListener listener) {
        this.files = files;
        this.listener = listener;
        read = times();
    }

    /** Watches until the process ends. */
    static void start(ServerOptions options, RespListener listener) {
        List<Path> files =
                Stream.of(options.tlsCertFile, options.tlsKeyFile, options.tlsCaCertFile)
                        .filter(Objects::nonNull)
                        .toList();
        CertificateWatch watch = new CertificateWatch(files, listener);
        Thread thread = new Thread(watch::run, "hotpair-certificates");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(PERIOD_MS);
                look();
            }
        } catch (InterruptedException e) {
            LOGGER.debug("Certificates are watched no more", e);
        }
    }

    /** Certificate and key change one after the other: what does not fit yet will in a moment. */
    private void look() {
        List<@Nullable FileTime> present = times();
        if (present.equals(read)) {
            return;
        }
        read = present;
        try {
            listener.reloadCertificates();
            LOGGER.info("certificates were read again");
        } catch (HotpairException e) {
            LOGGER.warn("certificates are as before: {}", e.getMessage());
        }
    }

    private List<@Nullable FileTime> times() {
        List<@Nullable FileTime> times = new ArrayList<>();
        for (Path file : files) {
            times.add(time(file));
        }
        return times;
    }

    private static @Nullable FileTime time(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            LOGGER.debug("{} can't be looked at", file, e);
            return null;
        }
    }
}
