package io.hotpair.resp;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The addresses and networks that clients may connect from. An IPv4 address within an IPv6 one
 * ({@code ::ffff:10.0.0.1}) counts as the IPv4 address that it is, in a rule as in a client's
 * address. Immutable.
 */
final class AllowedAddresses {
    private static final int IPV4_BITS = 32;
    private static final int IPV6_BITS = 128;
    private static final int MAPPED_BITS = IPV6_BITS - IPV4_BITS;

    private final List<String> texts;
    private final List<IpSubnetFilterRule> rules;

    private AllowedAddresses(List<String> texts, List<IpSubnetFilterRule> rules) {
        this.texts = texts;
        this.rules = rules;
    }

    /**
     * Reads addresses, and networks such as {@code 10.0.0.0/8}.
     *
     * @param texts none for no limit
     * @throws IllegalArgumentException if one is not understood; names are not looked up
     */
    static AllowedAddresses of(List<String> texts) {
        return new AllowedAddresses(
                List.copyOf(texts), texts.stream().map(AllowedAddresses::rule).toList());
    }

    /** What it was read from. */
    List<String> texts() {
        return texts;
    }

    /** Whether a client at an address may connect. One whose address is not known may not. */
    boolean includes(@Nullable InetSocketAddress client) {
        if (rules.isEmpty()) {
            return true;
        }
        if (client == null || client.getAddress() == null) {
            return false;
        }
        InetSocketAddress plain =
                new InetSocketAddress(plain(client.getAddress().getAddress()), client.getPort());
        return rules.stream().anyMatch(rule -> rule.matches(plain));
    }

    /** Whether an address is of this machine's loopback. One that is not known is not. */
    static boolean isLoopback(@Nullable InetSocketAddress address) {
        return address != null
                && address.getAddress() != null
                && plain(address.getAddress().getAddress()).isLoopbackAddress();
    }

    private static IpSubnetFilterRule rule(String text) {
        int slash = text.indexOf('/');
        byte[] address =
                NetUtil.createByteArrayFromIpAddressString(
                        slash < 0 ? text : text.substring(0, slash));
        // What the JDK would take for a zone of this machine is no part of a network.
        if (address == null || text.indexOf('%') >= 0) {
            throw notUnderstood(text);
        }
        InetAddress plain = plain(address);
        int bits = address.length * Byte.SIZE;
        int prefix = slash < 0 ? bits : prefix(text, text.substring(slash + 1), bits);
        if (plain instanceof Inet4Address && bits == IPV6_BITS) {
            prefix -= MAPPED_BITS;
        }
        if (prefix < 0) {
            throw notUnderstood(text);
        }
        return new IpSubnetFilterRule(plain, prefix, IpFilterRuleType.ACCEPT);
    }

    private static int prefix(String text, String digits, int bits) {
        if (!digits.matches("\\d{1,3}") || Integer.parseInt(digits) > bits) {
            throw notUnderstood(text);
        }
        return Integer.parseInt(digits);
    }

    /** Makes an IPv4 address of one that is within an IPv6 one, as the JDK does by itself. */
    private static InetAddress plain(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address of 4 or 16 bytes is expected", e);
        }
    }

    private static IllegalArgumentException notUnderstood(String text) {
        return new IllegalArgumentException(
                "allowedAddresses="
                        + text
                        + ", expected an address or a network such as 10.0.0.0/8, 192.168.1.7 or"
                        + " fd00::/8");
    }
}
