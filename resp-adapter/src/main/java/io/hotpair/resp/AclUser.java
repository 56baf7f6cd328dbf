package io.hotpair.resp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a user is and may do, apart from the name. Text stands for bytes, a character for each.
 * Changed while it is being defined, then only read, by any thread: who changes a user makes
 * another one of these ({@link AclAccount}).
 */
final class AclUser {
    private static final String SANITIZE = "sanitize-payload";

    private final AclCatalog catalog;
    private final List<PasswordHash> passwords = new ArrayList<>(1);
    private AclSelector[] selectors;
    private boolean on;
    private boolean noPassword;

    /** Kept and told, as Redis does; what RESTORE takes is always looked at. */
    private String sanitizing = "";

    /** One that is off and may do nothing, but use channels if that is the default. */
    AclUser(AclCatalog catalog, boolean allChannels) {
        this.catalog = catalog;
        selectors = new AclSelector[] {new AclSelector(catalog, allChannels)};
    }

    /** One that needs no password and may do everything. */
    static AclUser unrestricted(AclCatalog catalog) {
        AclUser user = new AclUser(catalog, false);
        for (String rule : List.of("+@all", "~*", "&*", "on", "nopass")) {
            user.apply(rule, false);
        }
        return user;
    }

    AclUser copy() {
        AclUser copy = new AclUser(catalog, false);
        copy.passwords.addAll(passwords);
        copy.on = on;
        copy.noPassword = noPassword;
        copy.sanitizing = sanitizing;
        copy.selectors = new AclSelector[selectors.length];
        for (int i = 0; i < selectors.length; i++) {
            copy.selectors[i] = selectors[i].copy();
        }
        return copy;
    }

    // ---- who it is

    boolean isOn() {
        return on;
    }

    /** Whether any password is right. */
    boolean needsNoPassword() {
        return noPassword;
    }

    /** Whether a password is right. Takes equally long for every one of them that is wrong. */
    boolean accepts(PasswordHash given) {
        boolean right = noPassword;
        for (PasswordHash password : passwords) {
            right |= password.matches(given);
        }
        return on && right;
    }

    List<PasswordHash> passwords() {
        return passwords;
    }

    /** Adds a password that is known by its hash. */
    void addPassword(PasswordHash password) {
        if (passwords.stream().noneMatch(password::matches)) {
            passwords.add(password);
        }
        noPassword = false;
    }

    // ---- what it may

    /** Whether nothing is forbidden, as far as that is easily told. */
    boolean isUnrestricted() {
        return selectors[0].isUnrestricted();
    }

    /**
     * Whether a command that begins somewhere in a request may be executed: whether one of the
     * selectors allows all of it.
     *
     * @return {@link AclSelector#OK}, or why not: the gravest reason of all
     */
    long check(Command command, Request request, int from) {
        long gravest = 0;
        for (AclSelector selector : selectors) {
            long verdict = selector.check(command, request, from);
            if (verdict == AclSelector.OK) {
                return verdict;
            }
            gravest = Math.max(gravest, verdict);
        }
        return gravest;
    }

