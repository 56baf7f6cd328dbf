package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedAddressesTest {
    private static InetSocketAddress at(String address) throws UnknownHostException {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        return new InetSocketAddress(InetAddress.getByAddress(bytes), 50_000);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "10.0.0.0/8, 9.255.255.255, false",
        "10.9.8.7/8, 10.1.1.1, true",
        "192.168.1.7, 192.168.1.7, true",
        "192.168.1.7, 192.168.1.8, false",
        "192.168.1.7/32, 192.168.1.7, true",
        "192.168.1.7/32, 192.168.1.6, false",
        "192.168.1.7/31, 192.168.1.6, true",
        "192.168.1.7/31, 192.168.1.8, false",
        "128.0.0.0/1, 255.255.255.255, true",
        "128.0.0.0/1, 127.255.255.255, false",
        "0.0.0.0/0, 0.0.0.0, true",
        "0.0.0.0/0, 255.255.255.255, true",
        "0.0.0.0/0, ::1, false",
        "::/0, ffff:ffff::1, true",
        "::/0, 10.0.0.1, false",
        "fd00::/8, fdff::1, true",
        "fd00::/8, fe00::1, false",
        "8000::/1, ffff::, true",
        "8000::/1, 7fff::, false",
        "fd00::7, fd00::7, true",
        "fd00::7/128, fd00::7, true",
        "fd00::7/128, fd00::6, false",
        "fd00::7/127, fd00::6, true",
        "fd00::7/127, fd00::8, false",
        "::1, 127.0.0.1, false",
        "::ffff:10.0.0.0/104, 10.1.2.3, true",
        "::ffff:10.0.0.0/104, 11.1.2.3, false",
        "::ffff:10.0.0.1, 10.0.0.1, true",
        "::ffff:0.0.0.0/96, 200.1.1.1, true",
    })
    void shouldIncludeWhatIsInTheNetwork(String network, String client, boolean included)
            throws UnknownHostException {
        assertEquals(included, AllowedAddresses.of(List.of(network)).includes(at(client)));
    }

    @Test
    void shouldTakeAnIpv4AddressWithinAnIpv6OneForWhatItIs() throws UnknownHostException {
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xFF;
        mapped[11] = (byte) 0xFF;
        mapped[12] = 10;
        mapped[15] = 1;
        // As a socket for both kinds of addresses tells it; the JDK makes an IPv4 one by itself.
        InetSocketAddress client =
                new InetSocketAddress(Inet6Address.getByAddress(null, mapped, -1), 1);
        assertTrue(AllowedAddresses.of(List.of("10.0.0.0/8")).includes(client));
        assertFalse(AllowedAddresses.of(List.of("11.0.0.0/8", "::/0")).includes(client));
    }

    @Test
    void shouldIncludeAllIfNoneIsNamedAndNobodyUnknownElse() throws UnknownHostException {
        AllowedAddresses all = AllowedAddresses.of(List.of());
        assertTrue(all.includes(at("10.0.0.1")));
        assertTrue(all.includes(null));
        AllowedAddresses two = AllowedAddresses.of(List.of("10.0.0.0/8", "fd00::/8"));
        assertTrue(two.includes(at("10.0.0.1")));
        assertTrue(two.includes(at("fd00::1")));
        assertFalse(two.includes(at("127.0.0.1")));
        assertFalse(two.includes(null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/8",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/+8",
                "10.0.0.0/8/8",
                "10.0.0.0/255.0.0.0",
                "10.0.0",
                "10.0.0.256",
                "fd00::/129",
                "fd00::g",
                "fe80::1%lo",
                "::ffff:10.0.0.0/95",
                "localhost",
                " 10.0.0.0/8",
            })
    void shouldRefuseWhatIsNoNetwork(String text) {
        RespConfigBuilder builder = RespConfig.builder();
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> builder.allowedAddresses(List.of("::1", text)));
        assertEquals(
                "allowedAddresses="
                        + text
                        + ", expected an address or a network such as 10.0.0.0/8, 192.168.1.7 or"
                        + " fd00::/8",
                refused.getMessage());
        assertEquals(List.of(), builder.build().allowedAddresses());
    }

    @Test
    void shouldTurnAwayWhoComesFromElsewhereAndCountIt() {
        try (TestListener listener =
                TestListener.open(
                        c ->
                                c.bind("127.0.0.1", "::1")
                                        .allowedAddresses(List.of("127.0.0.1", "10.0.0.0/8")))) {
            try (RawClient client = listener.connect();
                    RawClient other = new RawClient("::1", listener.port())) {
                assertEquals("", other.untilClosed());
                assertEquals("+PONG\r\n", client.call("PING"));
                String stats = client.call("INFO", "stats");
                assertTrue(stats.contains("rejected_connections_by_address:1\r\n"), stats);
                assertTrue(stats.contains("total_connections_received:2\r\n"), stats);
                assertTrue(stats.contains("rejected_connections:0\r\n"), stats);
                assertEquals(1, listener.listener().clientCount());
                client.call("CONFIG", "RESETSTAT");
                stats = client.call("INFO", "stats");
                assertTrue(stats.contains("rejected_connections_by_address:0\r\n"), stats);
            }
        }
    }

    @Test
    void shouldEndConnectionsFromWhereNobodyMayConnectAnyMore() {
        try (TestListener listener = TestListener.open(c -> c.bind("127.0.0.1", "::1"));
                RawClient client = listener.connect();
                RawClient other = new RawClient("::1", listener.port())) {
            assertEquals("+PONG\r\n", other.call("PING"));

            assertEquals(
                    "+OK\r\n",
                    client.call("CONFIG", "SET", "allowed-addresses", "127.0.0.1, 10.0.0.0/8"));

            assertEquals("", other.untilClosed());
            assertEquals("+PONG\r\n", client.call("PING"));
            assertTrue(
                    client.call("CONFIG", "GET", "allowed-addresses")
                            .contains("127.0.0.1 10.0.0.0/8"));
            String refused = client.call("CONFIG", "SET", "allowed-addresses", "10.0.0.0/33");
            assertTrue(refused.startsWith("-ERR CONFIG SET failed"), refused);
            assertEquals("+PONG\r\n", client.call("PING"), "all is as before");

            listener.listener().allowAddresses(List.of("::1"));

            assertEquals("", client.untilClosed());
            try (RawClient again = new RawClient("::1", listener.port())) {
                assertEquals("+PONG\r\n", again.call("PING"));
            }
        }
    }
}
