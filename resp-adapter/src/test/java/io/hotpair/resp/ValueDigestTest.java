package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Digests are those of the reference implementation, xxHash 0.8.1. */
class ValueDigestTest {
    /** As long as any path through the algorithm is looked at, with some blocks of 1 KiB more. */
    private static final int MOST = 5_000;

    /** Bytes that look random, the same ever. */
    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        long state = 12_345;
        for (int i = 0; i < length; i++) {
            state = state * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
            bytes[i] = (byte) (state >>> 56);
        }
        return bytes;
    }

    @Test
    void shouldBeThoseOfTheReferenceAtEachBorder() {
        String[] expected = {
            "0 2d06800538d394c2",
            "1 48846479fbd24c06",
            "3 161e64ec3317eedf",
            "4 2769110ea2a47c04",
            "8 49b6cd972e398cc1",
            "9 5b5601af8841184f",
            "16 92de7a903673ddbb",
            "17 d18313d0d3717af1",
            "128 9b9d649d8135936d",
            "129 75f03ff8c7da53ae",
            "240 287a9e3a14605ca7",
            "241 9d3f2135e076f892",
            "1023 1dc52055b34bf078",
            "1024 8bf56442bec7c988",
            "1025 c337d6c0c810fd27",
            "65536 808779985bfa10ec",
            "70000 37e9e7fb82a024a8"
        };
        for (String line : expected) {
            String[] parts = line.split(" ", -1);
            int length = Integer.parseInt(parts[0]);
            assertEquals(parts[1], ValueDigest.of(bytes(length)), "length=" + length);
        }
    }

    /** All lengths: the digest of all their digests. */
    @Test
    void shouldBeThoseOfTheReferenceForEveryLength() {
        byte[] bytes = bytes(MOST);
        StringBuilder all = new StringBuilder();
        for (int length = 0; length <= MOST; length++) {
            all.append(ValueDigest.of(Arrays.copyOf(bytes, length)));
        }
        byte[] digests = all.toString().getBytes(StandardCharsets.US_ASCII);
        assertEquals("84a209cc3224e73d", ValueDigest.of(digests));
    }

    @Test
    void shouldHaveItsLeadingZeros() {
        String value =
                "v8lf0c11xh8ymlqztfd3eeq16kfn4sspw7fqmnuuq3k3t75em5wdizgcdw7uc26nnf961u2jkfzkjytls"
                        + "2kwlj7626sd";
        assertEquals("00006c38adf31777", ValueDigest.of(value.getBytes(StandardCharsets.US_ASCII)));
    }
}