    /** Whether a command may be executed, and may read any key whatever. */
    boolean readsAllKeys(Command command, Request request) {
        for (AclSelector selector : selectors) {
            if (selector.check(command, request, 0) == AclSelector.OK && selector.readsAllKeys()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a subscription may stay. */
    boolean keepsSubscription(Topic.Kind kind, byte[] name) {
        for (AclSelector selector : selectors) {
            if (selector.keepsSubscription(kind, name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether another user has each channel rule that this one has, so no subscription may end. */
    boolean losesNoChannel(AclUser after) {
        List<String> kept = new ArrayList<>();
        for (AclSelector selector : after.selectors) {
            if (selector.hasAllChannels()) {
                return true;
            }
            kept.addAll(selector.channelTexts());
        }
        for (AclSelector selector : selectors) {
            if (selector.hasAllChannels() || !kept.containsAll(selector.channelTexts())) {
                return false;
            }
        }
        return true;
    }

    // ---- changes

    /**
     * Applies a rule.
     *
     * @param allChannels whether a user begins with all channels, for who begins anew
     * @throws AclException if it is not understood; this user is not to be used then
     */
    void apply(String rule, boolean allChannels) {
        if (rule.isEmpty()) {
            return;
        }
        switch (lower(rule)) {
            case "on" -> on = true;
            case "off" -> on = false;
            case "skip-sanitize-payload", SANITIZE -> sanitizing = lower(rule);
            case "nopass" -> passwords(true);
            case "resetpass" -> passwords(false);
            case "clearselectors" -> selectors = new AclSelector[] {selectors[0]};
            case "reset" -> reset(allChannels);
            default -> applyByFirstLetter(rule, allChannels);
        }
    }

    private void applyByFirstLetter(String rule, boolean allChannels) {
        switch (rule.charAt(0)) {
            case '>' -> addPassword(hashOf(rule));
            case '#' -> addPassword(PasswordHash.ofHex(rule.substring(1)));
            case '<' -> removePassword(hashOf(rule));
            case '!' -> removePassword(PasswordHash.ofHex(rule.substring(1)));
            case '(' -> {
                if (rule.endsWith(")")) {
                    addSelector(rule.substring(1, rule.length() - 1), allChannels);
                } else {
                    throw AclException.syntax();
                }
            }
            default -> selectors[0].apply(rule);
        }
    }

    static PasswordHash hashOf(String rule) {
        byte[] bytes = rule.getBytes(StandardCharsets.ISO_8859_1);
        return PasswordHash.of(bytes, 1, bytes.length - 1);
    }

    private void passwords(boolean none) {
        noPassword = none;
        passwords.clear();
    }

    private void removePassword(PasswordHash password) {
        if (!passwords.removeIf(password::matches)) {
            throw AclException.noSuchPassword();
        }
    }

    private void reset(boolean allChannels) {
        passwords(false);
        on = false;
        sanitizing = SANITIZE;
        selectors = new AclSelector[] {new AclSelector(catalog, allChannels)};
    }

    private void addSelector(String rules, boolean allChannels) {
        AclSelector selector = new AclSelector(catalog, allChannels);
        byte[] bytes = rules.getBytes(StandardCharsets.ISO_8859_1);
        Request words = new Request();
        if (InlineArguments.split(bytes, 0, bytes.length, words)) {
            for (int i = 0; i < words.count(); i++) {
                if (words.length(i) == 0) {
                    throw AclException.syntax();
                }
                selector.apply(words.text(i));
            }
        }
        AclSelector[] more = new AclSelector[selectors.length + 1];
        System.arraycopy(selectors, 0, more, 0, selectors.length);
        more[selectors.length] = selector;
        selectors = more;
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** Whether a name or a pattern has what would tear a line of rules apart. */
    static boolean hasSpaces(String text) {
        return text.chars().anyMatch(c -> c == 0 || c == ' ' || (c >= '\t' && c <= '\r'));
    }

    /**
     * Puts selectors together that were given word by word.
     *
     * @throws AclException if a parenthesis is not closed
     */
    static List<String> merged(List<String> words) {
        List<String> merged = new ArrayList<>();
        String open = null;
        String begin = "";
        for (String word : words) {
            if (word.startsWith("(") && !word.endsWith(")")) {
                begin = word;
                open = word;
            } else if (open == null) {
                merged.add(word);
            } else {
                open += " " + word;
                if (word.endsWith(")")) {
                    merged.add(open);
                    open = null;
                }
            }
        }
        if (open != null) {
            throw AclException.of(
                    "Unmatched parenthesis in acl selector starting at '" + begin + "'.");
        }
        return merged;
    }

    // ---- description

    List<String> flags() {
        List<String> flags = new ArrayList<>();
        flags.add(on ? "on" : "off");
        if (noPassword) {
            flags.add("nopass");
        }
        if (!sanitizing.isEmpty()) {
            flags.add(sanitizing);
        }
        return flags;
    }

    /** What it may do apart from {@link #additional}. */
    AclSelector root() {
        return selectors[0];
    }

    List<AclSelector> additional() {
        return List.of(selectors).subList(1, selectors.length);
    }

    /** All of it, as rules that lead to the same. */
    String describe() {
        StringBuilder out = new StringBuilder(String.join(" ", flags()));
        for (PasswordHash password : passwords) {
            out.append(" #").append(password.hex());
        }
        out.append(' ').append(root().describe());
        for (AclSelector selector : additional()) {
            out.append(" (").append(selector.describe()).append(')');
        }
        return out.toString();
    }
}
