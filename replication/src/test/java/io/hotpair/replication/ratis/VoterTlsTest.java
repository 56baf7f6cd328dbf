package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.hotpair.HotpairException;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class VoterTlsTest {

    private static final String PASSWORD = "only-for-tests";

    @TempDir static Path keys;
    @TempDir Path directory;

    @BeforeAll
    static void makeKeys() throws Exception {
        makeKey("ours");
        makeKey("theirs");
    }

    @Test
    void shouldAgreeOverMutualTls() throws Exception {
        try (VoterGroup group = new VoterGroup(directory, VoterTlsTest::withOurKey).openAll()) {
            TopologyState state = VoterGroup.makeMaster(group.get("a"), "a").state();
            assertEquals(state, VoterGroup.answered(group.get("b")::read).state());
        }
    }

    @Test
    void shouldNotHearVotersWithoutTheRightKey() throws Exception {
        VoterGroup group = new VoterGroup(directory);
        try (RatisRegister a = RatisRegister.open(withOurKey(group.config("a")).build());
                RatisRegister b = RatisRegister.open(with("theirs", group.config("b")).build());
                RatisRegister w = RatisRegister.open(group.config("w").build())) {
            for (int i = 0; i < 2; i++) {
                CompletableFuture<RegisterView> ofA = a.read();
                CompletableFuture<RegisterView> ofB = b.read();
                CompletableFuture<RegisterView> ofW = w.read();
                assertThrows(HotpairException.class, () -> VoterGroup.now(ofA));
                assertThrows(HotpairException.class, () -> VoterGroup.now(ofB));
                assertThrows(HotpairException.class, () -> VoterGroup.now(ofW));
            }
            assertFalse(a.voter().isLeader());
        }
    }

    private static VoterConfig.Builder withOurKey(VoterConfig.Builder builder) {
        return with("ours", builder);
    }

    private static VoterConfig.Builder with(String name, VoterConfig.Builder builder) {
        try (InputStream in = Files.newInputStream(keys.resolve(name))) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, PASSWORD.toCharArray());
            KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
            own.init(store, PASSWORD.toCharArray());
            TrustManagerFactory believed = TrustManagerFactory.getInstance("PKIX");
            believed.init(store);
            return builder.mutualTls(own.getKeyManagers()[0], believed.getTrustManagers()[0]);
        } catch (Exception e) {
            throw new AssertionError("the key " + name + " can't be used", e);
        }
    }

    private static void makeKey(String name) throws IOException, InterruptedException {
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-keyalg",
                                "EC",
                                "-alias",
                                name,
                                "-dname",
                                "CN=" + name,
                                "-ext",
                                "SAN=ip:127.0.0.1",
                                "-storetype",
                                "PKCS12",
                                "-storepass",
                                PASSWORD,
                                "-keystore",
                                keys.resolve(name).toString())
                        .inheritIO()
                        .start();
        assertEquals(0, keytool.waitFor());
        KeyStoreFiles.trustOwn(keys.resolve(name), PASSWORD, name);
    }
}
