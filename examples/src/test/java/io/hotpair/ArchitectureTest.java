package io.hotpair;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;

/** Siblings never know each other; core knows none of them, no file and no socket. */
@AnalyzeClasses(packages = "io.hotpair", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String PERSISTENCE = "io.hotpair.persistence..";
    private static final String REPLICATION = "io.hotpair.replication..";
    private static final String RESP = "io.hotpair.resp..";
    private static final String[] CORE = {
        "io.hotpair", "io.hotpair.internal..", "io.hotpair.log..", "io.hotpair.topology.."
    };

    @ArchTest
    static final ArchRule CORE_STANDS_ALONE =
            noClasses()
                    .that()
                    .resideInAnyPackage(CORE)
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage(
                                            PERSISTENCE,
                                            REPLICATION,
                                            RESP,
                                            "io.hotpair.server..",
                                            "net.openhft..",
                                            "io.netty..",
                                            "org.apache.ratis..",
                                            "java.net..",
                                            "java.nio.channels..",
                                            "java.io..")
                                    // A user's stream, which core hands on to whoever fills it,
                                    // and how it fails.
                                    .and(not(type(IOException.class)))
                                    .and(not(type(InputStream.class)))
                                    .and(not(type(OutputStream.class))));

    @ArchTest
    static final ArchRule PERSISTENCE_KNOWS_CORE_ONLY =
            noClasses()
                    .that()
                    .resideInAPackage(PERSISTENCE)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(REPLICATION, RESP, "io.hotpair.server..");

    @ArchTest
    static final ArchRule REPLICATION_KNOWS_CORE_ONLY =
            noClasses()
                    .that()
                    .resideInAPackage(REPLICATION)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(PERSISTENCE, RESP, "io.hotpair.server..", "net.openhft..");

    @ArchTest
    static final ArchRule RESP_KNOWS_CORE_ONLY =
            noClasses()
                    .that()
                    .resideInAPackage(RESP)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            PERSISTENCE,
                            REPLICATION,
                            "io.hotpair.server..",
                            "io.hotpair.internal..",
                            "net.openhft..");

    @ArchTest
    static final ArchRule ONLY_CLOCKS_READ_THE_CLOCK =
            noClasses()
                    .that()
                    .resideInAnyPackage(CORE)
                    .and()
                    .doNotHaveSimpleName("SystemClock")
                    .should()
                    .callMethod(System.class, "currentTimeMillis")
                    .orShould()
                    .callMethod(System.class, "nanoTime");

    @ArchTest
    static final ArchRule REPLICATION_READS_NO_WALL_CLOCK =
            noClasses()
                    .that()
                    .resideInAPackage(REPLICATION)
                    .should()
                    .callMethod(System.class, "currentTimeMillis")
                    .orShould()
                    .callMethod(Instant.class, "now");
}
