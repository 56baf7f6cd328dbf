package io.hotpair.replication;

/**
 * A host and a port. Nothing is resolved when one is made.
 *
 * @param host a name or a literal address, an IPv6 one without brackets
 * @param port 1 to 65,535
 */
public record Endpoint(String host, int port) {

    private static final int MAX_PORT = 65_535;

    /**
     * Checks.
     *
     * @param host a name or a literal address
     * @param port 1 to 65,535
     * @throws IllegalArgumentException if the host is empty or the port out of range
     */
    public Endpoint {
        if (host.isEmpty() || host.length() > 255) {
            throw new IllegalArgumentException("host=" + host + ", expected 1 to 255 characters");
        }
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException("port=" + port + ", expected 1 to " + MAX_PORT);
        }
    }

    /**
     * Reads {@code host:port} or {@code [address]:port}.
     *
     * @param text the text
     * @return the endpoint
     * @throws IllegalArgumentException if it is neither
     */
    public static Endpoint parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("endpoint=" + text + ", expected host:port");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "endpoint=" + text + ", expected an IPv6 address in brackets");
        }
        try {
            return new Endpoint(host, Integer.parseInt(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("endpoint=" + text + ", expected host:port", e);
        }
    }

    /**
     * Whether the host can only mean this machine. A name other than {@code localhost} is not
     * looked up, and counts as another machine's.
     *
     * @return whether it is a loopback address
     */
    public boolean isLoopback() {
        return isLoopback(host);
    }

    static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.equals("::1")
                || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    }

    /**
     * The text that {@link #parse} reads.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
