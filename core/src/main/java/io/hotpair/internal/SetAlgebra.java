package io.hotpair.internal;

import io.hotpair.Aggregate;
import io.hotpair.ScoredMember;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Unions, intersections and differences of sorted sets and plain sets. To the last bit of a score
 * they are Redis's: sums are built from the smallest set to the largest, since the order of
 * additions shows in them.
 */
final class SetAlgebra {

    /** One of the sets. */
    private static final class Operand {
        private final double weight;
        private final @Nullable Members plain;
        private final SortedSet sorted;
        private double score = 1;

        Operand(Edit edit, long record, double weight) {
            Mem mem = edit.mem();
            this.weight = weight;
            boolean isPlain = record != 0 && Records.type(mem, record) == Records.SET;
            Tree tree = new Tree(mem);
            plain = isPlain ? new Members(edit, mem, tree).open(record) : null;
            sorted = new SortedSet(edit, mem, tree).open(isPlain ? 0 : record);
        }

        long count() {
            return plain == null ? sorted.count() : plain.count();
        }

        boolean find(byte[] member) {
            if (plain != null) {
                return plain.count() > 0 && plain.find(member);
            }
            boolean found = sorted.find(member, 0, member.length);
            score = sorted.score();
            return found;
        }

        /** The weighted score of the member that was found; may be a NaN. */
        double weighted() {
            return weighted(score);
        }

        double weighted(double of) {
            return weight * of;
        }

        List<ScoredMember> members() {
            if (plain == null) {
                return sorted.list(0, sorted.count(), false);
            }
            List<ScoredMember> all = new ArrayList<>();
            boolean unused = plain.forEach(leaf -> all.add(new ScoredMember(plain.key(leaf), 1)));
            return all;
        }
    }

    private final List<Operand> operands = new ArrayList<>();

    private SetAlgebra() {}

    /** Opens sets for one operation, inside an epoch. */
    static SetAlgebra of(Edit edit, long[] records, double @Nullable [] weights) {
        SetAlgebra sets = new SetAlgebra();
        for (int i = 0; i < records.length; i++) {
            sets.operands.add(new Operand(edit, records[i], weights == null ? 1 : weights[i]));
        }
        return sets;
    }

    private void sortBySize() {
        operands.sort(Comparator.comparingLong(Operand::count));
    }

    private static double zeroForNan(double score) {
        return Double.isNaN(score) ? 0 : score;
    }

    List<ScoredMember> union(Aggregate aggregate) {
        sortBySize();
        Map<ByteBuffer, ScoredMember> all = new LinkedHashMap<>();
        for (Operand operand : operands) {
            for (ScoredMember each : operand.members()) {
                double score = zeroForNan(operand.weighted(each.score()));
                ByteBuffer name = ByteBuffer.wrap(each.member());
                ScoredMember known = all.get(name);
                double sum = known == null ? score : aggregate.of(known.score(), score);
                all.put(name, new ScoredMember(each.member(), sum));
            }
        }
        return new ArrayList<>(all.values());
    }

    List<ScoredMember> intersection(Aggregate aggregate) {
        sortBySize();
        List<ScoredMember> all = new ArrayList<>();
        Operand first = operands.get(0);
        for (ScoredMember each : first.members()) {
            double score = zeroForNan(first.weighted(each.score()));
            boolean everywhere = true;
            for (int i = 1; i < operands.size() && everywhere; i++) {
                Operand other = operands.get(i);
                everywhere = other.find(each.member());
                if (everywhere) {
                    score = aggregate.of(score, other.weighted());
                }
            }
            if (everywhere) {
                all.add(new ScoredMember(each.member(), score));
            }
        }
        return all;
    }

    long intersectionCount(long limit) {
        sortBySize();
        long count = 0;
        for (ScoredMember each : operands.get(0).members()) {
            if (count < limit && isInOthers(each.member()) == operands.size() - 1) {
                count++;
            }
        }
        return count;
    }

    /**
     * How many of the sets, beginning with the second one, have a member, up to one that has not.
     */
    private int isInOthers(byte[] member) {
        int found = 0;
        while (found < operands.size() - 1 && operands.get(found + 1).find(member)) {
            found++;
        }
        return found;
    }

    List<ScoredMember> difference() {
        List<ScoredMember> all = operands.get(0).members();
        for (Operand other : operands.subList(1, operands.size())) {
            if (other.count() > 0) {
                all.removeIf(each -> other.find(each.member()));
            }
        }
        return all;
    }
}
